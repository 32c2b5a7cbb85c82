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
    walk->queued = walk->range.segment->first_entry;
    while (walk->queued < plan->queue->count && plan->queue->entries[walk->queued].plug < walk->position) {
        ++walk->queued;
    }
}

/* A run of live granules is more than one plug where pinned objects touch others: there an entry begins. */
static void take_plug(struct pfi_plug_walk *walk, struct pfi_plug *plug) {
    const struct pfi_pin_queue *queue = walk->plan->queue;
    struct pfi_pin_entry *entry = walk->queued < queue->count ? &queue->entries[walk->queued] : NULL;
    plug->is_pinned = false;
    plug->record = NULL;
    if (entry != NULL && entry->plug == plug->start) {
        plug->record = &entry->record;
        plug->is_pinned = entry->end != 0;
        ++walk->queued;
        entry = walk->queued < queue->count ? entry + 1 : NULL;
    }
    if (entry != NULL && entry->plug - plug->start < plug->end - plug->start) {
        plug->end = entry->plug;
    }
    if (plug->record == NULL) {
        plug->record = pfi_plug_record_before(plug->start);
    }
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
    take_plug(walk, plug);
    walk->position = plug->end;
    return true;
}

void pfi_move_plan_clear_marks(const struct pfi_move_plan *plan) {
    struct pfi_condemned_range range;
    pfi_condemned_range_first(plan->share, plan->condemned, &range);
    do {
        uintptr_t from = pfi_align_down(range.start, PINFOLD_CARD) >> PINFOLD_GRANULE_SHIFT;
        uintptr_t to = pfi_align_up(range.end, PINFOLD_CARD) >> PINFOLD_GRANULE_SHIFT;
        pfi_bits_clear_words(plan->share->arena->mark_words, from, to);
        if (plan->pinned_objects != 0) {
            pfi_bits_clear_words(plan->share->arena->pin_words, from, to);
        }
    } while (pfi_condemned_range_next(plan->share, &range));
}

/* The card's slide, given that a plug's part on it begins at bit `bit` and goes to `place`. */
static uintptr_t join_slide(uintptr_t slide, uint64_t live, unsigned bit, uintptr_t place) {
    uint64_t before = live & pfi_bits_below(bit);
    if (before == 0) {
        return place;
    }
    return slide + pfi_bits_count(before) * PINFOLD_GRANULE == place ? slide : slide | PINFOLD_SLIDE_IRREGULAR;
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
    plug->record->distance = place - plug->start;
    write_slides(plan->share->arena, plug, place);
}

/* The generation from which a plug that starts at `address` came. */
static int old_generation(const struct pfi_share *share, uintptr_t address) {
    if (address - share->start[1] >= share->ephemeral->end - share->start[1]) {
        return 2;
    }
    return address < share->start[0] ? 1 : 0;
}

void pfi_move_plan_sum_pins(struct pfi_move_plan *plan) {
    memset(plan->held, 0, sizeof plan->held);
    memset(plan->demoted, 0, sizeof plan->demoted);
    plan->largest_hole = 0;
    for (size_t index = 0; index < plan->queue->count; ++index) {
        const struct pfi_pin_entry *entry = &plan->queue->entries[index];
        if (entry->end == 0) {
            continue;
        }
        int from = old_generation(plan->share, entry->plug);
        int to = pfi_move_plan_new_generation(plan, entry->plug);
        plan->demoted[from] += to < (from < 2 ? from + 1 : 2) ? entry->end - entry->plug : 0;
        plan->held[to] += entry->hole;
        plan->largest_hole = to == 0 ? pfi_max(plan->largest_hole, entry->hole) : plan->largest_hole;
    }
}

void pfi_move_plan_sum_swept(struct pfi_move_plan *plan) {
    memset(plan->held, 0, sizeof plan->held);
    for (size_t index = 0; index < plan->queue->count; ++index) {
        const struct pfi_pin_entry *entry = &plan->queue->entries[index];
        if (entry->end != 0) {
            int from = old_generation(plan->share, entry->plug);
            plan->held[from < 2 ? from + 1 : 2] += entry->record.gap;
        }
    }
}

struct pfi_pin_entry *pfi_move_plan_entry(const struct pfi_move_plan *plan, uintptr_t plug) {
    const struct pfi_segment *segment = pfi_arena_segment_of(plan->share->arena, plug);
    return pfi_pin_queue_find(plan->queue, segment->first_entry, segment->end_entry, plug);
}

/* Where the plug that contains the unpinned `address` starts, if it starts on the same card; else where the card does.
 * Behind a dead or a pinned granule, or where a generation begins. */
static uintptr_t plug_start(const struct pfi_move_plan *plan, uintptr_t address, uint64_t live, uint64_t pins) {
    unsigned bit = (unsigned)(address >> PINFOLD_GRANULE_SHIFT) % PINFOLD_MARK_WORD_GRANULES;
    uint64_t others = (~live | pins) & pfi_bits_below(bit);
    unsigned first = others == 0 ? 0 : pfi_bits_highest(others) + 1;
    uintptr_t start = pfi_align_down(address, PINFOLD_CARD) + first * PINFOLD_GRANULE;
    for (int generation = 0; generation < 2; ++generation) {
        uintptr_t boundary = plan->share->start[generation];
        start = boundary <= address ? pfi_max(start, boundary) : start;
    }
    return start;
}

uintptr_t pfi_move_plan_search(const struct pfi_move_plan *plan, uintptr_t address) {
    const struct pfi_arena *arena = plan->share->arena;
    uintptr_t card = address >> PINFOLD_CARD_SHIFT;
    uintptr_t slide = arena->slides[card];
    if (slide == PINFOLD_SLIDE_NONE || pfi_bits_test(arena->pin_words, address >> PINFOLD_GRANULE_SHIFT)) {
        return address;
    }
    uint64_t live = arena->mark_words[card];
    uintptr_t start = plug_start(plan, address, live, arena->pin_words[card]);
    uint64_t before = live & pfi_bits_below((unsigned)(start >> PINFOLD_GRANULE_SHIFT) % PINFOLD_MARK_WORD_GRANULES);
    if (before == 0) {
        return (slide & ~(uintptr_t)PINFOLD_SLIDE_IRREGULAR) + (address - start);
    }
    bool touches = pfi_bits_test(arena->mark_words, (start >> PINFOLD_GRANULE_SHIFT) - 1);
    const struct pfi_plug_record *record =
        touches ? &pfi_move_plan_entry(plan, start)->record : pfi_plug_record_before(start);
    return address + (uintptr_t)record->distance;
}
