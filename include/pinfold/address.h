/* SPDX-License-Identifier: MIT
 *
 * Hashing addresses: a cheap answer to "may one of these objects have moved since I looked at its address?", so that a
 * table keyed by identity is hashed anew only when it must be.
 *
 *     struct pf_address_stamp stamp = {{0}};
 *     pf_address_note(heap, &stamp, key);                  // before the address is used, no safepoint in between
 *     insert(table, (uintptr_t)key, ...);
 *     ...
 *     if (pf_addresses_moved(heap, &stamp)) {              // before a lookup
 *         stamp = (struct pf_address_stamp){{0}};
 *         for each key: pf_address_note(heap, &stamp, key) and insert it anew;
 *     }
 *
 * A stamp remembers, for each generation, when an address in it was noted first; the heap, when objects of each
 * generation may have moved last. "No" is always right. "Yes" is right for the stamp as a whole: an address of a
 * generation that a compacting collection has collected since is taken to have moved. So it is not said because of
 *
 *     collections of younger generations than those that the noted objects were in
 *     collections that swept
 *     any collection, for objects that were born pinned, and any that did not compact large objects, for those
 *
 * Whoever keeps one stamp for the objects of each generation (pf_generation_of, when noted) hashes only the young ones
 * again after a young collection; weak_table.h does. For managed threads; none of this is a safepoint.
 */
#ifndef PINFOLD_ADDRESS_H
#define PINFOLD_ADDRESS_H

#include "pinfold/stats.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All zero: nothing is noted. */
struct pf_address_stamp {
    uint64_t noted[PINFOLD_LARGE + 1]; /* by generation: 1 + collections before the first note */
};

/* From now on the stamp depends on the address of `object`, which must be an object of the heap; tags are ignored. */
PINFOLD_API void pf_address_note(const struct pf_heap *heap, struct pf_address_stamp *stamp, const void *object);

/* Whether an object that was noted may have moved since. */
PINFOLD_API int pf_addresses_moved(const struct pf_heap *heap, const struct pf_address_stamp *stamp);

#ifdef __cplusplus
}
#endif
#endif
