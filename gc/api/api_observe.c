/* SPDX-License-Identifier: MIT
 *
 * Looking at a heap: statistics, history, walk, verify.
 */
#include <stdarg.h>
#include <stdio.h>

#include "alloc/context.h"
#include "alloc/lookup.h"
#include "alloc/platform/check.h"
#include "alloc/walk.h"
#include "gc/heap.h"
#include "gc/observe/verify.h"
#include "gc/observe/verify_account.h"
#include "pinfold/walk.h"

static size_t count_segments(const struct pfi_segment *segment) {
    size_t count = 0;
    for (; segment != NULL; segment = segment->next) {
        ++count;
    }
    return count;
}

static void add_segments(const struct pfi_segment *segment, struct pf_statistics *statistics) {
    for (; segment != NULL; segment = segment->next) {
        statistics->segment_bytes += segment->end - segment->base;
        statistics->tail_bytes += segment->committed - segment->base - pfi_segment_bytes(segment);
    }
}

/* The two sums, part by part; under both locks of the share. */
static void fill_memory(const struct pf_heap *heap, struct pf_statistics *statistics) {
    const struct pfi_share *share = &heap->share;
    const struct pfi_arena *arena = &heap->arena;
    size_t free_bytes = 0;
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        statistics->generation_bytes[generation] = pfi_share_generation_bytes(share, generation);
        statistics->free_bytes[generation] = share->generations[generation].free_bytes;
        statistics->clean_bytes[generation] = share->generations[generation].clean_bytes;
        statistics->heap_bytes += statistics->generation_bytes[generation];
        free_bytes += statistics->free_bytes[generation];
    }
    statistics->live_bytes = statistics->heap_bytes - free_bytes;
    add_segments(share->segments, statistics);
    add_segments(share->large_segments, statistics);
    add_segments(share->pinned_segments, statistics);
    statistics->kept_bytes = share->ephemeral->committed - share->ephemeral->allocated;
    statistics->tail_bytes -= statistics->kept_bytes;
    statistics->bookkeeping_bytes = pfi_account_space(&arena->account, PINFOLD_SPACE_BOOKKEEPING);
    statistics->committed_bytes = pfi_account_segments(&arena->account) + statistics->bookkeeping_bytes;
    statistics->waiting_segments = arena->waiting.count;
    statistics->waiting_bytes = arena->waiting.bytes;
    statistics->waiting_range_bytes = arena->waiting.range_bytes;
    statistics->standby_segments = arena->pool.count;
    statistics->standby_bytes = arena->pool.bytes;
    size_t ranges = statistics->segment_bytes + statistics->waiting_range_bytes + statistics->standby_bytes;
    statistics->reserved_bytes = pfi_arena_reserved(arena);
    statistics->unused_bytes = arena->is_reserved ? arena->end - arena->base - ranges : 0;
    statistics->table_bytes = statistics->reserved_bytes - ranges - statistics->unused_bytes;
}

void pf_heap_statistics(struct pf_heap *heap, struct pf_statistics *statistics) {
    PINFOLD_REQUIRE(heap != NULL && statistics != NULL, "pf_heap_statistics: the heap or the place is NULL");
    const struct pf_thread *self = pfi_heap_hold(heap);
    struct pfi_share *share = &heap->share;
    pfi_mutex_lock(&share->small_lock);
    pfi_mutex_lock(&share->old_lock);
    memset(statistics, 0, sizeof *statistics);
    memcpy(statistics->collections, heap->history.collections, sizeof statistics->collections);
    memcpy(statistics->pause_histogram, heap->history.pause_histogram, sizeof statistics->pause_histogram);
    statistics->pause_total_ns = heap->history.pause_total_ns;
    statistics->pause_max_ns = heap->history.pause_max_ns;
    statistics->allocated_bytes = share->allocated_bytes + share->old_allocated_bytes - pfi_context_rest(self);
    pfi_mutex_lock(&heap->arena.waiting.lock);
    fill_memory(heap, statistics);
    pfi_mutex_unlock(&heap->arena.waiting.lock);
    statistics->segments = count_segments(share->segments);
    statistics->large_segments = count_segments(share->large_segments);
    statistics->pinned_segments = count_segments(share->pinned_segments);
    statistics->threads = heap->world.thread_count;
    struct pfi_finalizer_counts finalizers = pfi_finalizer_queue_count(&heap->roots.finalizers);
    statistics->finalizers_registered = finalizers.registered;
    statistics->finalizers_ready = finalizers.ready;
    pfi_mutex_lock(&heap->external.lock);
    statistics->external_bytes = heap->external.bytes;
    pfi_mutex_unlock(&heap->external.lock);
    pfi_mutex_unlock(&share->old_lock);
    pfi_mutex_unlock(&share->small_lock);
    pfi_world_release(&heap->world);
}

struct text {
    char *at;
    size_t room;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void print(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->length < text->room ? text->at + text->length : NULL,
                           text->length < text->room ? text->room - text->length : 0, format, arguments);
    va_end(arguments);
    text->length += length > 0 ? (size_t)length : 0;
}

