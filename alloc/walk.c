/* SPDX-License-Identifier: MIT */
#include "alloc/walk.h"

int pfi_walk_range(const struct pfi_segment *segment, uintptr_t from, uintptr_t to, pfi_walk_visit *visit,
                   void *context) {
    for (uintptr_t object = from; object < to;) {
        size_t size = pfi_walk_step(segment, object);
        int result = visit(context, segment, object, size);
        if (result != 0) {
            return result;
        }
        object += size;
    }
    return 0;
}

static int walk_chain(const struct pfi_segment *segment, pfi_walk_visit *visit, void *context) {
    int result = 0;
    for (; segment != NULL && result == 0; segment = segment->next) {
        result = pfi_walk_range(segment, segment->first, segment->allocated, visit, context);
    }
    return result;
}

int pfi_walk_share(const struct pfi_share *share, pfi_walk_visit *visit, void *context) {
    const struct pfi_segment *const chains[] = {share->segments, share->large_segments, share->pinned_segments};
    int result = 0;
    for (size_t index = 0; index < sizeof chains / sizeof chains[0] && result == 0; ++index) {
        result = walk_chain(chains[index], visit, context);
    }
    return result;
}
