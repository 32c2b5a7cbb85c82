/* SPDX-License-Identifier: MIT
 *
 * Walkable: whether the heap can be walked in the middle of a collection. Not one byte of a live object is lent to the
 * collector for its records, so at every moment each segment is a row of objects and dead runs:
 *
 *     not condemned, or settled again    every object and free object, from one to the next
 *     condemned, from mark to relocate   runs of live granules are whole objects, side by side; the bytes between are
 *                                        dead and may hold records of plugs
 *
 * Reads only; takes no memory.
 */
#ifndef PINFOLD_GC_OBSERVE_WALKABLE_H
#define PINFOLD_GC_OBSERVE_WALKABLE_H

#include "gc/state/move_plan.h"

/* `plan` is NULL before marking begins and after compaction or sweep has ended. 0 = walkable; 1 = not, and the message
 * names the object, the one before it and the segment. */
int pfi_check_walkable(const struct pfi_share *share, const struct pfi_move_plan *plan, struct pf_message *message);

/* Type words that were found readable: objects are many, and types few. All zero at first. */
struct pfi_readable_types {
    uintptr_t words[16];
};

/* Whether the type word of `object` may be one: types lie outside the heap, are aligned and readable, and are neither
 * NULL nor poison. Does not follow the word into nowhere: with addresses of 32 bits nearly any word might be one. */
bool pfi_type_is_plausible(const struct pfi_arena *arena, uintptr_t object, struct pfi_readable_types *readable);

#endif
