/* SPDX-License-Identifier: MIT
 *
 * Expand: the ephemeral segment cannot hold what stays young and the next budget. The survivors of generation 0 are
 * planned anew into a fresh segment, which becomes the ephemeral one; the old one becomes a segment of generation 2.
 * When no segment can be had, what is planned stays where it is and becomes generation 2 (promotion in place).
 */
#ifndef PINFOLD_GC_PHASE_EXPAND_H
#define PINFOLD_GC_PHASE_EXPAND_H

#include "gc/state/move_plan.h"

/* Entry: the plan is complete, and the collection will compact. All memory that the move needs is committed here: from
 * here on nothing can fail. */
void pfi_expand(struct pfi_move_plan *plan);

#endif
