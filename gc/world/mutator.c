/* SPDX-License-Identifier: MIT */
#include "gc/world/mutator.h"

void pfi_mutator_publish_young(struct pf_thread *thread, const struct pfi_share *share) {
    thread->young_low = share->start[1];
    thread->young_size = share->ephemeral->end - share->start[1];
    thread->cards = (uintptr_t)share->arena->cards;
}
