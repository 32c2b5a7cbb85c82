/* SPDX-License-Identifier: MIT */
#include "alloc/card_table.h"

uintptr_t pfi_card_find(const uint8_t *cards, uintptr_t card, uintptr_t limit, bool dirty) {
    while (card < limit) {
        if (dirty && card % 8 == 0 && card + 8 <= limit) {
            uint64_t eight;
            memcpy(&eight, &cards[card], sizeof eight);
            if (eight == 0) {
                card += 8;
                continue;
            }
        }
        if ((cards[card] != 0) == dirty) {
            return card;
        }
        ++card;
    }
    return limit;
}
