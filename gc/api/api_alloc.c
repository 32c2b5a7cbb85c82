/* SPDX-License-Identifier: MIT
 *
 * Where "exhausted" becomes "collect, then try again". The allocator below never collects; this loop does, with more
 * effort each time, up to the last chance. Then it is out of memory, which leaves a record.
 */
#include "alloc/card_table.h"
#include "alloc/platform/check.h"
#include "gc/api/allocation.h"
#include "gc/api/external.h"
#include "gc/api/sampling.h"
#include "gc/collect.h"
#include "gc/give_back.h"
#include "pinfold/alloc.h"

/* ---- The ladder ------------------------------------------------------------------------------------------------- */

/* What is done before the next try, and when it is worth doing. */
struct effort {
    bool (*helps)(const struct pfi_allocation *allocation, enum pfi_exhausted why);
    int generation;
    enum pf_reason reason;
    enum pf_collect_mode mode;
    bool gives_back; /* all free memory, before the try: under a limit it is room for whichever space needs it */
};

static bool is_due(const struct pfi_allocation *allocation, enum pfi_exhausted why);
static bool is_born_young(const struct pfi_allocation *allocation, enum pfi_exhausted why);
static bool is_last_resort(const struct pfi_allocation *allocation, enum pfi_exhausted why);
static bool may_move_more(const struct pfi_allocation *allocation, enum pfi_exhausted why);

enum { LAST_CHANCE = 3 };

static const struct effort ladder[] = {
    {is_due, 0, PINFOLD_REASON_BUDGET, PINFOLD_COLLECT_DEFAULT, false},
    {is_born_young, 1, PINFOLD_REASON_OUT_OF_SPACE, PINFOLD_COLLECT_DEFAULT, false},
    {is_last_resort, 2, PINFOLD_REASON_OUT_OF_SPACE, PINFOLD_COLLECT_COMPACT, true},
    [LAST_CHANCE] = {is_last_resort, 2, PINFOLD_REASON_LAST_CHANCE, PINFOLD_COLLECT_COMPACT_LARGE, true},
    {may_move_more, 2, PINFOLD_REASON_LAST_CHANCE, PINFOLD_COLLECT_COMPACT_LARGE, true},
};
enum { EFFORTS = sizeof ladder / sizeof ladder[0] };

static bool is_due(const struct pfi_allocation *allocation, enum pfi_exhausted why) {
    (void)allocation;
    return why == PINFOLD_EXHAUSTED_BUDGET;
}

static bool is_born_young(const struct pfi_allocation *allocation, enum pfi_exhausted why) {
    (void)why;
    return !pfi_allocation_is_born_old(allocation);
}

static bool is_last_resort(const struct pfi_allocation *allocation, enum pfi_exhausted why) {
    (void)allocation;
    (void)why;
    return true;
}

/* What a full collection found in generation 0 it has left on the ephemeral segment, in generation 1; once more, and it
 * moves to where the old objects are. And where the segment is full because there was no memory for another one, there
 * may be some now that all that was free has been given back. */
static bool may_move_more(const struct pfi_allocation *allocation, enum pfi_exhausted why) {
    const struct pfi_share *share = &allocation->heap->share;
    bool needs_segment = why == PINFOLD_EXHAUSTED_SPACE && !pfi_allocation_is_born_old(allocation);
    return needs_segment || share->start[1] != share->ephemeral->allocated;
}

static enum pf_reason reason_for(const struct pfi_allocation *allocation, const struct effort *effort) {
    if (effort->reason != PINFOLD_REASON_BUDGET || !pfi_allocation_is_born_old(allocation)) {
        return effort->reason;
    }
    return pfi_allocation_is_pinned(allocation) ? PINFOLD_REASON_PINNED_BUDGET : PINFOLD_REASON_LARGE_BUDGET;
}

/* With the world stopped: what was freed for this allocation is not taken away from it. */
static enum pfi_exhausted collect_and_fit(struct pfi_allocation *allocation, const struct effort *effort) {
    struct pf_heap *heap = allocation->heap;
    struct pfi_request request = {effort->generation, reason_for(allocation, effort), effort->mode, 0};
    pfi_collect(heap, &request);
    if (effort->gives_back) {
        pfi_heap_give_back_all(heap, 0);
    }
    pfi_word_store(&heap->arena.account.refusal, PINFOLD_REFUSED_NOT); /* what the fit meets is to be told */
    return pfi_allocation_fit(allocation);
}

/* When another thread collects meanwhile, that may have made room, too. false: it has, and the world is not stopped. */
static bool stop_unless_fit(struct pfi_allocation *allocation) {
    while (!pfi_heap_try_stop(allocation->heap, &allocation->mutator->thread)) {
        if (pfi_allocation_fit(allocation) == PINFOLD_EXHAUSTED_NOT) {
            return false;
        }
    }
    return true;
}

static enum pfi_exhausted make_effort(struct pfi_allocation *allocation, const struct effort *effort) {
    struct pf_heap *heap = allocation->heap;
    if (!stop_unless_fit(allocation)) {
        return PINFOLD_EXHAUSTED_NOT;
    }
    enum pfi_exhausted why = collect_and_fit(allocation, effort);
    pfi_heap_resume(heap);
    if (!effort->gives_back) {
        pfi_heap_give_back(heap);
    }
    return why;
}

