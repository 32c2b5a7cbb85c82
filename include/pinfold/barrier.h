/* SPDX-License-Identifier: MIT
 *
 * The write barrier: every store of a reference into a heap object goes through it, so that a collection of the young
 * generations finds references from old objects by looking at dirty cards only. Threads may store into the same object
 * at once as far as their own rules for that slot allow it; cards take care of themselves.
 */
#ifndef PINFOLD_BARRIER_H
#define PINFOLD_BARRIER_H

#include "pinfold/thread.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PINFOLD_CARD_SHIFT = 9, PINFOLD_CARD_DIRTY = 0xFF };

/* Stores `value` (a reference, tagged or not, NULL, or any word that the heap's tags do not take for a reference) into
 * `slot`, which lies inside an object of the thread's heap. Not a safepoint. Roots (frames, handles, the runtime's own
 * stack) need no barrier and must not be passed. */
static inline void pf_store(struct pf_thread *thread, void *slot, void *value) {
    *(void **)slot = value;
    if ((uintptr_t)value - thread->young_low < thread->young_size) {
        uint8_t *card = (uint8_t *)(thread->cards + ((uintptr_t)slot >> PINFOLD_CARD_SHIFT));
        if (__atomic_load_n(card, __ATOMIC_RELAXED) != PINFOLD_CARD_DIRTY) {
            __atomic_store_n(card, PINFOLD_CARD_DIRTY, __ATOMIC_RELAXED);
        }
    }
}

/* After a bulk copy of references into [slots, slots + count): makes all their cards dirty. Not a safepoint. */
PINFOLD_API void pf_store_range(struct pf_thread *thread, void *slots, size_t count);

#ifdef __cplusplus
}
#endif
#endif
