/* SPDX-License-Identifier: MIT
 *
 * Pinned: sweeps the pinned object heap of a full collection. Dead runs are joined and put into the bins in address
 * order; dead ends of segments are cut off; segments without objects are taken out of the chain.
 */
#ifndef PINFOLD_GC_PHASE_PINNED_H
#define PINFOLD_GC_PHASE_PINNED_H

#include "alloc/share.h"

/* Entry: marks of objects that were born pinned are set, and nothing needs them afterwards. Exit: they are cleared, and
 * pin bits that a pf_pin of such an object left, too. Segments are put in front of `*emptied`. */
void pfi_sweep_pinned(struct pfi_share *share, struct pfi_segment **emptied);

#endif
