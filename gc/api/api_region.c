/* SPDX-License-Identifier: MIT
 *
 * Regions without collections: making room for one, and ending it.
 */
#include "alloc/platform/check.h"
#include "gc/collect.h"
#include "gc/give_back.h"
#include "gc/policy/region_room.h"
#include "pinfold/collect.h"

static struct pfi_region_room room_for(const struct pf_heap *heap, size_t small_bytes, size_t large_bytes) {
    struct pfi_region_input input = {
        .small_bytes = small_bytes,
        .large_bytes = large_bytes,
        .threads = heap->world.thread_count,
        .quantum = heap->share.quantum,
        .large_threshold = heap->options.large_threshold,
        .largest_chunk = pfi_share_largest_chunk(&heap->share),
    };
    return pfi_region_room_for(&input);
}

static bool can_ever_fit(const struct pf_heap *heap, const struct pfi_region_room *room) {
    size_t segment = heap->options.segment_size - PINFOLD_MIN_OBJECT;
    return room->small_bytes <= segment && room->large_bytes <= heap->arena.end - heap->arena.base - segment;
}

/* A segment of large objects whose end has room; NULL: none has. */
static struct pfi_segment *segment_with_room(struct pf_heap *heap, size_t bytes) {
    struct pfi_segment *segment = heap->share.large_segments;
    while (segment != NULL && segment->end - segment->allocated < bytes) {
        segment = segment->next;
    }
    return segment;
}

static struct pfi_segment *create_segment(struct pf_heap *heap, size_t bytes) {
    struct pfi_arena *arena = &heap->arena;
    size_t usual = heap->options.large_segment_size;
    struct pfi_segment *segment = pfi_segment_create_between(arena, bytes, usual, PINFOLD_SEGMENT_LARGE);
    if (segment != NULL) {
        segment->next = heap->share.large_segments;
        heap->share.large_segments = segment;
        PINFOLD_SEND(&heap->events, segment_created, (void *)segment->base, segment->end - segment->base,
                     segment->kind);
    }
    return segment;
}

static void collect_for_room(struct pf_heap *heap, size_t room) {
    struct pfi_request request = {2, PINFOLD_REASON_INDUCED, PINFOLD_COLLECT_COMPACT_LARGE, room};
    pfi_collect(heap, &request);
}

static bool commit(struct pf_heap *heap, struct pfi_segment *segment, size_t bytes) {
    return pfi_segment_commit(&heap->arena, segment, segment->allocated + bytes);
}

/* Takes what can be had without a collection. */
static enum pf_status take_room(struct pf_heap *heap, const struct pfi_region_room *room) {
    struct pfi_segment *ephemeral = heap->share.ephemeral;
    if (ephemeral->end - ephemeral->allocated < room->small_bytes) {
        return PINFOLD_OUT_OF_MEMORY;
    }
    if (room->large_bytes != 0) {
        struct pfi_segment *segment = segment_with_room(heap, room->large_bytes);
        segment = segment != NULL ? segment : create_segment(heap, room->large_bytes);
        if (segment == NULL) {
            return PINFOLD_OUT_OF_MEMORY;
        }
        if (!commit(heap, segment, room->large_bytes)) {
            return PINFOLD_CANNOT_COMMIT;
        }
    }
    return commit(heap, ephemeral, room->small_bytes) ? PINFOLD_OK : PINFOLD_CANNOT_COMMIT;
}

/* What is young after a first collection may still be in the way; after a second one it is old. */
static enum pf_status begin_stopped(struct pf_heap *heap, size_t small_bytes, size_t large_bytes) {
    struct pfi_region_room room = room_for(heap, small_bytes, large_bytes);
    if (!can_ever_fit(heap, &room)) {
        return PINFOLD_TOO_LARGE;
    }
    enum pf_status status = take_room(heap, &room);
    for (int attempt = 0; attempt < 2 && status != PINFOLD_OK; ++attempt) {
        collect_for_room(heap, pfi_max(room.small_bytes, pfi_heap_room_needed(heap)));
        if (status == PINFOLD_CANNOT_COMMIT) { /* what is free elsewhere may be what is missing here */
            pfi_heap_give_back_all(heap, 0);
        }
        status = take_room(heap, &room);
    }
    if (status == PINFOLD_OK) {
        pfi_region_open(&heap->region, &heap->share, room.small_budget, room.large_bytes);
    }
    return status;
}

enum pf_status pf_no_collection_begin(struct pf_thread *thread, size_t small_bytes, size_t large_bytes) {
    PINFOLD_REQUIRE(thread != NULL, "pf_no_collection_begin: the thread is NULL");
    PINFOLD_REQUIRE(!pf_thread_is_native(thread), "pf_no_collection_begin: thread %s is native",
                    pf_thread_name(thread));
    struct pf_heap *heap = thread->heap;
    pfi_heap_stop(heap, thread);
    bool is_nested = heap->region.is_open;
    enum pf_status status = is_nested ? PINFOLD_OK : begin_stopped(heap, small_bytes, large_bytes);
    pfi_heap_resume(heap);
    PINFOLD_REQUIRE(!is_nested, "pf_no_collection_begin: the last region has not ended");
    return status;
}

enum pf_status pf_no_collection_end(struct pf_thread *thread) {
    PINFOLD_REQUIRE(thread != NULL, "pf_no_collection_end: the thread is NULL");
    PINFOLD_REQUIRE(!pf_thread_is_native(thread), "pf_no_collection_end: thread %s is native", pf_thread_name(thread));
    struct pf_heap *heap = thread->heap;
    pfi_heap_stop(heap, thread);
    struct pfi_region region = heap->region;
    pfi_region_break(&heap->region, &heap->share, PINFOLD_REASON_INDUCED);
    heap->region.is_open = false;
    pfi_heap_resume(heap);
    PINFOLD_REQUIRE(region.is_open, "pf_no_collection_end: no region was begun, or it has ended");
    if (region.is_kept) {
        return PINFOLD_OK;
    }
    bool was_asked = region.broken_by == PINFOLD_REASON_INDUCED || region.broken_by == PINFOLD_REASON_STRESS;
    return was_asked ? PINFOLD_INDUCED : PINFOLD_EXCEEDED;
}
