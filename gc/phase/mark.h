/* SPDX-License-Identifier: MIT
 *
 * Mark: finds what is live among the condemned. Input: roots and dirty cards. Output: mark bits.
 *
 * Every granule of a live small object gets a bit (a large object only its first): then a plug is a run of ones, and
 * plan reads the bitmap alone and never touches live objects.
 *
 * One worker begins alone and does it all if it is little; else others come to help (mark_together.h). The steps are
 * for worker 0, the thread that collects; bits and counts do not depend on who did what.
 *
 *     slot -> FIFO of prefetched addresses -> mark bit set? size, bits -> has references? push -> mark stack -> slots
 */
#ifndef PINFOLD_GC_PHASE_MARK_H
#define PINFOLD_GC_PHASE_MARK_H

#include "gc/root/roots.h"
#include "gc/state/mark_team.h"
#include "gc/state/move_plan.h"
#include "gc/world/worker.h"

enum { PINFOLD_MARK_FIFO = 16 /* addresses whose memory is on its way; a power of two */ };

struct pfi_mark_draft;

struct pfi_marker {
    uintptr_t condemned_low;
    uintptr_t condemned_size;
    struct pfi_tags tags;
    uint64_t *mark_words;
    uint64_t *pin_words;
    struct pfi_mark_stack *stack; /* the worker's own */
    struct pfi_mark_team *team;
    struct pfi_workers *workers;
    size_t patience;               /* entries that are followed alone, in each drain, before others are called */
    unsigned took_part;            /* workers */
    struct pfi_mark_draft *drafts; /* the worker's own; NULL while it marks alone */
    size_t large_threshold;
    uintptr_t young_low; /* generations 1 and 0 */
    uintptr_t young_size;
    uint8_t *cards;
    struct pfi_key_index *watched; /* is told of every object that is marked; NULL: nobody asks */
    const struct pfi_share *share;
    int condemned;
    size_t pinned_objects;
    size_t pinned_holders;
    size_t pinned_bytes;
    unsigned fifo_next;
    uintptr_t fifo[PINFOLD_MARK_FIFO];
};

/* Entry: world stopped, contexts closed, no mark bits in the condemned ranges, stacks empty. */
void pfi_mark_open(struct pfi_marker *marker, const struct pfi_move_plan *plan, struct pfi_mark_team *team,
                   struct pfi_workers *workers, struct pfi_tags tags);

/* Roots, pins, and the dirty cards of older objects, which are cleaned as far as they can be. */
void pfi_mark_roots(struct pfi_marker *marker, struct pfi_roots *roots);

/* More slots to follow: of what turned out to be alive. */
void pfi_mark_slots(struct pfi_marker *marker, uintptr_t slots, size_t count);

/* Follows everything that is still to be followed, with the other workers if it is much: mark bits are complete for
 * what was visited so far, and nobody else is marking any more. */
void pfi_mark_drain(struct pfi_marker *marker);

/* Whether the slot's value is no reference to a condemned object, or to one that is marked. Right after a drain. */
static inline bool pfi_mark_is_live(const struct pfi_marker *marker, uintptr_t value) {
    uintptr_t object = value & ~marker->tags.mask;
    return object - marker->condemned_low >= marker->condemned_size || !pfi_tags_is_reference(marker->tags, value) ||
           pfi_bits_test(marker->mark_words, object >> PINFOLD_GRANULE_SHIFT);
}

/* Hands the counts of pins and workers to the plan. The stack is empty. */
void pfi_mark_close(const struct pfi_marker *marker, struct pfi_move_plan *plan);

#endif
