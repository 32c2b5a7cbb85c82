/* SPDX-License-Identifier: MIT
 *
 * One allocation on its way: what is asked for, and a try to serve it from what is there. Nothing here collects.
 * Owner: the thread that allocates, on its stack.
 */
#ifndef PINFOLD_GC_API_ALLOCATION_H
#define PINFOLD_GC_API_ALLOCATION_H

#include "gc/heap.h"
#include "gc/world/mutator.h"

struct pfi_allocation {
    struct pf_heap *heap;
    struct pfi_mutator *mutator;
    const struct pf_type *type;
    size_t size;
    size_t length;
    size_t alignment;                /* 0: an ordinary object; of what pfi_pinned_request tells otherwise */
    struct pfi_finalizer *finalizer; /* for an object that is registered as it is born: a node, until it is used */
    uintptr_t object;
    uintptr_t caller; /* where the program goes on */
};

static inline bool pfi_allocation_is_pinned(const struct pfi_allocation *allocation) {
    return allocation->alignment != 0;
}

/* Not in generation 0, whose collections and those of generation 1 cannot make room for it. */
static inline bool pfi_allocation_is_born_old(const struct pfi_allocation *allocation) {
    return pfi_allocation_is_pinned(allocation) || allocation->size >= allocation->heap->options.large_threshold;
}

static inline enum pf_segment_kind pfi_allocation_kind(const struct pfi_allocation *allocation) {
    return pfi_allocation_is_pinned(allocation)     ? PINFOLD_SEGMENT_PINNED
           : pfi_allocation_is_born_old(allocation) ? PINFOLD_SEGMENT_LARGE
                                                    : PINFOLD_SEGMENT_SMALL;
}

/* Where what is aligned lies in an object of this type. */
static inline size_t pfi_aligned_offset(const struct pf_type *type) {
    return type->element_size == 0 ? 0 : type->base_size;
}

/* Finds room, makes the object and registers it. The thread is managed, or has stopped the world. */
enum pfi_exhausted pfi_allocation_fit(struct pfi_allocation *allocation);

/* Gives back what the allocation holds: it has failed. */
void pfi_allocation_give_up(struct pfi_allocation *allocation);

#endif
