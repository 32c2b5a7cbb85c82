/* SPDX-License-Identifier: MIT
 *
 * Conservative stacks: words that may be references. Nothing tells what a word of a C stack or a register means, so one
 * that looks like an address inside an object pins that object: it stays alive, and where it is, and the word is never
 * written. Where a thread stopped is noted by itself (alloc/platform/stack.h).
 *
 * Words are handed out as copies, a few at a time: what lies on the stack of a native thread may change at any moment,
 * and sanitizers let nobody read a foreign frame. Only marking visits them.
 */
#ifndef PINFOLD_GC_ROOT_STACKS_H
#define PINFOLD_GC_ROOT_STACKS_H

#include "alloc/object.h"
#include "alloc/platform/stack.h"

/* The words of one thread that has stopped: its registers, and its stack from there to its base. */
void pfi_stack_visit(const struct pfi_stack *stack, pfi_slots_function *visit, void *context);

/* The aligned words inside [low, high). */
void pfi_words_visit(uintptr_t low, uintptr_t high, pfi_slots_function *visit, void *context);

#endif
