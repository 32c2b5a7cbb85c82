/* SPDX-License-Identifier: MIT
 *
 * Decide: compact or sweep, and whether the ephemeral segment must be left. Pure functions of numbers, each answer with
 * a named reason.
 */
#ifndef PINFOLD_GC_POLICY_DECIDE_H
#define PINFOLD_GC_POLICY_DECIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "pinfold/heap.h"
#include "pinfold/stats.h"

struct pfi_decide_input {
    int condemned;
    enum pf_collect_mode mode;
    bool stress_compact;
    bool stress_sweep;
    bool stress_expand;
    bool is_last_chance;
    bool is_probe;        /* what has died is to be given back: holes are worth less than otherwise */
    bool must_not_move;   /* there is no room to plan around pins */
    size_t room_if_swept; /* behind generation 0 on the ephemeral segment, if survivors stay in place */
    size_t room_needed;   /* what the next budget wants there */
    size_t gaps;          /* dead bytes that a sweep would leave between the survivors */
    size_t survived;
    size_t moved;          /* survivors that compaction would move */
    size_t pinned;         /* survivors that it cannot move */
    size_t youngest_holes; /* free bytes between pins that compaction would give back to generation 0 */
    unsigned memory_load;
    size_t hard_limit; /* of the small objects, or of the whole heap; SIZE_MAX: none */
    size_t large_free; /* committed for large objects, and free */
};

enum pf_decision pfi_decide(const struct pfi_decide_input *input);

static inline bool pfi_decision_compacts(enum pf_decision decision) {
    return decision >= PINFOLD_DECISION_COMPACT_REQUESTED;
}

/* A full collection that compacts moves large objects as well where a hard limit is near and what is free between them
 * is an eighth of it: the CLR's figures. */
bool pfi_decide_compacts_large(const struct pfi_decide_input *input);

/* A collection of generation 1 or 2 that compacts leaves a segment whose rest does not hold the next budget. */
bool pfi_decide_expands(int condemned, bool stress_expand, size_t room_if_compacted, size_t room_needed);

/* Instead of taking a fresh segment now, a collection of generation 1 leaves it to a full one to reuse one of
 * generation 2, when enough is free there and the last full collection was worth its time. */
bool pfi_decide_waits_for_reuse(int condemned, size_t gen2_free, size_t segment_size, bool last_full_was_futile);

/* What generation 0 can use of the ephemeral segment after compaction: the end, and the holes between pins that were
 * left young; nothing unless one of them takes a largest small object. */
size_t pfi_decide_room(size_t end_room, size_t holes, size_t largest_hole, size_t largest_object);

#endif
