/* SPDX-License-Identifier: MIT */
#include "gc/root/cards.h"

#include "alloc/card_table.h"
#include "alloc/object_starts.h"
#include "alloc/walk.h"

static uintptr_t first_object(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t from,
                              uintptr_t low) {
    if (low <= from) {
        return from;
    }
    return segment->is_large ? pfi_object_starts_before(arena->object_starts, segment->first, low)
                             : pfi_object_starts_find(arena->object_starts, segment->first, low);
}

/* The slots in [low, high), the bytes of one run of dirty cards. */
static void visit_run(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t from, uintptr_t low,
                      uintptr_t high, pfi_slots_function *visit, void *context) {
    uintptr_t object = first_object(arena, segment, from, low);
    while (object < high) {
        uintptr_t next = object + pfi_walk_step(segment, object);
        if (object >= low && next <= high) {
            pfi_object_visit(object, pfi_object_type(object), visit, context);
        } else {
            pfi_object_visit_range(object, low, high, visit, context);
        }
        object = next;
    }
}

void pfi_cards_visit(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t from, uintptr_t to,
                     pfi_slots_function *visit, void *context) {
    uint8_t *cards = arena->cards;
    uintptr_t limit = (to + PINFOLD_CARD - 1) >> PINFOLD_CARD_SHIFT;
    uintptr_t card = pfi_card_find(cards, from >> PINFOLD_CARD_SHIFT, limit, true);
    while (card < limit) {
        uintptr_t end = pfi_card_find(cards, card, limit, false);
        uintptr_t low = card << PINFOLD_CARD_SHIFT;
        uintptr_t high = end << PINFOLD_CARD_SHIFT;
        memset(&cards[card], 0, end - card);
        visit_run(arena, segment, from, low, pfi_min(high, to), visit, context);
        if (high > to) { /* shared with younger objects: what it says about them is not known here */
            cards[end - 1] = PINFOLD_CARD_DIRTY;
        }
        card = pfi_card_find(cards, end, limit, true);
    }
}

void pfi_cards_visit_older(const struct pfi_share *share, int condemned, pfi_slots_function *visit, void *context) {
    if (condemned >= 2) {
        return;
    }
    for (const struct pfi_segment *segment = share->segments; segment != NULL; segment = segment->next) {
        uintptr_t to = segment == share->ephemeral ? pfi_share_start(share, condemned) : segment->allocated;
        pfi_cards_visit(share->arena, segment, segment->first, to, visit, context);
    }
    for (const struct pfi_segment *segment = share->large_segments; segment != NULL; segment = segment->next) {
        pfi_cards_visit(share->arena, segment, segment->first, segment->allocated, visit, context);
    }
}
