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

/* How much of the front of the bins stays, and how far that has been counted. */
struct keeping {
    size_t keep;
    size_t kept;
};

static bool is_clean(uintptr_t item) {
    struct pfi_pages pages = pfi_free_pages(item, pfi_object_size(item));
    return pfi_free_pages_clean(item) == pages.high - pages.low;
}

/* What is done with goes to the end of the bin, so that the next call begins with the rest: else giving back many free
 * objects a few at a time would take the square of their number. */
static void give_bin(struct pfi_share *share, int generation, unsigned bin, size_t shortest, struct keeping *keeping,
                     size_t limit, struct pfi_given *given) {
    struct pfi_free_list *list = &share->generations[generation].free_list;
    uintptr_t last_kept = 0;
    uintptr_t last = 0;
    for (uintptr_t item = list->bins[bin].head; item != 0 && given->cost < limit; item = *pfi_free_object_link(item)) {
        size_t size = pfi_object_size(item);
        if (keeping->kept < keeping->keep) {
            keeping->kept += size - pfi_free_pages_clean(item);
            last_kept = item;
            continue;
        }
        size_t bytes = size < shortest ? 0 : give_pages(share, generation, item, limit - given->cost);
        given->bytes += bytes;
        given->cost += bytes == 0 ? 0 : pfi_max(bytes, PINFOLD_GIVING_COST);
        last = given->cost < limit || is_clean(item) ? item : last;
    }
    if (last != 0) {
        pfi_free_list_rotate(list, bin, last_kept, last);
    }
}

/* Through the bins: objects that other threads have just taken may have no header yet, so a walk over segments would
 * need a stopped world. */
struct pfi_given pfi_free_pages_give(struct pfi_share *share, int generation, size_t shortest, size_t keep,
                                     size_t limit) {
    const struct pfi_generation *numbers = &share->generations[generation];
    struct pfi_given given = {0, 0};
    struct keeping keeping = {keep, 0};
    if (share->options->stress.poison || numbers->free_bytes - numbers->clean_bytes <= keep) {
        return given;
    }
    for (unsigned bin = pfi_free_list_bin(&numbers->free_list, shortest); bin < numbers->free_list.bin_count; ++bin) {
        give_bin(share, generation, bin, shortest, &keeping, limit, &given);
    }
    return given;
}
