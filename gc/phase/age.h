/* SPDX-License-Identifier: MIT
 *
 * Age: computes the ages of handle blocks anew after a collection, from where their objects lie now.
 */
#ifndef PINFOLD_GC_PHASE_AGE_H
#define PINFOLD_GC_PHASE_AGE_H

#include "alloc/share.h"
#include "gc/state/handle_table.h"

/* Looks at the blocks that the collection of generations 0..condemned looked at, and at no other. */
void pfi_age_handles(struct pfi_handle_table *table, const struct pfi_share *share, int condemned,
                     struct pfi_tags tags);

#endif
