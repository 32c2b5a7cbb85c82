/* SPDX-License-Identifier: MIT
 *
 * Walking every object and free object of a segment. Possible whenever contexts are closed.
 */
#ifndef PINFOLD_ALLOC_WALK_H
#define PINFOLD_ALLOC_WALK_H

#include "alloc/large.h"
#include "alloc/object.h"
#include "alloc/segment.h"

/* Bytes from `object` to the next one. */
static inline size_t pfi_walk_step(const struct pfi_segment *segment, uintptr_t object) {
    size_t size = pfi_object_size(object);
    return segment->kind == PINFOLD_SEGMENT_LARGE ? pfi_large_footprint(size) : size;
}

/* Calls `visit` for everything in [from, to), which must begin at an object; stops and returns when it returns
 * nonzero. */
typedef int pfi_walk_visit(void *context, const struct pfi_segment *segment, uintptr_t object, size_t size);
int pfi_walk_range(const struct pfi_segment *segment, uintptr_t from, uintptr_t to, pfi_walk_visit *visit,
                   void *context);

/* Every segment of the share: small objects, then large ones, then those that were born pinned. */
int pfi_walk_share(const struct pfi_share *share, pfi_walk_visit *visit, void *context);

#endif
