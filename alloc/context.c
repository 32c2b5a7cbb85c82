/* SPDX-License-Identifier: MIT */
#include "alloc/context.h"

#include "alloc/dirty.h"
#include "alloc/object.h"
#include "alloc/object_starts.h"
#include "alloc/platform/check.h"
#include "alloc/sampler.h"

enum {
    /* What a cache line of cards, and of object starts, stands for. Long chunks end there, so that threads with
     * neighbouring chunks do not write to the same line. */
    LINE_OF_CARDS = 64 << PINFOLD_CARD_SHIFT,
    GOOD_CHUNK = 256 /* gaps below this are taken when there are no others: a refill costs more than what they hold */
};

static bool is_topmost(const struct pfi_share *share, const struct pf_thread *thread) {
    return !pfi_context_is_closed(thread) &&
           (uintptr_t)thread->alloc_limit + PINFOLD_MIN_OBJECT == share->ephemeral->allocated;
}

size_t pfi_context_rest(const struct pf_thread *thread) {
    bool is_empty = thread == NULL || pfi_context_is_closed(thread);
    return is_empty ? 0 : (size_t)(thread->alloc_limit - thread->alloc_ptr) + PINFOLD_MIN_OBJECT;
}

static void close_locked(struct pfi_share *share, struct pf_thread *thread) PINFOLD_NEEDS(share->small_lock) {
    if (pfi_context_is_closed(thread)) {
        return;
    }
    uintptr_t rest = (uintptr_t)thread->alloc_ptr;
    size_t size = pfi_context_rest(thread);
    if (is_topmost(share, thread)) {
        pfi_segment_set_allocated(share->ephemeral, rest);
        share->generations[0].budget_left += (int64_t)size;
    } else {
        pfi_share_format_gap(share, 0, rest, size);
    }
    share->allocated_bytes -= size;
    thread->sample_left += (int64_t)pfi_sampler_unused(thread);
    thread->alloc_ptr = NULL;
    thread->alloc_limit = NULL;
}

void pfi_context_close(struct pfi_share *share, struct pf_thread *thread) {
    pfi_mutex_lock(&share->small_lock);
    close_locked(share, thread);
    pfi_mutex_unlock(&share->small_lock);
}

/* The end of the chunk at `start`: the quantum if it fits, never less than the request, never so much that an object of
 * the large-object threshold would fit into the context, nor that the next sample would. */
static uintptr_t chunk_end(const struct pfi_share *share, const struct pf_thread *thread, uintptr_t start,
                           uintptr_t needed_end) {
    uintptr_t most = start + share->options->large_threshold + PINFOLD_MIN_OBJECT - PINFOLD_GRANULE;
    uintptr_t end = share->ephemeral->allocated + share->quantum;
    if (share->quantum >= LINE_OF_CARDS) {
        end = pfi_align_down(end, LINE_OF_CARDS);
    }
    end = pfi_min(end, start + pfi_sampler_room(thread) + PINFOLD_MIN_OBJECT);
    return pfi_max(needed_end, pfi_min(end, pfi_min(most, share->ephemeral->end)));
}

static void hand_out(struct pfi_share *share, struct pf_thread *thread, uintptr_t start, uintptr_t end) {
    pfi_object_starts_set(share->arena->object_starts, start, end);
    thread->sample_left += (int64_t)pfi_sampler_unused(thread);
    thread->alloc_ptr = (char *)start;
    thread->alloc_limit = (char *)(end - PINFOLD_MIN_OBJECT);
    thread->sample_left -= (int64_t)pfi_sampler_unused(thread);
}

/* Charges `size` bytes of the free object at `item`, which are to be zeroed; what is left of it stays a gap. */
static void use_gap(struct pfi_share *share, uintptr_t item, size_t size) {
    struct pfi_generation *youngest = &share->generations[0];
    size_t rest = pfi_object_size(item) - size;
    youngest->free_bytes -= size + rest;
    youngest->budget_left -= (int64_t)size;
    share->allocated_bytes += size;
    pfi_share_format_gap(share, 0, item + size, rest);
    if (rest >= PINFOLD_MIN_FREE_ITEM) {
        pfi_free_list_push(&youngest->free_list, item + size);
    }
}

/* Gaps may have pages that were given back while they were generation 2's. A collection that makes them generation 0's
 * counts these again, though a limit may forbid it; then they must not be written before others have been given back.
 */
static bool may_use_gaps(const struct pfi_share *share) {
    return share->generations[0].free_list.nonempty != 0 && !pfi_account_is_above_limit(&share->arena->account);
}

