/* SPDX-License-Identifier: MIT
 *
 * Sweep: survivors stay where they are; the gaps before them become free objects, and generations rise in place by
 * moving their starts.
 *
 *     before   [ gen2 | gen1: A . B . . | gen0: . C . D . . . )
 *     after    [ gen2:   A f B f f f f  | gen1: C f D | gen0: )      (collection of generation 1)
 */
#ifndef PINFOLD_GC_PHASE_SWEEP_H
#define PINFOLD_GC_PHASE_SWEEP_H

#include "gc/state/move_plan.h"

/* Entry: the plan is complete. Exit: the heap is walkable and has no mark bits on small objects; segments that became
 * empty hang on *emptied. */
void pfi_sweep(const struct pfi_move_plan *plan, struct pfi_segment **emptied);

#endif
