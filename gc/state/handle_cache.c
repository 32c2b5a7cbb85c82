/* SPDX-License-Identifier: MIT */
#include "gc/state/handle_cache.h"

/* The lowest slots end up last, so that they are used first. */
bool pfi_handle_cache_refill_locked(struct pfi_handle_cache *cache, struct pfi_handle_table *table,
                                    enum pf_handle_kind kind, size_t most) {
    struct pf_handle *slots[PINFOLD_HANDLE_CACHE_BATCH];
    size_t count = pfi_handle_table_take_locked(table, kind, slots, most);
    for (size_t index = count; index > 0; --index) {
        (void)pfi_handle_cache_push(cache, kind, slots[index - 1]);
    }
    return count != 0;
}

static void give_first(struct pfi_handle_cache *cache, struct pfi_handle_table *table, unsigned kind, unsigned count) {
    struct pf_handle **slots = cache->slots[kind];
    for (unsigned index = 0; index < count; ++index) {
        pfi_handle_table_give_locked(table, slots[index]);
    }
    cache->count[kind] -= count;
    memmove(slots, slots + count, cache->count[kind] * sizeof *slots);
}

void pfi_handle_cache_spill_locked(struct pfi_handle_cache *cache, struct pfi_handle_table *table, unsigned kind) {
    give_first(cache, table, kind, PINFOLD_HANDLE_CACHE_BATCH);
}

void pfi_handle_cache_flush_locked(struct pfi_handle_cache *cache, struct pfi_handle_table *table) {
    for (unsigned kind = 0; kind < PINFOLD_HANDLE_KINDS; ++kind) {
        give_first(cache, table, kind, cache->count[kind]);
    }
}
