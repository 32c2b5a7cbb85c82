/* SPDX-License-Identifier: MIT */
#include "gc/api/allocation.h"

#include "alloc/card_table.h"
#include "alloc/context.h"
#include "alloc/large.h"
#include "alloc/pinned_heap.h"
#include "gc/policy/notice.h"

enum {
    ALONE = 512, /* objects from this size on leave the context alone when a gap between pins has room for them */
    HEADER = 2 * sizeof(uintptr_t) /* what write_header writes */
};

/* The words that no object is without. */
static void write_header(const struct pfi_allocation *allocation) {
    pfi_words(allocation->object)[0] = (uintptr_t)allocation->type;
    pfi_words(allocation->object)[1] = allocation->type->element_size == 0 ? 0 : allocation->length;
}

/* In a gap between pins, outside the context; false: there is none. */
static bool fit_gap(struct pfi_allocation *allocation) {
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
static enum pfi_exhausted fit_context(struct pfi_allocation *allocation) {
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

static enum pfi_exhausted fit_small(struct pfi_allocation *allocation) {
    const struct pf_thread *thread = &allocation->mutator->thread;
    bool fits_context = allocation->size <= (size_t)(thread->alloc_limit - thread->alloc_ptr);
    if (!fits_context && allocation->size >= ALONE && fit_gap(allocation)) {
        return PINFOLD_EXHAUSTED_NOT;
    }
    return fit_context(allocation);
}

static enum pfi_exhausted fit_large_locked(struct pfi_allocation *allocation, struct pfi_dirty *dirty)
    PINFOLD_NEEDS(allocation->heap->share.old_lock) {
    return pfi_large_allocate_locked(&allocation->heap->share, allocation->size, &allocation->object, dirty);
}

static enum pfi_exhausted fit_pinned_locked(struct pfi_allocation *allocation, struct pfi_dirty *dirty)
    PINFOLD_NEEDS(allocation->heap->share.old_lock) {
    struct pfi_pinned_request request = {
        .size = allocation->size,
        .alignment = allocation->alignment,
        .offset = allocation->alignment == PINFOLD_GRANULE ? 0 : pfi_aligned_offset(allocation->type),
    };
    return pfi_pinned_heap_allocate_locked(&allocation->heap->share, &request, &allocation->object, dirty);
}

/* A new segment is the first of its chain; `created` is a copy of it, so that it can be told without the lock. */
static enum pfi_exhausted fit_old_locked(struct pfi_allocation *allocation, struct pfi_dirty *dirty,
                                         struct pfi_segment *created) PINFOLD_NEEDS(allocation->heap->share.old_lock) {
    struct pfi_share *share = &allocation->heap->share;
    struct pfi_segment *const *chain =
        pfi_allocation_is_pinned(allocation) ? &share->pinned_segments : &share->large_segments;
    const struct pfi_segment *newest = *chain;
    enum pfi_exhausted why = pfi_allocation_is_pinned(allocation) ? fit_pinned_locked(allocation, dirty)
                                                                  : fit_large_locked(allocation, dirty);
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
static enum pfi_exhausted fit_old(struct pfi_allocation *allocation) {
    struct pf_heap *heap = allocation->heap;
    struct pfi_segment created = {0};
    struct pfi_dirty dirty = {0};
    pfi_mutex_lock(&allocation->heap->share.old_lock);
    enum pfi_exhausted why = fit_old_locked(allocation, &dirty, &created);
    const struct pfi_generation *charged =
        &heap->share.generations[pfi_allocation_is_pinned(allocation) ? PINFOLD_PINNED : PINFOLD_LARGE];
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

static void register_finalizer(struct pfi_allocation *allocation) {
    struct pf_heap *heap = allocation->heap;
    if (allocation->finalizer != NULL) {
        uintptr_t value = pfi_tags_refer(heap->tags, allocation->object);
        pfi_finalizer_queue_add(&heap->roots.finalizers, allocation->finalizer, value);
        allocation->finalizer = NULL;
    }
}

/* The node for a registration is there before the object is, so that no object is lost for want of one. */
static bool has_node(struct pfi_allocation *allocation) {
    if ((allocation->type->flags & PINFOLD_TYPE_FINALIZABLE) == 0 || allocation->finalizer != NULL) {
        return true;
    }
    allocation->finalizer = pfi_finalizer_queue_reserve(&allocation->heap->roots.finalizers);
    return allocation->finalizer != NULL;
}

enum pfi_exhausted pfi_allocation_fit(struct pfi_allocation *allocation) {
    if (!has_node(allocation)) {
        return PINFOLD_EXHAUSTED_BOOKKEEPING;
    }
    enum pfi_exhausted why = pfi_allocation_is_born_old(allocation) ? fit_old(allocation) : fit_small(allocation);
    if (why == PINFOLD_EXHAUSTED_NOT) {
        register_finalizer(allocation);
    }
    return why;
}

void pfi_allocation_give_up(struct pfi_allocation *allocation) {
    if (allocation->finalizer != NULL) {
        pfi_finalizer_queue_release(&allocation->heap->roots.finalizers, allocation->finalizer);
        allocation->finalizer = NULL;
    }
}
