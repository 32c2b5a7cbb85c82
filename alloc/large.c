/* SPDX-License-Identifier: MIT */
#include "alloc/large.h"

#include "alloc/free_pages.h"
#include "alloc/object_starts.h"
#include "alloc/platform/check.h"

size_t pfi_large_thread_run(struct pfi_share *share, uintptr_t start, size_t size, size_t clean) {
    struct pfi_generation *large = &share->generations[PINFOLD_LARGE];
    pfi_free_object_format(start, size);
    if (share->options->stress.poison) {
        memset((void *)(start + PINFOLD_MIN_FREE_ITEM), PINFOLD_POISON, size - PINFOLD_MIN_FREE_ITEM);
        clean = 0;
    }
    clean = pfi_free_pages_set_clean(start, size, clean);
    pfi_object_starts_set(share->arena->object_starts, start, start + size);
    large->free_bytes += size;
    large->clean_bytes += clean;
    pfi_free_list_append(&large->free_list, start);
    return clean;
}

static uintptr_t take_free_run(struct pfi_share *share, size_t footprint, struct pfi_dirty *dirty,
                               enum pfi_exhausted *why) {
    struct pfi_generation *large = &share->generations[PINFOLD_LARGE];
    uintptr_t run = pfi_free_list_take(&large->free_list, footprint);
    if (run == 0) {
        return 0;
    }
    size_t size = pfi_object_size(run);
    size_t clean = pfi_free_pages_clean(run);
    size_t used = pfi_free_pages_used(clean, run + footprint, size - footprint);
    if (!pfi_free_pages_charge(share, PINFOLD_LARGE, used)) {
        pfi_free_list_push(&large->free_list, run);
        *why = PINFOLD_EXHAUSTED_COMMIT;
        return 0;
    }
    large->free_bytes -= size;
    large->clean_bytes -= clean;
    dirty->range[0] = (struct pfi_dirty_range){run, pfi_min(footprint, size - clean)};
    if (size > footprint) {
        pfi_large_thread_run(share, run + footprint, size - footprint, clean);
    }
    return run;
}

static uintptr_t take_segment_end(struct pfi_share *share, struct pfi_segment *segment, size_t footprint,
                                  struct pfi_dirty *dirty, enum pfi_exhausted *why) {
    uintptr_t start = segment->allocated;
    if (footprint > segment->end - start) {
        return 0;
    }
    if (!pfi_segment_commit(share->arena, segment, start + footprint)) {
        *why = PINFOLD_EXHAUSTED_COMMIT;
        return 0;
    }
    dirty->range[0] = (struct pfi_dirty_range){start, pfi_segment_use(segment, start, start + footprint)};
    pfi_segment_set_allocated(segment, start + footprint);
    return start;
}

/* The newest segments have room most often, so new ones go to the front of the chain. */
static uintptr_t take_from_segments(struct pfi_share *share, size_t footprint, struct pfi_dirty *dirty,
                                    enum pfi_exhausted *why) {
    for (struct pfi_segment *segment = share->large_segments; segment != NULL; segment = segment->next) {
        uintptr_t start = take_segment_end(share, segment, footprint, dirty, why);
        if (start != 0) {
            return start;
        }
    }
    struct pfi_segment *segment =
        pfi_segment_create_between(share->arena, footprint, share->options->large_segment_size, PINFOLD_SEGMENT_LARGE);
    if (segment == NULL) {
        return 0;
    }
    uintptr_t start = take_segment_end(share, segment, footprint, dirty, why);
    if (start == 0) {
        pfi_segment_release(share->arena, segment);
        return 0;
    }
    segment->next = share->large_segments;
    share->large_segments = segment;
    return start;
}

enum pfi_exhausted pfi_large_allocate_locked(struct pfi_share *share, size_t size, uintptr_t *object,
                                             struct pfi_dirty *dirty) {
    struct pfi_generation *large = &share->generations[PINFOLD_LARGE];
    size_t footprint = pfi_large_footprint(size);
    if (large->budget_left <= 0) {
        return PINFOLD_EXHAUSTED_BUDGET;
    }
    enum pfi_exhausted why = PINFOLD_EXHAUSTED_SPACE;
    struct pfi_dirty taken = {0};
    uintptr_t start = take_free_run(share, footprint, &taken, &why);
    if (start == 0) {
        start = take_from_segments(share, footprint, &taken, &why);
    }
    if (start == 0) {
        return why;
    }
    pfi_object_starts_set(share->arena->object_starts, start, start + footprint);
    large->budget_left -= (int64_t)footprint;
    share->old_allocated_bytes += footprint;
    share->large_bytes += footprint;
    *object = start;
    *dirty = taken;
    return PINFOLD_EXHAUSTED_NOT;
}
