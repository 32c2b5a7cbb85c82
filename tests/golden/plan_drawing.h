/* SPDX-License-Identifier: MIT
 *
 * Drawings of plans: every plug in address order with the gap before it and where it goes, then sums. Numbers are cells
 * (drawing.h).
 *
 *     AAB gap 2, by -2            the plug of A and B lies behind two dead cells and slides down by two
 *     C! gap 0, stays             its record lies in the pin queue
 *     D gap 1, to 0@17            to another segment: number 0 of the chain, cell 17
 *     [E][F] gap 3, hole 1        a pinned plug; sliding leaves one free cell before it
 *     moved 3, gaps 3
 *
 * Plugs are found here by looking at one mark and pin bit after the other, not by the walk that the collector uses.
 */
#ifndef TESTS_GOLDEN_PLAN_DRAWING_H
#define TESTS_GOLDEN_PLAN_DRAWING_H

#include "gc/phase/age.h"
#include "gc/phase/large.h"
#include "gc/phase/plan.h"
#include "gc/phase/sweep.h"
#include "tests/golden/drawing_check.h"
#include "tests/support/mark_all.h"

static inline bool granule_is_live(const struct pfi_move_plan *plan, uintptr_t address) {
    return pfi_bits_test(plan->share->arena->mark_words, address >> PINFOLD_GRANULE_SHIFT);
}

static inline bool granule_is_pinned(const struct pfi_move_plan *plan, uintptr_t address) {
    return pfi_bits_test(plan->share->arena->pin_words, address >> PINFOLD_GRANULE_SHIFT);
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
static inline uintptr_t show_plug_objects(struct text *text, const struct pfi_move_plan *plan, uintptr_t start,
                                          uintptr_t limit) {
    bool is_pinned = granule_is_pinned(plan, start);
    uintptr_t object = start;
    while (object < limit && granule_is_live(plan, object) && granule_is_pinned(plan, object) == is_pinned) {
        text_add(text, "%s", is_pinned ? "[" : "");
        show_run(text, 0, pfi_object_type(object)->name[0], pfi_object_size(object));
        text_add(text, "%s", is_pinned ? "]" : "");
        object += pfi_object_size(object);
    }
    return object;
}

static inline uintptr_t show_plug(struct text *text, const struct pfi_move_plan *plan, uintptr_t start,
                                  uintptr_t limit) {
    const struct pfi_pin_entry *entry = pfi_move_plan_entry(plan, start);
    uintptr_t end = show_plug_objects(text, plan, start, limit);
    if (granule_is_pinned(plan, start)) {
        ck_assert_msg(entry != NULL && entry->end == end && entry->record.distance == 0,
                      "the pinned plug at %#zx has no entry of its own, or moves", (size_t)start);
        text_add(text, " gap %zu, hole %zu\n", (size_t)entry->record.gap / CELL, entry->hole / CELL);
        return end;
    }
    ck_assert_msg(entry == NULL || entry->end == 0, "the queue holds a pin that is none");
    const struct pfi_plug_record *record = entry != NULL ? &entry->record : pfi_plug_record_before(start);
    text_add(text, "%s gap %zu", entry != NULL ? "!" : "", (size_t)record->gap / CELL);
    show_place(text, plan, start, start + (uintptr_t)record->distance);
    return end;
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
    pfi_plan_open(plan, &heap->share, &heap->pin_queue, &heap->plug_list, condemned);
    mark_all(heap, plan);
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
