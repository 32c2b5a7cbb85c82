/* SPDX-License-Identifier: MIT
 *
 * Large: the large object heap of a full collection. It is swept: dead page runs are joined and put into the bins in
 * address order. Or, when that is asked for, or an allocation would fail otherwise, it is compacted:
 *
 *     before   AA..PP.BBB | ..C.DD     P is pinned
 *     plan     B does not fit before P: it slides; C and D go into holes that were left behind
 *     after    AACfPPBBBDD |           the hole before P keeps a page; the second segment is empty
 *
 * Whole page runs move, and only backwards in walk order (segments in chain order, addresses ascending): every place
 * lies in what is dead, or has been moved out of, when the walk comes to the object. Pinned objects stay, and not one
 * of their bytes is written. In each case segments without objects are taken out of the chain.
 */
#ifndef PINFOLD_GC_PHASE_LARGE_H
#define PINFOLD_GC_PHASE_LARGE_H

#include "alloc/share.h"

/* Entry: marks of large objects are set, and nothing needs them afterwards. Exit: marks and pins are cleared. */
void pfi_sweep_large(struct pfi_share *share, struct pfi_segment **emptied);

/* Gives each live object that will move its new address, as the slide of its first card, and segments their planned
 * ends. All memory that the moves need is committed here. Returns the bytes that will move.
 * Entry: marks are set; the collection will compact, and no reference has been rewritten yet. */
size_t pfi_plan_large(struct pfi_share *share);

/* Moves the objects. Entry: planned, and all references are relocated. Exit: as that of a sweep; slides are cleared. */
void pfi_compact_large(struct pfi_share *share, struct pfi_segment **emptied);

/* Takes the segments of large objects that hold none out of the chain, and puts them before *emptied. */
void pfi_unlink_empty_large(struct pfi_share *share, struct pfi_segment **emptied);

#endif
