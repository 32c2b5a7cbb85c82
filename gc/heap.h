/* SPDX-License-Identifier: MIT
 *
 * A heap: everything there is of one. Nothing outside it is mutable, so that heaps share nothing.
 */
#ifndef PINFOLD_GC_HEAP_H
#define PINFOLD_GC_HEAP_H

#include "alloc/share.h"
#include "gc/observe/event.h"
#include "gc/observe/history.h"
#include "gc/policy/budget.h"
#include "gc/root/roots.h"
#include "gc/state/mark_stack.h"
#include "gc/state/pin_queue.h"
#include "gc/state/plug_list.h"

struct pf_heap {
    struct pf_options options; /* in force, derived values included */
    struct pfi_arena arena;
    struct pfi_share share; /* the one heap share; several would be an array of these */
    struct pfi_roots roots;
    struct pfi_tags tags;
    struct pfi_mark_stack mark_stack;
    struct pfi_pin_queue pin_queue;
    struct pfi_plug_list plug_list;
    struct pfi_budget_rule budget_rules[PINFOLD_GENERATIONS];
    struct pfi_events events;
    struct pfi_history history;
    pf_out_of_memory_handler *out_of_memory;
    void *out_of_memory_data;
    size_t pins_budget;     /* generation 0's budget where the pins left in it determine it; else 0 */
    size_t live_after_full; /* exact live bytes at the end of the last full collection */
    bool last_full_was_futile;
    bool reuse_was_futile; /* the last full collection that was to reuse a segment found none */
    bool wants_reuse;      /* a fresh segment was not taken because generation 2 has free space enough for one */
    unsigned since_full;
    unsigned memory_load; /* percent; as of memory_load_time_ns */
    uint64_t memory_load_time_ns;
    bool is_collecting;
};

/* Room in the pin queue for `more` pinned objects than now. false: no memory, nothing has changed. */
bool pfi_heap_reserve_pins(struct pf_heap *heap, size_t more);

/* Room behind generation 0 below which the ephemeral segment counts as low. */
size_t pfi_heap_room_needed(const struct pf_heap *heap);

/* Room that a compaction must leave there for a next budget of `budget` bytes; with less, the young generations move to
 * another segment. More than the above, so that a segment that was left alone is not low again at once. */
size_t pfi_heap_room_wanted(const struct pf_heap *heap, size_t budget);

/* The machine's memory load, percent, as of at most a tenth of a second ago. */
unsigned pfi_heap_memory_load(struct pf_heap *heap);

/* Gives a segment back, and says so. */
void pfi_heap_release_segment(struct pf_heap *heap, struct pfi_segment *segment);

/* Gives memory that the next budgets do not need back to the system; bounded by the option decommit_step_size. */
void pfi_heap_give_back(struct pf_heap *heap);

#endif
