/* SPDX-License-Identifier: MIT
 *
 * fork: with the world stopped and every lock of the heap held by the thread that forks, so that the child's copy is
 * one that no other thread was changing. The locks are taken in one function and released in another, which the
 * analysis of locks does not follow.
 */
#include "pinfold/fork.h"

#include "alloc/platform/check.h"
#include "gc/heap.h"
#include "gc/world/mutator.h"

PINFOLD_NOT_ANALYSED void pf_fork_prepare(struct pf_heap *heap) {
    PINFOLD_REQUIRE(heap != NULL, "pf_fork_prepare: the heap is NULL");
    pfi_heap_stop(heap, pfi_mutator_managed(heap));
    pfi_mutex_lock(&heap->share.small_lock);
    pfi_mutex_lock(&heap->share.old_lock);
    pfi_mutex_lock(&heap->roots.finalizers.lock);
    pfi_mutex_lock(&heap->external.lock);
    pfi_mutex_lock(&heap->limits_lock);
}

/* All but the lock of handles and the world's own. */
PINFOLD_NOT_ANALYSED static void unlock_all(struct pf_heap *heap) {
    pfi_mutex_unlock(&heap->limits_lock);
    pfi_mutex_unlock(&heap->external.lock);
    pfi_mutex_unlock(&heap->roots.finalizers.lock);
    pfi_mutex_unlock(&heap->share.old_lock);
    pfi_mutex_unlock(&heap->share.small_lock);
}

PINFOLD_NOT_ANALYSED void pf_fork_parent(struct pf_heap *heap) {
    PINFOLD_REQUIRE(heap != NULL, "pf_fork_parent: the heap is NULL");
    unlock_all(heap);
    pfi_heap_resume(heap);
}

/* The contexts of the threads that are gone were closed when the world stopped. */
static void forget_other_threads(struct pf_heap *heap, const struct pf_thread *self) PINFOLD_NEEDS(heap->handle_lock) {
    for (struct pf_thread *thread = heap->roots.threads; thread != NULL;) {
        struct pf_thread *next = thread->next;
        if (thread != self) {
            struct pfi_mutator *mutator = pfi_mutator_of(thread);
            pfi_handle_cache_flush_locked(&mutator->handles, &heap->roots.handles);
            heap->frame_pins -= mutator->most_frame_pins;
            pfi_heap_free_mutator_locked(heap, mutator);
        }
        thread = next;
    }
}

PINFOLD_NOT_ANALYSED void pf_fork_child(struct pf_heap *heap) {
    PINFOLD_REQUIRE(heap != NULL, "pf_fork_child: the heap is NULL");
    struct pfi_mutator *mutator = pfi_mutator_current(heap);
    struct pf_thread *self = mutator == NULL ? NULL : &mutator->thread;
    unlock_all(heap);
    pfi_finalizer_queue_restart(&heap->roots.finalizers);
    pfi_workers_after_fork_in_child(&heap->workers);
    forget_other_threads(heap, self);
    pfi_heap_resume_alone(heap, self);
    pfi_heap_adapt_to_threads(heap);
}
