/* SPDX-License-Identifier: MIT
 *
 * Giving memory back to the system: outside the pause, by the thread that has collected, a step after each collection
 * as long as something is left to give. In this order: segments that a collection has emptied (the decommit queue), the
 * ends of segments of small objects, then ends and free pages of large objects, of those born pinned, the free pages of
 * generation 2 and, where much has died, the space between pins that were left young.
 *
 * A step is bounded by the option decommit_step_size, and its rate by decommit_interval_ms (policy/pace.h). It consists
 * of pieces of 2 MiB, between which no lock is held and, after the first, the step ends if another thread wants to stop
 * the world: what is left over waits for the next collection. Where the program asked for the collection, the whole
 * step comes at once.
 */
#ifndef PINFOLD_GC_GIVE_BACK_H
#define PINFOLD_GC_GIVE_BACK_H

#include "gc/heap.h"

/* A collection is about to end: what it has freed is to be given back. With the world stopped. */
void pfi_giving_note_collection(struct pf_heap *heap, int generation, enum pf_reason reason);

/* The step after a collection, when the other threads run again. The calling thread is managed, so that no other
 * collection begins. */
void pfi_heap_give_back(struct pf_heap *heap);

/* The same at any time and without regard to the pace, at most `limit` bytes; returns how many they were. */
size_t pfi_heap_give_back_at_most(struct pf_heap *heap, size_t limit);

/* Whatever holds no object, standby segments and the mark stacks included, but for `keep` bytes behind the youngest
 * objects; returns how many bytes of segments. The calling thread is managed, or has stopped the world. */
size_t pfi_heap_give_back_all(struct pf_heap *heap, size_t keep);

/* A limit has refused memory for bookkeeping, at a place that is no safepoint: gives back some of what holds no object,
 * so that the next try may succeed. Of a region without collections nothing is taken that it was granted. false: there
 * is nothing left to give. By any thread that holds no lock of the heap. */
bool pfi_heap_relieve(struct pf_heap *heap);

#endif
