/* SPDX-License-Identifier: MIT
 *
 * Marked objects whose references have not been followed yet; last in, first out. Address space is reserved once, or,
 * where it is short, as the stack grows, which moves it then; memory is asked for, and charged to bookkeeping, each
 * time as much as the stack has. An entry is an object, or, for a large array of which a part is done, two words: twice
 * the next index and the object, each with its lowest bit set, so that entries can be read from both ends.
 *
 *     entries      bottom                          top              limit
 *      | given away | object | index:1 | array:1 | object | free ... | .. |
 *
 * When the stack is full, or memory for more is refused, the object stays marked but unscanned, and [overflow_low,
 * overflow_high] is widened to hold it; marking ends with passes over that range.
 *
 * Owner: one worker of the mark phase; what it gives to others it takes out itself (mark_queue.h).
 */
#ifndef PINFOLD_GC_MARK_STACK_H
#define PINFOLD_GC_MARK_STACK_H

#include <stdbool.h>

#include "alloc/bookkeeping.h"
#include "alloc/layout.h"

struct pfi_mark_stack {
    uintptr_t *entries;
    uintptr_t *bottom; /* oldest entry */
    uintptr_t *top;    /* next free word */
    uintptr_t *limit;  /* two words below the end of what may be used */
    struct pfi_extent memory;
    uintptr_t overflow_low; /* > overflow_high: none */
    uintptr_t overflow_high;
};

/* Reserves `size` bytes, or half of it and so on down to a page when address space or memory is short: a smaller stack
 * only means more overflow passes. false when not even that can be had. */
bool pfi_mark_stack_init(struct pfi_mark_stack *stack, struct pfi_account *account, size_t size);

/* The same for a stack that reserves PINFOLD_SHORT_MARK_STACK bytes, and moves when it needs more, up to `most`. */
enum { PINFOLD_SHORT_MARK_STACK = 1 << 20 };
bool pfi_mark_stack_init_short(struct pfi_mark_stack *stack, struct pfi_account *account, size_t most);
void pfi_mark_stack_finish(struct pfi_mark_stack *stack);

/* Gives the memory of a deep mark back; the stack must be empty. */
void pfi_mark_stack_trim(struct pfi_mark_stack *stack);
/* Gives all of it back but a page; the same. */
void pfi_mark_stack_release(struct pfi_mark_stack *stack);

/* Makes the objects in [low, high] unscanned ones for the passes. */
static inline void pfi_mark_stack_overflow(struct pfi_mark_stack *stack, uintptr_t low, uintptr_t high) {
    stack->overflow_low = pfi_min(stack->overflow_low, low);
    stack->overflow_high = pfi_max(stack->overflow_high, high);
}

/* For a stack whose top has reached the limit: takes the room below the bottom, when that is half of it at least, else
 * asks for more memory. false: there is none. */
bool pfi_mark_stack_make_room(struct pfi_mark_stack *stack);

/* Takes up to `most` entries out, every second one of the oldest, and writes them to `words`, which has room for twice
 * as many. The stack keeps as many entries at least. Returns the number of words. */
size_t pfi_mark_stack_split(struct pfi_mark_stack *stack, uintptr_t *words, size_t most);

/* Pushes what was taken out of another stack. */
void pfi_mark_stack_push_all(struct pfi_mark_stack *stack, const uintptr_t *words, size_t count);

static inline void pfi_mark_stack_push(struct pfi_mark_stack *stack, uintptr_t object) {
    if (PINFOLD_UNLIKELY(stack->top >= stack->limit) && !pfi_mark_stack_make_room(stack)) {
        pfi_mark_stack_overflow(stack, object, object);
        return;
    }
    *stack->top++ = object;
}

/* An array whose elements from `index` on are still to be followed. */
static inline void pfi_mark_stack_push_rest(struct pfi_mark_stack *stack, uintptr_t array, size_t index) {
    if (PINFOLD_UNLIKELY(stack->top >= stack->limit) && !pfi_mark_stack_make_room(stack)) {
        pfi_mark_stack_overflow(stack, array, array);
        return;
    }
    *stack->top++ = index * 2 + 1;
    *stack->top++ = array | 1;
}

/* Takes the newest entry. `*index` is SIZE_MAX for a whole object. */
static inline uintptr_t pfi_mark_stack_pop(struct pfi_mark_stack *stack, size_t *index) {
    uintptr_t word = *--stack->top;
    if (PINFOLD_UNLIKELY(word & 1)) {
        *index = *--stack->top / 2;
        return word - 1;
    }
    *index = SIZE_MAX;
    return word;
}

static inline bool pfi_mark_stack_is_empty(const struct pfi_mark_stack *stack) {
    return stack->top == stack->bottom;
}
static inline bool pfi_mark_stack_has_overflow(const struct pfi_mark_stack *stack) {
    return stack->overflow_low <= stack->overflow_high;
}
static inline void pfi_mark_stack_clear_overflow(struct pfi_mark_stack *stack) {
    stack->overflow_low = UINTPTR_MAX;
    stack->overflow_high = 0;
}

#endif
