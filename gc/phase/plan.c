/* SPDX-License-Identifier: MIT */
#include "gc/phase/plan.h"

#include "alloc/object.h"
#include "alloc/platform/check.h"

enum {
    LARGEST_DEMOTED = 6 << 20, /* a pinned plug beyond this is not left in generation 0 */
    DENSE_SHARE = 16,          /* pins with fewer free bytes between them than this part are not worth keeping young */
};

void pfi_plan_open(struct pfi_move_plan *plan, struct pfi_share *share, struct pfi_pin_queue *queue,
                   struct pfi_plug_list *list, int condemned) {
    const struct pfi_arena *arena = share->arena;
    *plan = (struct pfi_move_plan){.share = share, .condemned = condemned, .queue = queue, .list = list};
    plan->condemned_low = condemned == 2 ? arena->base : pfi_share_start(share, condemned);
    plan->condemned_size = (condemned == 2 ? arena->end : share->ephemeral->end) - plan->condemned_low;
    plan->demotes = share->options->demotion != 0;
    plan->new_ephemeral = share->ephemeral;
    plan->new_start[0] = share->start[0];
    plan->new_start[1] = share->start[1];
    pfi_pin_queue_clear(queue);
    pfi_plug_list_clear(list);
}

/* Where the next plug goes by sliding: from ptr up to the oldest pin that no plug has passed yet, or to the segment's
 * end; never behind the plug itself. */
struct slide {
    struct pfi_segment *segment;
    uintptr_t ptr;
    size_t pin; /* no pinned plug before this entry of the queue is unpassed */
};

/* Where generation 1's survivors may go instead: the ends of generation 2's segments, filled front to back. */
struct planner {
    struct pfi_move_plan *plan;
    struct slide slide;
    struct pfi_segment *end_segment;
    bool fits_old;
    bool has_huge_pin; /* a pinned plug that is not left in generation 0 */
};

/* The oldest pin on the slide's segment that no plug has passed; NULL when there is none. */
static inline struct pfi_pin_entry *next_pin(struct planner *planner) {
    const struct pfi_pin_queue *queue = planner->plan->queue;
    struct slide *slide = &planner->slide;
    while (slide->pin < queue->count && queue->entries[slide->pin].end == 0) {
        ++slide->pin;
    }
    if (slide->pin == queue->count) {
        return NULL;
    }
    struct pfi_pin_entry *entry = &queue->entries[slide->pin];
    return entry->plug - slide->segment->base < slide->segment->end - slide->segment->base ? entry : NULL;
}

static void pass_pin(struct planner *planner, struct pfi_pin_entry *entry) {
    entry->hole = entry->plug - planner->slide.ptr;
    planner->slide.ptr = entry->end;
    ++planner->slide.pin;
}

static void pass_all_pins(struct planner *planner) {
    for (struct pfi_pin_entry *entry = next_pin(planner); entry != NULL; entry = next_pin(planner)) {
        pass_pin(planner, entry);
    }
}

static void leave_segment(struct planner *planner) {
    planner->slide.segment->plan_tail = planner->slide.ptr;
    pass_all_pins(planner);
    planner->slide.segment->plan_allocated = planner->slide.ptr;
    planner->slide.segment = planner->slide.segment->next;
    planner->slide.ptr = planner->slide.segment->first;
}

/* A failed commit is no more than a segment without room. */
static bool has_room(const struct planner *planner, struct pfi_segment *segment, uintptr_t end) {
    return end <= segment->end && pfi_segment_commit(planner->plan->share->arena, segment, end);
}

