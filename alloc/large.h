/* SPDX-License-Identifier: MIT
 *
 * The large object heap: objects of at least the threshold, in segments of their own, each on whole pages. Dead runs of
 * pages are free objects in bins; requests are served first fit, then from the ends of segments, then from a new one.
 *
 * Pages at the end of a free run may have been given back to the system (free_pages.h): they are not cleared again.
 */
#ifndef PINFOLD_ALLOC_LARGE_H
#define PINFOLD_ALLOC_LARGE_H

#include "alloc/dirty.h"
#include "alloc/object.h"
#include "alloc/share.h"

/* Finds room for an object of `size` bytes; under share->old_lock. The caller must zero what is `dirty`, which may wait
 * until the lock is released, and write the header before anything may walk. Both are written on success only. */
enum pfi_exhausted pfi_large_allocate_locked(struct pfi_share *share, size_t size, uintptr_t *object,
                                             struct pfi_dirty *dirty) PINFOLD_NEEDS(share->old_lock);

/* What an object of `size` bytes takes. */
static inline size_t pfi_large_footprint(size_t size) {
    return pfi_align_up(size, PINFOLD_PAGE);
}

/* Makes [start, start + size) a free run and puts it at the end of its bin. At most its last `clean` bytes are clean;
 * returns how many of them the run has. */
size_t pfi_large_thread_run(struct pfi_share *share, uintptr_t start, size_t size, size_t clean);

#endif
