/* SPDX-License-Identifier: MIT
 *
 * The figures that everything else is laid out by, and the relations between them.
 *
 *     granule  8 B     alignment of every object, one bit in the mark bitmap
 *     card     512 B   one byte of dirt, one byte of object start, one 64-bit word of the mark bitmap
 *     unit     256 KiB smallest segment; what the arena is carved in
 */
#ifndef PINFOLD_ALLOC_LAYOUT_H
#define PINFOLD_ALLOC_LAYOUT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pinfold/barrier.h"
#include "pinfold/heap.h"

enum {
    PINFOLD_GRANULE_SHIFT = 3,
    PINFOLD_GRANULE = 1 << PINFOLD_GRANULE_SHIFT,
    PINFOLD_MIN_OBJECT = 16,    /* smallest object, smallest free object, plug record */
    PINFOLD_MIN_FREE_ITEM = 32, /* smallest free object that is threaded: type, size, link, planned end */
    PINFOLD_CARD = 1 << PINFOLD_CARD_SHIFT,
    PINFOLD_PAGE_SHIFT = 12, /* granularity of large objects and of commits; a heap is refused where pages are larger */
    PINFOLD_PAGE = 1 << PINFOLD_PAGE_SHIFT,
    PINFOLD_UNIT_SHIFT = 18,
    PINFOLD_UNIT = 1 << PINFOLD_UNIT_SHIFT,
    PINFOLD_COMMIT_STEP = 1 << 18, /* commits grow in multiples of this; the ancestor used 64 KiB */
    PINFOLD_HUGE_PAGE = 1 << 21,   /* ... or of this, when segments are large enough for huge pages to pay */
    PINFOLD_MARK_WORD_GRANULES = 64,
    PINFOLD_MOST_WORKERS = 64, /* threads that take part in a collection, the collecting one included */
    PINFOLD_POISON = 0xDB,     /* fills memory without objects under that stress mode */
};

static_assert(PINFOLD_MIN_OBJECT >= 2 * sizeof(uintptr_t), "a plug record fits a smallest gap");
static_assert(PINFOLD_MARK_WORD_GRANULES * PINFOLD_GRANULE == PINFOLD_CARD, "a mark word covers a card");
static_assert(PINFOLD_UNIT % PINFOLD_CARD == 0, "units hold whole cards");
static_assert(PINFOLD_PAGE % PINFOLD_CARD == 0, "large objects share no card");
static_assert(PINFOLD_MIN_FREE_ITEM >= 4 * sizeof(void *), "a free item holds type, size, link and planned end");

/* Whether `size` bytes may be taken of `room` bytes: what is left is nothing, or can be a free object. */
static inline bool pfi_leaves_no_splinter(size_t room, size_t size) {
    return room == size || room >= size + PINFOLD_MIN_OBJECT;
}

static inline uintptr_t pfi_align_up(uintptr_t value, uintptr_t power_of_two) {
    return (value + power_of_two - 1) & ~(power_of_two - 1);
}
static inline uintptr_t pfi_align_down(uintptr_t value, uintptr_t power_of_two) {
    return value & ~(power_of_two - 1);
}
static inline uintptr_t pfi_min(uintptr_t a, uintptr_t b) {
    return a < b ? a : b;
}
static inline uintptr_t pfi_max(uintptr_t a, uintptr_t b) {
    return a > b ? a : b;
}
static inline uintptr_t pfi_clamp(uintptr_t value, uintptr_t low, uintptr_t high) {
    return value < low ? low : value > high ? high : value;
}

#endif
