/* SPDX-License-Identifier: MIT */
#include "alloc/card_table.h"

uintptr_t pfi_card_find(const uint8_t *cards, uintptr_t card, uintptr_t limit, uint8_t interest, bool wanted) {
    const uint64_t eight_interests = interest * (UINT64_MAX / 0xFF);
    while (card < limit) {
        if (wanted && card % 8 == 0 && card + 8 <= limit) {
            uint64_t eight;
            memcpy(&eight, &cards[card], sizeof eight);
            if ((eight & eight_interests) == 0) {
                card += 8;
                continue;
            }
        }
        if (((cards[card] & interest) != 0) == wanted) {
            return card;
        }
        ++card;
    }
    return limit;
}

void pfi_cards_remember_stored(uint8_t *cards, uintptr_t start, uintptr_t end) {
    uintptr_t limit = (end + PINFOLD_CARD - 1) >> PINFOLD_CARD_SHIFT;
    uintptr_t card = pfi_card_find(cards, start >> PINFOLD_CARD_SHIFT, limit, PINFOLD_CARD_STORED, true);
    while (card < limit) {
        cards[card] = PINFOLD_CARD_REMEMBERED;
        card = pfi_card_find(cards, card + 1, limit, PINFOLD_CARD_STORED, true);
    }
}

/* Folds the bits of eight cards at a time into the lowest bit of each and adds those up. */
size_t pfi_cards_count(const uint8_t *cards, uintptr_t start, uintptr_t end) {
    uintptr_t card = start >> PINFOLD_CARD_SHIFT;
    uintptr_t limit = (end + PINFOLD_CARD - 1) >> PINFOLD_CARD_SHIFT;
    size_t count = 0;
    for (; card + 8 <= limit; card += 8) {
        const uint64_t ones = UINT64_MAX / 0xFF;
        uint64_t eight;
        memcpy(&eight, &cards[card], sizeof eight);
        uint64_t dirty = (eight | eight >> 7) & ones; /* remembered: bit 0; stored: bit 7 */
        count += (size_t)((dirty * ones) >> 56);
    }
    for (; card < limit; ++card) {
        count += cards[card] != 0;
    }
    return count;
}

void pfi_cards_dirty_stored(uint8_t *cards, uintptr_t start, uintptr_t end) {
    uintptr_t last = (end - 1) >> PINFOLD_CARD_SHIFT;
    for (uintptr_t card = start >> PINFOLD_CARD_SHIFT; card <= last; ++card) {
        pfi_byte_store(&cards[card], PINFOLD_CARD_DIRTY);
    }
}
