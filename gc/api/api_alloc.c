/* SPDX-License-Identifier: MIT
 *
 * Where "exhausted" becomes "collect, then try again". The allocator below never collects; this loop does, with more
 * effort each time: what a spent budget asks for; generation 1; last-chance full collections that compact; out of
 * memory.
 */
#include <inttypes.h>

#include "alloc/card_table.h"
#include "alloc/context.h"
#include "alloc/large.h"
#include "alloc/pinned_heap.h"
#include "alloc/platform/check.h"
#include "gc/api/external.h"
#include "gc/api/sampling.h"
#include "gc/collect.h"
#include "gc/policy/notice.h"
#include "gc/world/mutator.h"
#include "pinfold/alloc.h"

enum {
    ALONE = 512, /* objects from this size on leave the context alone when a gap between pins has room for them */
    HEADER = 2 * sizeof(uintptr_t) /* what write_header writes */
};

struct allocation {
    struct pf_heap *heap;
    struct pfi_mutator *mutator;
    const struct pf_type *type;
    size_t size;
    size_t length;
    size_t alignment;                /* 0: an ordinary object; of what pfi_pinned_request tells otherwise */
    struct pfi_finalizer *finalizer; /* for an object that is registered as it is born: a node, until it is used */
    uintptr_t object;
    uintptr_t caller; /* where the program goes on */
};

static bool is_pinned(const struct allocation *allocation) {
    return allocation->alignment != 0;
}

/* Not in generation 0, whose collections and those of generation 1 cannot make room for it. */
static bool is_born_old(const struct allocation *allocation) {
    return is_pinned(allocation) || allocation->size >= allocation->heap->options.large_threshold;
}

/* The words that no object is without. */
static void write_header(const struct allocation *allocation) {
    pfi_words(allocation->object)[0] = (uintptr_t)allocation->type;
    pfi_words(allocation->object)[1] = allocation->type->element_size == 0 ? 0 : allocation->length;
}

/* In a gap between pins, outside the context; false: there is none. */
static bool fit_gap(struct allocation *allocation) {
    struct pfi_share *share = &allocation->heap->share;
    pfi_mutex_lock(&share->small_lock);
    allocation->object = pfi_context_take_gap_locked(share, allocation->size);
    if (allocation->object != 0) {
        write_header(allocation); /* before the lock is released: others may look up its neighbours */
    }
    pfi_mutex_unlock(&share->small_lock);
    if (allocation->object == 0) {
        return false;
    }
    memset((void *)(allocation->object + HEADER), 0, allocation->size - HEADER);
    allocation->mutator->thread.sample_left -= (int64_t)allocation->size;
    return true;
}

/* At the end of the context, which gets more room for it if need be. */
static enum pfi_exhausted fit_context(struct allocation *allocation) {
    struct pf_thread *thread = &allocation->mutator->thread;
    if (allocation->size > (size_t)(thread->alloc_limit - thread->alloc_ptr)) {
        enum pfi_exhausted why = pfi_context_refill(&allocation->heap->share, thread, allocation->size);
        if (why != PINFOLD_EXHAUSTED_NOT) {
            return why;
        }
    }
    allocation->object = (uintptr_t)thread->alloc_ptr;
    thread->alloc_ptr += allocation->size;
    write_header(allocation);
    return PINFOLD_EXHAUSTED_NOT;
}

static enum pfi_exhausted fit_small(struct allocation *allocation) {
    const struct pf_thread *thread = &allocation->mutator->thread;
    bool fits_context = allocation->size <= (size_t)(thread->alloc_limit - thread->alloc_ptr);
    if (!fits_context && allocation->size >= ALONE && fit_gap(allocation)) {
        return PINFOLD_EXHAUSTED_NOT;
    }
    return fit_context(allocation);
}

static enum pfi_exhausted fit_large_locked(struct allocation *allocation, struct pfi_dirty *dirty)
    PINFOLD_NEEDS(allocation->heap->share.old_lock) {
    return pfi_large_allocate_locked(&allocation->heap->share, allocation->size, &allocation->object, dirty);
}

/* Where what is aligned lies in an object of this type. */
static size_t aligned_offset(const struct pf_type *type) {
    return type->element_size == 0 ? 0 : type->base_size;
}

static enum pfi_exhausted fit_pinned_locked(struct allocation *allocation, struct pfi_dirty *dirty)
    PINFOLD_NEEDS(allocation->heap->share.old_lock) {
    struct pfi_pinned_request request = {
        .size = allocation->size,
        .alignment = allocation->alignment,
        .offset = allocation->alignment == PINFOLD_GRANULE ? 0 : aligned_offset(allocation->type),
    };
    return pfi_pinned_heap_allocate_locked(&allocation->heap->share, &request, &allocation->object, dirty);
}

