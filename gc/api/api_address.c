/* SPDX-License-Identifier: MIT
 *
 * Addresses as hash keys. A generation's mark in heap->moved is the number of the last collection that may have moved
 * an object of it, or made one younger (demotion). Otherwise objects only grow older, and a collection of a generation
 * is one of all younger ones, so an object that was noted in one generation has not moved while that generation's mark
 * stands, whichever it is in by now.
 */
#include "alloc/platform/check.h"
#include "gc/heap.h"
#include "pinfold/address.h"

void pf_address_note(const struct pf_heap *heap, struct pf_address_stamp *stamp, const void *object) {
    PINFOLD_REQUIRE(heap != NULL && stamp != NULL, "pf_address_note: the heap or the stamp is NULL");
    int generation = pfi_share_generation_of(&heap->share, (uintptr_t)object & ~heap->tags.mask);
    PINFOLD_REQUIRE(generation >= 0, "pf_address_note: %p is no object of this heap", object);
    if (generation <= PINFOLD_LARGE && stamp->noted[generation] == 0) {
        stamp->noted[generation] = heap->history.count + 1;
    }
}

int pf_addresses_moved(const struct pf_heap *heap, const struct pf_address_stamp *stamp) {
    PINFOLD_REQUIRE(heap != NULL && stamp != NULL, "pf_addresses_moved: the heap or the stamp is NULL");
    for (int generation = 0; generation <= PINFOLD_LARGE; ++generation) {
        if (stamp->noted[generation] != 0 && stamp->noted[generation] <= heap->moved[generation]) {
            return 1;
        }
    }
    return 0;
}
