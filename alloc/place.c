/* SPDX-License-Identifier: MIT */
#include "alloc/place.h"

#include "alloc/chunk.h"
#include "alloc/side_tables.h"
#include "alloc/unit_map.h"

static enum pfi_os_place reserve_tables(const struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    struct pfi_chunk_range range = pfi_chunks_alone(arena, NULL, low, high, false);
    return pfi_side_tables_reserve(arena, range.low, range.high);
}

static enum pfi_os_place reserve_units(const struct pfi_arena *arena, size_t first, size_t count) {
    uintptr_t low = pfi_unit_base(arena, first);
    uintptr_t high = pfi_unit_base(arena, first + count);
    enum pfi_os_place place = pfi_os_reserve_at(low, high - low);
    if (place == PINFOLD_PLACE_HAD) {
        place = reserve_tables(arena, low, high);
        if (place != PINFOLD_PLACE_HAD) {
            pfi_os_release(low, high - low);
        }
    }
    return place;
}

/* Where the 32-bit system itself finds room; it keeps its mappings together. */
static size_t let_system_choose(const struct pfi_arena *arena, size_t count) {
    size_t size = count << PINFOLD_UNIT_SHIFT;
    uintptr_t low = PINFOLD_WORD_BITS == 32 ? pfi_os_reserve(size, PINFOLD_UNIT) : 0;
    if (low == 0) {
        return arena->unit_count;
    }
    bool is_inside = low >= arena->base && low < arena->end && size <= arena->end - low;
    if (is_inside && reserve_tables(arena, low, low + size) == PINFOLD_PLACE_HAD) {
        return pfi_unit_of(arena, low);
    }
    pfi_os_release(low, size);
    return arena->unit_count;
}

/* A unit at or before which something foreign begins to be in the way of [first, first + count): no range that contains
 * it can be had. The last such, or one near it. */
static size_t last_taken_unit(const struct pfi_arena *arena, size_t first, size_t count) {
    while (count > 1) {
        size_t upper = count / 2;
        size_t middle = first + count - upper;
        if (!pfi_os_is_free(pfi_unit_base(arena, middle), upper << PINFOLD_UNIT_SHIFT)) {
            first = middle;
            count = upper;
        } else {
            count -= upper;
        }
    }
    return first;
}

/* Every place of the window is tried until one can be had. unit_count: none. */
static size_t reserve_anywhere(const struct pfi_arena *arena, size_t count) {
    size_t first = let_system_choose(arena, count);
    if (first != arena->unit_count) {
        return first;
    }
    for (first = pfi_unit_map_find_free(arena, 0, count); first < arena->unit_count;) {
        enum pfi_os_place place = reserve_units(arena, first, count);
        if (place == PINFOLD_PLACE_HAD) {
            return first;
        }
        if (place == PINFOLD_PLACE_REFUSED) {
            break;
        }
        first = pfi_unit_map_find_free(arena, last_taken_unit(arena, first, count) + 1, count);
    }
    return arena->unit_count;
}

void pfi_place_return(struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    struct pfi_chunk_range range = pfi_chunks_alone(arena, NULL, low, high, false);
    pfi_side_tables_release(arena, range.low, range.high);
    pfi_os_release(low, high - low);
    if (range.low < range.high) {
        pfi_arena_vacate(arena, pfi_side_tables_size(range.high - range.low));
    }
    pfi_arena_vacate(arena, high - low);
    arena->mapped -= high - low;
}

static void note_mapped(struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    struct pfi_chunk_range range = pfi_chunks_alone(arena, NULL, low, high, false);
    if (range.low < range.high) {
        pfi_arena_occupy(arena, pfi_side_tables_size(range.high - range.low));
    }
    pfi_arena_occupy(arena, high - low);
    arena->mapped += high - low;
    if (arena->wants_huge_pages) {
        pfi_os_wish_huge_pages(low, high - low, true);
    }
}

size_t pfi_place_take(struct pfi_arena *arena, size_t count) {
    size_t size = count << PINFOLD_UNIT_SHIFT;
    if (arena->is_reserved) {
        return pfi_unit_map_find_free(arena, 0, count);
    }
    if (size > arena->most_mapped || arena->mapped > arena->most_mapped - size) {
        return arena->unit_count;
    }
    size_t first = reserve_anywhere(arena, count);
    if (first != arena->unit_count) {
        note_mapped(arena, pfi_unit_base(arena, first), pfi_unit_base(arena, first + count));
    }
    return first;
}

/* Whether the system has room for so many units anywhere. */
static bool would_be_had(const struct pfi_arena *arena, size_t count) {
    size_t size = count << PINFOLD_UNIT_SHIFT;
    uintptr_t low = size > arena->most_mapped - arena->mapped ? 0 : pfi_os_reserve(size, PINFOLD_UNIT);
    if (low != 0) {
        pfi_os_release(low, size);
    }
    return low != 0;
}

size_t pfi_arena_largest_gap(const struct pfi_arena *arena) {
    size_t had = 0;
    size_t refused = pfi_unit_map_longest_free(arena) + 1;
    if (arena->is_reserved) {
        return (refused - 1) << PINFOLD_UNIT_SHIFT;
    }
    while (refused - had > 1) {
        size_t count = had + (refused - had) / 2;
        if (would_be_had(arena, count)) {
            had = count;
        } else {
            refused = count;
        }
    }
    return had << PINFOLD_UNIT_SHIFT;
}
