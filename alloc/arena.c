/* SPDX-License-Identifier: MIT */
#include "alloc/arena.h"

#include <string.h>

#include "alloc/platform/check.h"
#include "alloc/platform/os_memory.h"
#include "alloc/segment.h"

/* Bytes of side tables for each card and for each unit of the arena. */
enum {
    BYTES_PER_CARD = 1 + 1 + 2 * sizeof(uint64_t) + sizeof(uintptr_t),
    BYTES_PER_UNIT = sizeof(uint32_t) + sizeof(struct pfi_segment),
};

static size_t tables_size_for(size_t size) {
    size_t bytes = (size >> PINFOLD_CARD_SHIFT) * BYTES_PER_CARD + (size >> PINFOLD_UNIT_SHIFT) * BYTES_PER_UNIT;
    return pfi_align_up(bytes + 8 * PINFOLD_CARD, PINFOLD_PAGE);
}

/* The address of entry 0 of a table whose first real entry is at `table` and stands for arena->base. */
static uintptr_t biased(uintptr_t *table, const struct pfi_arena *arena, unsigned shift, size_t entry_size) {
    uintptr_t entry_zero = *table - (arena->base >> shift) * entry_size;
    *table = pfi_align_up(*table + ((arena->end - arena->base) >> shift) * entry_size, 64);
    return entry_zero;
}

static void place_tables(struct pfi_arena *arena) {
    uintptr_t table = arena->tables;
    arena->mark_words = (uint64_t *)biased(&table, arena, PINFOLD_CARD_SHIFT, sizeof(uint64_t));
    arena->pin_words = (uint64_t *)biased(&table, arena, PINFOLD_CARD_SHIFT, sizeof(uint64_t));
    arena->slides = (uintptr_t *)biased(&table, arena, PINFOLD_CARD_SHIFT, sizeof(uintptr_t));
    arena->cards = (uint8_t *)biased(&table, arena, PINFOLD_CARD_SHIFT, 1);
    arena->object_starts = (int8_t *)biased(&table, arena, PINFOLD_CARD_SHIFT, 1);
    arena->unit_owners = (uint32_t *)biased(&table, arena, PINFOLD_UNIT_SHIFT, sizeof(uint32_t));
    arena->segments = (struct pfi_segment *)table;
    PINFOLD_ASSERT(table + arena->unit_count * sizeof(struct pfi_segment) <= arena->tables + arena->tables_size);
}

static bool reserve(struct pfi_arena *arena, size_t size) {
    uintptr_t base = pfi_os_reserve(size, PINFOLD_HUGE_PAGE);
    if (base == 0) {
        return false;
    }
    uintptr_t tables = pfi_os_map_lazy(tables_size_for(size));
    if (tables == 0) {
        pfi_os_release(base, size);
        return false;
    }
    memset(arena, 0, sizeof *arena);
    arena->base = base;
    arena->end = base + size;
    arena->unit_count = size >> PINFOLD_UNIT_SHIFT;
    arena->tables = tables;
    arena->tables_size = tables_size_for(size);
    arena->commit_step = PINFOLD_COMMIT_STEP;
    pfi_account_init(&arena->account);
    place_tables(arena);
    return true;
}

static size_t default_size(void) {
    if (PINFOLD_WORD_BITS == 32) {
        return (size_t)1 << 30;
    }
    return pfi_clamp(4 * pfi_os_physical_memory(), (size_t)(UINT64_C(64) << 30), PINFOLD_LARGEST_ARENA);
}

bool pfi_arena_init(struct pfi_arena *arena, size_t size, size_t smallest) {
    if (size != 0) {
        return reserve(arena, pfi_align_up(pfi_max(size, smallest), PINFOLD_UNIT));
    }
    size = pfi_align_up(default_size(), PINFOLD_UNIT);
    if (reserve(arena, size)) {
        return true;
    }
    /* Address space is short, and the program needs some of it, too: a quarter of what could be had. */
    do {
        size = pfi_align_down(size / 2, PINFOLD_UNIT);
        if (size == 0 || size < smallest) {
            return false;
        }
    } while (!reserve(arena, size));
    pfi_arena_finish(arena);
    return reserve(arena, pfi_max(pfi_align_up(size / 4, PINFOLD_UNIT), smallest));
}

void pfi_arena_set_commit_step(struct pfi_arena *arena, size_t step, bool huge_pages) {
    arena->commit_step = step;
    if (huge_pages) {
        pfi_os_wish_huge_pages(arena->base, arena->end - arena->base);
    }
}

void pfi_arena_finish(struct pfi_arena *arena) {
    pfi_os_release(arena->base, arena->end - arena->base);
    pfi_os_release(arena->tables, arena->tables_size);
}

