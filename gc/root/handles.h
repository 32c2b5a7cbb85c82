/* SPDX-License-Identifier: MIT
 *
 * Strong handles as roots.
 */
#ifndef PINFOLD_GC_ROOT_HANDLES_H
#define PINFOLD_GC_ROOT_HANDLES_H

#include "gc/state/handle_table.h"

/* Visits the slots of the blocks that can hold an object of generation `condemned` or younger. */
void pfi_handles_visit(struct pfi_handle_table *table, int condemned, pfi_slots_function *visit, void *context);

#endif
