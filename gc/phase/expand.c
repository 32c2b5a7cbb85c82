/* SPDX-License-Identifier: MIT */
#include "gc/phase/expand.h"

#include "alloc/platform/check.h"
#include "gc/state/best_fit.h"

enum { SMALLEST_RUN = 256 /* shorter holes are left to generation 1's free list */ };

/* Walks generation 0's survivors that move. */
static bool next_survivor(struct pfi_plug_walk *walk, struct pfi_plug *plug) {
    while (pfi_plug_walk_next(walk, plug)) {
        if (!plug->is_pinned) {
            return true;
        }
    }
    return false;
}

static size_t survivors_size(const struct pfi_move_plan *plan) {
    struct pfi_plug_walk walk;
    struct pfi_plug plug;
    size_t size = 0;
    pfi_plug_walk_open_at(&walk, plan, 0);
    while (next_survivor(&walk, &plug)) {
        size += plug.end - plug.start;
    }
    return size;
}

/* The next free place for a survivor of this size, wherever that is. */
typedef uintptr_t next_place(void *places, size_t size);

/* Plans generation 0 anew. Pinned plugs are placed where they are once more: on cards that they share with others the
 * slides are written anew, too. */
static void place_survivors(struct pfi_move_plan *plan, next_place *next, void *places) {
    struct pfi_plug_walk walk;
    struct pfi_plug plug;
    plan->list->is_complete = false;
    pfi_plug_walk_open_at(&walk, plan, 0);
    while (pfi_plug_walk_next(&walk, &plug)) {
        size_t size = plug.end - plug.start;
        bool was_to_stay = plug.record->distance == 0;
        uintptr_t place = plug.is_pinned ? plug.start : next(places, size);
        plan->moved += was_to_stay && !plug.is_pinned ? size : 0; /* the others were counted by plan */
        pfi_move_plan_place(plan, &plug, place);
    }
}

/* What stays on the old ephemeral segment, from where generation 1 would have started: pins, and holes between them. */
static void leave_pins_behind(struct pfi_move_plan *plan) {
    struct pfi_segment *segment = plan->share->ephemeral;
    uintptr_t end = plan->new_start[1];
    for (size_t index = segment->first_entry; index < segment->end_entry; ++index) {
        struct pfi_pin_entry *entry = &plan->queue->entries[index];
        if (entry->end != 0 && entry->plug >= end) {
            entry->hole = entry->plug - end;
            end = entry->end;
        }
    }
    segment->plan_allocated = end;
}

static void move_to(struct pfi_move_plan *plan, struct pfi_segment *segment, uintptr_t start1, uintptr_t start0) {
    leave_pins_behind(plan);
    plan->new_ephemeral = segment;
    plan->new_start[1] = start1;
    plan->new_start[0] = start0;
    pfi_move_plan_sum_pins(plan);
}

/* ---- Reuse ------------------------------------------------------------------------------------------------------ */

/* What a segment has to offer. */
struct offer {
    size_t free_bytes;
    size_t largest_left; /* of the runs that the plugs do not need */
};

/* The free runs of a segment behind its unpinned survivors, in address order: as many as the plugs need are offered to
 * them, what follows is left to generation 0. */
static struct offer offer_runs(const struct pfi_move_plan *plan, const struct pfi_segment *segment,
                               struct pfi_best_fit *fit) {
    size_t end_room = segment->end - segment->plan_allocated;
    struct offer offer = {end_room, end_room};
    bool suffices = pfi_best_fit_suffices(fit);
    for (size_t index = segment->first_entry; index < segment->end_entry; ++index) {
        struct pfi_pin_entry *entry = &plan->queue->entries[index];
        if (entry->end == 0 || entry->plug < segment->plan_tail) {
            continue;
        }
        offer.free_bytes += entry->hole;
        if (suffices) {
            offer.largest_left = pfi_max(offer.largest_left, entry->hole);
        } else if (entry->hole >= SMALLEST_RUN) {
            pfi_best_fit_offer(fit, entry->plug - entry->hole, entry->plug, entry);
            suffices = pfi_best_fit_suffices(fit);
        }
    }
    if (!suffices && pfi_best_fit_offer(fit, segment->plan_allocated, segment->end, NULL)) {
        offer.largest_left = end_room - pfi_min(end_room, fit->wanted_bytes);
    }
    return offer;
}

