/* SPDX-License-Identifier: MIT
 *
 * Mark: finds what is live among the condemned. Input: roots and dirty cards. Output: mark bits.
 *
 * Every granule of a live small object gets a bit (a large object only its first): then a plug is a run of ones, and
 * plan reads the bitmap alone and never touches live objects.
 *
 *     slot -> FIFO of prefetched addresses -> mark bit set? size, bits -> has references? push -> mark stack -> slots
 */
#ifndef PINFOLD_GC_PHASE_MARK_H
#define PINFOLD_GC_PHASE_MARK_H

#include "gc/root/roots.h"
#include "gc/state/mark_stack.h"
#include "gc/state/move_plan.h"

/* Entry: world stopped, contexts closed, no mark bits in the condemned ranges, stack empty.
 * Exit: mark bits complete, stack empty; cards of older objects cleaned as far as they can be. */
void pfi_mark(struct pfi_move_plan *plan, struct pfi_roots *roots, struct pfi_mark_stack *stack, struct pfi_tags tags);

#endif
