/* SPDX-License-Identifier: MIT
 *
 * The whole pages inside free objects, and giving them back to the system: page runs of large objects, free objects
 * between those that were born pinned, and what a sweep or pins have left in generation 2.
 *
 *     | header .. | page | page | page | page | page | .. |        a free object of a page and more
 *                 low             |<--- clean ----->|             given back, from the end downwards
 *                                                high
 *
 * Its fifth word says how many bytes are clean: they lie at the end of its whole pages, read as zero, take no memory,
 * and the account of committed memory does not count them. The page of the header never goes. A range is only advised
 * away, never protected or unmapped, so that no hole becomes a mapping of its own.
 *
 * Invariant: 0 <= clean <= high - low; the sum over a generation is its clean_bytes, but for generations 0 and 1, where
 * nothing counts as clean. Changed by the allocator and by those who give memory back, under the share's old_lock, and
 * by stopped collections.
 */
#ifndef PINFOLD_ALLOC_FREE_PAGES_H
#define PINFOLD_ALLOC_FREE_PAGES_H

#include "alloc/object.h"
#include "alloc/share.h"

enum {
    PINFOLD_FREE_HEADER = 5 * sizeof(uintptr_t),                 /* with the word for what is clean */
    PINFOLD_SHORTEST_GIVEN = PINFOLD_PAGE + PINFOLD_FREE_HEADER, /* free objects below that have no word for it */
    PINFOLD_SHORTEST_PACED = 2 * PINFOLD_PAGE, /* those below are not worth a call before somebody needs the memory */
    PINFOLD_GIVING_COST = 16 * PINFOLD_PAGE,   /* a system call costs as much as so many bytes, or more */
};

struct pfi_pages {
    uintptr_t low;
    uintptr_t high;
};

/* The whole pages of a free object at [start, start + size), behind its header; low == high when it has none. */
static inline struct pfi_pages pfi_free_pages(uintptr_t start, size_t size) {
    uintptr_t high = pfi_align_down(start + size, PINFOLD_PAGE);
    uintptr_t low = pfi_align_up(start + PINFOLD_FREE_HEADER, PINFOLD_PAGE);
    return (struct pfi_pages){pfi_min(low, high), high};
}

/* Bytes of a free object that were given back. */
static inline size_t pfi_free_pages_clean(uintptr_t free_object) {
    return pfi_object_size(free_object) < PINFOLD_SHORTEST_GIVEN ? 0 : pfi_words(free_object)[4];
}

/* Says that at most `clean` bytes at the end of the whole pages of this free object, which has been formatted, are
 * clean; returns how many of them it has. Account and clean_bytes are the caller's affair. */
static inline size_t pfi_free_pages_set_clean(uintptr_t free_object, size_t size, size_t clean) {
    if (size < PINFOLD_SHORTEST_GIVEN) {
        return 0;
    }
    struct pfi_pages pages = pfi_free_pages(free_object, size);
    return pfi_words(free_object)[4] = pfi_min(clean, pages.high - pages.low);
}

/* A free object with `before` clean bytes is used from its front; what is left of it is [rest, rest + size), not yet
 * formatted. How many bytes will have to be committed for that. */
static inline size_t pfi_free_pages_used(size_t before, uintptr_t rest, size_t size) {
    struct pfi_pages pages = pfi_free_pages(rest, size);
    return before - (size < PINFOLD_SHORTEST_GIVEN ? 0 : pfi_min(before, pages.high - pages.low));
}

/* Counts so many clean bytes of this generation as committed, since they are about to be used; what waits to be given
 * back makes way. false: a limit forbids it, and nothing was counted. */
bool pfi_free_pages_charge(struct pfi_share *share, int generation, size_t size);

/* Gives pages of the free objects of at least `shortest` bytes (PINFOLD_SHORTEST_GIVEN or more) on the list of this
 * generation back, keeping the first `keep` bytes of them (shorter ones first) for the allocations to come, until that
 * has cost `limit`: the bytes given, but no less than PINFOLD_GIVING_COST a system call. Under old_lock, or with the
 * world stopped. Generation 0, under small_lock, is different: its space between pins is allocated from next, so it
 * goes on to count as committed. */
struct pfi_given {
    size_t bytes;
    size_t cost;
};
struct pfi_given pfi_free_pages_give(struct pfi_share *share, int generation, size_t shortest, size_t keep,
                                     size_t limit);

#endif