static uint32_t *owner_of(const struct pfi_arena *arena, size_t unit) {
    return &arena->unit_owners[(arena->base >> PINFOLD_UNIT_SHIFT) + unit];
}

/* First fit: low addresses are used again before new ones, so tables stay small. */
static size_t find_free_units(const struct pfi_arena *arena, size_t count) {
    size_t run = 0;
    for (size_t unit = 0; unit < arena->unit_count; ++unit) {
        if (unit >= arena->used_units) { /* nothing is carved from here on */
            size_t start = unit - run;
            return start + count <= arena->unit_count ? start : arena->unit_count;
        }
        run = *owner_of(arena, unit) == 0 ? run + 1 : 0;
        if (run == count) {
            return unit + 1 - count;
        }
    }
    return arena->unit_count;
}

size_t pfi_arena_largest_gap(const struct pfi_arena *arena) {
    size_t largest = 0;
    size_t run = 0;
    for (size_t unit = 0; unit < arena->used_units; ++unit) {
        run = *owner_of(arena, unit) == 0 ? run + 1 : 0;
        largest = pfi_max(largest, run);
    }
    return pfi_max(largest, run + arena->unit_count - arena->used_units) << PINFOLD_UNIT_SHIFT;
}

struct pfi_segment *pfi_arena_carve(struct pfi_arena *arena, size_t size) {
    if (size > arena->end - arena->base) {
        return NULL;
    }
    size_t count = pfi_align_up(size, PINFOLD_UNIT) >> PINFOLD_UNIT_SHIFT;
    size_t first = find_free_units(arena, count);
    if (first == arena->unit_count) {
        return NULL;
    }
    for (size_t unit = first; unit < first + count; ++unit) {
        *owner_of(arena, unit) = (uint32_t)first + 1;
    }
    arena->used_units = pfi_max(arena->used_units, first + count);
    struct pfi_segment *segment = &arena->segments[first];
    segment->base = arena->base + (first << PINFOLD_UNIT_SHIFT);
    segment->end = segment->base + (count << PINFOLD_UNIT_SHIFT);
    return segment;
}

/* Zeroes a slice of a lazily mapped table; whole pages go back to the system. */
static void clear_slice(uintptr_t start, uintptr_t end) {
    uintptr_t first_page = pfi_align_up(start, PINFOLD_PAGE);
    uintptr_t last_page = pfi_align_down(end, PINFOLD_PAGE);
    if (first_page >= last_page) {
        memset((void *)start, 0, end - start);
        return;
    }
    memset((void *)start, 0, first_page - start);
    pfi_os_decommit(first_page, last_page - first_page);
    memset((void *)last_page, 0, end - last_page);
}

void pfi_arena_return(struct pfi_arena *arena, struct pfi_segment *segment) {
    uintptr_t card = segment->base >> PINFOLD_CARD_SHIFT;
    uintptr_t card_end = segment->end >> PINFOLD_CARD_SHIFT;
    clear_slice((uintptr_t)&arena->cards[card], (uintptr_t)&arena->cards[card_end]);
    clear_slice((uintptr_t)&arena->object_starts[card], (uintptr_t)&arena->object_starts[card_end]);
    clear_slice((uintptr_t)&arena->mark_words[card], (uintptr_t)&arena->mark_words[card_end]);
    clear_slice((uintptr_t)&arena->pin_words[card], (uintptr_t)&arena->pin_words[card_end]);
    clear_slice((uintptr_t)&arena->slides[card], (uintptr_t)&arena->slides[card_end]);
    clear_slice((uintptr_t)&arena->unit_owners[segment->base >> PINFOLD_UNIT_SHIFT],
                (uintptr_t)&arena->unit_owners[segment->end >> PINFOLD_UNIT_SHIFT]);
}

bool pfi_arena_commit(struct pfi_arena *arena, enum pfi_space space, uintptr_t address, size_t size) {
    if (!pfi_account_charge(&arena->account, space, size)) {
        return false;
    }
    if (!pfi_os_commit(address, size)) {
        pfi_account_subtract(&arena->account, space, size);
        return false;
    }
    return true;
}

void pfi_arena_decommit(struct pfi_arena *arena, enum pfi_space space, uintptr_t address, size_t size) {
    pfi_os_decommit(address, size);
    pfi_account_subtract(&arena->account, space, size);
}

size_t pfi_arena_bookkeeping(const struct pfi_arena *arena) {
    size_t described = pfi_account_segments(&arena->account) + arena->pool.touched_bytes;
    return tables_size_for(pfi_align_up(described, PINFOLD_UNIT));
}
