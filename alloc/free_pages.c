/* SPDX-License-Identifier: MIT */
#include "alloc/free_pages.h"

/* At most `limit` bytes, downwards from those that are clean already; at least a page, if there is one. 0 as well:
 * the system does not take them. */
static size_t give_pages(struct pfi_share *share, int generation, uintptr_t item, size_t limit) {
    struct pfi_pages pages = pfi_free_pages(item, pfi_object_size(item));
    size_t *clean = &pfi_words(item)[4];
    uintptr_t end = pages.high - *clean;
    size_t size = pfi_min(end - pages.low, pfi_max(pfi_align_down(limit, PINFOLD_PAGE), PINFOLD_PAGE));
    if (size == 0 || !pfi_arena_discard(share->arena, pfi_share_space(generation), end - size, size)) {
        return 0;
    }
    *clean += size;
    if (generation == 0) { /* which counts as committed, since it is about to be used */
        pfi_account_add(&share->arena->account, PINFOLD_SPACE_SMALL, size);
    } else {
        pfi_arena_forget_marks(share->arena, end - size, pages.high);
        share->generations[generation].clean_bytes += size;
    }
    return size;
}

bool pfi_free_pages_charge(struct pfi_share *share, int generation, size_t size) {
    struct pfi_arena *arena = share->arena;
    enum pfi_space space = pfi_share_space(generation);
    return pfi_account_charge(&arena->account, space, size) ||
           (pfi_decommit_queue_give(arena, size) != 0 && pfi_account_charge(&arena->account, space, size));
}

/* Through the bins: objects that other threads have just taken may have no header yet, so a walk over segments would
 * need a stopped world. */
struct pfi_given pfi_free_pages_give(struct pfi_share *share, int generation, size_t shortest, size_t keep,
                                     size_t limit) {
    const struct pfi_generation *numbers = &share->generations[generation];
    const struct pfi_free_list *list = &numbers->free_list;
    struct pfi_given given = {0, 0};
    size_t kept = 0;
    if (share->options->stress.poison || numbers->free_bytes - numbers->clean_bytes <= keep) {
        return given;
    }
    for (unsigned bin = pfi_free_list_bin(list, shortest); bin < list->bin_count; ++bin) {
        for (uintptr_t item = list->bins[bin].head; item != 0 && given.cost < limit;
             item = *pfi_free_object_link(item)) {
            size_t size = pfi_object_size(item);
            if (kept < keep) {
                kept += size - pfi_free_pages_clean(item);
            } else if (size >= shortest) {
                size_t bytes = give_pages(share, generation, item, limit - given.cost);
                given.bytes += bytes;
                given.cost += bytes == 0 ? 0 : pfi_max(bytes, PINFOLD_GIVING_COST);
            }
        }
    }
    return given;
}
