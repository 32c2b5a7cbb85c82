/* SPDX-License-Identifier: MIT
 *
 * Marking through dependent handles: the value of a live key is alive. What a value leads to may be a key itself, so
 * this goes on until nothing is new. Done twice in a collection, before short weak handles are cleared and again when
 * dead finalizable objects have been marked.
 *
 *     keys not known to be alive: blocks[waiting bits] -> block -> block       a pass over the list resolves some slots
 *
 * Only blocks with slots that wait are passed over again, in the other direction each time: a chain of dependents in
 * the order of their creation, or against it, takes two passes. Where a few passes do not suffice, all slots that wait
 * are indexed by their keys, and marking looks every object up that it marks: then the time is in proportion to what
 * is marked and to the handles, whatever their order.
 *
 * waiting and next_waiting of the blocks belong to marking: from open on to the clearing of dead dependents.
 */
#ifndef PINFOLD_GC_PHASE_MARK_DEPENDENT_H
#define PINFOLD_GC_PHASE_MARK_DEPENDENT_H

#include "gc/phase/mark.h"

struct pfi_dependents {
    struct pfi_handle_block *waiting;
    struct pfi_key_index *keys;
};

/* All dependent handles that the condemned generations may concern wait. */
void pfi_mark_dependents_open(struct pfi_dependents *dependents, struct pfi_handle_table *table, int condemned);

/* Marks, and follows, the values of live keys to a fixed point. Entry: everything marked so far was followed. */
void pfi_mark_dependents(struct pfi_dependents *dependents, struct pfi_marker *marker);

/* Clears key and value of the handles that still wait: their keys are dead. */
void pfi_mark_dependents_clear_dead(struct pfi_dependents *dependents);

#endif
