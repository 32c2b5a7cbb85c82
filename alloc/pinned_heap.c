/* SPDX-License-Identifier: MIT */
#include "alloc/pinned_heap.h"

#include "alloc/object_starts.h"
#include "alloc/platform/check.h"

/* How many free objects of a bin are looked at before fresh memory is taken. Their sizes differ by a factor of two and
 * their alignment by anything, so a bin may hold thousands that do not fit. */
enum { TRIES = 64 };

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

static uintptr_t take_free_object(struct pfi_share *share, const struct pfi_pinned_request *request, size_t tries) {
    struct pfi_generation *pinned = &share->generations[PINFOLD_PINNED];
    uintptr_t item = pfi_free_list_take_fitting(&pinned->free_list, request->size, tries, fits_item, request);
    if (item == 0) {
        return 0;
    }
    uintptr_t end = item + pfi_object_size(item);
    uintptr_t object = place_in(item, end, request);
    uintptr_t object_end = object + request->size;
    pinned->free_bytes -= end - item;
    memset((void *)object, 0, request->size);
    pfi_share_thread_gap(share, PINFOLD_PINNED, item, object - item);
    pfi_share_thread_gap(share, PINFOLD_PINNED, object_end, end - object_end);
    return object;
}

static uintptr_t take_segment_end(struct pfi_share *share, struct pfi_segment *segment,
                                  const struct pfi_pinned_request *request, enum pfi_exhausted *why) {
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
    pfi_segment_clear(segment, object, object_end);
    segment->allocated = object_end;
    pfi_share_thread_gap(share, PINFOLD_PINNED, start, object - start);
    return object;
}

static uintptr_t take_any_segment_end(struct pfi_share *share, const struct pfi_pinned_request *request,
                                      enum pfi_exhausted *why) {
    uintptr_t object = 0;
    for (struct pfi_segment *segment = share->pinned_segments; segment != NULL && object == 0;
         segment = segment->next) {
        object = take_segment_end(share, segment, request, why);
    }
    return object;
}

/* The newest segments have room most often, so a new one goes to the front of the chain. */
static uintptr_t take_new_segment(struct pfi_share *share, const struct pfi_pinned_request *request,
                                  enum pfi_exhausted *why) {
    size_t slack = request->alignment == PINFOLD_GRANULE ? 0 : request->alignment + PINFOLD_MIN_OBJECT;
    size_t needed = request->size + slack;
    struct pfi_segment *segment =
        pfi_segment_create(share->arena, pfi_max(needed, share->options->large_segment_size), PINFOLD_SEGMENT_PINNED);
    if (segment == NULL) { /* where the arena is nearly full, one that holds just this object */
        segment = pfi_segment_create(share->arena, needed, PINFOLD_SEGMENT_PINNED);
    }
    if (segment == NULL) {
        return 0;
    }
    uintptr_t object = take_segment_end(share, segment, request, why);
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
                               enum pfi_exhausted *why) {
    uintptr_t object = take_free_object(share, request, TRIES);
    if (object == 0) {
        object = take_any_segment_end(share, request, why);
    }
    if (object == 0) {
        object = take_free_object(share, request, SIZE_MAX);
    }
    return object != 0 ? object : take_new_segment(share, request, why);
}

enum pfi_exhausted pfi_pinned_heap_allocate(struct pfi_share *share, const struct pfi_pinned_request *request,
                                            uintptr_t *object) {
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
    uintptr_t start = take_anywhere(share, request, &why);
    if (start == 0) {
        return why;
    }
    pfi_object_starts_set(share->arena->object_starts, start, start + request->size);
    pinned->budget_left -= (int64_t)request->size;
    share->allocated_bytes += request->size;
    *object = start;
    return PINFOLD_EXHAUSTED_NOT;
}
