/* SPDX-License-Identifier: MIT */
#include "gc/state/mark_stack.h"

#include <string.h>

#include "alloc/platform/check.h"

enum {
    FIRST = 64 << 10, /* bytes that a stack begins with: the usual young collection needs no more */
    KEPT = 1 << 20
};

static void set_limit(struct pfi_mark_stack *stack) {
    stack->limit = stack->entries + stack->memory.committed / sizeof(uintptr_t) - 2;
}

bool pfi_mark_stack_init(struct pfi_mark_stack *stack, struct pfi_account *account, size_t size) {
    bool done = pfi_extent_init(&stack->memory, account, size, FIRST);
    while (!done && size > PINFOLD_PAGE) {
        size /= 2;
        done = pfi_extent_init(&stack->memory, account, size, FIRST);
    }
    if (!done) {
        return false;
    }
    stack->entries = (uintptr_t *)stack->memory.start;
    stack->bottom = stack->entries;
    stack->top = stack->entries;
    set_limit(stack);
    pfi_mark_stack_clear_overflow(stack);
    return true;
}

bool pfi_mark_stack_init_short(struct pfi_mark_stack *stack, struct pfi_account *account, size_t most) {
    bool done = pfi_mark_stack_init(stack, account, pfi_min(most, PINFOLD_SHORT_MARK_STACK));
    if (done) {
        pfi_extent_let_move(&stack->memory, most);
    }
    return done;
}

void pfi_mark_stack_finish(struct pfi_mark_stack *stack) {
    pfi_extent_finish(&stack->memory);
}

/* Takes the room below the bottom, when that is half of it at least. */
static bool slide(struct pfi_mark_stack *stack) {
    size_t count = (size_t)(stack->top - stack->bottom);
    if (stack->bottom - stack->entries < (stack->limit - stack->entries) / 2) {
        return false;
    }
    memmove(stack->entries, stack->bottom, count * sizeof *stack->entries);
    stack->bottom = stack->entries;
    stack->top = stack->entries + count;
    return true;
}

bool pfi_mark_stack_make_room(struct pfi_mark_stack *stack) {
    if (slide(stack)) {
        return true;
    }
    size_t below = (size_t)(stack->bottom - stack->entries);
    size_t count = (size_t)(stack->top - stack->bottom);
    bool done = pfi_extent_grow(&stack->memory);
    stack->entries = (uintptr_t *)stack->memory.start;
    stack->bottom = stack->entries + below;
    stack->top = stack->bottom + count;
    set_limit(stack);
    return done;
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

static void shrink(struct pfi_mark_stack *stack, size_t kept) {
    PINFOLD_ASSERT(pfi_mark_stack_is_empty(stack));
    pfi_extent_shrink(&stack->memory, kept);
    stack->bottom = stack->entries;
    stack->top = stack->entries;
    set_limit(stack);
}

void pfi_mark_stack_trim(struct pfi_mark_stack *stack) {
    shrink(stack, KEPT);
}

void pfi_mark_stack_release(struct pfi_mark_stack *stack) {
    shrink(stack, PINFOLD_PAGE);
}
