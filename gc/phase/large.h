/* SPDX-License-Identifier: MIT
 *
 * Large: sweeps the large object heap of a full collection. Dead page runs are joined and put into the bins in address
 * order; segments without objects are taken out of the chain.
 */
#ifndef PINFOLD_GC_PHASE_LARGE_H
#define PINFOLD_GC_PHASE_LARGE_H

#include "alloc/share.h"

/* Entry: marks of large objects are set, and nothing needs them afterwards. Exit: they are cleared. */
void pfi_sweep_large(struct pfi_share *share, struct pfi_segment **emptied);

#endif
