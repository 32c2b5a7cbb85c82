/* SPDX-License-Identifier: MIT */
#include "gc/root/stacks.h"

enum { BATCH = 128 /* words that are copied at once */ };

void pfi_words_visit(uintptr_t low, uintptr_t high, pfi_slots_function *visit, void *context) {
    uintptr_t words[BATCH];
    uintptr_t from = pfi_align_up(low, sizeof(uintptr_t));
    while (from < high && high - from >= sizeof(uintptr_t)) {
        size_t count = pfi_min((high - from) / sizeof(uintptr_t), BATCH);
        pfi_stack_copy(words, from, count);
        visit(context, (uintptr_t)words, count);
        from += count * sizeof(uintptr_t);
    }
}

void pfi_stack_visit(const struct pfi_stack *stack, pfi_slots_function *visit, void *context) {
    if (stack->caller.ip == 0) {
        return;
    }
    visit(context, (uintptr_t)stack->near, stack->near_count);
    /* Where the copy reaches the caller, nothing that is worth looking at lies between. */
    bool is_reached = stack->caller.sp - stack->from <= stack->near_count * sizeof(uintptr_t);
    pfi_words_visit(is_reached ? stack->caller.sp : stack->from, stack->high, visit, context);
}
