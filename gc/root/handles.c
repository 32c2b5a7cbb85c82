/* SPDX-License-Identifier: MIT */
#include "gc/root/handles.h"

static int oldest_age(int condemned) {
    return condemned < PINFOLD_OLDEST_AGE ? condemned : PINFOLD_OLDEST_AGE;
}

struct pfi_handle_block *pfi_handle_walk_next(struct pfi_handle_walk *walk) {
    while (walk->next == NULL && walk->age > 0) {
        walk->next = walk->table->blocks[walk->kind][--walk->age];
    }
    struct pfi_handle_block *block = walk->next;
    if (block != NULL) {
        walk->next = block->next;
    }
    return block;
}

struct pfi_handle_walk pfi_handle_walk_open(const struct pfi_handle_table *table, enum pf_handle_kind kind,
                                            int condemned) {
    return (struct pfi_handle_walk){table, kind, oldest_age(condemned) + 1, NULL};
}

void pfi_handles_visit(const struct pfi_handle_table *table, enum pf_handle_kind kind, int condemned,
                       pfi_slots_function *visit, void *context) {
    struct pfi_handle_walk walk = pfi_handle_walk_open(table, kind, condemned);
    for (struct pfi_handle_block *block; (block = pfi_handle_walk_next(&walk)) != NULL;) {
        visit(context, (uintptr_t)block->slots, PINFOLD_HANDLES_PER_BLOCK);
    }
}

void pfi_handles_visit_values(const struct pfi_handle_table *table, int condemned, pfi_slots_function *visit,
                              void *context) {
    struct pfi_handle_walk walk = pfi_handle_walk_open(table, PINFOLD_HANDLE_DEPENDENT, condemned);
    for (struct pfi_handle_block *block; (block = pfi_handle_walk_next(&walk)) != NULL;) {
        visit(context, (uintptr_t)pfi_handle_block_values(block), PINFOLD_HANDLES_PER_BLOCK);
    }
}
