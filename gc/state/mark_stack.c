/* SPDX-License-Identifier: MIT */
#include "gc/state/mark_stack.h"

#include "alloc/platform/check.h"
#include "alloc/platform/os_memory.h"

bool pfi_mark_stack_init(struct pfi_mark_stack *stack, size_t size) {
    do {
        stack->size = pfi_align_up(size, PINFOLD_PAGE);
        stack->entries = (uintptr_t *)pfi_os_map_lazy(stack->size);
        size = stack->size / 2;
    } while (stack->entries == NULL && stack->size > PINFOLD_PAGE);
    if (stack->entries == NULL) {
        return false;
    }
    stack->top = stack->entries;
    stack->limit = stack->entries + stack->size / sizeof(uintptr_t) - 2;
    pfi_mark_stack_clear_overflow(stack);
    return true;
}

void pfi_mark_stack_finish(struct pfi_mark_stack *stack) {
    pfi_os_release((uintptr_t)stack->entries, stack->size);
}

void pfi_mark_stack_trim(struct pfi_mark_stack *stack) {
    enum { KEPT = 1 << 20 };
    PINFOLD_ASSERT(pfi_mark_stack_is_empty(stack));
    /* No entry is 0, so a word that still is has never been reached. */
    if (stack->size > KEPT && stack->entries[KEPT / sizeof(uintptr_t)] != 0) {
        pfi_os_decommit((uintptr_t)stack->entries + KEPT, stack->size - KEPT);
    }
}
