/* SPDX-License-Identifier: MIT */
#include "gc/phase/relocate.h"

#include "alloc/card_table.h"
#include "alloc/lookup.h"
#include "alloc/object_starts.h"
#include "alloc/platform/check.h"
#include "alloc/walk.h"
#include "gc/root/cards.h"

enum {
    WAITING = 16, /* slots whose target's slide is on its way; a power of two */
    AHEAD = 1024, /* bytes by which the walk over survivors runs ahead of itself */
};

/* A slot that waits, and where it will lie after compaction. */
struct waiting {
    uintptr_t slot; /* 0 = none */
    uintptr_t new_slot;
};

struct relocator {
    const struct pfi_move_plan *plan;
    uintptr_t condemned_low;
    uintptr_t condemned_size;
    struct pfi_tags tags;
    uintptr_t young_low; /* generations 1 and 0 after compaction */
    uintptr_t young_size;
    uintptr_t youngest_low; /* generation 0: pins that were left there */
    uintptr_t youngest_size;
    uintptr_t distance; /* of the object at hand */
    const uint64_t *mark_words;
    const uintptr_t *slides;
    uint8_t *cards;
    unsigned waiting_next;
    struct waiting waiting[WAITING];
};

/* Remembers the card of a slot that refers to a younger object than its holder: one in generation 1 is found again by
 * a collection of generation 1, one in generation 0 by every collection. Slots of roots lie outside all segments,
 * where there are no cards. */
static inline void remember(const struct relocator *relocator, uintptr_t new_slot, uintptr_t object) {
    if (object - relocator->young_low >= relocator->young_size ||
        !pfi_arena_holds(relocator->plan->share->arena, new_slot)) {
        return;
    }
    if (object - relocator->youngest_low < relocator->youngest_size) {
        if (new_slot - relocator->youngest_low >= relocator->youngest_size) {
            pfi_card_dirty(relocator->cards, new_slot);
        }
    } else if (new_slot - relocator->young_low >= relocator->young_size) {
        pfi_card_remember(relocator->cards, new_slot);
    }
}

static inline void relocate_slot(const struct relocator *relocator, const struct waiting *waiting) {
    uintptr_t value = *pfi_words(waiting->slot);
    uintptr_t object = value & ~relocator->tags.mask;
    uintptr_t moved = pfi_move_plan_new_address(relocator->plan, object);
    *pfi_words(waiting->slot) = value + (moved - object);
    remember(relocator, waiting->new_slot, moved);
}

/* A lookup is two loads from side tables that the target, not the slot, decides on: a cache miss each where the graph
 * is not in address order. So the slot waits while they are fetched, and the one that has waited longest is done. */
PINFOLD_INLINE void visit_slots(void *context, uintptr_t slots, size_t count) {
    struct relocator *relocator = context;
    for (uintptr_t slot = slots; slot < slots + count * sizeof(uintptr_t); slot += sizeof(uintptr_t)) {
        uintptr_t value = *pfi_words(slot);
        uintptr_t object = value & ~relocator->tags.mask;
        if (!pfi_tags_is_reference(relocator->tags, value)) {
            continue;
        }
        if (object - relocator->condemned_low >= relocator->condemned_size) {
            remember(relocator, slot + relocator->distance, object);
            continue;
        }
        __builtin_prefetch(&relocator->slides[object >> PINFOLD_CARD_SHIFT]);
        __builtin_prefetch(&relocator->mark_words[object >> PINFOLD_CARD_SHIFT]);
        struct waiting *place = &relocator->waiting[relocator->waiting_next++ % WAITING];
        if (place->slot != 0) {
            relocate_slot(relocator, place);
        }
        *place = (struct waiting){slot, slot + relocator->distance};
    }
}

static void finish_waiting(struct relocator *relocator) {
    for (struct waiting *place = relocator->waiting; place < relocator->waiting + WAITING; ++place) {
        if (place->slot != 0) {
            relocate_slot(relocator, place);
        }
        place->slot = 0;
    }
}

/* Where the slots come from callbacks or tables, the function is handed on as a pointer. */
static void visit_any_slots(void *context, uintptr_t slots, size_t count) {
    visit_slots(context, slots, count);
}

/* How far the object around an interior address moves; 0 where there is none. Every granule of a live small object has
 * a mark bit, and moves as the first does; a large one has to be found. Born pinned ones stay. */
