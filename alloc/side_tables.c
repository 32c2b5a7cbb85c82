/* SPDX-License-Identifier: MIT */
#include "alloc/side_tables.h"

#include <string.h>

#include "alloc/arena.h"

enum { TABLES = 5, MARKS = 3 /* the first of them mean something during a collection only */ };

/* Bytes for each card, in the order in which the tables lie. */
static const size_t entry_size[TABLES] = {sizeof(uint64_t), sizeof(uint64_t), sizeof(uintptr_t), 1, 1};

struct slice {
    uintptr_t start;
    size_t size;
};

static struct slice slice_of(const struct pfi_arena *arena, int table, uintptr_t low, uintptr_t high) {
    const void *const biased[TABLES] = {arena->mark_words, arena->pin_words, arena->slides, arena->cards,
                                        arena->object_starts};
    return (struct slice){(uintptr_t)biased[table] + (low >> PINFOLD_CARD_SHIFT) * entry_size[table],
                          ((high - low) >> PINFOLD_CARD_SHIFT) * entry_size[table]};
}

size_t pfi_side_tables_size(size_t size) {
    size_t bytes = 0;
    for (int table = 0; table < TABLES; ++table) {
        bytes += entry_size[table];
    }
    size_t chunks = size / PINFOLD_CHUNK + (size % PINFOLD_CHUNK != 0);
    return chunks * (PINFOLD_CHUNK >> PINFOLD_CARD_SHIFT) * bytes;
}

void pfi_side_tables_place(struct pfi_arena *arena, uintptr_t start) {
    size_t chunks = (arena->end - arena->base) / PINFOLD_CHUNK + ((arena->end - arena->base) % PINFOLD_CHUNK != 0);
    size_t cards = chunks * (PINFOLD_CHUNK >> PINFOLD_CARD_SHIFT);
    uintptr_t entry_zero[TABLES];
    for (int table = 0; table < TABLES; ++table) {
        entry_zero[table] = start - (arena->base >> PINFOLD_CARD_SHIFT) * entry_size[table];
        start += cards * entry_size[table];
    }
    arena->mark_words = (uint64_t *)entry_zero[0];
    arena->pin_words = (uint64_t *)entry_zero[1];
    arena->slides = (uintptr_t *)entry_zero[2];
    arena->cards = (uint8_t *)entry_zero[3];
    arena->object_starts = (int8_t *)entry_zero[4];
}

enum pfi_os_place pfi_side_tables_reserve(const struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    enum pfi_os_place place = PINFOLD_PLACE_HAD;
    int table = 0;
    for (; table < TABLES && low < high; ++table) {
        struct slice slice = slice_of(arena, table, low, high);
        place = pfi_os_reserve_at(slice.start, slice.size);
        if (place != PINFOLD_PLACE_HAD) {
            break;
        }
    }
    while (place != PINFOLD_PLACE_HAD && table-- > 0) {
        struct slice slice = slice_of(arena, table, low, high);
        pfi_os_release(slice.start, slice.size);
    }
    return place;
}

void pfi_side_tables_release(const struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    for (int table = 0; table < TABLES && low < high; ++table) {
        struct slice slice = slice_of(arena, table, low, high);
        pfi_os_release(slice.start, slice.size);
    }
}

/* A commit that fails has committed nothing that anyone knows of. */
bool pfi_side_tables_commit(const struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    int table = 0;
    for (; table < TABLES && low < high; ++table) {
        struct slice slice = slice_of(arena, table, low, high);
        if (!pfi_os_commit(slice.start, slice.size)) {
            break;
        }
    }
    bool done = table == TABLES || low == high;
    while (!done && table-- > 0) {
        struct slice slice = slice_of(arena, table, low, high);
        pfi_os_decommit(slice.start, slice.size);
    }
    return done;
}

void pfi_side_tables_decommit(const struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    for (int table = 0; table < TABLES && low < high; ++table) {
        struct slice slice = slice_of(arena, table, low, high);
        pfi_os_decommit(slice.start, slice.size);
    }
}

void pfi_side_tables_discard_marks(const struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    for (int table = 0; table < MARKS && low < high; ++table) {
        struct slice slice = slice_of(arena, table, low, high);
        uintptr_t first = pfi_align_up(slice.start, PINFOLD_PAGE);
        uintptr_t last = pfi_align_down(slice.start + slice.size, PINFOLD_PAGE);
        if (first < last) {
            (void)pfi_os_discard(first, last - first);
        }
    }
}

void pfi_side_tables_clear(const struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    for (int table = 0; table < TABLES && low < high; ++table) {
        struct slice slice = slice_of(arena, table, low, high);
        memset((void *)slice.start, 0, slice.size);
    }
}
