/* SPDX-License-Identifier: MIT
 *
 * The pinned object heap: objects that were born pinned, of any size and with any alignment, side by side in segments
 * of their own. None of them ever moves; logically they belong to generation 2.
 *
 *     segment:  | object | free | object | object | free ..... | object |          (allocated)
 *                                                  ^ an aligned address: what lies before it is a free object
 *
 * Dead runs are free objects in bins. A request is served from these, then from the ends of segments, then from a new
 * segment. Invariant: objects and free objects follow each other without a hole, so that segments can be walked, and
 * none is smaller than a smallest object. Whole pages inside a long free object may have been given back
 * (free_pages.h).
 * Owner: the heap share; changed by its allocator and by the sweep of a full collection (gc/phase/pinned.c).
 */
#ifndef PINFOLD_ALLOC_PINNED_HEAP_H
#define PINFOLD_ALLOC_PINNED_HEAP_H

#include "alloc/dirty.h"
#include "alloc/object.h"
#include "alloc/share.h"

struct pfi_pinned_request {
    size_t size;      /* bytes, a multiple of a granule */
    size_t alignment; /* a power of two, a granule at least */
    size_t offset;    /* the byte of the object that is to be aligned, a multiple of a granule */
};

/* Finds room; under share->old_lock. The caller must zero what is `dirty`, which may wait until the lock is released,
 * and write the header before anything may walk. Both are written on success only. */
enum pfi_exhausted pfi_pinned_heap_allocate_locked(struct pfi_share *share, const struct pfi_pinned_request *request,
                                                   uintptr_t *object, struct pfi_dirty *dirty)
    PINFOLD_NEEDS(share->old_lock);

/* Makes [start, start + size) a free object and puts it at the end of its bin if it is large enough for one; nothing
 * when size is 0. At most the last `clean` bytes of its whole pages are clean; returns how many of them it has. */
size_t pfi_pinned_heap_thread(struct pfi_share *share, uintptr_t start, size_t size, size_t clean);

#endif
