/* SPDX-License-Identifier: MIT */
#include "gc/phase/expand.h"

static struct pfi_segment *new_segment(struct pfi_share *share, size_t size) {
    struct pfi_segment *segment = pfi_segment_create(share->arena, share->options->segment_size, false);
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

/* Generation 0's survivors, in order, to the front of the new segment. */
static void place_survivors(struct pfi_move_plan *plan, struct pfi_segment *segment) {
    struct pfi_plug_walk walk;
    struct pfi_plug plug;
    uintptr_t place = segment->first;
    pfi_plug_walk_open_at(&walk, plan, 0);
    while (pfi_plug_walk_next(&walk, &plug)) {
        bool was_to_stay = pfi_plug_record_distance(plug.record) == 0;
        plan->moved += was_to_stay ? plug.end - plug.start : 0; /* the others were counted by plan */
        pfi_move_plan_place(plan, &plug, place);
        place += plug.end - plug.start;
    }
    segment->plan_allocated = place;
}

void pfi_expand(struct pfi_move_plan *plan) {
    struct pfi_share *share = plan->share;
    struct pfi_segment *segment = new_segment(share, plan->survived[0]);
    if (segment == NULL) {
        plan->promotes_in_place = true;
        plan->new_start[1] = plan->new_start[0];
        return;
    }
    place_survivors(plan, segment);
    share->ephemeral->plan_allocated = plan->new_start[1];
    plan->new_ephemeral = segment;
    plan->new_start[1] = segment->first;
    plan->new_start[0] = segment->plan_allocated;
}
