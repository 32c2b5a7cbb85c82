/* SPDX-License-Identifier: MIT */
#include "gc/state/move_plan.h"

#include "alloc/platform/check.h"

static void enter_ephemeral(const struct pfi_share *share, int generation, struct pfi_condemned_range *range) {
    range->segment = share->ephemeral;
    range->generation = generation;
    range->start = pfi_share_start(share, generation);
    range->end = pfi_share_end(share, generation);
}

static void enter_segment(const struct pfi_share *share, struct pfi_segment *segment,
                          struct pfi_condemned_range *range) {
    if (segment == share->ephemeral) {
        enter_ephemeral(share, 2, range);
        return;
    }
    *range = (struct pfi_condemned_range){segment, 2, segment->first, segment->allocated};
}

void pfi_condemned_range_first(const struct pfi_share *share, int condemned, struct pfi_condemned_range *range) {
    if (condemned == 2) {
        enter_segment(share, share->segments, range);
    } else {
        enter_ephemeral(share, condemned, range);
    }
}

bool pfi_condemned_range_next(const struct pfi_share *share, struct pfi_condemned_range *range) {
    if (range->segment != share->ephemeral) {
        enter_segment(share, range->segment->next, range);
        return true;
    }
    if (range->generation == 0) {
        return false;
    }
    enter_ephemeral(share, range->generation - 1, range);
    return true;
}

void pfi_plug_walk_open(struct pfi_plug_walk *walk, const struct pfi_move_plan *plan) {
    *walk = (struct pfi_plug_walk){.plan = plan};
    pfi_condemned_range_first(plan->share, plan->condemned, &walk->range);
    walk->position = walk->range.start;
}

void pfi_plug_walk_open_at(struct pfi_plug_walk *walk, const struct pfi_move_plan *plan, int generation) {
    *walk = (struct pfi_plug_walk){.plan = plan};
    enter_ephemeral(plan->share, generation, &walk->range);
    walk->position = walk->range.start;
    while (walk->queued < plan->queue->count && plan->queue->entries[walk->queued].plug < walk->position) {
        ++walk->queued;
    }
}

static struct pfi_plug_record *record_of(struct pfi_plug_walk *walk, uintptr_t plug) {
    const struct pfi_pin_queue *queue = walk->plan->queue;
    if (walk->queued < queue->count && queue->entries[walk->queued].plug == plug) {
        return &queue->entries[walk->queued++].record;
    }
    return pfi_plug_record_before(plug);
}

bool pfi_plug_walk_next(struct pfi_plug_walk *walk, struct pfi_plug *plug) {
    const struct pfi_arena *arena = walk->plan->share->arena;
    if (walk->is_done) {
        return false;
    }
    uintptr_t start = pfi_next_live(arena, walk->position, walk->range.end);
    while (start >= walk->range.end) {
        if (!pfi_condemned_range_next(walk->plan->share, &walk->range)) {
            walk->is_done = true;
            return false;
        }
        start = pfi_next_live(arena, walk->range.start, walk->range.end);
    }
    plug->start = start;
    plug->end = pfi_next_dead(arena, start, walk->range.end);
    plug->record = record_of(walk, start);
    walk->position = plug->end;
    return true;
}

void pfi_move_plan_clear_marks(const struct pfi_move_plan *plan) {
    struct pfi_condemned_range range;
    pfi_condemned_range_first(plan->share, plan->condemned, &range);
    do {
        pfi_bits_clear_words(plan->share->arena->pin_words,
                             pfi_align_down(range.start, PINFOLD_CARD) >> PINFOLD_GRANULE_SHIFT,
                             pfi_align_up(range.end, PINFOLD_CARD) >> PINFOLD_GRANULE_SHIFT);
        uintptr_t from = pfi_align_down(range.start, PINFOLD_CARD) >> PINFOLD_GRANULE_SHIFT;
        uintptr_t to = pfi_align_up(range.end, PINFOLD_CARD) >> PINFOLD_GRANULE_SHIFT;
        pfi_bits_clear_words(plan->share->arena->mark_words, from, to);
    } while (pfi_condemned_range_next(plan->share, &range));
}

/* The card's slide, given that the plug's part on it begins at bit `bit` and goes to `place`. */
static uintptr_t join_slide(uintptr_t slide, uint64_t live, unsigned bit, uintptr_t place) {
    uint64_t before = live & pfi_bits_below(bit);
    if (before == 0) {
        return place;
    }
    uintptr_t expected = slide + pfi_bits_count(before) * PINFOLD_GRANULE;
    return slide != PINFOLD_SLIDE_IRREGULAR && expected == place ? slide : PINFOLD_SLIDE_IRREGULAR;
}

static void write_slides(struct pfi_arena *arena, const struct pfi_plug *plug, uintptr_t place) {
    uintptr_t card = plug->start >> PINFOLD_CARD_SHIFT;
    uintptr_t last = (plug->end - 1) >> PINFOLD_CARD_SHIFT;
    unsigned bit = (unsigned)(plug->start >> PINFOLD_GRANULE_SHIFT) % PINFOLD_MARK_WORD_GRANULES;
    arena->slides[card] = join_slide(arena->slides[card], arena->mark_words[card], bit, place);
    uintptr_t slide = place + (((card + 1) << PINFOLD_CARD_SHIFT) - plug->start);
    for (uintptr_t next = card + 1; next <= last; ++next, slide += PINFOLD_CARD) {
        arena->slides[next] = slide;
    }
}

void pfi_move_plan_place(const struct pfi_move_plan *plan, const struct pfi_plug *plug, uintptr_t place) {
    pfi_plug_record_set_distance(plug->record, place - plug->start);
    write_slides(plan->share->arena, plug, place);
}

uintptr_t pfi_move_plan_search(const struct pfi_move_plan *plan, uintptr_t address) {
    const struct pfi_plug_record *record = pfi_plug_tree_find(plan->share->arena->plug_roots, plan->queue, address);
    return record == NULL ? address : address + pfi_plug_record_distance(record);
}
