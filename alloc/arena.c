/* SPDX-License-Identifier: MIT */
#include "alloc/arena.h"

#include <string.h>

#include "alloc/chunk.h"
#include "alloc/place.h"
#include "alloc/platform/check.h"
#include "alloc/segment.h"
#include "alloc/side_tables.h"
#include "alloc/unit_map.h"
#include "alloc/window.h"

enum { MODEST_SHARE = 8 /* of limited address space: what sizes of segments are derived from */ };

/* ---- Beginning and end ------------------------------------------------------------------------------------------ */

/* The rest of an arena whose window is known. */
static bool open_window(struct pfi_arena *arena, const struct pfi_window *window) {
    arena->base = window->base;
    arena->end = window->end;
    arena->unit_count = (window->end - window->base) >> PINFOLD_UNIT_SHIFT;
    arena->tables = window->tables;
    arena->tables_size = pfi_side_tables_size(window->end - window->base);
    pfi_side_tables_place(arena, window->tables);
    arena->owners_size = pfi_align_up(arena->unit_count * sizeof *arena->unit_owners, PINFOLD_PAGE);
    arena->owners = pfi_os_reserve(arena->owners_size, PINFOLD_PAGE);
    arena->unit_owners = (uintptr_t *)(arena->owners - (arena->base >> PINFOLD_UNIT_SHIFT) * sizeof(uintptr_t));
    pfi_arena_occupy(arena, arena->owners_size);
    return arena->owners != 0;
}

static void clear(struct pfi_arena *arena) {
    memset(arena, 0, sizeof *arena);
    arena->commit_step = PINFOLD_COMMIT_STEP;
    arena->most_mapped = SIZE_MAX;
    pfi_account_init(&arena->account);
}

static void init_locks(struct pfi_arena *arena) {
    pfi_mutex_init(&arena->lock);
    pfi_decommit_queue_init(&arena->waiting);
}

static bool init_reserved(struct pfi_arena *arena, size_t size) {
    struct pfi_window window = {.base = pfi_os_reserve(size, PINFOLD_CHUNK)};
    if (window.base == 0) {
        return false;
    }
    size_t tables_size = pfi_side_tables_size(size);
    window.tables = pfi_os_reserve(tables_size, PINFOLD_PAGE);
    window.end = window.base + size;
    clear(arena);
    arena->is_reserved = true;
    pfi_arena_occupy(arena, size + tables_size);
    if (window.tables != 0 && open_window(arena, &window)) {
        init_locks(arena);
        return true;
    }
    if (window.tables != 0) {
        pfi_os_release(window.tables, tables_size);
    }
    pfi_os_release(window.base, size);
    return false;
}

static bool init_on_demand(struct pfi_arena *arena, size_t most) {
    struct pfi_window window;
    clear(arena);
    arena->most_mapped = most == 0 ? SIZE_MAX : most;
    if (!pfi_window_choose(arena->most_mapped, &window) || !open_window(arena, &window)) {
        return false;
    }
    arena->most_mapped = pfi_min(arena->most_mapped, arena->end - arena->base);
    init_locks(arena);
    return true;
}

bool pfi_arena_init(struct pfi_arena *arena, size_t size, size_t smallest) {
    return pfi_arena_init_as(arena, size == 0 ? 0 : pfi_max(size, smallest), PINFOLD_LAYOUT_DERIVED);
}

bool pfi_arena_init_as(struct pfi_arena *arena, size_t size, enum pf_initial_layout layout) {
    bool wants_all = layout == PINFOLD_LAYOUT_DERIVED || layout == PINFOLD_LAYOUT_AT_ONCE;
    if (size > PINFOLD_LARGEST_ARENA) {
        return false;
    }
    size = pfi_align_up(size, PINFOLD_UNIT);
    if (wants_all && size != 0) {
        return init_reserved(arena, size);
    }
    if (wants_all && !pfi_window_is_short() && init_reserved(arena, pfi_window_largest())) {
        return true;
    }
    return init_on_demand(arena, size);
}

size_t pfi_arena_room(const struct pfi_arena *arena) {
    if (arena->is_reserved) {
        return arena->end - arena->base;
    }
    size_t limit = pfi_min(pfi_os_address_space_limit(), arena->end - arena->base);
    return pfi_min(pfi_window_is_short() ? limit / MODEST_SHARE : limit, arena->most_mapped);
}

void pfi_arena_set_commit_step(struct pfi_arena *arena, size_t step, bool huge_pages) {
    arena->commit_step = step;
    arena->wants_huge_pages = huge_pages;
    if (huge_pages && arena->is_reserved) {
        pfi_os_wish_huge_pages(arena->base, arena->end - arena->base, true);
    }
}

/* ---- Segments --------------------------------------------------------------------------------------------------- */

static struct pfi_segment *carve_locked(struct pfi_arena *arena, size_t count) PINFOLD_NEEDS(arena->lock) {
    struct pfi_segment *segment = pfi_header_take(arena);
    if (segment == NULL) {
        return NULL;
    }
    size_t first = pfi_place_take(arena, count);
    if (first == arena->unit_count) {
        pfi_header_free(arena, segment);
        return NULL;
    }
    if (!pfi_unit_map_know(arena, first + count)) {
        if (!arena->is_reserved) {
            pfi_place_return(arena, pfi_unit_base(arena, first), pfi_unit_base(arena, first + count));
        }
        pfi_header_free(arena, segment);
        return NULL;
    }
    pfi_unit_map_own(arena, segment, first, count);
    return segment;
}