uintptr_t pfi_context_take_gap_locked(struct pfi_share *share, size_t size) {
    struct pfi_generation *youngest = &share->generations[0];
    if (youngest->budget_left <= 0 || !may_use_gaps(share)) {
        return 0;
    }
    uintptr_t item = pfi_free_list_pop(&youngest->free_list, size);
    if (item != 0) {
        use_gap(share, item, size);
        pfi_object_starts_set(share->arena->object_starts, item, item + size);
    }
    return item;
}

/* The quantum, or what the gap holds when no useful item would be left of it. The gap is as large as `needed`, or
 * larger by a smallest object at least; the chunk never holds an object of the large-object threshold. */
static size_t gap_chunk(const struct pfi_share *share, const struct pf_thread *thread, size_t gap, size_t needed) {
    size_t most = share->options->large_threshold + PINFOLD_MIN_OBJECT - PINFOLD_GRANULE;
    size_t wanted = pfi_min(share->quantum, pfi_sampler_room(thread) + PINFOLD_MIN_OBJECT);
    size_t chunk = pfi_clamp(wanted, needed, pfi_min(gap, most));
    if (gap - chunk >= PINFOLD_MIN_FREE_ITEM) {
        return chunk;
    }
    return gap <= most ? gap : pfi_max(needed, gap - PINFOLD_MIN_FREE_ITEM);
}

static bool refill_from_gap(struct pfi_share *share, struct pf_thread *thread, size_t size,
                            struct pfi_dirty_range *dirty) PINFOLD_NEEDS(share->small_lock) {
    struct pfi_free_list *gaps = &share->generations[0].free_list;
    size_t needed = size + PINFOLD_MIN_OBJECT;
    if (!may_use_gaps(share)) {
        return false;
    }
    uintptr_t item = pfi_free_list_pop(gaps, pfi_max(needed, pfi_min(share->quantum, GOOD_CHUNK)));
    if (item == 0) {
        item = pfi_free_list_pop(gaps, needed);
    }
    if (item == 0) {
        return false;
    }
    size_t chunk = gap_chunk(share, thread, pfi_object_size(item), needed);
    use_gap(share, item, chunk);
    close_locked(share, thread);
    hand_out(share, thread, item, item + chunk);
    *dirty = (struct pfi_dirty_range){item, chunk};
    return true;
}

static enum pfi_exhausted refill_locked(struct pfi_share *share, struct pf_thread *thread, size_t size,
                                        struct pfi_dirty_range *dirty) PINFOLD_NEEDS(share->small_lock) {
    struct pfi_segment *segment = share->ephemeral;
    struct pfi_generation *youngest = &share->generations[0];
    if (youngest->budget_left <= 0) {
        return PINFOLD_EXHAUSTED_BUDGET;
    }
    if (refill_from_gap(share, thread, size, dirty)) {
        return PINFOLD_EXHAUSTED_NOT;
    }
    bool adjacent = is_topmost(share, thread);
    uintptr_t start = adjacent ? (uintptr_t)thread->alloc_ptr : segment->allocated;
    uintptr_t needed_end = start + size + PINFOLD_MIN_OBJECT;
    if (needed_end > segment->end) {
        return PINFOLD_EXHAUSTED_SPACE;
    }
    uintptr_t end = chunk_end(share, thread, start, needed_end);
    if (!pfi_segment_commit(share->arena, segment, end)) { /* near a limit a chunk is what is there */
        end = pfi_clamp(segment->committed, needed_end, end);
        if (!pfi_segment_commit(share->arena, segment, end)) {
            return PINFOLD_EXHAUSTED_COMMIT;
        }
    }
    if (!adjacent) {
        close_locked(share, thread);
    }
    uintptr_t fresh = segment->allocated;
    pfi_segment_set_allocated(segment, end);
    youngest->budget_left -= (int64_t)(end - fresh);
    share->allocated_bytes += end - fresh;
    *dirty = (struct pfi_dirty_range){fresh, pfi_segment_use(segment, fresh, end)};
    hand_out(share, thread, start, end);
    return PINFOLD_EXHAUSTED_NOT;
}

enum pfi_exhausted pfi_context_refill(struct pfi_share *share, struct pf_thread *thread, size_t size) {
    struct pfi_dirty_range dirty = {0, 0};
    pfi_mutex_lock(&share->small_lock);
    enum pfi_exhausted why = refill_locked(share, thread, size, &dirty);
    pfi_mutex_unlock(&share->small_lock);
    if (dirty.size != 0) { /* no collection comes in between: this thread is managed */
        memset((void *)dirty.start, 0, dirty.size);
    }
    return why;
}