/* A new segment is the first of its chain; `created` is a copy of it, so that it can be told without the lock. */
static enum pfi_exhausted fit_old_locked(struct allocation *allocation, struct pfi_dirty *dirty,
                                         struct pfi_segment *created) PINFOLD_NEEDS(allocation->heap->share.old_lock) {
    struct pfi_share *share = &allocation->heap->share;
    struct pfi_segment *const *chain = is_pinned(allocation) ? &share->pinned_segments : &share->large_segments;
    const struct pfi_segment *newest = *chain;
    enum pfi_exhausted why =
        is_pinned(allocation) ? fit_pinned_locked(allocation, dirty) : fit_large_locked(allocation, dirty);
    if (*chain != newest) {
        *created = **chain;
    }
    if (why == PINFOLD_EXHAUSTED_NOT) {
        write_header(allocation); /* before the lock is released: others may look up its neighbours */
        pfi_dirty_skip(dirty, allocation->object + HEADER);
    }
    return why;
}

/* An object that counts as old from the start: references stored before the next safepoint need the cards that the
 * program is promised not to need a barrier for. */
static enum pfi_exhausted fit_old(struct allocation *allocation) {
    struct pf_heap *heap = allocation->heap;
    struct pfi_segment created = {0};
    struct pfi_dirty dirty = {0};
    pfi_mutex_lock(&allocation->heap->share.old_lock);
    enum pfi_exhausted why = fit_old_locked(allocation, &dirty, &created);
    const struct pfi_generation *charged =
        &heap->share.generations[is_pinned(allocation) ? PINFOLD_PINNED : PINFOLD_LARGE];
    unsigned spent = pfi_notice_spent(charged->budget, charged->budget_left);
    pfi_mutex_unlock(&allocation->heap->share.old_lock);
    pfi_dirty_clear(&dirty);
    pfi_heap_announce_full(heap, spent);
    if (created.base != 0) {
        PINFOLD_SEND(&heap->events, segment_created, (void *)created.base, created.end - created.base, created.kind);
    }
    if (why == PINFOLD_EXHAUSTED_NOT && allocation->type->scan != PINFOLD_SCAN_NONE) {
        pfi_cards_dirty_stored(heap->arena.cards, allocation->object, allocation->object + allocation->size);
    }
    return why;
}

static void register_finalizer(struct allocation *allocation) {
    struct pf_heap *heap = allocation->heap;
    if (allocation->finalizer != NULL) {
        uintptr_t value = pfi_tags_refer(heap->tags, allocation->object);
        pfi_finalizer_queue_add(&heap->roots.finalizers, allocation->finalizer, value);
        allocation->finalizer = NULL;
    }
}

static enum pfi_exhausted fit(struct allocation *allocation) {
    enum pfi_exhausted why = is_born_old(allocation) ? fit_old(allocation) : fit_small(allocation);
    if (why == PINFOLD_EXHAUSTED_NOT) {
        register_finalizer(allocation);
    }
    return why;
}

/* Collects and tries again before other threads may: what was freed for this allocation is not taken away from it. When
 * another thread collects meanwhile, that may have made room, too, and if it has, that is enough. */
static enum pfi_exhausted collect_and_fit(struct allocation *allocation, int generation, enum pf_reason reason) {
    struct pf_heap *heap = allocation->heap;
    struct pfi_request request = {generation, reason, PINFOLD_COLLECT_DEFAULT, 0};
    while (!pfi_heap_try_stop(heap, &allocation->mutator->thread)) {
        enum pfi_exhausted why = fit(allocation);
        if (why == PINFOLD_EXHAUSTED_NOT) {
            return why;
        }
    }
    int collected = pfi_collect(heap, &request);
    enum pfi_exhausted why = fit(allocation);
    pfi_heap_resume(heap);
    pfi_heap_give_back(heap, collected);
    return why;
}

static enum pf_reason budget_reason(const struct allocation *allocation) {
    if (is_pinned(allocation)) {
        return PINFOLD_REASON_PINNED_BUDGET;
    }
    return is_born_old(allocation) ? PINFOLD_REASON_LARGE_BUDGET : PINFOLD_REASON_BUDGET;
}

