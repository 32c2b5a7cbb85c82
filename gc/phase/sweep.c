/* SPDX-License-Identifier: MIT */
#include "gc/phase/sweep.h"

#include "alloc/card_table.h"
#include "alloc/object.h"
#include "alloc/object_starts.h"
#include "gc/root/cards.h"

/* Dead bytes behind the last plug are no gap: the segment ends earlier. */
static void cut_segment(struct pfi_share *share, struct pfi_segment *segment, uintptr_t end) {
    pfi_cards_clean_inside(share->arena->cards, end, pfi_align_up(segment->allocated, PINFOLD_CARD));
    segment->allocated = end;
    pfi_share_poison_tail(share, segment);
}

/* The gap before a plug goes to the generation that the plug rises to. Returns where the gap begins. */
static uintptr_t thread_gap_before(struct pfi_share *share, const struct pfi_plug *plug, int generation) {
    size_t gap = plug->record->gap;
    uintptr_t start = plug->start - gap;
    pfi_share_thread_gap(share, generation, start, gap);
    pfi_object_starts_note(share->arena->object_starts, plug->start);
    return start;
}

/* Threads every gap. Returns where the survivors of generation 0 begin, their first gap included; 0 if there are none.
 * Sizes of gaps were recorded by plan; a record is read before its gap is formatted over it. */
static uintptr_t sweep_plugs(const struct pfi_move_plan *plan) {
    struct pfi_plug_walk walk;
    struct pfi_plug plug;
    uintptr_t risen_start = 0;
    pfi_plug_walk_open(&walk, plan);
    while (pfi_plug_walk_next(&walk, &plug)) {
        int generation = walk.range.generation < 2 ? walk.range.generation + 1 : 2;
        uintptr_t gap = thread_gap_before(plan->share, &plug, generation);
        walk.range.segment->plan_allocated = plug.end;
        if (walk.range.generation == 0 && risen_start == 0) {
            risen_start = gap;
        }
    }
    return risen_start;
}

static void settle_segments(struct pfi_share *share, int condemned) {
    for (struct pfi_segment *segment = share->segments; segment != NULL; segment = segment->next) {
        if (condemned == 2 || segment == share->ephemeral) {
            cut_segment(share, segment, segment->plan_allocated);
        }
    }
}

/* Where each segment's live part ends if nothing on it survives. */
static void assume_nothing_survives(struct pfi_share *share, int condemned) {
    if (condemned == 2) {
        for (struct pfi_segment *segment = share->segments; segment != NULL; segment = segment->next) {
            segment->plan_allocated = segment->first;
        }
    } else {
        share->ephemeral->plan_allocated = pfi_share_start(share, condemned);
    }
}

static void settle_starts(struct pfi_share *share, int condemned, uintptr_t risen_start) {
    uintptr_t end = share->ephemeral->allocated;
    if (condemned > 0) {
        share->start[1] = risen_start != 0 ? risen_start : end;
    }
    share->start[0] = end;
    pfi_share_clean_young_cards(share);
}

void pfi_sweep(const struct pfi_move_plan *plan, struct pfi_segment **emptied) {
    struct pfi_share *share = plan->share;
    pfi_share_forget_free(share, plan->condemned);
    assume_nothing_survives(share, plan->condemned);
    uintptr_t risen_start = sweep_plugs(plan);
    pfi_move_plan_clear_marks(plan);
    settle_segments(share, plan->condemned);
    settle_starts(share, plan->condemned, risen_start);
    *emptied = pfi_share_unlink_empty(share);
    pfi_cards_remember_older(share);
}
