/* SPDX-License-Identifier: MIT */
#include "alloc/object_starts.h"

#include <string.h>

#include "alloc/object.h"
#include "alloc/platform/check.h"

void pfi_object_starts_link(int8_t *starts, uintptr_t start, uintptr_t end) {
    uintptr_t card = start >> PINFOLD_CARD_SHIFT;
    uintptr_t last = (end - 1) >> PINFOLD_CARD_SHIFT;
    for (unsigned power = 0; card + ((uintptr_t)1 << power) <= last; ++power) {
        uintptr_t from = card + ((uintptr_t)1 << power);
        uintptr_t to = pfi_min(card + ((uintptr_t)2 << power), last + 1);
        memset(&starts[from], -(int)power - 1, to - from);
    }
}

uintptr_t pfi_object_starts_before(const int8_t *starts, uintptr_t first, uintptr_t address) {
    uintptr_t card = address >> PINFOLD_CARD_SHIFT;
    for (;;) {
        int entry = starts[card];
        if (entry < 0) {
            card -= (uintptr_t)1 << (-entry - 1);
            continue;
        }
        PINFOLD_REQUIRE(entry != 0, "address %#zx has no object start: it was never allocated", (size_t)address);
        uintptr_t start = (card << PINFOLD_CARD_SHIFT) + ((uintptr_t)(entry - 1) << PINFOLD_GRANULE_SHIFT);
        if (start <= address) {
            return start;
        }
        if (card <= first >> PINFOLD_CARD_SHIFT) { /* the entry names a later object of the segment's first card */
            return first;
        }
        --card;
    }
}

uintptr_t pfi_object_starts_find(int8_t *starts, uintptr_t first, uintptr_t address) {
    uintptr_t card = address >> PINFOLD_CARD_SHIFT;
    uintptr_t object = pfi_object_starts_before(starts, first, address);
    for (;;) {
        uintptr_t next = object + pfi_object_size(object);
        if (next > address) {
            return object;
        }
        if (next >> PINFOLD_CARD_SHIFT < card) { /* entries of the card asked about may know a later start: keep them */
            pfi_object_starts_note(starts, next);
        }
        object = next;
    }
}
