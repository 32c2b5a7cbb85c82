/* SPDX-License-Identifier: MIT
 *
 * A thread's own free slots, so that making and destroying handles takes no lock in the common case.
 *
 *     table  <-- spill: the half that was unused longest ---  cache  --- push, pop at its end -->  handles
 *            --- refill: half a cache --------------------->
 *
 * Invariant: no slot of a cache is a handle, and each lies in a block of the cache's table and of its kind. Owner: an
 * attached thread, which touches it only while it is managed, so a stopped world's caches are at rest. The pin queue
 * has room for every slot of kind PINNED that left the table, so that taking one from here needs no account.
 */
#ifndef PINFOLD_GC_HANDLE_CACHE_H
#define PINFOLD_GC_HANDLE_CACHE_H

#include "gc/state/handle_table.h"

enum { PINFOLD_HANDLE_CACHE = 64, PINFOLD_HANDLE_CACHE_BATCH = PINFOLD_HANDLE_CACHE / 2 };

struct pfi_handle_cache {
    unsigned count[PINFOLD_HANDLE_KINDS];
    struct pf_handle *slots[PINFOLD_HANDLE_KINDS][PINFOLD_HANDLE_CACHE];
};

/* NULL: there is none. */
static inline struct pf_handle *pfi_handle_cache_pop(struct pfi_handle_cache *cache, enum pf_handle_kind kind) {
    return cache->count[kind] == 0 ? NULL : cache->slots[kind][--cache->count[kind]];
}

/* false: the cache is full. */
static inline bool pfi_handle_cache_push(struct pfi_handle_cache *cache, unsigned kind, struct pf_handle *slot) {
    if (cache->count[kind] == PINFOLD_HANDLE_CACHE) {
        return false;
    }
    cache->slots[kind][cache->count[kind]++] = slot;
    return true;
}

/* Takes up to `most` <= PINFOLD_HANDLE_CACHE_BATCH slots from the table into a cache that has none of the kind. false:
 * no memory. */
bool pfi_handle_cache_refill_locked(struct pfi_handle_cache *cache, struct pfi_handle_table *table,
                                    enum pf_handle_kind kind, size_t most);

/* Gives half of a full cache back to the table. */
void pfi_handle_cache_spill_locked(struct pfi_handle_cache *cache, struct pfi_handle_table *table, unsigned kind);

/* Gives everything back: for a thread that is about to leave. */
void pfi_handle_cache_flush_locked(struct pfi_handle_cache *cache, struct pfi_handle_table *table);

#endif
