/* SPDX-License-Identifier: MIT */
#include "gc/state/mark_stack.h"

#include <string.h>

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
    stack->bottom = stack->entries;
    stack->top = stack->entries;
    stack->limit = stack->entries + stack->size / sizeof(uintptr_t) - 2;
    pfi_mark_stack_clear_overflow(stack);
    return true;
}

void pfi_mark_stack_finish(struct pfi_mark_stack *stack) {
    pfi_os_release((uintptr_t)stack->entries, stack->size);
}

bool pfi_mark_stack_slide(struct pfi_mark_stack *stack) {
    size_t count = (size_t)(stack->top - stack->bottom);
    if (stack->bottom - stack->entries < (stack->limit - stack->entries) / 2) {
        return false;
    }
    memmove(stack->entries, stack->bottom, count * sizeof *stack->entries);
    stack->bottom = stack->entries;
    stack->top = stack->entries + count;
    return true;
}

/* Copies the entry at `*from` to `to`, steps over it, and returns its words. */
static size_t move_entry(uintptr_t *to, const uintptr_t **from) {
    size_t words = 1 + (**from & 1);
    for (size_t index = 0; index < words; ++index) {
        to[index] = (*from)[index];
    }
    *from += words;
    return words;
}

size_t pfi_mark_stack_split(struct pfi_mark_stack *stack, uintptr_t *words, size_t most) {
    const uintptr_t *from = stack->bottom;
    uintptr_t *kept = stack->bottom;
    size_t taken = 0;
    for (size_t count = 0; count < most && from + 1 + (*from & 1) < stack->top; ++count) {
        taken += move_entry(words + taken, &from);
        kept += move_entry(kept, &from);
    }
    size_t kept_words = (size_t)(kept - stack->bottom);
    memmove(stack->bottom + taken, stack->bottom, kept_words * sizeof *kept);
    stack->bottom += taken;
    return taken;
}

void pfi_mark_stack_push_all(struct pfi_mark_stack *stack, const uintptr_t *words, size_t count) {
    if (pfi_mark_stack_is_empty(stack)) {
        stack->bottom = stack->entries; /* all room is free again */
        stack->top = stack->entries;
    }
    for (const uintptr_t *word = words; word < words + count; ++word) {
        if (*word & 1) {
            pfi_mark_stack_push_rest(stack, word[1] - 1, *word / 2);
            ++word;
        } else {
            pfi_mark_stack_push(stack, *word);
        }
    }
}

void pfi_mark_stack_trim(struct pfi_mark_stack *stack) {
    enum { KEPT = 1 << 20 };
    PINFOLD_ASSERT(pfi_mark_stack_is_empty(stack));
    /* No entry is 0, so a word that still is has never been reached. */
    if (stack->size > KEPT && stack->entries[KEPT / sizeof(uintptr_t)] != 0) {
        pfi_os_decommit((uintptr_t)stack->entries + KEPT, stack->size - KEPT);
    }
}

void pfi_mark_stack_release(struct pfi_mark_stack *stack) {
    PINFOLD_ASSERT(pfi_mark_stack_is_empty(stack));
    pfi_os_decommit((uintptr_t)stack->entries, stack->size);
}
