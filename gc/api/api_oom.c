/* SPDX-License-Identifier: MIT
 *
 * Reading out-of-memory records.
 */
#include "alloc/platform/check.h"
#include "gc/heap.h"
#include "gc/world/mutator.h"

size_t pf_heap_oom_records(struct pf_heap *heap, struct pf_oom_record *records, size_t count) {
    PINFOLD_REQUIRE(heap != NULL && (records != NULL || count == 0),
                    "pf_heap_oom_records: the heap or the place is NULL");
    pfi_heap_hold(heap);
    size_t copied = pfi_oom_ring_copy(&heap->failures, records, count);
    pfi_world_release(&heap->world);
    return copied;
}

const struct pf_oom_record *pf_thread_oom_record(const struct pf_thread *thread) {
    PINFOLD_REQUIRE(thread != NULL, "pf_thread_oom_record: the thread is NULL");
    const struct pfi_mutator *mutator = (const struct pfi_mutator *)thread;
    return mutator->failure.number == 0 ? NULL : &mutator->failure;
}
