/* SPDX-License-Identifier: MIT
 *
 * What the units of a window belong to, and the headers of the segments that own them. unit_owners has a word for each
 * unit of the window and is committed from its beginning as far as segments reach. Headers lie on pages of their own,
 * so that a collection can make a segment without malloc; they are kept until the arena goes.
 *
 * Everything here but the reading of owners is for the arena's parts, under its lock.
 */
#ifndef PINFOLD_ALLOC_UNIT_MAP_H
#define PINFOLD_ALLOC_UNIT_MAP_H

#include "alloc/arena.h"

static inline uintptr_t pfi_unit_base(const struct pfi_arena *arena, size_t unit) {
    return arena->base + (unit << PINFOLD_UNIT_SHIFT);
}

static inline size_t pfi_unit_of(const struct pfi_arena *arena, uintptr_t address) {
    return (address - arena->base) >> PINFOLD_UNIT_SHIFT;
}

/* NULL: nobody, also where nothing has ever been carved. */
struct pfi_segment *pfi_unit_owner(const struct pfi_arena *arena, size_t unit);

/* Makes unit_owners usable for the first `count` units. false: a limit forbids it, or the system refuses. */
bool pfi_unit_map_know(struct pfi_arena *arena, size_t count);

/* The segment owns these known units from now on, and its ends are theirs; nothing of it is described yet. */
void pfi_unit_map_own(struct pfi_arena *arena, struct pfi_segment *segment, size_t first, size_t count);
void pfi_unit_map_disown(struct pfi_arena *arena, const struct pfi_segment *segment);

/* First of `count` free units side by side, the lowest at or above `from`: low addresses are used again before new
 * ones, so tables stay small. unit_count: there are none. */
size_t pfi_unit_map_find_free(const struct pfi_arena *arena, size_t from, size_t count);
size_t pfi_unit_map_longest_free(const struct pfi_arena *arena);

/* A header, zeroed; NULL: no memory. */
struct pfi_segment *pfi_header_take(struct pfi_arena *arena);
void pfi_header_free(struct pfi_arena *arena, struct pfi_segment *header);
void pfi_headers_finish(struct pfi_arena *arena);

/* Memory and address space of the arena's own tables. */
bool pfi_arena_charge(struct pfi_arena *arena, size_t size);
void pfi_arena_discharge(struct pfi_arena *arena, size_t size);
static inline void pfi_arena_occupy(struct pfi_arena *arena, size_t size) {
    pfi_word_add(&arena->reserved_bytes, size);
}
static inline void pfi_arena_vacate(struct pfi_arena *arena, size_t size) {
    pfi_word_subtract(&arena->reserved_bytes, size);
}

#endif
