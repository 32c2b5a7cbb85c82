/* SPDX-License-Identifier: MIT */
#define UNW_LOCAL_ONLY
#include "alloc/platform/stack_unwind.h"

#include <libunwind.h>

void pfi_stack_print(FILE *stream) {
    unw_context_t context;
    unw_cursor_t cursor;
    if (unw_getcontext(&context) != 0 || unw_init_local(&cursor, &context) != 0) {
        return;
    }
    for (int depth = 0; depth < 64 && unw_step(&cursor) > 0; ++depth) {
        char name[128];
        unw_word_t offset = 0;
        unw_word_t address = 0;
        unw_get_reg(&cursor, UNW_REG_IP, &address);
        if (unw_get_proc_name(&cursor, name, sizeof name, &offset) != 0) {
            snprintf(name, sizeof name, "?");
        }
        fprintf(stream, "  %#lx %s+%#lx\n", (unsigned long)address, name, (unsigned long)offset);
    }
}