struct pfi_segment *pfi_arena_carve(struct pfi_arena *arena, size_t size) {
    if (size > arena->end - arena->base) {
        return NULL;
    }
    size_t count = pfi_align_up(size, PINFOLD_UNIT) >> PINFOLD_UNIT_SHIFT;
    pfi_mutex_lock(&arena->lock);
    struct pfi_segment *segment = carve_locked(arena, count);
    pfi_mutex_unlock(&arena->lock);
    return segment;
}

struct pfi_segment *pfi_arena_split(struct pfi_arena *arena, struct pfi_segment *segment, size_t size) {
    PINFOLD_ASSERT(segment->described == segment->base && size < segment->end - segment->base);
    pfi_mutex_lock(&arena->lock);
    struct pfi_segment *other = pfi_header_take(arena);
    if (other != NULL) {
        size_t first = pfi_unit_of(arena, segment->base + size);
        size_t end = pfi_unit_of(arena, segment->end);
        pfi_unit_map_own(arena, other, first, end - first);
        segment->end = other->base;
    }
    pfi_mutex_unlock(&arena->lock);
    return other;
}

static void return_locked(struct pfi_arena *arena, struct pfi_segment *segment) PINFOLD_NEEDS(arena->lock) {
    if (segment->described > segment->base) {
        pfi_chunks_forget_locked(arena, segment, segment->base);
    }
    pfi_unit_map_disown(arena, segment);
    if (!arena->is_reserved) {
        pfi_place_return(arena, segment->base, segment->end);
    }
    pfi_header_free(arena, segment);
}

void pfi_arena_return(struct pfi_arena *arena, struct pfi_segment *segment) {
    pfi_mutex_lock(&arena->lock);
    return_locked(arena, segment);
    pfi_mutex_unlock(&arena->lock);
}

/* Segments that are left are released in one go where they are the whole window; on demand, each by itself. */
PINFOLD_NOT_ANALYSED static void release_window(struct pfi_arena *arena) {
    if (arena->is_reserved) {
        pfi_os_release(arena->base, arena->end - arena->base);
        pfi_os_release(arena->tables, arena->tables_size);
        return;
    }
    for (size_t unit = 0; unit < arena->used_units; ++unit) {
        struct pfi_segment *segment = pfi_unit_owner(arena, unit);
        if (segment != NULL) {
            return_locked(arena, segment);
        }
    }
}

void pfi_arena_finish(struct pfi_arena *arena) {
    release_window(arena);
    pfi_os_release(arena->owners, arena->owners_size);
    pfi_headers_finish(arena);
    pfi_decommit_queue_finish(&arena->waiting);
    pfi_mutex_finish(&arena->lock);
}

/* ---- Memory ----------------------------------------------------------------------------------------------------- */

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
    const struct pfi_segment *segment = pfi_arena_segment_of(arena, address);
    bool has_holes = segment != NULL && pfi_word_load(&segment->has_holes) != 0;
    pfi_os_decommit(address, size);
    if (arena->wants_huge_pages || has_holes) { /* like the rest of the segment, so that it stays one mapping */
        pfi_os_wish_huge_pages(address, size, !has_holes);
    }
    pfi_account_subtract(&arena->account, space, size);
}

/* Where huge pages are wished for, the system fills holes in a minute or so, and nobody would know. The whole segment
 * forgoes them: one wish for each hole would make a mapping of each. */
static void keep_holes(struct pfi_arena *arena, uintptr_t address) {
    struct pfi_segment *segment = pfi_arena_segment_of(arena, address);
    if (segment != NULL && pfi_word_load(&segment->has_holes) == 0) {
        pfi_word_store(&segment->has_holes, 1);
        pfi_os_wish_huge_pages(segment->base, segment->end - segment->base, false);
    }
}

bool pfi_arena_discard(struct pfi_arena *arena, enum pfi_space space, uintptr_t address, size_t size) {
    keep_holes(arena, address);
    if (!pfi_os_discard(address, size)) {
        return false;
    }
    pfi_account_subtract(&arena->account, space, size);
    return true;
}

void pfi_arena_forget_marks(struct pfi_arena *arena, uintptr_t low, uintptr_t high) {
    pfi_side_tables_discard_marks(arena, pfi_align_up(low, PINFOLD_CARD), pfi_align_down(high, PINFOLD_CARD));
}

size_t pfi_arena_bookkeeping(const struct pfi_arena *arena) {
    return pfi_word_load(&arena->table_bytes);
}

size_t pfi_arena_reserved(const struct pfi_arena *arena) {
    size_t elsewhere = pfi_account_space(&arena->account, PINFOLD_SPACE_BOOKKEEPING) - pfi_arena_bookkeeping(arena);
    return pfi_word_load(&arena->reserved_bytes) + elsewhere;
}