/* Writes down how the heap stood, and that the ladder was climbed in vain. */
static void note_failure(struct pfi_allocation *allocation, enum pfi_exhausted why) {
    struct pf_heap *heap = allocation->heap;
    struct pfi_oom_failure failure = {
        .thread = &allocation->mutator->thread,
        .type = allocation->type,
        .size = allocation->size,
        .alignment = allocation->alignment,
        .kind = pfi_allocation_kind(allocation),
        .why = why,
    };
    pfi_oom_record(&failure, &allocation->mutator->failure);
    heap->futile = (struct pfi_futile){heap->history.collections[2], allocation->size, failure.kind};
}

/* The end of the ladder, from an effort on: in one stop, so that what fails here fails for the heap as it stands. */
static bool take_last_chance(struct pfi_allocation *allocation, int first, enum pfi_exhausted why) {
    if (!stop_unless_fit(allocation)) {
        return true;
    }
    for (int effort = first; effort < EFFORTS && why != PINFOLD_EXHAUSTED_NOT; ++effort) {
        if (ladder[effort].helps(allocation, why)) {
            why = collect_and_fit(allocation, &ladder[effort]);
        }
    }
    if (why != PINFOLD_EXHAUSTED_NOT) {
        note_failure(allocation, why);
        pfi_allocation_give_up(allocation);
    }
    pfi_heap_resume(allocation->heap);
    return why == PINFOLD_EXHAUSTED_NOT;
}

/* Collecting cannot help an object that is larger than the heap may ever be. */
static bool can_ever_fit(const struct pfi_allocation *allocation) {
    const struct pfi_arena *arena = &allocation->heap->arena;
    enum pfi_space space = (enum pfi_space)pfi_allocation_kind(allocation);
    return allocation->size <= arena->end - arena->base &&
           allocation->size <= pfi_account_limit(&arena->account, space);
}

/* Where a try that was no harder has failed at the end of the ladder and nothing was collected in full since, the
 * lower efforts would be in vain: what may have died meanwhile the last chance finds as well. So a program that goes on
 * asking pays for one full collection each time, and not for three. */
static int first_effort(const struct pfi_allocation *allocation) {
    const struct pf_heap *heap = allocation->heap;
    const struct pfi_futile *futile = &heap->futile;
    if (!can_ever_fit(allocation)) {
        return EFFORTS;
    }
    bool was_futile = futile->full_collections != 0 && futile->full_collections == heap->history.collections[2] &&
                      futile->kind == pfi_allocation_kind(allocation) && futile->size <= allocation->size;
    return was_futile ? LAST_CHANCE : 0;
}

/* false: out of memory; the thread has a record of it, and the allocation holds nothing. */
static bool fit_with_effort(struct pfi_allocation *allocation) {
    enum pfi_exhausted why = pfi_allocation_fit(allocation);
    if (why == PINFOLD_EXHAUSTED_NOT) {
        return true;
    }
    int effort = first_effort(allocation);
    for (; effort < LAST_CHANCE; ++effort) {
        if (ladder[effort].helps(allocation, why)) {
            why = make_effort(allocation, &ladder[effort]);
        }
        if (why == PINFOLD_EXHAUSTED_NOT) {
            return true;
        }
    }
    return take_last_chance(allocation, effort, why);
}

/* ---- The public functions --------------------------------------------------------------------------------------- */

/* Collections of all generations, mostly young ones. */
static int stress_generation(uint64_t number) {
    return number % 16 == 0 ? 2 : number % 4 == 0 ? 1 : 0;
}

static void stress(struct pfi_allocation *allocation) {
    uint32_t every = allocation->heap->options.stress.collect_every;
    uint64_t count = ++allocation->mutator->allocations;
    if (every != 0 && count % every == 0) {
        struct pfi_request request = {stress_generation(count / every), PINFOLD_REASON_STRESS, PINFOLD_COLLECT_DEFAULT,
                                      0};
        pfi_stop_and_collect(allocation->heap, &allocation->mutator->thread, &request);
    }
}

