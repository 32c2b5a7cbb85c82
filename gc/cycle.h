/* SPDX-License-Identifier: MIT
 *
 * One collection, from the request to its record.
 */
#ifndef PINFOLD_GC_CYCLE_H
#define PINFOLD_GC_CYCLE_H

#include "gc/heap.h"
#include "gc/state/move_plan.h"

struct pfi_request {
    int generation;
    enum pf_reason reason;
    enum pf_collect_mode mode;
    size_t room; /* bytes without a pin that a compaction is to leave behind generation 0; 0: what the budget needs */
};

struct pfi_cycle {
    struct pf_heap *heap;
    struct pfi_request request;
    struct pf_collection record;
    struct pfi_move_plan plan;
    struct pfi_segment *emptied;
    size_t size_before[PINFOLD_GENERATIONS];
    int64_t budget_left_before[PINFOLD_GENERATIONS];
    size_t old_before; /* objects of generation 2, large ones and those born pinned */
    uint64_t phase_started_ns;
    bool compacts;
    bool is_settled; /* the small objects are in their final places, and the plan means nothing any more */
    bool compacts_large;
};

/* Takes what native threads could change, and chooses the generation. With the world stopped. */
void pfi_cycle_open(struct pfi_cycle *cycle, struct pf_heap *heap, const struct pfi_request *request);

/* Compact or sweep; the reason goes into the record. */
void pfi_cycle_decide(struct pfi_cycle *cycle);
/* Whether pins that nothing slides past stay young (phase/plan.h). */
bool pfi_cycle_keeps_pins_young(const struct pfi_cycle *cycle);
/* Whether the compaction must move the young generations to another segment, now: a collection of generation 1 may
 * leave that to a full one, which is then wished for. */
bool pfi_cycle_expands(struct pfi_cycle *cycle);
/* What generation 0 needs on a new segment. */
size_t pfi_cycle_room_needed(const struct pfi_cycle *cycle);

/* New budgets, released segments, the young range for barriers; then the world may go on. */
void pfi_cycle_close(struct pfi_cycle *cycle);

void pfi_cycle_begin_phase(struct pfi_cycle *cycle, enum pf_phase phase);
void pfi_cycle_end_phase(struct pfi_cycle *cycle, enum pf_phase phase);

/* Checks the heap when the options ask for it; what is wrong is fatal. */
void pfi_cycle_verify(const struct pfi_cycle *cycle, const char *when);

#endif
