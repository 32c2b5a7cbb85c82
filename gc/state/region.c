/* SPDX-License-Identifier: MIT */
#include "gc/state/region.h"

static const int generations[2] = {0, PINFOLD_LARGE};

void pfi_region_open(struct pfi_region *region, struct pfi_share *share, size_t small_budget, size_t large_budget) {
    *region = (struct pfi_region){.is_open = true, .is_kept = true, .granted = {small_budget, large_budget}};
    for (int index = 0; index < 2; ++index) {
        int64_t *left = &share->generations[generations[index]].budget_left;
        region->put_aside[index] = *left;
        region->granted[index] = pfi_max(region->granted[index], (size_t)(*left < 0 ? 0 : *left));
        *left = (int64_t)region->granted[index];
    }
}

void pfi_region_break(struct pfi_region *region, struct pfi_share *share, enum pf_reason reason) {
    if (!region->is_kept) {
        return;
    }
    region->is_kept = false;
    region->broken_by = reason;
    for (int index = 0; index < 2; ++index) {
        int64_t *left = &share->generations[generations[index]].budget_left;
        int64_t allocated = (int64_t)region->granted[index] - *left;
        *left = region->put_aside[index] - allocated;
    }
}
