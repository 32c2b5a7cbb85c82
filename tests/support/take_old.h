/* SPDX-License-Identifier: MIT
 *
 * Zeroed room among large objects and those that are born pinned, as an allocating thread takes it.
 */
#ifndef TESTS_SUPPORT_TAKE_OLD_H
#define TESTS_SUPPORT_TAKE_OLD_H

#include "alloc/large.h"
#include "alloc/pinned_heap.h"

static inline enum pfi_exhausted take_large(struct pfi_share *share, size_t size, uintptr_t *object) {
    struct pfi_dirty dirty = {0};
    pfi_mutex_lock(&share->old_lock);
    enum pfi_exhausted why = pfi_large_allocate_locked(share, size, object, &dirty);
    pfi_mutex_unlock(&share->old_lock);
    pfi_dirty_clear(&dirty);
    return why;
}

static inline enum pfi_exhausted take_pinned(struct pfi_share *share, const struct pfi_pinned_request *request,
                                             uintptr_t *object) {
    struct pfi_dirty dirty = {0};
    pfi_mutex_lock(&share->old_lock);
    enum pfi_exhausted why = pfi_pinned_heap_allocate_locked(share, request, object, &dirty);
    pfi_mutex_unlock(&share->old_lock);
    pfi_dirty_clear(&dirty);
    return why;
}

#endif
