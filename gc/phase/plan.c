/* SPDX-License-Identifier: MIT */
#include "gc/phase/plan.h"

#include "alloc/object.h"
#include "alloc/platform/check.h"

void pfi_plan_open(struct pfi_move_plan *plan, struct pfi_share *share, struct pfi_pin_queue *queue, int condemned) {
    const struct pfi_arena *arena = share->arena;
    *plan = (struct pfi_move_plan){.share = share, .condemned = condemned, .queue = queue};
    plan->condemned_low = condemned == 2 ? arena->base : pfi_share_start(share, condemned);
    plan->condemned_size = (condemned == 2 ? arena->end : share->ephemeral->end) - plan->condemned_low;
    plan->new_ephemeral = share->ephemeral;
    plan->new_start[0] = share->start[0];
    plan->new_start[1] = share->start[1];
    pfi_pin_queue_clear(queue);
}

/* Where the next plug goes by sliding: [ptr, end) of a segment in the chain, never behind the plug itself. */
struct slide {
    struct pfi_segment *segment;
    uintptr_t ptr;
};

/* Where generation 1's survivors may go instead: the ends of generation 2's segments, filled front to back. */
struct planner {
    struct pfi_move_plan *plan;
    struct slide slide;
    struct pfi_segment *end_segment;
    struct pfi_plug_tree tree;
    bool fits_old;
};

static void leave_segment(struct planner *planner) {
    planner->slide.segment->plan_allocated = planner->slide.ptr;
    planner->slide.segment = planner->slide.segment->next;
    planner->slide.ptr = planner->slide.segment->first;
}

/* A failed commit is no more than a segment without room. */
static bool has_room(const struct planner *planner, struct pfi_segment *segment, uintptr_t end) {
    return end <= segment->end && pfi_segment_commit(planner->plan->share->arena, segment, end);
}

static uintptr_t place_by_sliding(struct planner *planner, const struct pfi_segment *source, size_t size) {
    while (planner->slide.segment != source && !has_room(planner, planner->slide.segment, planner->slide.ptr + size)) {
        leave_segment(planner);
    }
    uintptr_t place = planner->slide.ptr;
    planner->slide.ptr += size;
    return place;
}

static uintptr_t place_at_segment_end(struct planner *planner, size_t size) {
    const struct pfi_segment *ephemeral = planner->plan->share->ephemeral;
    for (; planner->end_segment != ephemeral; planner->end_segment = planner->end_segment->next) {
        uintptr_t place = planner->end_segment->plan_allocated;
        if (has_room(planner, planner->end_segment, place + size)) {
            planner->end_segment->plan_allocated = place + size;
            return place;
        }
    }
    return 0;
}

static uintptr_t place_plug(struct planner *planner, const struct pfi_condemned_range *range, size_t size) {
    if (planner->fits_old && range->generation == 1) {
        uintptr_t place = pfi_fit_cursor_take(&planner->plan->cursor, size);
        if (place == 0) {
            place = place_at_segment_end(planner, size);
        }
        if (place != 0) {
            return place;
        }
    }
    return place_by_sliding(planner, range->segment, size);
}

/* Generation 0's survivors stay on the ephemeral segment: their generation starts where the slide stands there. */
static void enter_generation_0(struct planner *planner) {
    struct pfi_move_plan *plan = planner->plan;
    while (planner->slide.segment != plan->share->ephemeral) {
        leave_segment(planner);
    }
    if (plan->condemned != 0) {
        plan->new_start[1] = planner->slide.ptr;
    }
}

/* A record needs 16 dead bytes before the plug; the very first plug of a segment has the segment's own gap. */
static struct pfi_plug_record *make_record(struct pfi_move_plan *plan, const struct pfi_segment *segment,
                                           uintptr_t start, uintptr_t gap_start) {
    bool has_gap = start > gap_start || start == segment->first;
    struct pfi_plug_record *record = has_gap ? pfi_plug_record_before(start) : &pfi_pin_queue_add(plan->queue, start)->record;
    record->word = 0;
    record->gap = start - gap_start;
    return record;
}

static void plan_plug(struct planner *planner, const struct pfi_condemned_range *range, struct pfi_plug *plug) {
    struct pfi_move_plan *plan = planner->plan;
    size_t size = plug->end - plug->start;
    uintptr_t place = place_plug(planner, range, size);
    pfi_move_plan_place(plan, plug, place);
    pfi_plug_tree_insert(&planner->tree, plan->share->arena->plug_roots, plan->queue, plug);
    plan->survived[range->generation] += size;
    plan->gaps += plug->record->gap;
    plan->moved += place == plug->start ? 0 : size;
}

/* Returns the end of the last plug, where the gap that reaches into the next range begins. */
static uintptr_t plan_range(struct planner *planner, const struct pfi_condemned_range *range, uintptr_t gap_start) {
    const struct pfi_arena *arena = planner->plan->share->arena;
    uintptr_t start = pfi_next_live(arena, range->start, range->end);
    while (start < range->end) {
        struct pfi_plug plug = {start, pfi_next_dead(arena, start, range->end), NULL};
        plug.record = make_record(planner->plan, range->segment, start, gap_start);
        plan_plug(planner, range, &plug);
        gap_start = plug.end;
        start = pfi_next_live(arena, gap_start, range->end);
    }
    return gap_start;
}

static void open_planner(struct planner *planner, struct pfi_move_plan *plan) {
    struct pfi_share *share = plan->share;
    *planner = (struct planner){.plan = plan, .fits_old = plan->condemned == 1};
    pfi_fit_cursor_open(&plan->cursor, &share->generations[2].free_list);
    for (struct pfi_segment *segment = share->segments; segment != NULL; segment = segment->next) {
        segment->plan_allocated = plan->condemned == 2 ? segment->first : segment->allocated;
    }
    planner->end_segment = share->segments;
    planner->slide.segment = plan->condemned == 2 ? share->segments : share->ephemeral;
    planner->slide.ptr = plan->condemned == 2 ? share->segments->first : pfi_share_start(share, plan->condemned);
}

void pfi_plan(struct pfi_move_plan *plan) {
    const struct pfi_share *share = plan->share;
    struct planner planner;
    struct pfi_condemned_range range;
    open_planner(&planner, plan);
    pfi_condemned_range_first(share, plan->condemned, &range);
    const struct pfi_segment *segment = NULL;
    uintptr_t gap_start = 0;
    do {
        if (range.segment != segment) {
            segment = range.segment;
            gap_start = range.start;
        }
        if (range.generation == 0) {
            enter_generation_0(&planner);
        }
        gap_start = plan_range(&planner, &range, gap_start);
    } while (pfi_condemned_range_next(share, &range));
    share->ephemeral->plan_allocated = planner.slide.ptr;
    plan->new_start[0] = planner.slide.ptr;
    plan->swept_end = gap_start;
}
