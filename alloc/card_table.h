/* SPDX-License-Identifier: MIT
 *
 * Dirty cards: a byte for each 512 bytes of heap.
 *
 *     0                          nothing on the card refers to a younger object
 *     PINFOLD_CARD_REMEMBERED    something may refer to generation 1, nothing to generation 0: collections write this
 *     PINFOLD_CARD_DIRTY         anything may have been stored: the barrier writes this
 *
 * So a collection of generation 0 looks only at what was stored since the last one, however much of the old heap
 * refers to generation 1. A bit of its own is left for a background mark to see what was written.
 */
#ifndef PINFOLD_ALLOC_CARD_TABLE_H
#define PINFOLD_ALLOC_CARD_TABLE_H

#include <stdbool.h>
#include <string.h>

#include "alloc/arena.h"

enum { PINFOLD_CARD_REMEMBERED = 0x01, PINFOLD_CARD_STORED = 0x80 };
static_assert((PINFOLD_CARD_DIRTY & PINFOLD_CARD_STORED) != 0, "the barrier leaves a trace that remembering does not");

/* The bits of a card that make it matter to a collection of generations 0..condemned. */
static inline uint8_t pfi_card_interest(int condemned) {
    return condemned == 0 ? PINFOLD_CARD_STORED : PINFOLD_CARD_STORED | PINFOLD_CARD_REMEMBERED;
}

static inline void pfi_card_dirty(uint8_t *cards, uintptr_t slot) {
    cards[slot >> PINFOLD_CARD_SHIFT] = PINFOLD_CARD_DIRTY;
}
static inline void pfi_card_remember(uint8_t *cards, uintptr_t slot) {
    cards[slot >> PINFOLD_CARD_SHIFT] |= PINFOLD_CARD_REMEMBERED;
}
/* What the barrier does for one slot, for every card that [start, end) touches; other threads may do the same. */
void pfi_cards_dirty_stored(uint8_t *cards, uintptr_t start, uintptr_t end);

/* Whether a reference from the slot to generation 0 or 1 would be found. */
static inline bool pfi_card_covers(const uint8_t *cards, uintptr_t slot, int generation) {
    return (cards[slot >> PINFOLD_CARD_SHIFT] & pfi_card_interest(generation)) != 0;
}

/* Cleans the cards that lie wholly in [start, end); those shared with neighbours stay. */
static inline void pfi_cards_clean_inside(uint8_t *cards, uintptr_t start, uintptr_t end) {
    uintptr_t from = (start + PINFOLD_CARD - 1) >> PINFOLD_CARD_SHIFT;
    uintptr_t to = end >> PINFOLD_CARD_SHIFT;
    if (from < to) {
        memset(&cards[from], 0, to - from);
    }
}

/* Cleans every card that [start, end) touches. */
static inline void pfi_cards_clean(uint8_t *cards, uintptr_t start, uintptr_t end) {
    if (start < end) {
        uintptr_t from = start >> PINFOLD_CARD_SHIFT;
        memset(&cards[from], 0, ((end - 1) >> PINFOLD_CARD_SHIFT) + 1 - from);
    }
}

/* After a collection without relocation nothing is in generation 0: what was stored is remembered. */
void pfi_cards_remember_stored(uint8_t *cards, uintptr_t start, uintptr_t end);

/* Cards of [start, end) that are not clean. */
size_t pfi_cards_count(const uint8_t *cards, uintptr_t start, uintptr_t end);

/* First card in [card, limit) that has one of the bits of `interest` (has none of them when `wanted` is false); limit
 * when there is none. */
uintptr_t pfi_card_find(const uint8_t *cards, uintptr_t card, uintptr_t limit, uint8_t interest, bool wanted);

#endif