static bool fit_with_effort(struct allocation *allocation) {
    enum pfi_exhausted why = fit(allocation);
    if (why == PINFOLD_EXHAUSTED_BUDGET) {
        why = collect_and_fit(allocation, 0, budget_reason(allocation));
    }
    if (why != PINFOLD_EXHAUSTED_NOT && !is_born_old(allocation)) {
        why = collect_and_fit(allocation, 1, PINFOLD_REASON_OUT_OF_SPACE);
    }
    if (why != PINFOLD_EXHAUSTED_NOT && allocation->heap->wants_reuse) {
        /* That one has left the new segment to a full collection, which may reuse one. */
        why = collect_and_fit(allocation, 2, PINFOLD_REASON_OUT_OF_SPACE);
    }
    if (why != PINFOLD_EXHAUSTED_NOT) {
        why = collect_and_fit(allocation, 2, PINFOLD_REASON_LAST_CHANCE);
    }
    if (why != PINFOLD_EXHAUSTED_NOT && !is_born_old(allocation)) {
        /* Generation 0's survivors are generation 1 now: once more, and they leave the ephemeral segment, too. */
        why = collect_and_fit(allocation, 2, PINFOLD_REASON_LAST_CHANCE);
    }
    return why == PINFOLD_EXHAUSTED_NOT;
}

/* The node for a registration is there before the object is, so that no object is lost for want of one. */
static bool fit_after_collecting(struct allocation *allocation) {
    struct pfi_finalizer_queue *queue = &allocation->heap->roots.finalizers;
    if ((allocation->type->flags & PINFOLD_TYPE_FINALIZABLE) == 0) {
        return fit_with_effort(allocation);
    }
    allocation->finalizer = pfi_finalizer_queue_reserve(queue);
    if (allocation->finalizer == NULL) {
        return false;
    }
    bool fits = fit_with_effort(allocation);
    if (!fits) {
        pfi_finalizer_queue_release(queue, allocation->finalizer);
    }
    return fits;
}

/* Collections of all generations, mostly young ones. */
static int stress_generation(uint64_t number) {
    return number % 16 == 0 ? 2 : number % 4 == 0 ? 1 : 0;
}

static void stress(struct allocation *allocation) {
    uint32_t every = allocation->heap->options.stress.collect_every;
    uint64_t count = ++allocation->mutator->allocations;
    if (every != 0 && count % every == 0) {
        struct pfi_request request = {stress_generation(count / every), PINFOLD_REASON_STRESS, PINFOLD_COLLECT_DEFAULT,
                                      0};
        pfi_stop_and_collect(allocation->heap, &allocation->mutator->thread, &request);
    }
}

/* `alignment` as in struct allocation; types that are born pinned always have one. */
static void allocation_open(struct allocation *allocation, struct pf_thread *thread, const struct pf_type *type,
                            size_t size, size_t length, size_t alignment) {
    if (alignment == 0 && (type->flags & PINFOLD_TYPE_PINNED) != 0) {
        alignment = PINFOLD_GRANULE;
    }
    *allocation = (struct allocation){.heap = thread->heap,
                                      .mutator = pfi_mutator_of(thread),
                                      .type = type,
                                      .size = size,
                                      .length = length,
                                      .alignment = alignment};
    PINFOLD_REQUIRE(!pf_thread_is_native(thread), "thread %s allocates a %s while it is native", pf_thread_name(thread),
                    type->name);
    PINFOLD_REQUIRE((length == PINFOLD_NO_LENGTH) == (type->element_size == 0), "type %s: %s", type->name,
                    length == PINFOLD_NO_LENGTH ? "an array needs a length: pf_alloc_array" : "not an array: pf_alloc");
    PINFOLD_REQUIRE(size >= PINFOLD_MIN_OBJECT && size % PINFOLD_GRANULE == 0,
                    "type %s: objects of %zu bytes cannot be allocated (multiple of 8, at least 16)", type->name, size);
    stress(allocation);
    pfi_relieve_external_pressure(thread);
}

static void *deliver(const struct allocation *allocation) {
    if (allocation->heap->options.sample_interval != 0) {
        pfi_sample_allocation(&allocation->mutator->thread, allocation->type, allocation->size, is_born_old(allocation),
                              allocation->caller);
    }
    return (void *)allocation->object;
}

static void *allocate(struct allocation *allocation, void *caller) {
    struct pf_heap *heap = allocation->heap;
    allocation->caller = (uintptr_t)caller;
    while (!fit_after_collecting(allocation)) {
        struct pf_thread *thread = &allocation->mutator->thread;
        size_t size = allocation->size;
        PINFOLD_SEND(&heap->events, out_of_memory, size);
        int retry = heap->out_of_memory != NULL && heap->out_of_memory(thread, size, heap->out_of_memory_data);
        PINFOLD_REQUIRE(retry, "out of memory: %zu bytes for a %s; %zu bytes of the heap are committed", size,
                        allocation->type->name, pfi_account_segments(&heap->arena.account));
    }
    return deliver(allocation);
}

