/* SPDX-License-Identifier: MIT */
#include "gc/phase/compact.h"

#include "alloc/card_table.h"
#include "alloc/object.h"

static void move_plugs(const struct pfi_move_plan *plan) {
    struct pfi_plug_walk walk;
    struct pfi_plug plug;
    pfi_plug_walk_open(&walk, plan);
    while (pfi_plug_walk_next(&walk, &plug)) {
        uintptr_t place = plug.start + pfi_plug_record_distance(plug.record);
        if (place != plug.start) {
            memmove((void *)place, (const void *)plug.start, plug.end - plug.start);
        }
    }
}

static void settle_segments(struct pfi_share *share, int condemned) {
    for (struct pfi_segment *segment = share->segments; segment != NULL; segment = segment->next) {
        if (condemned < 2 && segment != share->ephemeral && segment->plan_allocated == segment->allocated) {
            continue;
        }
        segment->allocated = segment->plan_allocated;
        segment->used = pfi_max(segment->used, segment->allocated);
        pfi_share_poison_tail(share, segment);
    }
}

static void settle_ephemeral(const struct pfi_move_plan *plan) {
    struct pfi_share *share = plan->share;
    struct pfi_segment *segment = plan->new_ephemeral;
    if (segment != share->ephemeral) {
        segment->allocated = segment->plan_allocated;
        segment->used = segment->allocated;
        share->ephemeral->next = segment;
        share->ephemeral = segment;
    }
    share->start[0] = plan->new_start[0];
    share->start[1] = plan->new_start[1];
    pfi_share_clean_young_cards(share);
}

void pfi_compact(const struct pfi_move_plan *plan, struct pfi_segment **emptied) {
    move_plugs(plan);
    pfi_move_plan_clear_marks(plan);
    settle_segments(plan->share, plan->condemned);
    pfi_share_forget_free(plan->share, plan->condemned);
    settle_ephemeral(plan);
    *emptied = pfi_share_unlink_empty(plan->share);
}
