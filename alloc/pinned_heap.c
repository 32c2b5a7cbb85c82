/* SPDX-License-Identifier: MIT */
#include "alloc/pinned_heap.h"

#include "alloc/free_pages.h"
#include "alloc/object_starts.h"
#include "alloc/platform/check.h"

enum {
    /* How many free objects of a bin are looked at before fresh memory is taken. Their sizes differ by a factor of two
     * and their alignment by anything, so a bin may hold thousands that do not fit. */
    TRIES = 64
};

size_t pfi_pinned_heap_thread(struct pfi_share *share, uintptr_t start, size_t size, size_t clean) {
    pfi_share_thread_gap(share, PINFOLD_PINNED, start, size);
    clean = pfi_free_pages_set_clean(start, size, clean);
    share->generations[PINFOLD_PINNED].clean_bytes += clean;
    return clean;
}

/* Where in [start, end) the object goes; 0 when it does not fit. What is left before it is nothing or large enough for
 * a free object. Callers have bounded size and alignment by the arena's, so only a sum near the end of the address
 * space can wrap around. */
static uintptr_t place_in(uintptr_t start, uintptr_t end, const struct pfi_pinned_request *request) {
    uintptr_t object = pfi_align_up(start + request->offset, request->alignment) - request->offset;
    if (object != start && object - start < PINFOLD_MIN_OBJECT) {
        object += request->alignment;
    }
    return object >= start && object <= end && end - object >= request->size ? object : 0;
}

/* Whether a free object has room such that what is left behind is nothing or a free object, too. */
static bool fits_item(const void *context, uintptr_t item) {
    const struct pfi_pinned_request *request = context;
    uintptr_t end = item + pfi_object_size(item);
    uintptr_t object = place_in(item, end, request);
    if (object == 0) {
        return false;
    }
    size_t rest = end - object - request->size;
    return rest == 0 || rest >= PINFOLD_MIN_OBJECT;
}

/* [start, end) but for the pages that are known to read as zero. */
static struct pfi_dirty dirty_around(uintptr_t start, uintptr_t end, const struct pfi_pages *zero) {
    uintptr_t low = pfi_clamp(zero->low, start, end);
    uintptr_t high = pfi_clamp(zero->high, low, end);
    return (struct pfi_dirty){{{start, low - start}, {high, end - high}}};
}

static uintptr_t take_free_object(struct pfi_share *share, const struct pfi_pinned_request *request, size_t tries,
                                  struct pfi_dirty *dirty, enum pfi_exhausted *why) {
    struct pfi_generation *pinned = &share->generations[PINFOLD_PINNED];
    uintptr_t item = pfi_free_list_take_fitting(&pinned->free_list, request->size, tries, fits_item, request);
    if (item == 0) {
        return 0;
    }
    uintptr_t item_end = item + pfi_object_size(item);
    uintptr_t object = place_in(item, item_end, request);
    uintptr_t object_end = object + request->size;
    size_t clean = pfi_free_pages_clean(item);
    size_t used = pfi_free_pages_used(clean, object_end, item_end - object_end);
    if (!pfi_free_pages_charge(share, PINFOLD_PINNED, used)) {
        pfi_free_list_push(&pinned->free_list, item);
        *why = PINFOLD_EXHAUSTED_COMMIT;
        return 0;
    }
    uintptr_t high = pfi_align_down(item_end, PINFOLD_PAGE);
    *dirty = dirty_around(object, object_end, &(struct pfi_pages){high - clean, high});
    pinned->free_bytes -= item_end - item;
    pinned->clean_bytes -= clean;
    pfi_pinned_heap_thread(share, item, object - item, 0);
    pfi_pinned_heap_thread(share, object_end, item_end - object_end, clean);
    return object;
}

