/* SPDX-License-Identifier: MIT
 *
 * Finalizers: registration, suppression, taking.
 */
#include "alloc/platform/check.h"
#include "alloc/platform/clock.h"
#include "gc/give_back.h"
#include "gc/heap.h"
#include "pinfold/finalizer.h"

static void require_managed(const struct pf_thread *thread, const char *caller) {
    PINFOLD_REQUIRE(thread != NULL, "%s: the thread is NULL", caller);
    PINFOLD_REQUIRE(!pf_thread_is_native(thread), "%s: the thread is native", caller);
}

static void require_object(const struct pf_thread *thread, const void *object, const char *caller) {
    PINFOLD_REQUIRE(pfi_heap_may_hold(thread->heap, (uintptr_t)object), "%s: %p is no object of this heap", caller,
                    object);
}

enum pf_status pf_finalizer_register(struct pf_thread *thread, void *object) {
    require_managed(thread, "pf_finalizer_register");
    require_object(thread, object, "pf_finalizer_register");
    struct pf_heap *heap = thread->heap;
    struct pfi_finalizer *node = pfi_finalizer_queue_reserve(&heap->roots.finalizers);
    if (node == NULL && pfi_heap_relieve(heap)) {
        node = pfi_finalizer_queue_reserve(&heap->roots.finalizers);
    }
    if (node == NULL) {
        return PINFOLD_OUT_OF_MEMORY;
    }
    pfi_finalizer_queue_add(&heap->roots.finalizers, node, pfi_tags_refer(heap->tags, (uintptr_t)object));
    return PINFOLD_OK;
}

size_t pf_finalizer_suppress(struct pf_thread *thread, void *object) {
    require_managed(thread, "pf_finalizer_suppress");
    require_object(thread, object, "pf_finalizer_suppress");
    struct pf_heap *heap = thread->heap;
    int generation = (int)pfi_min((uintptr_t)pfi_share_generation_of(&heap->share, (uintptr_t)object), 2);
    return pfi_finalizer_queue_suppress(&heap->roots.finalizers, pfi_tags_refer(heap->tags, (uintptr_t)object),
                                        generation);
}

static int take(struct pf_thread *thread, void **object) {
    struct pf_heap *heap = thread->heap;
    uintptr_t value;
    if (!pfi_finalizer_queue_take(&heap->roots.finalizers, &value)) {
        return 0;
    }
    *object = (void *)(value & ~heap->tags.mask);
    return 1;
}

int pf_finalizer_next(struct pf_thread *thread, void **object) {
    require_managed(thread, "pf_finalizer_next");
    PINFOLD_REQUIRE(object != NULL, "pf_finalizer_next: the place for the object is NULL");
    return take(thread, object);
}

int pf_finalizer_wait(struct pf_thread *thread, uint64_t timeout_ns, void **object) {
    require_managed(thread, "pf_finalizer_wait");
    PINFOLD_REQUIRE(object != NULL, "pf_finalizer_wait: the place for the object is NULL");
    uint64_t deadline = pfi_clock_deadline(timeout_ns);
    bool goes_on = true;
    while (!take(thread, object)) {
        if (!goes_on) {
            return 0;
        }
        pf_native_enter(thread);
        goes_on = pfi_finalizer_queue_wait(&thread->heap->roots.finalizers, deadline);
        pf_native_leave(thread); /* another thread may have been quicker */
    }
    return 1;
}

void pf_finalizer_stop_waiting(struct pf_heap *heap) {
    PINFOLD_REQUIRE(heap != NULL, "pf_finalizer_stop_waiting: the heap is NULL");
    pfi_finalizer_queue_stop_waiting(&heap->roots.finalizers);
}

void pf_finalizer_all_ready(struct pf_thread *thread) {
    require_managed(thread, "pf_finalizer_all_ready");
    pfi_finalizer_queue_all_ready(&thread->heap->roots.finalizers);
}
