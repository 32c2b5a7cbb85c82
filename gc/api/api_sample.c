/* SPDX-License-Identifier: MIT
 *
 * Allocation samples, and names for their frames.
 */
#include "alloc/context.h"
#include "alloc/platform/check.h"
#include "alloc/platform/stack_unwind.h"
#include "gc/api/sampling.h"
#include "gc/world/mutator.h"

static void tell(const struct pf_heap *heap, struct pf_sample *sample, uintptr_t caller) {
    void *frames[PINFOLD_SAMPLE_FRAMES];
    sample->frames = frames;
    sample->frame_count = pfi_stack_backtrace(caller, frames, PINFOLD_SAMPLE_FRAMES);
    heap->events.listener->allocation_sampled(heap->events.data, sample);
}

static size_t take(struct pf_thread *thread, size_t size, bool is_old) {
    struct pfi_sampler *sampler = &pfi_mutator_of(thread)->sampler;
    if (is_old) {
        return pfi_sampler_take_old(sampler, size);
    }
    size_t weight = pfi_sampler_take_young(sampler, thread, size);
    if (thread->sample_left < 0) {
        pfi_context_close(&thread->heap->share, thread);
    }
    return weight;
}

void pfi_sample_allocation(struct pf_thread *thread, const struct pf_type *type, size_t size, bool is_old,
                           uintptr_t caller) {
    const struct pfi_events *events = &thread->heap->events;
    struct pf_sample sample = {.thread = thread, .type = type, .size = size, .weight = take(thread, size, is_old)};
    if (sample.weight != 0 && events->listener != NULL && events->listener->allocation_sampled != NULL) {
        tell(thread->heap, &sample, caller);
    }
}

int pf_function_name(const void *address, char *name, size_t size, size_t *offset) {
    PINFOLD_REQUIRE(name != NULL && size != 0 && offset != NULL,
                    "pf_function_name: there is no room for the name or the offset");
    return pfi_function_name((uintptr_t)address, name, size, offset);
}
