/* SPDX-License-Identifier: MIT
 *
 * Drawings of plans: every plug in address order with the gap before it and where it goes, then
 * sums. Numbers are cells (drawing.h).
 *
 *     AAB gap 2, by -2            the plug of A and B lies behind two dead cells and slides down by two
 *     C! gap 0, stays             its record lies in the pin queue
 *     D gap 1, to 0@17            to another segment: number 0 of the chain, cell 17
 *     moved 3, gaps 3
 *
 * Plugs are found here by looking at one mark bit after the
 * other, not by the walk that the collector uses.
 */
#ifndef TESTS_GOLDEN_PLAN_DRAWING_H
#define TESTS_GOLDEN_PLAN_DRAWING_H

#include "gc/phase/age.h"
#include "gc/phase/large.h"
#include "gc/phase/mark.h"
#include "gc/phase/plan.h"
#include "gc/phase/sweep.h"
#include "tests/golden/drawing.h"

static inline bool granule_is_live(const struct pfi_move_plan *plan, uintptr_t address) {
    return pfi_bits_test(plan->share->arena->mark_words, address >> PINFOLD_GRANULE_SHIFT);
}

static inline const struct pfi_plug_record *record_of_plug(const struct pfi_move_plan *plan, uintptr_t start,
                                                           bool *is_queued) {
    const struct pfi_pin_entry *queued = pfi_pin_queue_find(plan->queue, 0, plan->queue->count, start);
    *is_queued = queued != NULL;
    return queued != NULL ? &queued->record : pfi_plug_record_before(start);
}

static inline void show_place(struct text *text, const struct pfi_move_plan *plan, uintptr_t start, uintptr_t place) {
    const struct pfi_segment *from = pfi_arena_segment_of(plan->share->arena, start);
    const struct pfi_segment *to = pfi_arena_segment_of(plan->share->arena, place);
    if (from != to) {
        text_add(text, ", to %zu@%zu\n", segment_number(plan->share, to), cell_number(to, place));
    } else if (start == place) {
        text_add(text, ", stays\n");
    } else {
        text_add(text, ", by %td\n", ((intptr_t)place - (intptr_t)start) / CELL);
    }
}

/* Returns the end of the plug that starts at `start`. */
static inline uintptr_t show_plug(struct text *text, const struct pfi_move_plan *plan, uintptr_t start,
                                  uintptr_t limit) {
    bool is_queued;
    const struct pfi_plug_record *record = record_of_plug(plan, start, &is_queued);
    uintptr_t object = start;
    while (object < limit && granule_is_live(plan, object)) {
        show_run(text, 0, pfi_object_type(object)->name[0], pfi_object_size(object));
        object += pfi_object_size(object);
    }
    text_add(text, "%s gap %zu", is_queued ? "!" : "", (size_t)record->gap / CELL);
    show_place(text, plan, start, start + (uintptr_t)record->distance);
    return object;
}

static inline void show_plugs(struct text *text, const struct pfi_move_plan *plan) {
    struct pfi_condemned_range range;
    pfi_condemned_range_first(plan->share, plan->condemned, &range);
    do {
        for (uintptr_t granule = range.start; granule < range.end;) {
            granule =
                granule_is_live(plan, granule) ? show_plug(text, plan, granule, range.end) : granule + PINFOLD_GRANULE;
        }
    } while (pfi_condemned_range_next(plan->share, &range));
}

static inline void plan_show(const struct pfi_move_plan *plan, struct text *text) {
    text->length = 0;
    show_plugs(text, plan);
    text_add(text, "moved %zu, gaps %zu", plan->moved / CELL, plan->gaps / CELL);
}

/* Marks and plans a collection, as the script of a collection does. */
static inline void drawing_plan(struct drawing *drawing, int condemned, struct pfi_move_plan *plan) {
    struct pf_heap *heap = drawing->fixture.heap;
    pfi_plan_open(plan, &heap->share, &heap->pin_queue, condemned);
    pfi_mark(plan, &heap->roots, &heap->mark_stack, heap->tags);
    pfi_plan(plan);
}

/* Ends a planned collection as a sweep. */
static inline void drawing_sweep(struct drawing *drawing, const struct pfi_move_plan *plan) {
    struct pf_heap *heap = drawing->fixture.heap;
    struct pfi_segment *emptied = NULL;
    pfi_sweep(plan, &emptied);
    if (plan->condemned == 2) {
        pfi_sweep_large(&heap->share, &emptied);
    }
    while (emptied != NULL) {
        struct pfi_segment *next = emptied->next;
        pfi_heap_release_segment(heap, emptied);
        emptied = next;
    }
    pfi_age_handles(&heap->roots.handles, &heap->share, plan->condemned, heap->tags);
    pfi_mutator_publish_young(drawing->fixture.thread, &heap->share);
}

#endif
