/* SPDX-License-Identifier: MIT
 *
 * Threads: attachment, and what they do at safepoints and around native regions.
 */
#include <stdio.h>

#include "alloc/context.h"
#include "alloc/platform/check.h"
#include "alloc/platform/clock.h"
#include "gc/heap.h"
#include "gc/world/mutator.h"

/* With the world held. The frames are gone, or hold nothing that counts any more. */
static void detach_held(struct pf_heap *heap, struct pfi_mutator *mutator) PINFOLD_NEEDS(heap->world.mutex) {
    pfi_context_close(&heap->share, &mutator->thread);
    pfi_world_remove(&heap->world, &mutator->thread);
    pfi_heap_adapt_to_threads(heap);
    pfi_mutex_lock(&heap->handle_lock);
    pfi_handle_cache_flush_locked(&mutator->handles, &heap->roots.handles);
    heap->frame_pins -= mutator->most_frame_pins;
    pfi_mutex_unlock(&heap->handle_lock);
}

static void become_managed(struct pf_thread *thread) {
    if (pf_thread_is_native(thread)) {
        pf_native_leave(thread);
    }
}

static void free_mutator(struct pf_heap *heap, struct pfi_mutator *mutator) {
    pfi_mutex_lock(&heap->handle_lock);
    pfi_heap_free_mutator_locked(heap, mutator);
    pfi_mutex_unlock(&heap->handle_lock);
}

/* By a managed thread. */
static void detach(struct pfi_mutator *mutator) {
    struct pf_heap *heap = mutator->thread.heap;
    pfi_world_hold(&heap->world, &mutator->thread);
    detach_held(heap, mutator);
    pfi_world_release(&heap->world);
    pfi_thread_local_remove(&mutator->local);
    free_mutator(heap, mutator);
}

/* The thread ends; so do its frames, once no collection looks at them. */
static void detach_at_exit(struct pfi_thread_local *local) {
    struct pfi_mutator *mutator = pfi_mutator_current(local->owner);
    become_managed(&mutator->thread);
    mutator->thread.frames = NULL;
    detach(mutator);
}

/* false: no memory. */
static bool describe_stack(struct pf_heap *heap, struct pfi_mutator *mutator) {
    mutator->thread.stack = pfi_heap_take(heap, sizeof *mutator->thread.stack);
    return mutator->thread.stack != NULL && pfi_stack_init(mutator->thread.stack);
}

enum pf_status pf_thread_attach(struct pf_heap *heap, struct pf_thread **thread) {
    PINFOLD_REQUIRE(heap != NULL && thread != NULL, "pf_thread_attach: the heap or the place for the thread is NULL");
    if (pfi_mutator_current(heap) != NULL) {
        return PINFOLD_ALREADY_ATTACHED;
    }
    struct pfi_mutator *mutator = pfi_heap_take(heap, sizeof *mutator);
    if (mutator == NULL) {
        return PINFOLD_OUT_OF_MEMORY;
    }
    mutator->thread.heap = heap;
    mutator->local.owner = heap;
    mutator->local.at_exit = detach_at_exit;
    pfi_sampler_init(&mutator->sampler, &mutator->thread, heap->options.sample_interval,
                     pfi_clock_now_ns() ^ (uintptr_t)mutator);
    pfi_thread_name(mutator->name, sizeof mutator->name);
    if ((heap->options.conservative_stacks && !describe_stack(heap, mutator)) ||
        !pfi_thread_local_add(&mutator->local)) {
        free_mutator(heap, mutator);
        return PINFOLD_OUT_OF_MEMORY;
    }
    pfi_world_hold(&heap->world, NULL);
    pfi_mutator_publish_young(&mutator->thread, &heap->share);
    pfi_world_add(&heap->world, &mutator->thread);
    pfi_heap_adapt_to_threads(heap);
    pfi_world_release(&heap->world);
    *thread = &mutator->thread;
    return PINFOLD_OK;
}

void pf_thread_detach(struct pf_thread *thread) {
    PINFOLD_REQUIRE(thread != NULL, "pf_thread_detach: the thread is NULL");
    PINFOLD_REQUIRE(thread->frames == NULL, "pf_thread_detach: frame %p is still pushed", (void *)thread->frames);
    PINFOLD_REQUIRE(pfi_mutator_current(thread->heap) == pfi_mutator_of(thread),
                    "pf_thread_detach: thread %s is not the calling one", pf_thread_name(thread));
    become_managed(thread);
    detach(pfi_mutator_of(thread));
}

void pf_thread_set_name(struct pf_thread *thread, const char *name) {
    PINFOLD_REQUIRE(thread != NULL && name != NULL, "pf_thread_set_name: the thread or the name is NULL");
    struct pfi_mutator *mutator = pfi_mutator_of(thread);
    pfi_world_hold_managed(&thread->heap->world);
    snprintf(mutator->name, sizeof mutator->name, "%s", name);
    pfi_world_release(&thread->heap->world);
}

const char *pf_thread_name(const struct pf_thread *thread) {
    PINFOLD_REQUIRE(thread != NULL, "pf_thread_name: the thread is NULL");
    return ((const struct pfi_mutator *)thread)->name;
}

__attribute__((noinline)) void pf_safepoint_slow(struct pf_thread *thread) {
    pfi_mutator_note_stop(thread, PINFOLD_CALLER());
    pfi_world_arrive(&thread->heap->world, thread);
}

/* Threads whose stacks are searched always come here: as far as the search goes they stop now. */
__attribute__((noinline)) void pf_native_enter_slow(struct pf_thread *thread) {
    pfi_mutator_note_stop(thread, PINFOLD_CALLER());
    pfi_world_enter_native(&thread->heap->world, thread);
}

void pf_native_leave_slow(struct pf_thread *thread) {
    pfi_world_leave_native(&thread->heap->world, thread);
}
