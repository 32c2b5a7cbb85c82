/* SPDX-License-Identifier: MIT
 *
 * Handles as roots.
 */
#ifndef PINFOLD_GC_ROOT_HANDLES_H
#define PINFOLD_GC_ROOT_HANDLES_H

#include "gc/state/handle_table.h"

/* Visits the slots of one kind in the blocks that can hold an object of generation `condemned` or younger; a call for
 * each run of slots in use. */
void pfi_handles_visit(struct pfi_handle_table *table, enum pf_handle_kind kind, int condemned,
                       pfi_slots_function *visit, void *context);

#endif
