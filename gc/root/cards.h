/* SPDX-License-Identifier: MIT
 *
 * Dirty cards: the slots of older objects that may refer to younger ones. Used once to mark and once to relocate; in
 * each pass every slot is visited at most once, for relocation is not idempotent.
 *
 * A run of dirty cards is cleaned before its slots are visited; the visitor makes the card of a slot dirty (or
 * remembered) again when the reference it leaves there still needs one. So a card stays dirty exactly as long as it has
 * to.
 */
#ifndef PINFOLD_GC_ROOT_CARDS_H
#define PINFOLD_GC_ROOT_CARDS_H

#include "alloc/object.h"
#include "alloc/share.h"

/* Visits the slots on those cards of [from, to), a range of whole objects in `segment`, that have one of the bits of
 * `interest`. */
void pfi_cards_visit(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t from, uintptr_t to,
                     uint8_t interest, pfi_slots_function *visit, void *context);

/* All objects older than generation `condemned`, large ones and those that were born pinned included. Nothing for a
 * full collection. The boundary card that old and condemned objects share is visited for its old part only and stays
 * dirty. */
void pfi_cards_visit_older(const struct pfi_share *share, int condemned, pfi_slots_function *visit, void *context);

/* How many cards of generation 2's small objects are not clean. */
size_t pfi_cards_count_older(const struct pfi_share *share);

/* After a sweep, when no object is left in generation 0: what was stored into older objects is merely remembered. */
void pfi_cards_remember_older(const struct pfi_share *share);

#endif
