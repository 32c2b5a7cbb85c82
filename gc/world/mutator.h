/* SPDX-License-Identifier: MIT
 *
 * An attached thread as the library sees it: the public part, which inline code uses, and the rest.
 */
#ifndef PINFOLD_GC_WORLD_MUTATOR_H
#define PINFOLD_GC_WORLD_MUTATOR_H

#include "alloc/platform/stack.h"
#include "alloc/platform/thread.h"
#include "alloc/sampler.h"
#include "alloc/share.h"
#include "gc/state/handle_cache.h"
#include "pinfold/oom.h"
#include "pinfold/thread.h"

struct pfi_mutator {
    struct pf_thread thread;      /* first: a pf_thread * is a pfi_mutator * */
    enum pf_status status;        /* of the last try form */
    struct pf_oom_record failure; /* its last one; number 0: none */
    uint64_t allocations;         /* slow ones; every one under collect-at-every-n-th-allocation */
    size_t most_frame_pins; /* slots that the pinning frames of one chain have had at most: room is kept for them */
    struct pfi_sampler sampler;
    struct pfi_thread_local local; /* owner: the heap */
    char name[16];
    struct pfi_handle_cache handles;
};

static inline struct pfi_mutator *pfi_mutator_of(struct pf_thread *thread) {
    return (struct pfi_mutator *)thread;
}

/* The calling thread's mutator of this heap; NULL when it is not attached. */
struct pfi_mutator *pfi_mutator_current(const struct pf_heap *heap);

/* The same, but NULL as well when the thread is native. */
struct pf_thread *pfi_mutator_managed(const struct pf_heap *heap);

/* The thread, which is the calling one, stops in the function that `caller` has called: what a search of its stack
 * begins with. Nothing where stacks are not searched. */
static inline void pfi_mutator_note_stop(struct pf_thread *thread, struct pfi_caller caller) {
    if (thread->stack != NULL) {
        pfi_stack_note(thread->stack, caller);
    }
}

/* Tells the inline code where the young generations lie. With the world stopped. */
void pfi_mutator_publish_young(struct pf_thread *thread, const struct pfi_share *share);

#endif
