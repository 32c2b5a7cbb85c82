/* SPDX-License-Identifier: MIT
 *
 * Memory that an allocation has taken and that is still to be zeroed: taken under a lock, zeroed outside it.
 */
#ifndef PINFOLD_ALLOC_DIRTY_H
#define PINFOLD_ALLOC_DIRTY_H

#include <string.h>

#include "alloc/layout.h"

struct pfi_dirty_range {
    uintptr_t start;
    size_t size;
};

/* At most two ranges: what lies around pages that are known to be zero. */
struct pfi_dirty {
    struct pfi_dirty_range range[2];
};

/* Leaves out what lies before `address`: it has been written already. */
static inline void pfi_dirty_skip(struct pfi_dirty *dirty, uintptr_t address) {
    for (int index = 0; index < 2; ++index) {
        struct pfi_dirty_range *range = &dirty->range[index];
        size_t before = range->start < address ? pfi_min(address - range->start, range->size) : 0;
        range->start += before;
        range->size -= before;
    }
}

static inline void pfi_dirty_clear(const struct pfi_dirty *dirty) {
    for (int index = 0; index < 2; ++index) {
        if (dirty->range[index].size != 0) {
            memset((void *)dirty->range[index].start, 0, dirty->range[index].size);
        }
    }
}

#endif
