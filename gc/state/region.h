/* SPDX-License-Identifier: MIT
 *
 * A region without collections: while it is open and kept, budgets are what it was granted, so that only want of room
 * can lead to a collection. A collection that comes all the same, for whatever reason, ends it: the budgets are put
 * back before it begins, and the reason is kept for the program.
 *
 *     none --open--> kept --close--> none
 *                     |  break        ^
 *                     +----> broken --+ close
 *
 * Owner: the heap. Changed with the world stopped.
 */
#ifndef PINFOLD_GC_REGION_H
#define PINFOLD_GC_REGION_H

#include "alloc/share.h"

struct pfi_region {
    bool is_open; /* begun and not ended by the program */
    bool is_kept; /* and no collection has come */
    enum pf_reason broken_by;
    size_t granted[2];    /* budgets: of generation 0, of large objects */
    int64_t put_aside[2]; /* what was left of the real ones */
};

void pfi_region_open(struct pfi_region *region, struct pfi_share *share, size_t small_budget, size_t large_budget);

/* Puts the budgets back, less what was allocated meanwhile; nothing when the region is not kept. */
void pfi_region_break(struct pfi_region *region, struct pfi_share *share, enum pf_reason reason);

#endif