static uintptr_t take_segment_end(struct pfi_share *share, struct pfi_segment *segment,
                                  const struct pfi_pinned_request *request, struct pfi_dirty *dirty,
                                  enum pfi_exhausted *why) {
    uintptr_t start = segment->allocated;
    uintptr_t object = place_in(start, segment->end, request);
    if (object == 0) {
        return 0;
    }
    uintptr_t object_end = object + request->size;
    if (!pfi_segment_commit(share->arena, segment, object_end)) {
        *why = PINFOLD_EXHAUSTED_COMMIT;
        return 0;
    }
    dirty->range[0] = (struct pfi_dirty_range){object, pfi_segment_use(segment, object, object_end)};
    pfi_segment_set_allocated(segment, object_end);
    pfi_pinned_heap_thread(share, start, object - start, 0);
    return object;
}

static uintptr_t take_any_segment_end(struct pfi_share *share, const struct pfi_pinned_request *request,
                                      struct pfi_dirty *dirty, enum pfi_exhausted *why) {
    uintptr_t object = 0;
    for (struct pfi_segment *segment = share->pinned_segments; segment != NULL && object == 0;
         segment = segment->next) {
        object = take_segment_end(share, segment, request, dirty, why);
    }
    return object;
}

/* The newest segments have room most often, so a new one goes to the front of the chain. */
static uintptr_t take_new_segment(struct pfi_share *share, const struct pfi_pinned_request *request,
                                  struct pfi_dirty *dirty, enum pfi_exhausted *why) {
    size_t slack = request->alignment == PINFOLD_GRANULE ? 0 : request->alignment + PINFOLD_MIN_OBJECT;
    size_t needed = request->size + slack;
    struct pfi_segment *segment =
        pfi_segment_create_between(share->arena, needed, share->options->large_segment_size, PINFOLD_SEGMENT_PINNED);
    if (segment == NULL) {
        return 0;
    }
    uintptr_t object = take_segment_end(share, segment, request, dirty, why);
    if (object == 0) {
        pfi_segment_release(share->arena, segment);
        return 0;
    }
    segment->next = share->pinned_segments;
    share->pinned_segments = segment;
    return object;
}

/* Before the heap grows by a segment, every free object is looked at. */
static uintptr_t take_anywhere(struct pfi_share *share, const struct pfi_pinned_request *request,
                               struct pfi_dirty *dirty, enum pfi_exhausted *why) {
    uintptr_t object = take_free_object(share, request, TRIES, dirty, why);
    if (object == 0) {
        object = take_any_segment_end(share, request, dirty, why);
    }
    if (object == 0) {
        object = take_free_object(share, request, SIZE_MAX, dirty, why);
    }
    return object != 0 ? object : take_new_segment(share, request, dirty, why);
}

enum pfi_exhausted pfi_pinned_heap_allocate_locked(struct pfi_share *share, const struct pfi_pinned_request *request,
                                                   uintptr_t *object, struct pfi_dirty *dirty) {
    struct pfi_generation *pinned = &share->generations[PINFOLD_PINNED];
    size_t arena_size = share->arena->end - share->arena->base;
    PINFOLD_ASSERT(request->alignment >= PINFOLD_GRANULE && (request->alignment & (request->alignment - 1)) == 0);
    PINFOLD_ASSERT(request->size % PINFOLD_GRANULE == 0 && request->offset % PINFOLD_GRANULE == 0);
    if (request->size > arena_size || request->alignment > arena_size) {
        return PINFOLD_EXHAUSTED_SPACE;
    }
    if (pinned->budget_left <= 0) {
        return PINFOLD_EXHAUSTED_BUDGET;
    }
    enum pfi_exhausted why = PINFOLD_EXHAUSTED_SPACE;
    struct pfi_dirty taken = {0};
    uintptr_t start = take_anywhere(share, request, &taken, &why);
    if (start == 0) {
        return why;
    }
    pfi_object_starts_set(share->arena->object_starts, start, start + request->size);
    pinned->budget_left -= (int64_t)request->size;
    share->old_allocated_bytes += request->size;
    *object = start;
    *dirty = taken;
    return PINFOLD_EXHAUSTED_NOT;
}
