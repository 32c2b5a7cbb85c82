/* SPDX-License-Identifier: MIT */
#include "gc/world/mutator.h"

struct pfi_mutator *pfi_mutator_current(const struct pf_heap *heap) {
    struct pfi_thread_local *local = pfi_thread_local_find(heap);
    return local == NULL ? NULL : (struct pfi_mutator *)((char *)local - offsetof(struct pfi_mutator, local));
}

struct pf_thread *pfi_mutator_managed(const struct pf_heap *heap) {
    struct pfi_mutator *mutator = pfi_mutator_current(heap);
    return mutator == NULL || pf_thread_is_native(&mutator->thread) ? NULL : &mutator->thread;
}

void pfi_mutator_publish_young(struct pf_thread *thread, const struct pfi_share *share) {
    thread->young_low = share->start[1];
    thread->young_size = share->ephemeral->end - share->start[1];
    thread->cards = (uintptr_t)share->arena->cards;
}
