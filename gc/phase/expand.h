/* SPDX-License-Identifier: MIT
 *
 * Expand: the ephemeral segment cannot hold what stays young and the next budget. The unpinned survivors of generation
 * 0 are planned anew, into another segment that becomes the ephemeral one; the old one becomes a segment of generation
 * 2, and pins that lie on it are left behind there. Which segment, in this order:
 *
 *     reuse              a segment of generation 2 of which at least a third is free behind its unpinned survivors:
 *                            before  gen2 AAAABBB . P . . . P . . . . . . .     the holes between pins and the end
 *                            after   gen2 AAAABBB | gen1 C P D D | gen0 . P . . . . . . .
 *     a fresh one        from the arena
 *     promote in place   neither can be had: what is planned stays where it is and becomes generation 2
 *
 * Only a full collection knows what is free in generation 2's segments: only it reuses one.
 */
#ifndef PINFOLD_GC_PHASE_EXPAND_H
#define PINFOLD_GC_PHASE_EXPAND_H

#include "gc/state/move_plan.h"

/* Entry: the plan is complete, and the collection will compact. `room` is what generation 0 needs on its new segment.
 * All memory that the move needs is committed here: from here on nothing can fail. */
void pfi_expand(struct pfi_move_plan *plan, size_t room);

#endif
