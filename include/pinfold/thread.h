/* SPDX-License-Identifier: MIT
 *
 * An attached thread: the state that the inline allocation and barrier need. The first fields are part of the binary
 * interface, so that a JIT may use their offsets.
 */
#ifndef PINFOLD_THREAD_H
#define PINFOLD_THREAD_H

#include <stddef.h>
#include <stdint.h>

#include "pinfold/heap.h"
#include "pinfold/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pf_frame;

struct pf_thread {
    char *alloc_ptr;     /* next free byte of the allocation context; memory up to alloc_limit is zero */
    char *alloc_limit;   /* one smallest object below the end of what the context owns */
    uintptr_t young_low; /* generations 1 and 0 lie in [young_low, young_low + young_size) */
    uintptr_t young_size;
    uintptr_t cards; /* the card byte of address a is at cards + (a >> PINFOLD_CARD_SHIFT) */
    struct pf_frame *frames;
    struct pf_heap *heap;
};

/* Attaches the calling thread. Until detached it may touch objects and is *managed*: collections happen only inside
 * its own calls that are marked as safepoints. THREAD_LIMIT, OUT_OF_MEMORY. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_thread_attach(struct pf_heap *heap, struct pf_thread **thread);

/* Ends the attachment. The thread's frames must be popped. */
PINFOLD_API void pf_thread_detach(struct pf_thread *thread);

/* Why a pf_try_alloc... of this thread has just returned NULL: OUT_OF_MEMORY or BAD_LENGTH. Says nothing after a call
 * that succeeded. */
PINFOLD_API enum pf_status pf_thread_status(const struct pf_thread *thread);

#ifdef __cplusplus
}
#endif
#endif
