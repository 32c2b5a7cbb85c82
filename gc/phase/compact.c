/* SPDX-License-Identifier: MIT */
#include "gc/phase/compact.h"

#include "alloc/card_table.h"
#include "alloc/object.h"

enum { HOLES_AHEAD = 8 /* holes lie far apart, and each gets a header */ };

static void move_plugs(const struct pfi_move_plan *plan) {
    struct pfi_plug_batches batches;
    pfi_plug_batches_open(&batches, plan, false);
    for (size_t count; (count = pfi_plug_batches_next(&batches)) != 0;) {
        for (const struct pfi_listed_plug *plug = batches.plugs; plug < batches.plugs + count; ++plug) {
            if (plug->place != plug->start) {
                memmove((void *)plug->place, (const void *)plug->start, plug->end - plug->start);
            }
        }
    }
}

/* What lies before a pin and is not taken belongs to the generation in which it now lies: generation 0's holes are
 * where the program allocates next. */
static void free_holes(const struct pfi_move_plan *plan) {
    const struct pfi_pin_entry *end = plan->queue->entries + plan->queue->count;
    for (const struct pfi_pin_entry *entry = plan->queue->entries; entry < end; ++entry) {
        if (end - entry > HOLES_AHEAD) {
            __builtin_prefetch((const void *)(entry[HOLES_AHEAD].plug - entry[HOLES_AHEAD].hole), 1);
        }
        if (entry->end != 0) {
            int generation = pfi_move_plan_new_generation(plan, entry->plug);
            pfi_share_thread_gap(plan->share, generation, entry->plug - entry->hole, entry->hole);
        }
    }
}

static void settle_segment(const struct pfi_share *share, struct pfi_segment *segment) {
    segment->allocated = segment->plan_allocated;
    segment->used = pfi_max(segment->used, segment->allocated);
    pfi_share_poison_tail(share, segment);
}

static void settle_segments(struct pfi_share *share, int condemned) {
    for (struct pfi_segment *segment = share->segments; segment != NULL; segment = segment->next) {
        if (condemned < 2 && segment != share->ephemeral && segment->plan_allocated == segment->allocated) {
            continue;
        }
        settle_segment(share, segment);
    }
}

static void settle_ephemeral(const struct pfi_move_plan *plan) {
    struct pfi_share *share = plan->share;
    struct pfi_segment *segment = plan->new_ephemeral;
    if (segment != share->ephemeral) {
        settle_segment(share, segment); /* a fresh one is not in the chain yet */
        pfi_share_append_ephemeral(share, segment);
    }
    share->start[0] = plan->new_start[0];
    share->start[1] = plan->new_start[1];
}

void pfi_compact(const struct pfi_move_plan *plan, struct pfi_segment **emptied) {
    move_plugs(plan);
    pfi_move_plan_clear_marks(plan);
    settle_segments(plan->share, plan->condemned);
    pfi_share_forget_free(plan->share, plan->condemned);
    settle_ephemeral(plan);
    free_holes(plan);
    *emptied = pfi_share_unlink_empty(plan->share);
}
