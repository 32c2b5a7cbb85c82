/* SPDX-License-Identifier: MIT
 *
 * Conservative stacks: words that may be references. Nothing tells what a word of a C stack or a register means, so one
 * that looks like an address inside an object pins that object: it stays alive, and where it is, and the word is never
 * written. Where a thread stopped is noted by itself (alloc/platform/stack.h). Frames of code that the embedder has a
 * map of are the exception: the map reports their slots like a root source, and their other words are not looked at.
 *
 * Words are handed out as copies, a few at a time: what lies on the stack of a native thread may change at any moment,
 * and sanitizers let nobody read a foreign frame. Only marking visits them.
 */
#ifndef PINFOLD_GC_ROOT_STACKS_H
#define PINFOLD_GC_ROOT_STACKS_H

#include "alloc/platform/stack.h"
#include "gc/root/visits.h"
#include "pinfold/stack.h"

/* One thread that has stopped: its registers, and its stack from there to its base. */
void pfi_stack_visit(const struct pfi_stack *stack, const struct pf_frame_map *maps, struct pfi_root_visits visits);

/* The aligned words inside [low, high). */
void pfi_words_visit(uintptr_t low, uintptr_t high, pfi_slots_function *visit, void *context);

/* The map of the code that `ip` returns to; NULL when there is none. */
const struct pf_frame_map *pfi_frame_map_find(const struct pf_frame_map *maps, uintptr_t ip);

/* Where the thread's own memory holds what it held when it stopped; below, only the copy does. */
uintptr_t pfi_stack_settled(const struct pfi_stack *stack);

#endif
