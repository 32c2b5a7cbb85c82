/* SPDX-License-Identifier: MIT
 *
 * Handles of a bare handle table, without a heap and its threads' caches.
 */
#ifndef TESTS_SUPPORT_HANDLE_SLOTS_H
#define TESTS_SUPPORT_HANDLE_SLOTS_H

#include "gc/state/handle_table.h"

/* NULL: no memory. */
static inline struct pf_handle *handle_slots_add(struct pfi_handle_table *table, enum pf_handle_kind kind,
                                                 uintptr_t object) {
    struct pf_handle *handle;
    if (pfi_handle_table_take_locked(table, kind, &handle, 1) == 0) {
        return NULL;
    }
    pfi_handle_block_fill(pfi_handle_block_around(handle), handle, object, 0);
    pfi_handle_block_rejuvenate_locked(pfi_handle_block_around(handle));
    return handle;
}

static inline void handle_slots_remove(struct pfi_handle_table *table, struct pf_handle *handle) {
    pfi_handle_block_empty(pfi_handle_block_around(handle), handle);
    pfi_handle_table_give_locked(table, handle);
}

/* How many blocks of one kind and age there are. */
static inline size_t handle_slots_blocks(const struct pfi_handle_table *table, enum pf_handle_kind kind, int age) {
    size_t count = 0;
    for (const struct pfi_handle_block *block = table->blocks[kind][age]; block != NULL; block = block->next) {
        ++count;
    }
    return count;
}

#endif
