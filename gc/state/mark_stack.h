/* SPDX-License-Identifier: MIT
 *
 * Marked objects whose references have not been followed yet; last in, first out. The memory is reserved once and
 * taken by the system as it is written. An entry is an object, or, for a large array of which a part is done, two
 * words: the next index and the object with its lowest bit set.
 *
 * When the stack is full the object stays marked but unscanned, and [overflow_low, overflow_high] is widened to hold
 * it; marking ends with passes over that range.
 */
#ifndef PINFOLD_GC_MARK_STACK_H
#define PINFOLD_GC_MARK_STACK_H

#include <stdbool.h>

#include "alloc/layout.h"

struct pfi_mark_stack {
    uintptr_t *entries;
    uintptr_t *top;   /* next free entry */
    uintptr_t *limit; /* two entries below the end */
    size_t size;
    uintptr_t overflow_low; /* > overflow_high: none */
    uintptr_t overflow_high;
};

/* Reserves `size` bytes, or half of it and so on down to a page when address space is short: a smaller stack only means
 * more overflow passes. false when not even that can be had. */
bool pfi_mark_stack_init(struct pfi_mark_stack *stack, size_t size);
void pfi_mark_stack_finish(struct pfi_mark_stack *stack);

/* Gives the memory of a deep mark back; the stack must be empty. */
void pfi_mark_stack_trim(struct pfi_mark_stack *stack);

static inline void pfi_mark_stack_overflow(struct pfi_mark_stack *stack, uintptr_t object) {
    stack->overflow_low = pfi_min(stack->overflow_low, object);
    stack->overflow_high = pfi_max(stack->overflow_high, object);
}

static inline void pfi_mark_stack_push(struct pfi_mark_stack *stack, uintptr_t object) {
    if (PINFOLD_UNLIKELY(stack->top >= stack->limit)) {
        pfi_mark_stack_overflow(stack, object);
        return;
    }
    *stack->top++ = object;
}

/* An array whose elements from `index` on are still to be followed. */
static inline void pfi_mark_stack_push_rest(struct pfi_mark_stack *stack, uintptr_t array, size_t index) {
    if (PINFOLD_UNLIKELY(stack->top >= stack->limit)) {
        pfi_mark_stack_overflow(stack, array);
        return;
    }
    *stack->top++ = index;
    *stack->top++ = array | 1;
}

static inline bool pfi_mark_stack_is_empty(const struct pfi_mark_stack *stack) {
    return stack->top == stack->entries;
}
static inline bool pfi_mark_stack_has_overflow(const struct pfi_mark_stack *stack) {
    return stack->overflow_low <= stack->overflow_high;
}
static inline void pfi_mark_stack_clear_overflow(struct pfi_mark_stack *stack) {
    stack->overflow_low = UINTPTR_MAX;
    stack->overflow_high = 0;
}

#endif
