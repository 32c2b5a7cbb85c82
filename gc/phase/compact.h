/* SPDX-License-Identifier: MIT
 *
 * Compact: moves the plugs to their planned places, in address order within a segment and in chain order of segments,
 * and then makes the plan real: ends of segments, starts of generations, the new ephemeral segment.
 *
 * A plug's place is never in condemned memory whose plugs have not been moved yet (it lies before the plug, in a free
 * object or the end of an older segment, or in a fresh segment), so no record is overwritten before it has been read.
 */
#ifndef PINFOLD_GC_PHASE_COMPACT_H
#define PINFOLD_GC_PHASE_COMPACT_H

#include "gc/state/move_plan.h"

/* Entry: relocation is complete. Exit: the heap is walkable and has no mark bits on small objects; segments that became
 * empty hang on *emptied, out of the chain, for the caller to release. */
void pfi_compact(const struct pfi_move_plan *plan, struct pfi_segment **emptied);

#endif
