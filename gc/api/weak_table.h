/* SPDX-License-Identifier: MIT
 *
 * What the inside of the library, and its tests, may know of a weak table.
 */
#ifndef PINFOLD_GC_API_WEAK_TABLE_H
#define PINFOLD_GC_API_WEAK_TABLE_H

#include "pinfold/weak_table.h"

/* How many times an entry was hashed anew because its key may have moved. */
size_t pfi_weak_table_rehashed(const struct pf_weak_table *table);

/* Entries that fit without asking for memory. */
size_t pfi_weak_table_capacity(const struct pf_weak_table *table);

#endif
