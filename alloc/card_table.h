/* SPDX-License-Identifier: MIT
 *
 * Dirty cards: a byte for each 512 bytes of heap. The barrier makes them dirty; collections clean them.
 */
#ifndef PINFOLD_ALLOC_CARD_TABLE_H
#define PINFOLD_ALLOC_CARD_TABLE_H

#include <stdbool.h>
#include <string.h>

#include "alloc/arena.h"

static inline void pfi_card_dirty(uint8_t *cards, uintptr_t slot) {
    cards[slot >> PINFOLD_CARD_SHIFT] = PINFOLD_CARD_DIRTY;
}
static inline bool pfi_card_is_dirty(const uint8_t *cards, uintptr_t slot) {
    return cards[slot >> PINFOLD_CARD_SHIFT] != 0;
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

/* First card in [card, limit) that is dirty (clean when `dirty` is false); limit when there is none. */
uintptr_t pfi_card_find(const uint8_t *cards, uintptr_t card, uintptr_t limit, bool dirty);

#endif
