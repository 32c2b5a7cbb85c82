/* SPDX-License-Identifier: MIT */
#include "tests/fault/support/fault_program.h"

#include <string.h>

static const struct fault_program_table *const tables[] = {&fault_first_programs, &fault_shadow_programs,
                                                           &fault_handle_programs, &fault_heap_programs,
                                                           &fault_thread_programs};
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

int fault_program_is_random(const struct fault_program *program) {
    const struct fault_program_table *table = &fault_shadow_programs;
    return program >= table->programs && program < table->programs + table->count;
}

size_t fault_program_count(void) {
    size_t count = 0;
    for (size_t i = 0; i < TABLES; i++) {
        count += tables[i]->count;
    }
    return count;
}

const struct fault_program *fault_program(size_t index) {
    size_t table = 0;
    while (index >= tables[table]->count) {
        index -= tables[table++]->count;
    }
    return &tables[table]->programs[index];
}

const struct fault_program *fault_program_named(const char *name) {
    for (size_t i = 0; i < fault_program_count(); i++) {
        if (strcmp(fault_program(i)->name, name) == 0) {
            return fault_program(i);
        }
    }
    return NULL;
}
