/* SPDX-License-Identifier: MIT */
#define UNW_LOCAL_ONLY
#include "alloc/platform/stack_unwind.h"

#include <errno.h>
#include <libunwind.h>
#include <string.h>

#include "alloc/platform/fault.h"

enum { DEEPEST = 64 /* frames that are looked at */ };

/* At the calling function, or where `context` says. */
static bool open_cursor(unw_cursor_t *cursor, unw_context_t *context) {
    int saved_errno = errno;
    int result = pfi_fault(PINFOLD_FAULT_UNWIND, 0) ? -1 : unw_init_local(cursor, context);
    errno = saved_errno;
    return result == 0;
}

static uintptr_t instruction(unw_cursor_t *cursor) {
    unw_word_t address = 0;
    unw_get_reg(cursor, UNW_REG_IP, &address);
    return (uintptr_t)address;
}

void pfi_stack_print(FILE *stream) {
    unw_context_t context;
    unw_cursor_t cursor;
    if (unw_getcontext(&context) != 0 || !open_cursor(&cursor, &context)) {
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

#if defined(__x86_64__)
static bool open_at(unw_context_t *context, unw_cursor_t *cursor, const struct pfi_caller *caller) {
    memset(context, 0, sizeof *context);
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)caller->ip;
    context->uc_mcontext.gregs[REG_RSP] = (greg_t)caller->sp;
    context->uc_mcontext.gregs[REG_RBP] = (greg_t)caller->fp;
    return open_cursor(cursor, context);
}
#else
static bool open_at(unw_context_t *context, unw_cursor_t *cursor, const struct pfi_caller *caller) {
    (void)context;
    (void)cursor;
    (void)caller;
    return false;
}
#endif

static uintptr_t stack_pointer(unw_cursor_t *cursor) {
    unw_word_t address = 0;
    unw_get_reg(cursor, UNW_REG_SP, &address);
    return (uintptr_t)address;
}

void pfi_stack_unwind(const struct pfi_stack *stack, pfi_active_frame_visit *visit, void *context) {
    unw_context_t registers;
    unw_cursor_t cursor;
    bool goes_on = stack->caller.ip != 0 && open_at(&registers, &cursor, &stack->caller);
    while (goes_on) {
        struct pfi_active_frame frame = {.ip = instruction(&cursor), .sp = stack_pointer(&cursor)};
        goes_on = unw_step(&cursor) > 0;
        frame.end = stack_pointer(&cursor);
        goes_on = goes_on && frame.sp < frame.end && frame.end <= stack->high && visit(context, &frame);
    }
}

size_t pfi_stack_backtrace(uintptr_t from, void **addresses, size_t capacity) {
    unw_context_t context;
    unw_cursor_t cursor;
    size_t count = 0;
    addresses[0] = (void *)from;
    if (unw_getcontext(&context) != 0 || !open_cursor(&cursor, &context)) {
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
    bool is_found = unw_getcontext(&context) == 0 && open_cursor(&cursor, &context) &&
                    unw_set_reg(&cursor, UNW_REG_IP, address - 1) == 0 &&
                    unw_get_proc_name(&cursor, name, size, &distance) == 0;
    if (!is_found) {
        name[0] = '\0';
    }
    *offset = is_found ? (size_t)distance + 1 : 0;
    return is_found;
}
