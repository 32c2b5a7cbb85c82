/* SPDX-License-Identifier: MIT
 *
 * Handles as roots. A pass over one kind of handles goes through the blocks that can hold an object of generation
 * `condemned` or younger; older blocks are not met.
 */
#ifndef PINFOLD_GC_ROOT_HANDLES_H
#define PINFOLD_GC_ROOT_HANDLES_H

#include "gc/state/handle_table.h"

/* The blocks one by one, oldest age first. The block at hand may get another age; with a younger one it comes again. */
struct pfi_handle_walk {
    const struct pfi_handle_table *table;
    enum pf_handle_kind kind;
    int age;
    struct pfi_handle_block *next;
};
struct pfi_handle_walk pfi_handle_walk_open(const struct pfi_handle_table *table, enum pf_handle_kind kind,
                                            int condemned);
/* NULL: that was all. */
struct pfi_handle_block *pfi_handle_walk_next(struct pfi_handle_walk *walk);

/* Visits slots, all those of a block in one call; the ones that are no handles hold 0. */
void pfi_handles_visit(const struct pfi_handle_table *table, enum pf_handle_kind kind, int condemned,
                       pfi_slots_function *visit, void *context);

/* The same for the values of dependent handles. */
void pfi_handles_visit_values(const struct pfi_handle_table *table, int condemned, pfi_slots_function *visit,
                              void *context);

#endif
