/* SPDX-License-Identifier: MIT */
#define UNW_LOCAL_ONLY
#include "alloc/platform/stack_unwind.h"

#include <libunwind.h>

enum { DEEPEST = 64 /* frames that are looked at */ };

static uintptr_t instruction(unw_cursor_t *cursor) {
    unw_word_t address = 0;
    unw_get_reg(cursor, UNW_REG_IP, &address);
    return (uintptr_t)address;
}

void pfi_stack_print(FILE *stream) {
    unw_context_t context;
    unw_cursor_t cursor;
    if (unw_getcontext(&context) != 0 || unw_init_local(&cursor, &context) != 0) {
        return;
    }
    for (int depth = 0; depth < DEEPEST && unw_step(&cursor) > 0; ++depth) {
        char name[128];
        unw_word_t offset = 0;
        if (unw_get_proc_name(&cursor, name, sizeof name, &offset) != 0) {
            snprintf(name, sizeof name, "?");
        }
        fprintf(stream, "  %#lx %s+%#lx\n", (unsigned long)instruction(&cursor), name, (unsigned long)offset);
    }
}

size_t pfi_stack_backtrace(uintptr_t from, void **addresses, size_t capacity) {
    unw_context_t context;
    unw_cursor_t cursor;
    size_t count = 0;
    addresses[0] = (void *)from;
    if (unw_getcontext(&context) != 0 || unw_init_local(&cursor, &context) != 0) {
        return 1;
    }
    for (int depth = 0; depth < DEEPEST && count < capacity && unw_step(&cursor) > 0; ++depth) {
        if (count != 0 || instruction(&cursor) == from) {
            addresses[count++] = (void *)instruction(&cursor);
        }
    }
    return count == 0 ? 1 : count;
}

bool pfi_function_name(uintptr_t address, char *name, size_t size, size_t *offset) {
    unw_context_t context;
    unw_cursor_t cursor;
    unw_word_t distance = 0;
    bool is_found = unw_getcontext(&context) == 0 && unw_init_local(&cursor, &context) == 0 &&
                    unw_set_reg(&cursor, UNW_REG_IP, address - 1) == 0 &&
                    unw_get_proc_name(&cursor, name, size, &distance) == 0;
    if (!is_found) {
        name[0] = '\0';
    }
    *offset = is_found ? (size_t)distance + 1 : 0;
    return is_found;
}
