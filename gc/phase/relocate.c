/* SPDX-License-Identifier: MIT */
#include "gc/phase/relocate.h"

#include "alloc/card_table.h"
#include "alloc/object_starts.h"
#include "alloc/platform/check.h"
#include "alloc/walk.h"
#include "gc/root/cards.h"

struct relocator {
    const struct pfi_move_plan *plan;
    uintptr_t condemned_low;
    uintptr_t condemned_size;
    struct pfi_tags tags;
    uintptr_t young_low; /* references to [low, low + size) from the objects at hand need a card */
    uintptr_t young_size;
    uintptr_t distance; /* of the object at hand */
    uint8_t *cards;
};

/* Relocates one slot; returns the address it refers to afterwards, without tag; 0 for what is no reference. */
static inline uintptr_t relocate_slot(const struct relocator *relocator, uintptr_t slot) {
    uintptr_t value = *pfi_words(slot);
    uintptr_t object = value & ~relocator->tags.mask;
    if (!pfi_tags_is_reference(relocator->tags, value)) {
        return 0;
    }
    if (object - relocator->condemned_low < relocator->condemned_size) {
        uintptr_t moved = pfi_move_plan_new_address(relocator->plan, object);
        *pfi_words(slot) = value + (moved - object);
        return moved;
    }
    return object;
}

static void visit_root_slots(void *context, uintptr_t slots, size_t count) {
    for (size_t index = 0; index < count; ++index) {
        relocate_slot(context, slots + index * sizeof(uintptr_t));
    }
}

/* Slots of objects that will be older than generation 1. */
PINFOLD_INLINE void visit_old_slots(void *context, uintptr_t slots, size_t count) {
    const struct relocator *relocator = context;
    for (uintptr_t slot = slots; slot < slots + count * sizeof(uintptr_t); slot += sizeof(uintptr_t)) {
        if (relocate_slot(relocator, slot) - relocator->young_low < relocator->young_size) {
            pfi_card_dirty(relocator->cards, slot + relocator->distance);
        }
    }
}

/* Slots of objects that will be generation 1, when nothing younger is left. */
PINFOLD_INLINE void visit_young_slots(void *context, uintptr_t slots, size_t count) {
    visit_root_slots(context, slots, count);
}

/* The boundary of the card pass hands the function on as a pointer. */
static void visit_card_slots(void *context, uintptr_t slots, size_t count) {
    visit_old_slots(context, slots, count);
}

/* One object of a plug: its place gets an object start, its slots new addresses. Returns its size. */
PINFOLD_INLINE size_t relocate_object(struct relocator *relocator, int8_t *starts, uintptr_t object,
                                      pfi_slots_function *visit) {
    const struct pf_type *type = pfi_object_type(object);
    size_t size = pfi_object_size(object);
    uintptr_t place = object + relocator->distance;
    pfi_object_starts_set(starts, place, place + size);
    pfi_object_visit(object, type, visit, relocator);
    return size;
}

static void relocate_survivors(struct relocator *relocator) {
    struct pfi_plug_walk walk;
    struct pfi_plug plug;
    int8_t *starts = relocator->plan->share->arena->object_starts;
    pfi_plug_walk_open(&walk, relocator->plan);
    while (pfi_plug_walk_next(&walk, &plug)) {
        relocator->distance = pfi_plug_record_distance(plug.record);
        bool becomes_old = walk.range.generation != 0;
        for (uintptr_t object = plug.start; object < plug.end;) {
            object += becomes_old ? relocate_object(relocator, starts, object, visit_old_slots)
                                  : relocate_object(relocator, starts, object, visit_young_slots);
        }
    }
    relocator->distance = 0;
}

/* Live large objects of a full collection: they do not move, but refer to what does. */
static int relocate_large_object(void *context, const struct pfi_segment *segment, uintptr_t object, size_t size) {
    struct relocator *relocator = context;
    (void)segment;
    (void)size;
    if (pfi_bits_test(relocator->plan->share->arena->mark_words, object >> PINFOLD_GRANULE_SHIFT)) {
        pfi_object_visit(object, pfi_object_type(object), visit_old_slots, relocator);
    }
    return 0;
}

static void relocate_large_objects(struct relocator *relocator) {
    const struct pfi_share *share = relocator->plan->share;
    for (struct pfi_segment *segment = share->large_segments; segment != NULL; segment = segment->next) {
        pfi_cards_clean(share->arena->cards, segment->first, segment->allocated);
        pfi_walk_range(segment, segment->first, segment->allocated, relocate_large_object, relocator);
    }
}

/* Condemned objects get their cards from relocation; what was there before says nothing any more. The card that the
 * first condemned object shares with an older one keeps its dirt. */
static void clean_condemned_cards(const struct pfi_move_plan *plan) {
    struct pfi_condemned_range range;
    uint8_t *cards = plan->share->arena->cards;
    pfi_condemned_range_first(plan->share, plan->condemned, &range);
    do {
        uintptr_t start = range.start == range.segment->first ? range.segment->base : range.start;
        pfi_cards_clean_inside(cards, start, pfi_align_up(range.end, PINFOLD_CARD));
    } while (pfi_condemned_range_next(plan->share, &range));
    for (const struct pfi_segment *segment = plan->share->segments; segment != NULL; segment = segment->next) {
        if (segment->plan_allocated > segment->allocated) {
            pfi_cards_clean_inside(cards, segment->allocated, pfi_align_up(segment->plan_allocated, PINFOLD_CARD));
        }
    }
}

void pfi_relocate(const struct pfi_move_plan *plan, struct pfi_roots *roots, struct pfi_tags tags) {
    struct relocator relocator = {
        .plan = plan,
        .condemned_low = plan->condemned_low,
        .condemned_size = plan->condemned_size,
        .tags = tags,
        .young_low = pfi_move_plan_young_low(plan),
        .young_size = pfi_move_plan_young_size(plan),
        .cards = plan->share->arena->cards,
    };
    pfi_roots_visit(roots, plan->condemned, visit_root_slots, &relocator);
    pfi_cards_visit_older(plan->share, plan->condemned, visit_card_slots, &relocator);
    clean_condemned_cards(plan);
    relocate_survivors(&relocator);
    if (plan->condemned == 2) {
        relocate_large_objects(&relocator);
    }
}