static uintptr_t distance_inside(const struct pfi_move_plan *plan, uintptr_t address) {
    const struct pfi_arena *arena = plan->share->arena;
    const struct pfi_segment *segment = pfi_arena_segment_of(arena, address);
    if (segment == NULL || segment->kind == PINFOLD_SEGMENT_PINNED) {
        return 0;
    }
    uintptr_t known = address;
    if (segment->kind == PINFOLD_SEGMENT_LARGE) {
        known = pfi_lookup_object_in(arena, segment, address);
    }
    bool is_live = known != 0 && pfi_bits_test(arena->mark_words, known >> PINFOLD_GRANULE_SHIFT);
    return is_live ? pfi_move_plan_new_address(plan, known) - known : 0;
}

static void visit_interior_slots(void *context, uintptr_t slots, size_t count) {
    const struct relocator *relocator = context;
    for (size_t index = 0; index < count; ++index) {
        uintptr_t *slot = &pfi_words(slots)[index];
        if (*slot - relocator->condemned_low < relocator->condemned_size) {
            *slot += distance_inside(relocator->plan, *slot);
        }
    }
}

/* One object of a plug: its place gets an object start, unless it has one already, its slots new addresses. Returns its
 * size. */
static inline size_t relocate_object(struct relocator *relocator, int8_t *starts, uintptr_t object) {
    const struct pf_type *type = pfi_object_type(object);
    size_t size = pfi_object_size(object);
    uintptr_t place = object + relocator->distance;
    __builtin_prefetch((const void *)(object + AHEAD)); /* the walk jumps from plug to plug: hardware does not see it */
    if (place != object) {
        pfi_object_starts_set(starts, place, place + size);
    }
    pfi_object_visit(object, type, visit_slots, relocator);
    return size;
}

static void relocate_plug(struct relocator *relocator, const struct pfi_listed_plug *plug) {
    int8_t *starts = relocator->plan->share->arena->object_starts;
    relocator->distance = plug->place - plug->start;
    for (uintptr_t object = plug->start; object < plug->end;) {
        object += relocate_object(relocator, starts, object);
    }
}

/* Pinned plugs that hold no references, as buffers do, have nothing to relocate. */
static void relocate_survivors(struct relocator *relocator) {
    struct pfi_plug_batches batches;
    pfi_plug_batches_open(&batches, relocator->plan, relocator->plan->pinned_holders != 0);
    for (size_t count; (count = pfi_plug_batches_next(&batches)) != 0;) {
        for (size_t index = 0; index < count; ++index) {
            relocate_plug(relocator, &batches.plugs[index]);
        }
    }
    relocator->distance = 0;
}

/* Live large objects, and those that were born pinned, of a full collection: they refer to what moves, and large ones
 * move themselves where that is planned. */
static int relocate_chain_object(void *context, const struct pfi_segment *segment, uintptr_t object, size_t size) {
    struct relocator *relocator = context;
    (void)segment;
    (void)size;
    if (pfi_bits_test(relocator->plan->share->arena->mark_words, object >> PINFOLD_GRANULE_SHIFT)) {
        relocator->distance = pfi_move_plan_new_address(relocator->plan, object) - object;
        pfi_object_visit(object, pfi_object_type(object), visit_slots, relocator);
    }
    return 0;
}

static void relocate_chain(struct relocator *relocator, const struct pfi_segment *chain) {
    for (const struct pfi_segment *segment = chain; segment != NULL; segment = segment->next) {
        pfi_cards_clean(relocator->cards, segment->first, segment->allocated);
    }
    for (const struct pfi_segment *segment = chain; segment != NULL; segment = segment->next) {
        pfi_walk_range(segment, segment->first, segment->allocated, relocate_chain_object, relocator);
    }
    relocator->distance = 0;
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
        .youngest_low = plan->new_start[0],
        .youngest_size = plan->new_ephemeral->end - plan->new_start[0],
        .mark_words = plan->share->arena->mark_words,
        .slides = plan->share->arena->slides,
        .cards = plan->share->arena->cards,
    };
    pfi_roots_visit(roots, plan->condemned,
                    (struct pfi_root_visits){visit_any_slots, visit_interior_slots, pfi_slots_ignore, &relocator});
    pfi_roots_visit_weak(roots, plan->condemned, visit_any_slots, &relocator);
    pfi_finalizers_visit_registered(&roots->finalizers, plan->condemned, visit_any_slots, &relocator);
    pfi_cards_visit_older(plan->share, plan->condemned, visit_any_slots, &relocator);
    finish_waiting(&relocator); /* cards of older objects are complete before others are cleaned */
    clean_condemned_cards(plan);
    relocate_survivors(&relocator);
    if (plan->condemned == 2) {
        relocate_chain(&relocator, plan->share->large_segments);
        relocate_chain(&relocator, plan->share->pinned_segments);
    }
    finish_waiting(&relocator);
}
