/* SPDX-License-Identifier: MIT
 *
 * Allocation contexts: the chunk of generation 0 in which one thread bumps a pointer.
 *
 *     chunk:  | objects ... | ptr -> zero ...... limit | 16 bytes |
 *
 * limit is one smallest object below the end of what the context owns, so that the rest can always be formatted as a
 * free object. Memory from ptr on is zero. A chunk that continues the last one only raises the limit: an object may
 * span both. Chunks come from generation 0's free list first, where the gaps between pins are, then from the end of the
 * ephemeral segment.
 */
#ifndef PINFOLD_ALLOC_CONTEXT_H
#define PINFOLD_ALLOC_CONTEXT_H

#include "alloc/share.h"
#include "pinfold/thread.h"

/* Gives the thread's context room for `size` bytes (below the large-object threshold). Charges the budget. */
enum pfi_exhausted pfi_context_refill(struct pfi_share *share, struct pf_thread *thread, size_t size);

/* Room for one object of `size` bytes outside the context: exactly from a gap between pins. For objects that would take
 * most of a chunk, so that the context's rest is not lost, and a gap that a buffer of the same size has left fits. 0:
 * there is no such gap, or the budget is spent. No context covers the room, so other threads' lookups walk over it: the
 * caller writes the object's header before it releases the lock, and zeroes the rest, which may wait until then. */
uintptr_t pfi_context_take_gap_locked(struct pfi_share *share, size_t size) PINFOLD_NEEDS(share->small_lock);

/* Gives the rest of the context back, formatted; the context is empty afterwards. */
void pfi_context_close(struct pfi_share *share, struct pf_thread *thread);

/* Bytes that the context owns and has not handed out; 0 for no thread. */
size_t pfi_context_rest(const struct pf_thread *thread);

static inline bool pfi_context_is_closed(const struct pf_thread *thread) {
    return thread->alloc_limit == NULL;
}

#endif