static void *try_allocate(struct allocation *allocation, void *caller) {
    allocation->caller = (uintptr_t)caller;
    if (!fit_after_collecting(allocation)) {
        PINFOLD_SEND(&allocation->heap->events, out_of_memory, allocation->size);
        allocation->mutator->status = PINFOLD_OUT_OF_MEMORY;
        return NULL;
    }
    allocation->mutator->status = PINFOLD_OK;
    return deliver(allocation);
}

void *pf_alloc_slow(struct pf_thread *thread, const struct pf_type *type, size_t size, size_t length) {
    struct allocation allocation;
    allocation_open(&allocation, thread, type, size, length, 0);
    return allocate(&allocation, __builtin_return_address(0));
}

void *pf_try_alloc_slow(struct pf_thread *thread, const struct pf_type *type, size_t size, size_t length) {
    struct allocation allocation;
    allocation_open(&allocation, thread, type, size, length, 0);
    return try_allocate(&allocation, __builtin_return_address(0));
}

static void check_pinned(const struct pf_thread *thread, const struct pf_type *type, size_t alignment) {
    bool is_power = (alignment & (alignment - 1)) == 0;
    PINFOLD_REQUIRE(thread != NULL && type != NULL, "a pinned allocation: the thread or the type is NULL");
    PINFOLD_REQUIRE(alignment == 0 || (alignment >= PINFOLD_GRANULE && is_power),
                    "a pinned %s cannot be aligned to %zu bytes: neither 0 nor a power of two from %d up", type->name,
                    alignment, PINFOLD_GRANULE);
    PINFOLD_REQUIRE(alignment == 0 || aligned_offset(type) % PINFOLD_GRANULE == 0,
                    "a pinned %s cannot be aligned to %zu bytes: its elements begin at byte %zu, no multiple of %d",
                    type->name, alignment, aligned_offset(type), PINFOLD_GRANULE);
}

/* Opens an allocation that is born pinned because it was asked to. */
static void pinned_open(struct allocation *allocation, struct pf_thread *thread, const struct pf_type *type,
                        size_t alignment) {
    check_pinned(thread, type, alignment);
    alignment = pfi_max(alignment, PINFOLD_GRANULE);
    allocation_open(allocation, thread, type, type->base_size, PINFOLD_NO_LENGTH, alignment);
}

/* The same for arrays; false when there can be none of this length. */
static bool pinned_array_open(struct allocation *allocation, struct pf_thread *thread, const struct pf_type *type,
                              size_t length, size_t alignment, bool may_fail) {
    check_pinned(thread, type, alignment);
    if (length > pf_max_length(type)) {
        pf_bad_length(thread, type, length, may_fail);
        return false;
    }
    alignment = pfi_max(alignment, PINFOLD_GRANULE);
    allocation_open(allocation, thread, type, pf_array_size(type, length), length, alignment);
    return true;
}

void *pf_alloc_pinned(struct pf_thread *thread, const struct pf_type *type, size_t alignment) {
    struct allocation allocation;
    pinned_open(&allocation, thread, type, alignment);
    return allocate(&allocation, __builtin_return_address(0));
}

void *pf_try_alloc_pinned(struct pf_thread *thread, const struct pf_type *type, size_t alignment) {
    struct allocation allocation;
    pinned_open(&allocation, thread, type, alignment);
    return try_allocate(&allocation, __builtin_return_address(0));
}

void *pf_alloc_array_pinned(struct pf_thread *thread, const struct pf_type *type, size_t length, size_t alignment) {
    struct allocation allocation;
    return pinned_array_open(&allocation, thread, type, length, alignment, false)
               ? allocate(&allocation, __builtin_return_address(0))
               : NULL;
}

void *pf_try_alloc_array_pinned(struct pf_thread *thread, const struct pf_type *type, size_t length, size_t alignment) {
    struct allocation allocation;
    return pinned_array_open(&allocation, thread, type, length, alignment, true)
               ? try_allocate(&allocation, __builtin_return_address(0))
               : NULL;
}

void *pf_bad_length(struct pf_thread *thread, const struct pf_type *type, size_t length, int may_fail) {
    PINFOLD_REQUIRE(may_fail, "an array of %s cannot have %zd elements: the length is negative or too large",
                    type->name, (ptrdiff_t)length);
    pfi_mutator_of(thread)->status = PINFOLD_BAD_LENGTH;
    return NULL;
}

enum pf_status pf_thread_status(const struct pf_thread *thread) {
    return ((const struct pfi_mutator *)thread)->status;
}

void pf_store_range(struct pf_thread *thread, void *slots, size_t count) {
    if (count != 0) {
        uintptr_t start = (uintptr_t)slots;
        pfi_cards_dirty_stored((uint8_t *)thread->cards, start, start + count * sizeof(void *));
    }
}