static uintptr_t place_by_sliding(struct planner *planner, const struct pfi_segment *source, size_t size) {
    struct slide *slide = &planner->slide;
    for (;;) {
        struct pfi_pin_entry *entry = next_pin(planner);
        if (entry != NULL) {
            if (pfi_leaves_no_splinter(entry->plug - slide->ptr, size)) {
                break;
            }
            pass_pin(planner, entry);
        } else if (slide->segment == source || has_room(planner, slide->segment, slide->ptr + size)) {
            break;
        } else {
            leave_segment(planner);
        }
    }
    uintptr_t place = slide->ptr;
    slide->ptr += size;
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

/* Pins that lie side by side hold no space back, so they may grow old; the slide passes them as long as the holes
 * before them, taken together, are a small part. Whatever else has not been passed stays young. The search ends where
 * the holes are too many for all that follows. */
static void pass_dense_pins(struct planner *planner) {
    const struct pfi_pin_queue *queue = planner->plan->queue;
    const struct pfi_pin_entry *last = queue->entries + queue->count - 1;
    const struct pfi_pin_entry *entry = next_pin(planner);
    if (entry == NULL) {
        return;
    }
    uintptr_t start = planner->slide.ptr;
    uintptr_t end = start;
    uintptr_t dense_end = start;
    size_t holes = 0;
    size_t most_holes = (pfi_max(last->plug, last->end) - start) / DENSE_SHARE;
    for (; entry <= last && (holes <= most_holes || planner->has_huge_pin); ++entry) {
        if (entry->end != 0) {
            holes += entry->plug - end;
            end = entry->end;
            bool is_dense = holes <= (end - start) / DENSE_SHARE;
            bool is_huge = entry->end - entry->plug > LARGEST_DEMOTED;
            dense_end = is_dense || is_huge ? end : dense_end;
        }
    }
    while (planner->slide.ptr < dense_end) {
        pass_pin(planner, next_pin(planner));
    }
}

/* Before a generation's start is placed where the slide stands: pins that have not been passed lie behind it and stay
 * young. */
static void pass_pins_that_age(struct planner *planner) {
    if (planner->plan->demotes) {
        pass_dense_pins(planner);
    } else {
        pass_all_pins(planner);
    }
}

/* Generation 0's survivors stay on the ephemeral segment: their generation starts where the slide stands there. */
static void enter_generation_0(struct planner *planner) {
    struct pfi_move_plan *plan = planner->plan;
    while (planner->slide.segment != plan->share->ephemeral) {
        leave_segment(planner);
    }
    if (plan->condemned != 0) {
        pass_pins_that_age(planner);
        plan->new_start[1] = planner->slide.ptr;
    }
}

/* A record needs 16 dead bytes before the plug; the very first plug of a segment has the segment's own gap. */
static struct pfi_plug_record *make_record(struct pfi_move_plan *plan, const struct pfi_segment *segment,
                                           const struct pfi_plug *plug, uintptr_t gap_start) {
    struct pfi_plug_record *record;
    if (plug->is_pinned) {
        struct pfi_pin_entry *entry = pfi_pin_queue_add(plan->queue, plug->start);
        entry->end = plug->end;
        record = &entry->record;
    } else if (plug->start > gap_start || plug->start == segment->first) {
        record = pfi_plug_record_before(plug->start);
    } else {
        record = &pfi_pin_queue_add(plan->queue, plug->start)->record;
    }
    record->gap = plug->start - gap_start;
    return record;
}

static void plan_plug(struct planner *planner, const struct pfi_condemned_range *range, const struct pfi_plug *plug) {
    struct pfi_move_plan *plan = planner->plan;
    size_t size = plug->end - plug->start;
    uintptr_t place = plug->is_pinned ? plug->start : place_plug(planner, range, size);
    pfi_move_plan_place(plan, plug, place);
    if (!plug->is_pinned) {
        pfi_plug_list_add(plan->list, plug->start, plug->end, place);
    }
    plan->survived[range->generation] += size;
    plan->pinned_survived += plug->is_pinned ? size : 0;
    planner->has_huge_pin |= plug->is_pinned && size > LARGEST_DEMOTED;
    plan->gaps += plug->record->gap;
    plan->moved += place == plug->start ? 0 : size;
}

/* The plug that begins at `start`: as long as granules are live and of equal pinnedness. */
static struct pfi_plug find_plug(const struct pfi_move_plan *plan, uintptr_t start, uintptr_t limit) {
    const struct pfi_arena *arena = plan->share->arena;
    struct pfi_plug plug = {start, limit, NULL, false};
    size_t from = start >> PINFOLD_GRANULE_SHIFT;
    if (plan->pinned_objects == 0) {
        plug.end = pfi_next_dead(arena, start, limit);
    } else if (pfi_bits_test(arena->pin_words, from)) {
        plug.is_pinned = true;
        plug.end = pfi_bits_find_zero(arena->pin_words, from, limit >> PINFOLD_GRANULE_SHIFT) << PINFOLD_GRANULE_SHIFT;
    } else {
        size_t end = pfi_next_dead(arena, start, limit) >> PINFOLD_GRANULE_SHIFT;
        plug.end = pfi_bits_find_one(arena->pin_words, from, end) << PINFOLD_GRANULE_SHIFT;
    }
    return plug;
}

/* Returns the end of the last plug, where the gap that reaches into the next range begins. */
static uintptr_t plan_range(struct planner *planner, const struct pfi_condemned_range *range, uintptr_t gap_start) {
    const struct pfi_arena *arena = planner->plan->share->arena;
    uintptr_t start = pfi_next_live(arena, range->start, range->end);
    while (start < range->end) {
        struct pfi_plug plug = find_plug(planner->plan, start, range->end);
        plug.record = make_record(planner->plan, range->segment, &plug, gap_start);
        plan_plug(planner, range, &plug);
        gap_start = plug.end;
        start = pfi_next_live(arena, gap_start, range->end);
    }
    return gap_start;
}

static void open_planner(struct planner *planner, struct pfi_move_plan *plan) {
    struct pfi_share *share = plan->share;
    *planner = (struct planner){.plan = plan, .fits_old = plan->condemned == 1};
    pfi_fit_cursor_open(&plan->cursor, &share->generations[2].free_list, &share->arena->account);
    for (struct pfi_segment *segment = share->segments; segment != NULL; segment = segment->next) {
        segment->plan_allocated = plan->condemned == 2 ? segment->first : segment->allocated;
        segment->first_entry = 0;
        segment->end_entry = 0;
    }
    planner->end_segment = share->segments;
    planner->slide.segment = plan->condemned == 2 ? share->segments : share->ephemeral;
    planner->slide.ptr = plan->condemned == 2 ? share->segments->first : pfi_share_start(share, plan->condemned);
}

/* Generation 0 starts where only pins follow: they and the holes between them belong to it. */
static void close_planner(struct planner *planner) {
    struct pfi_move_plan *plan = planner->plan;
    pass_pins_that_age(planner);
    plan->new_start[0] = planner->slide.ptr;
    plan->share->ephemeral->plan_tail = planner->slide.ptr;
    pass_all_pins(planner);
    plan->share->ephemeral->plan_allocated = planner->slide.ptr;
}

void pfi_plan(struct pfi_move_plan *plan) {
    const struct pfi_share *share = plan->share;
    struct planner planner;
    struct pfi_condemned_range range;
    open_planner(&planner, plan);
    pfi_condemned_range_first(share, plan->condemned, &range);
    struct pfi_segment *segment = NULL;
    uintptr_t gap_start = 0;
    do {
        if (range.segment != segment) {
            segment = range.segment;
            segment->first_entry = plan->queue->count;
            gap_start = range.start;
        }
        if (range.generation == 0) {
            enter_generation_0(&planner);
        }
        gap_start = plan_range(&planner, &range, gap_start);
        segment->end_entry = plan->queue->count;
    } while (pfi_condemned_range_next(share, &range));
    plan->swept_end = gap_start;
    close_planner(&planner);
    pfi_move_plan_sum_pins(plan);
}
