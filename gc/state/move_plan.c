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

static void open_walk(struct pfi_plug_walk *walk, const struct pfi_move_plan *plan, size_t first_entry) {
    *walk = (struct pfi_plug_walk){.plan = plan};
    walk->queue_next = plan->queue->entries + first_entry;
    walk->queue_end = plan->queue->entries + plan->queue->count;
}

void pfi_plug_walk_open(struct pfi_plug_walk *walk, const struct pfi_move_plan *plan) {
    open_walk(walk, plan, 0);
    pfi_condemned_range_first(plan->share, plan->condemned, &walk->range);
    walk->position = walk->range.start;
}

void pfi_plug_walk_open_at(struct pfi_plug_walk *walk, const struct pfi_move_plan *plan, int generation) {
    open_walk(walk, plan, plan->share->ephemeral->first_entry);
    enter_ephemeral(plan->share, generation, &walk->range);
    walk->position = walk->range.start;
    while (walk->queue_next != walk->queue_end && walk->queue_next->plug < walk->position) {
        ++walk->queue_next;
    }
}

/* The plug that starts at plug->start. A run of live granules is more than one plug where pinned objects touch others:
 * there an entry begins. */
static void take_plug(struct pfi_plug_walk *walk, struct pfi_plug *plug) {
    struct pfi_pin_entry *entry = walk->queue_next;
    plug->is_pinned = false;
    plug->record = NULL;
    if (entry != walk->queue_end && entry->plug == plug->start) {
        plug->record = &entry->record;
        plug->is_pinned = entry->end != 0;
        walk->queue_next = ++entry;
    }
    if (plug->is_pinned) {
        plug->end = entry[-1].end;
        return;
    }
    plug->end = pfi_next_dead(walk->plan->share->arena, plug->start, walk->range.end);
    if (entry != walk->queue_end && entry->plug - plug->start < plug->end - plug->start) {
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
    plug->start = pfi_next_live(arena, walk->position, walk->range.end);
    while (plug->start >= walk->range.end) {
        if (!pfi_condemned_range_next(walk->plan->share, &walk->range)) {
            walk->is_done = true;
            return false;
        }
        plug->start = pfi_next_live(arena, walk->range.start, walk->range.end);
    }
    take_plug(walk, plug);
    walk->position = plug->end;
    return true;
}

void pfi_plug_batches_open(struct pfi_plug_batches *batches, const struct pfi_move_plan *plan, bool with_pinned) {
    pfi_plug_walk_open(&batches->walk, plan);
    batches->listed = 0;
    batches->with_pinned = with_pinned;
}

static size_t batch_from_list(struct pfi_plug_batches *batches) {
    const struct pfi_plug_list *list = batches->walk.plan->list;
    size_t count = pfi_min(PINFOLD_PLUG_BATCH, list->count - batches->listed);
    for (size_t index = 0; index < count; ++index) {
        batches->plugs[index] = list->plugs[batches->listed++];
        __builtin_prefetch((const void *)batches->plugs[index].start);
    }
    return count;
}

static size_t batch_from_bitmap(struct pfi_plug_batches *batches) {
    struct pfi_plug plugs[PINFOLD_PLUG_BATCH];
    size_t count = 0;
    while (count < PINFOLD_PLUG_BATCH && pfi_plug_walk_next(&batches->walk, &plugs[count])) {
        if (batches->with_pinned || !plugs[count].is_pinned) {
            __builtin_prefetch(plugs[count].record);
            __builtin_prefetch((const void *)plugs[count++].start);
        }
    }
    for (size_t index = 0; index < count; ++index) {
        const struct pfi_plug *plug = &plugs[index];
        batches->plugs[index] = (struct pfi_listed_plug){plug->start, plug->end, pfi_plug_place(plug)};
    }
    return count;
}

size_t pfi_plug_batches_next(struct pfi_plug_batches *batches) {
    bool has_list = batches->walk.plan->list->is_complete && !batches->with_pinned;
    return has_list ? batch_from_list(batches) : batch_from_bitmap(batches);
}

/* Those of the small objects: no one but plan looks at others, and their sweep clears them. */
static void forget_pins(struct pfi_move_plan *plan) {
    struct pfi_condemned_range range;
    pfi_condemned_range_first(plan->share, plan->condemned, &range);
    do {
        pfi_bits_clear_words(plan->share->arena->pin_words,
                             pfi_align_down(range.start, PINFOLD_CARD) >> PINFOLD_GRANULE_SHIFT,
                             pfi_align_up(range.end, PINFOLD_CARD) >> PINFOLD_GRANULE_SHIFT);
    } while (pfi_condemned_range_next(plan->share, &range));
    plan->pinned_objects = 0;
    plan->pinned_holders = 0;
    plan->pinned_bytes = 0;
    plan->ignores_pins = true;
}

void pfi_move_plan_reserve_pins(struct pfi_move_plan *plan) {
    if (!pfi_pin_queue_reserve(plan->queue, plan->pinned_objects)) {
        forget_pins(plan);
    }
}

/* A full collection leaves alone what is zero already: pages of the tables that describe nothing but dead space would
 * take memory once they are written. */
static void clear_words(const struct pfi_move_plan *plan, uint64_t *words, size_t from, size_t to) {
    enum { PAGE_BITS = PINFOLD_PAGE * 8 };
    if (plan->condemned < 2) {
        pfi_bits_clear_words(words, from, to);
        return;
    }
    for (size_t low = from; low < to;) {
        size_t high = pfi_min(pfi_align_down(low, PAGE_BITS) + PAGE_BITS, to);
        if (pfi_bits_find_one(words, low, high) < high) {
            pfi_bits_clear_words(words, low, high);
        }
        low = high;
    }
}

void pfi_move_plan_clear_marks(const struct pfi_move_plan *plan) {
    struct pfi_condemned_range range;
    pfi_condemned_range_first(plan->share, plan->condemned, &range);
    do {
        uintptr_t from = pfi_align_down(range.start, PINFOLD_CARD) >> PINFOLD_GRANULE_SHIFT;
        uintptr_t to = pfi_align_up(range.end, PINFOLD_CARD) >> PINFOLD_GRANULE_SHIFT;
        clear_words(plan, plan->share->arena->mark_words, from, to);
        if (plan->pinned_objects != 0) {
            clear_words(plan, plan->share->arena->pin_words, from, to);
        }
    } while (pfi_condemned_range_next(plan->share, &range));
}

/* The slide of a card that is irregular from this plug on. */
static uintptr_t irregular_slide(const struct pfi_move_plan *plan, const struct pfi_plug *plug, uintptr_t slide) {
    const struct pfi_arena *arena = plan->share->arena;
    uintptr_t card = plug->start >> PINFOLD_CARD_SHIFT;
    uint64_t first = arena->mark_words[card] & -arena->mark_words[card];
    uintptr_t entry = (uintptr_t)plug->record - (uintptr_t)plan->queue->entries;
    size_t number = entry / sizeof(struct pfi_pin_entry);
    if ((slide & PINFOLD_SLIDE_ENTRY) == 0 && (arena->pin_words[card] & first) != 0 && number < plan->queue->count) {
        return number << PINFOLD_SLIDE_BITS | PINFOLD_SLIDE_ENTRY | PINFOLD_SLIDE_IRREGULAR;
    }
    return slide | PINFOLD_SLIDE_IRREGULAR;
}

/* The slide of the card on which the plug starts. */
static uintptr_t join_slide(const struct pfi_move_plan *plan, const struct pfi_plug *plug, uintptr_t place) {
    const struct pfi_arena *arena = plan->share->arena;
    uintptr_t card = plug->start >> PINFOLD_CARD_SHIFT;
    uintptr_t slide = arena->slides[card];
    unsigned bit = (unsigned)(plug->start >> PINFOLD_GRANULE_SHIFT) % PINFOLD_MARK_WORD_GRANULES;
    uint64_t before = arena->mark_words[card] & pfi_bits_below(bit);
    if (before == 0) {
        return place;
    }
    bool closes_up = slide + pfi_bits_count(before) * PINFOLD_GRANULE == place;
    return closes_up ? slide : irregular_slide(plan, plug, slide);
}

void pfi_move_plan_place(const struct pfi_move_plan *plan, const struct pfi_plug *plug, uintptr_t place) {
    uintptr_t *slides = plan->share->arena->slides;
    uintptr_t card = plug->start >> PINFOLD_CARD_SHIFT;
    uintptr_t last = (plug->end - 1) >> PINFOLD_CARD_SHIFT;
    plug->record->distance = place - plug->start;
    slides[card] = join_slide(plan, plug, place);
    uintptr_t slide = place + (((card + 1) << PINFOLD_CARD_SHIFT) - plug->start);
    for (uintptr_t next = card + 1; next <= last; ++next, slide += PINFOLD_CARD) {
        slides[next] = slide;
    }
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

/* The record of an unpinned plug that is not the first on its card. */
static const struct pfi_plug_record *record_of(const struct pfi_move_plan *plan, uintptr_t plug, uintptr_t slide) {
    bool touches = pfi_bits_test(plan->share->arena->mark_words, (plug >> PINFOLD_GRANULE_SHIFT) - 1);
    if (!touches) {
        return pfi_plug_record_before(plug);
    }
    if ((slide & PINFOLD_SLIDE_ENTRY) != 0) {
        const struct pfi_pin_entry *entry = &plan->queue->entries[slide >> PINFOLD_SLIDE_BITS];
        while (entry->plug < plug) {
            ++entry;
        }
        if (entry->plug == plug) {
            return &entry->record;
        }
    }
    return &pfi_move_plan_entry(plan, plug)->record;
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
    unsigned bit = (unsigned)(start >> PINFOLD_GRANULE_SHIFT) % PINFOLD_MARK_WORD_GRANULES;
    if ((live & pfi_bits_below(bit)) == 0) {
        return (slide & ~(uintptr_t)PINFOLD_SLIDE_IRREGULAR) + (address - start);
    }
    return address + record_of(plan, start, slide)->distance;
}