static void print_size(struct text *text, const char *what, size_t bytes) {
    print(text, "  %-36s %12.3f MiB\n", what, (double)bytes / (1 << 20));
}

static size_t sum_of(const size_t *bytes) {
    size_t sum = 0;
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        sum += bytes[generation];
    }
    return sum;
}

size_t pf_statistics_describe(const struct pf_statistics *statistics, char *buffer, size_t size) {
    static const char *const names[PINFOLD_GENERATIONS] = {"generation 0", "generation 1", "generation 2",
                                                           "large objects", "born pinned"};
    PINFOLD_REQUIRE(statistics != NULL && (buffer != NULL || size == 0),
                    "pf_statistics_describe: the figures or the place for the text is NULL");
    struct text text = {buffer, size, 0};
    print(&text, "committed: %zu bytes\n", statistics->committed_bytes);
    print_size(&text, "objects, alive at the last look", statistics->live_bytes);
    print_size(&text, "free space between them", sum_of(statistics->free_bytes) - sum_of(statistics->clean_bytes));
    print_size(&text, "kept for the budget of generation 0", statistics->kept_bytes);
    print_size(&text, "ends of other segments", statistics->tail_bytes);
    print_size(&text, "emptied, waits to be given back", statistics->waiting_bytes);
    print_size(&text, "bookkeeping", statistics->bookkeeping_bytes);
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        size_t free_bytes = statistics->free_bytes[generation];
        print(&text, "%s: %zu bytes in objects, %zu free, of these %zu given back\n", names[generation],
              statistics->generation_bytes[generation] - free_bytes, free_bytes, statistics->clean_bytes[generation]);
    }
    print(&text, "reserved: %zu bytes of address space\n", statistics->reserved_bytes);
    print_size(&text, "segments in use", statistics->segment_bytes);
    print_size(&text, "emptied segments that wait", statistics->waiting_range_bytes);
    print_size(&text, "emptied segments on standby", statistics->standby_bytes);
    print_size(&text, "no segment", statistics->unused_bytes);
    print_size(&text, "side tables", statistics->table_bytes);
    return text.length;
}

size_t pf_heap_history(struct pf_heap *heap, struct pf_collection *records, size_t count) {
    pfi_heap_hold(heap);
    size_t copied = pfi_history_copy(&heap->history, records, count);
    pfi_world_release(&heap->world);
    return copied;
}

uint64_t pf_heap_pause_quantile(struct pf_heap *heap, double quantile) {
    pfi_heap_hold(heap);
    uint64_t pause_ns = pfi_history_pause_quantile(&heap->history, quantile);
    pfi_world_release(&heap->world);
    return pause_ns;
}

struct walk {
    const struct pfi_share *share;
    pf_walk_visit *visit;
    void *data;
};

static int visit_object(void *context, const struct pfi_segment *segment, uintptr_t object, size_t size) {
    const struct walk *walk = context;
    (void)segment;
    return walk->visit((void *)object, size, pfi_share_generation_of(walk->share, object), pfi_object_is_free(object),
                       walk->data);
}

int pf_heap_walk(struct pf_thread *thread, pf_walk_visit *visit, void *data) {
    PINFOLD_REQUIRE(thread != NULL && visit != NULL, "pf_heap_walk: the thread or the visit callback is NULL");
    struct pfi_share *share = &thread->heap->share;
    struct walk walk = {share, visit, data};
    pfi_heap_stop(thread->heap, thread);
    int result = pfi_walk_share(share, visit_object, &walk);
    pfi_heap_resume(thread->heap);
    return result;
}

int pf_generation_of(const struct pf_heap *heap, const void *object) {
    return pfi_share_generation_of(&heap->share, (uintptr_t)object & ~heap->tags.mask);
}

void *pf_object_containing(const struct pf_thread *thread, const void *address) {
    PINFOLD_REQUIRE(thread != NULL, "pf_object_containing: the thread is NULL");
    PINFOLD_REQUIRE(!pf_thread_is_native(thread), "pf_object_containing: thread %s is native: objects may be moving",
                    pf_thread_name(thread));
    struct pf_heap *heap = thread->heap;
    pfi_world_hold_managed(&heap->world);
    uintptr_t object = pfi_lookup_object_held(&heap->share, heap->roots.threads, (uintptr_t)address);
    pfi_world_release(&heap->world);
    return (void *)object;
}

int pf_heap_verify(struct pf_thread *thread, struct pf_message *message) {
    PINFOLD_REQUIRE(thread != NULL && message != NULL, "pf_heap_verify: the thread or the message is NULL");
    struct pf_heap *heap = thread->heap;
    pfi_heap_stop(heap, thread);
    int result = pfi_verify(&heap->share, &heap->roots, heap->tags, message);
    if (result == 0) {
        result = pfi_verify_account(heap, message);
    }
    pfi_heap_resume(heap);
    return result;
}
