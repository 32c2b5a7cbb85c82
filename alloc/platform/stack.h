/* SPDX-License-Identifier: MIT
 *
 * The C stack of a thread, for those who look for references on it: where it begins, and where the thread stood when it
 * stopped. Stacks grow downwards.
 *
 *     low ... | running native code | note | entered | caller ............ main | high
 *                                     ^from    ^caller.sp
 *                                     [ near ........ ]
 *
 * A thread that goes native stays in no function of this library: everything below its caller's frame is overwritten
 * while a collection looks at the rest, and the caller itself goes on, with registers that it may put anywhere. So
 * pfi_stack_note copies the first bytes from its own frame on: they hold all registers that calls preserve, wherever
 * the functions in between have put them, and the caller's spilled ones. What the thread held when it stopped is in the
 * copy or in the frames of functions further up, which do not change before these go on.
 *
 * Written by the thread that stops, read by collections with the world stopped.
 */
#ifndef PINFOLD_PLATFORM_STACK_H
#define PINFOLD_PLATFORM_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PINFOLD_STACK_NEAR_WORDS = 192 };

/* A place in a function from where its stack can be unwound. */
struct pfi_caller {
    uintptr_t ip;
    uintptr_t sp;
    uintptr_t fp;
};

struct pfi_stack {
    uintptr_t low; /* its range; a thread that runs on another stack says so */
    uintptr_t high;
    uintptr_t system_low; /* what the system gave the thread */
    uintptr_t system_high;
    struct pfi_caller caller; /* ip 0: the thread has not stopped yet */
    uintptr_t from;           /* the address that `near` begins at */
    size_t near_count;
    uintptr_t near[PINFOLD_STACK_NEAR_WORDS];
};

/* Of the calling thread. false: the system does not tell. */
bool pfi_stack_init(struct pfi_stack *stack);

/* Whether `address` lies on the stack as it was last described. */
static inline bool pfi_stack_contains(const struct pfi_stack *stack, uintptr_t address) {
    return address - stack->low < stack->high - stack->low;
}

/* The calling thread stops in the function that was called from `caller`. Once more is no harm: the last one counts. */
void pfi_stack_note(struct pfi_stack *stack, struct pfi_caller caller);

/* The function that called the one in which this stands. */
#define PINFOLD_CALLER()                                                                           \
    ((struct pfi_caller){(uintptr_t)__builtin_return_address(0), (uintptr_t)__builtin_dwarf_cfa(), \
                         *(const uintptr_t *)__builtin_frame_address(0)})

/* Copies words of any thread's stack, which sanitizers would not let anyone read. */
void pfi_stack_copy(uintptr_t *to, uintptr_t from, size_t count);

#endif