/* Ends and holes as the taken runs leave them. Returns where the last taken byte lies. */
static uintptr_t settle_runs(struct pfi_segment *segment, const struct pfi_best_fit *fit) {
    uintptr_t last = segment->plan_tail;
    for (const struct pfi_fit_run *run = fit->runs; run < fit->runs + fit->run_count; ++run) {
        uintptr_t start = run->pin != NULL ? run->pin->plug - run->pin->hole : segment->plan_allocated;
        last = run->ptr != start ? pfi_max(last, run->ptr) : last;
        if (run->pin != NULL) {
            run->pin->hole = run->end - run->ptr;
        } else {
            segment->plan_allocated = run->ptr;
        }
    }
    return last;
}

static uintptr_t next_run(void *places, size_t size) {
    uintptr_t place = pfi_best_fit_take(places, size);
    PINFOLD_REQUIRE(place != 0, "a plug of %zu bytes finds no run, though the runs suffice", size);
    return place;
}

static bool reuse(struct pfi_move_plan *plan, struct pfi_segment *segment, size_t room) {
    struct pfi_best_fit fit;
    struct pfi_plug_walk walk;
    struct pfi_plug plug;
    pfi_best_fit_open(&fit);
    pfi_plug_walk_open_at(&walk, plan, 0);
    while (next_survivor(&walk, &plug)) {
        pfi_best_fit_want(&fit, plug.end - plug.start);
    }
    struct offer offer = offer_runs(plan, segment, &fit);
    uintptr_t end = pfi_min(segment->plan_allocated + fit.wanted_bytes, segment->end);
    bool is_worth_it = offer.free_bytes >= (segment->end - segment->first) / 3 &&
                       offer.free_bytes >= fit.wanted_bytes + room &&
                       offer.largest_left >= pfi_share_largest_chunk(plan->share);
    if (!is_worth_it || !pfi_best_fit_suffices(&fit) || !pfi_segment_commit(plan->share->arena, segment, end)) {
        return false;
    }
    place_survivors(plan, next_run, &fit);
    uintptr_t start0 = settle_runs(segment, &fit);
    move_to(plan, segment, segment->plan_tail, start0);
    return true;
}

static struct pfi_segment *predecessor(const struct pfi_share *share, const struct pfi_segment *of) {
    struct pfi_segment *segment = share->segments;
    while (segment != of && segment->next != of) {
        segment = segment->next;
    }
    return segment == of ? NULL : segment;
}

static bool reuse_newest(struct pfi_move_plan *plan, size_t room) {
    struct pfi_segment *segment = predecessor(plan->share, plan->share->ephemeral);
    while (segment != NULL && !reuse(plan, segment, room)) {
        segment = predecessor(plan->share, segment);
    }
    return segment != NULL;
}

/* ---- A fresh segment -------------------------------------------------------------------------------------------- */

/* Where no segment of usual size can be had, a shorter one that has `room` bytes behind the survivors. */
static struct pfi_segment *new_segment(struct pfi_share *share, size_t size, size_t room) {
    size_t least = pfi_max(pfi_share_least_segment(share->options), PINFOLD_MIN_OBJECT + size + room);
    struct pfi_segment *segment =
        pfi_segment_create_between(share->arena, least, share->options->segment_size, PINFOLD_SEGMENT_SMALL);
    if (segment == NULL) {
        return NULL;
    }
    uintptr_t end = segment->first + size;
    if (end > segment->end || !pfi_segment_commit(share->arena, segment, end)) {
        pfi_segment_release(share->arena, segment);
        return NULL;
    }
    return segment;
}

static uintptr_t next_in_order(void *places, size_t size) {
    uintptr_t *end = places;
    uintptr_t place = *end;
    *end += size;
    return place;
}

/* Generation 0's survivors, in order, to the front of the new segment. */
static void move_to_fresh(struct pfi_move_plan *plan, struct pfi_segment *segment) {
    uintptr_t end = segment->first;
    place_survivors(plan, next_in_order, &end);
    segment->plan_allocated = end;
    move_to(plan, segment, segment->first, end);
}

void pfi_expand(struct pfi_move_plan *plan, size_t room) {
    struct pfi_share *share = plan->share;
    bool may_reuse = plan->condemned == 2 && share->options->segment_reuse && !plan->needs_fresh;
    if (may_reuse && reuse_newest(plan, room)) {
        plan->reuses = true;
        return;
    }
    size_t least_room = plan->needs_fresh ? room : pfi_min(room, pfi_share_least_segment(share->options) / 2);
    struct pfi_segment *segment = new_segment(share, survivors_size(plan), least_room);
    if (segment != NULL) {
        move_to_fresh(plan, segment);
        return;
    }
    plan->promotes_in_place = true;
    plan->new_start[1] = plan->new_start[0];
    pfi_move_plan_sum_pins(plan);
}