/* `alignment` as in struct pfi_allocation; types that are born pinned always have one. */
static void allocation_open(struct pfi_allocation *allocation, struct pf_thread *thread, const struct pf_type *type,
                            size_t size, size_t length, size_t alignment) {
    if (alignment == 0 && (type->flags & PINFOLD_TYPE_PINNED) != 0) {
        alignment = PINFOLD_GRANULE;
    }
    *allocation = (struct pfi_allocation){.heap = thread->heap,
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

static void *deliver(const struct pfi_allocation *allocation) {
    if (allocation->heap->options.sample_interval != 0) {
        pfi_sample_allocation(&allocation->mutator->thread, allocation->type, allocation->size,
                              pfi_allocation_is_born_old(allocation), allocation->caller);
    }
    return (void *)allocation->object;
}

static void send_failure(const struct pfi_allocation *allocation) {
    PINFOLD_SEND(&allocation->heap->events, out_of_memory, &allocation->mutator->failure);
}

/* What the handler says; without one, or when it gives up, this is the end. */
static void ask_handler(const struct pfi_allocation *allocation) {
    struct pf_heap *heap = allocation->heap;
    struct pf_thread *thread = &allocation->mutator->thread;
    if (heap->out_of_memory == NULL || heap->out_of_memory(thread, allocation->size, heap->out_of_memory_data) == 0) {
        struct pf_message message;
        pfi_oom_summarize(&allocation->mutator->failure, message.text, sizeof message.text);
        PINFOLD_REQUIRE(false, "%s", message.text);
    }
}

static void *allocate(struct pfi_allocation *allocation, void *caller) {
    allocation->caller = (uintptr_t)caller;
    while (!fit_with_effort(allocation)) {
        send_failure(allocation);
        ask_handler(allocation);
    }
    return deliver(allocation);
}

static void *try_allocate(struct pfi_allocation *allocation, void *caller) {
    allocation->caller = (uintptr_t)caller;
    if (!fit_with_effort(allocation)) {
        send_failure(allocation);
        allocation->mutator->status = PINFOLD_OUT_OF_MEMORY;
        return NULL;
    }
    allocation->mutator->status = PINFOLD_OK;
    return deliver(allocation);
}

void *pf_alloc_slow(struct pf_thread *thread, const struct pf_type *type, size_t size, size_t length) {
    struct pfi_allocation allocation;
    allocation_open(&allocation, thread, type, size, length, 0);
    return allocate(&allocation, __builtin_return_address(0));
}

void *pf_try_alloc_slow(struct pf_thread *thread, const struct pf_type *type, size_t size, size_t length) {
    struct pfi_allocation allocation;
    allocation_open(&allocation, thread, type, size, length, 0);
    return try_allocate(&allocation, __builtin_return_address(0));
}

static void check_pinned(const struct pf_thread *thread, const struct pf_type *type, size_t alignment) {
    bool is_power = (alignment & (alignment - 1)) == 0;
    PINFOLD_REQUIRE(thread != NULL && type != NULL, "a pinned allocation: the thread or the type is NULL");
    PINFOLD_REQUIRE(alignment == 0 || (alignment >= PINFOLD_GRANULE && is_power),
                    "a pinned %s cannot be aligned to %zu bytes: neither 0 nor a power of two from %d up", type->name,
                    alignment, PINFOLD_GRANULE);
    PINFOLD_REQUIRE(alignment == 0 || pfi_aligned_offset(type) % PINFOLD_GRANULE == 0,
                    "a pinned %s cannot be aligned to %zu bytes: its elements begin at byte %zu, no multiple of %d",
                    type->name, alignment, pfi_aligned_offset(type), PINFOLD_GRANULE);
}

/* Opens an allocation that is born pinned because it was asked to. */
static void pinned_open(struct pfi_allocation *allocation, struct pf_thread *thread, const struct pf_type *type,
                        size_t alignment) {
    check_pinned(thread, type, alignment);
    alignment = pfi_max(alignment, PINFOLD_GRANULE);
    allocation_open(allocation, thread, type, type->base_size, PINFOLD_NO_LENGTH, alignment);
}

/* The same for arrays; false when there can be none of this length. */
static bool pinned_array_open(struct pfi_allocation *allocation, struct pf_thread *thread, const struct pf_type *type,
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
    struct pfi_allocation allocation;
    pinned_open(&allocation, thread, type, alignment);
    return allocate(&allocation, __builtin_return_address(0));
}

void *pf_try_alloc_pinned(struct pf_thread *thread, const struct pf_type *type, size_t alignment) {
    struct pfi_allocation allocation;
    pinned_open(&allocation, thread, type, alignment);
    return try_allocate(&allocation, __builtin_return_address(0));
}

void *pf_alloc_array_pinned(struct pf_thread *thread, const struct pf_type *type, size_t length, size_t alignment) {
    struct pfi_allocation allocation;
    return pinned_array_open(&allocation, thread, type, length, alignment, false)
               ? allocate(&allocation, __builtin_return_address(0))
               : NULL;
}

void *pf_try_alloc_array_pinned(struct pf_thread *thread, const struct pf_type *type, size_t length, size_t alignment) {
    struct pfi_allocation allocation;
    return pinned_array_open(&allocation, thread, type, length, alignment, true)
               ? try_allocate(&allocation, __builtin_return_address(0))
               : NULL;
}

void *pf_bad_length(struct pf_thread *thread, const struct pf_type *type, size_t length, int may_fail) {
    PINFOLD_REQUIRE(may_fail, "an array of %s cannot have %zd elements: the length is negative or too large",
                    type->name, (ptrdiff_t)length);
    struct pfi_mutator *mutator = pfi_mutator_of(thread);
    struct pfi_oom_failure failure = {.thread = thread, .type = type, .kind = PINFOLD_SEGMENT_LARGE};
    pfi_heap_stop(thread->heap, thread);
    pfi_oom_record_length(&failure, &mutator->failure);
    pfi_heap_resume(thread->heap);
    mutator->status = PINFOLD_BAD_LENGTH;
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
