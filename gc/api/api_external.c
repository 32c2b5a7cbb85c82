/* SPDX-License-Identifier: MIT
 *
 * Native memory that objects keep: the account, and the collections that its growth asks for.
 */
#include "alloc/context.h"
#include "alloc/platform/check.h"
#include "gc/api/external.h"
#include "gc/collect.h"
#include "gc/give_back.h"
#include "gc/policy/external.h"
#include "gc/world/mutator.h"
#include "pinfold/collect.h"

static struct pfi_external_input input_locked(const struct pf_heap *heap) PINFOLD_NEEDS(heap->external.lock) {
    const struct pfi_external_memory *external = &heap->external;
    return (struct pfi_external_input){external->bytes, external->low, external->last, heap->options.external_size,
                                       external->futile};
}

void pf_external_memory_add(struct pf_heap *heap, size_t bytes) {
    PINFOLD_REQUIRE(heap != NULL, "pf_external_memory_add: the heap is NULL");
    pfi_mutex_lock(&heap->external.lock);
    bool is_added = pfi_external_memory_add_locked(&heap->external, bytes);
    struct pfi_external_input input = input_locked(heap);
    bool is_due = pfi_external_generation(&input) >= 0;
    if (is_due) {
        pfi_word_store(&heap->external.is_due, 1);
    }
    pfi_mutex_unlock(&heap->external.lock);
    PINFOLD_REQUIRE(is_added, "pf_external_memory_add: %zu bytes more than %zu cannot be", bytes, input.bytes);
    struct pf_thread *self = is_due ? pfi_mutator_managed(heap) : NULL;
    if (self != NULL) {
        pfi_context_close(&heap->share, self); /* so that its next allocation looks */
    }
}

void pf_external_memory_remove(struct pf_heap *heap, size_t bytes) {
    PINFOLD_REQUIRE(heap != NULL, "pf_external_memory_remove: the heap is NULL");
    pfi_mutex_lock(&heap->external.lock);
    bool was_there = pfi_external_memory_remove_locked(&heap->external, bytes);
    size_t left = heap->external.bytes;
    pfi_mutex_unlock(&heap->external.lock);
    PINFOLD_REQUIRE(was_there, "pf_external_memory_remove: %zu bytes, but only %zu were added and not removed", bytes,
                    left);
}

/* When the last full collection for this has freed nothing, the budget grows, and perhaps it is not spent yet. With the
 * world stopped: what is said to be due is collected at once, so nobody else finds it due as well, or takes a
 * collection that is still to come for one that was no help. */
static int generation_due_locked(struct pf_heap *heap) PINFOLD_NEEDS(heap->external.lock) {
    struct pfi_external_memory *external = &heap->external;
    struct pfi_external_input input = input_locked(heap);
    int generation = pfi_external_generation(&input);
    if (generation == 2 && external->has_collected) {
        external->futile = pfi_external_was_futile(&input, external->removed) ? external->futile + 1 : 0;
        external->has_collected = false;
        input.futile = external->futile;
        generation = pfi_external_generation(&input);
    }
    if (generation == 2) {
        external->has_collected = true;
        external->removed = 0;
    }
    pfi_word_store(&external->is_due, 0);
    return generation;
}

static int collect_what_is_due(struct pf_heap *heap) {
    pfi_mutex_lock(&heap->external.lock);
    int generation = generation_due_locked(heap);
    pfi_mutex_unlock(&heap->external.lock);
    if (generation < 0) {
        return 0;
    }
    struct pfi_request request = {generation, PINFOLD_REASON_EXTERNAL, PINFOLD_COLLECT_DEFAULT, 0};
    return pfi_collect(heap, &request);
}

void pfi_relieve_external_pressure_slow(struct pf_thread *thread) {
    struct pf_heap *heap = thread->heap;
    if (heap->region.is_kept || !pfi_heap_try_stop(heap, thread)) {
        return; /* when another thread was quicker, it stays due, and the next allocation looks again */
    }
    collect_what_is_due(heap);
    pfi_heap_resume(heap);
    pfi_heap_give_back(heap);
}
