/* SPDX-License-Identifier: MIT
 *
 * Which object contains an address? One signed byte a card, valid between collections:
 *
 *     v > 0   an object starts at granule v - 1 of this card
 *     v < 0   nothing known starts here: go back 2^(-v - 1) cards
 *     v = 0   no object has ever been here
 *
 * Invariant: every positive entry names the start of a real object (or free object), and links lead to one. Entries
 * need not name the last object of a card: a lookup walks forward from what it finds and writes down what it learns,
 * so looking again nearby is cheap. Written by refill, sweep, relocation (for destinations) and lookups.
 *
 * Pitch: the blueprint of this collector had one entry a brick (4 KiB); scanning a dirty card then walks half a brick
 * of objects, most of them cache misses. With an entry a card it touches one or two. See alloc/README.md.
 */
#ifndef PINFOLD_ALLOC_OBJECT_STARTS_H
#define PINFOLD_ALLOC_OBJECT_STARTS_H

#include "alloc/arena.h"

static inline void pfi_object_starts_note(int8_t *starts, uintptr_t object) {
    starts[object >> PINFOLD_CARD_SHIFT] = (int8_t)(((object & (PINFOLD_CARD - 1)) >> PINFOLD_GRANULE_SHIFT) + 1);
}

/* Back links for the cards that begin inside [start, end). */
void pfi_object_starts_link(int8_t *starts, uintptr_t start, uintptr_t end);

/* Something walkable starts at `start` and covers [start, end). Most things cover few cards, if more than one: their
 * links are written out here. */
static inline void pfi_object_starts_set(int8_t *starts, uintptr_t start, uintptr_t end) {
    uintptr_t card = start >> PINFOLD_CARD_SHIFT;
    uintptr_t cards = ((end - 1) >> PINFOLD_CARD_SHIFT) - card;
    pfi_object_starts_note(starts, start);
    if (cards > 3) {
        pfi_object_starts_link(starts, start, end);
    } else if (cards != 0) {
        starts[card + 1] = -1;
        starts[card + pfi_min(cards, 2)] = cards == 1 ? -1 : -2;
        starts[card + cards] = cards == 1 ? -1 : -2;
    }
}

/* The start that the table knows at or before `address`, which must lie in [first, allocated) of the segment whose
 * first object is at `first`. */
uintptr_t pfi_object_starts_before(const int8_t *starts, uintptr_t first, uintptr_t address);

/* The object that contains `address`, in a segment of small objects. Refines the table on the way. */
uintptr_t pfi_object_starts_find(int8_t *starts, uintptr_t first, uintptr_t address);

#endif
