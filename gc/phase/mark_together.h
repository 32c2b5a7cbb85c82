/* SPDX-License-Identifier: MIT
 *
 * Marking by several workers at once, each from its own stack (gc/state/mark_queue.h is what lies between them).
 */
#ifndef PINFOLD_GC_PHASE_MARK_TOGETHER_H
#define PINFOLD_GC_PHASE_MARK_TOGETHER_H

#include "gc/phase/mark_trace.h"

/* What the workers of one round have in common, and worker 0's drafts. */
struct pfi_mark_round {
    struct pfi_marker origin; /* the marker as it was before anybody was called */
    struct pfi_mark_draft drafts[PINFOLD_MARK_DRAFTS];
};

/* Calls the heap's other workers: from now on the marker's worker is one among several, and gives from its stack. */
void pfi_mark_begin_together(struct pfi_marker *marker, struct pfi_mark_round *round);

static inline bool pfi_mark_is_together(const struct pfi_marker *marker) {
    return marker->drafts != NULL;
}

/* Gives others of the stack if they wait. */
static inline void pfi_mark_share(struct pfi_marker *marker) {
    struct pfi_mark_queue *queue = &marker->team->queue;
    if (PINFOLD_UNLIKELY(pfi_mark_queue_is_wanting(queue)) && marker->stack->top - marker->stack->bottom >= 2) {
        pfi_mark_queue_give(queue, marker->stack);
    }
}

/* Follows everything that is still to be followed, and lets the others go. What found no room on one of their stacks is
 * overflow of the marker's. */
void pfi_mark_end_together(struct pfi_marker *marker);

#endif
