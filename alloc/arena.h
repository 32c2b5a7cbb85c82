/* SPDX-License-Identifier: MIT
 *
 * The arena: the address range that a heap's segments are carved out of, the tables that describe every part of it,
 * and the account of committed memory. Reserved once, never moves, never grows.
 *
 * Tables are biased: each is indexed by address >> shift without subtracting the base.
 *
 *     cards          a byte a card        may hold references to younger objects       barrier, collections
 *     object_starts  a byte a card        where an object starts (object_starts.h)     allocation, collections
 *     mark_words     64 bits a card       a bit a granule of every live object         mark .. end of collection
 *     pin_words      64 bits a card       a bit a granule of every pinned object       mark .. end of collection
 *     slides         a word a card        new address of the card's first live granule plan .. end of compaction
 *     unit_owners    32 bits a unit       1 + first unit of the segment; 0 = free      segment creation
 */
#ifndef PINFOLD_ALLOC_ARENA_H
#define PINFOLD_ALLOC_ARENA_H

#include <stdbool.h>

#include "alloc/account.h"
#include "alloc/layout.h"
#include "alloc/segment_pool.h"

struct pfi_arena {
    uintptr_t base;
    uintptr_t end;
    uint8_t *cards;
    int8_t *object_starts;
    uint64_t *mark_words;
    uint64_t *pin_words;
    uintptr_t *slides;
    uint32_t *unit_owners;
    struct pfi_segment *segments; /* headers, indexed by first unit; not biased */
    size_t unit_count;
    size_t used_units; /* units at and above this number have never been carved */
    uintptr_t tables;
    size_t tables_size;
    size_t commit_step;
    struct pfi_account account;
    struct pfi_segment_pool pool;
};

/* Reserves `size` bytes, or, when size is 0, four times physical memory (at least 64 GiB); when the system refuses
 * that, a quarter of what it grants. `smallest` is the least that is worth having. false: nothing is kept. */
bool pfi_arena_init(struct pfi_arena *arena, size_t size, size_t smallest);

/* Commits grow by at least this many bytes, and to multiples of it; a power of two, a page at least. With huge pages
 * the system is asked to back the arena with them. */
void pfi_arena_set_commit_step(struct pfi_arena *arena, size_t step, bool huge_pages);
void pfi_arena_finish(struct pfi_arena *arena);

/* A range of whole units with its header filled in (base, end); NULL when there is none. */
struct pfi_segment *pfi_arena_carve(struct pfi_arena *arena, size_t size);
/* Takes the range back; its memory must have been decommitted. Clears its part of all tables. */
void pfi_arena_return(struct pfi_arena *arena, struct pfi_segment *segment);

/* Bytes of the longest range that could be carved now. */
size_t pfi_arena_largest_gap(const struct pfi_arena *arena);

/* Every commit and decommit of memory in segments passes here, and so into the account. false: a limit forbids it, or
 * the system refuses. */
bool pfi_arena_commit(struct pfi_arena *arena, enum pfi_space space, uintptr_t address, size_t size);
void pfi_arena_decommit(struct pfi_arena *arena, enum pfi_space space, uintptr_t address, size_t size);

/* Memory of the tables that belongs to the committed part of the heap and to segments on standby, an upper bound. */
size_t pfi_arena_bookkeeping(const struct pfi_arena *arena);

static inline bool pfi_arena_contains(const struct pfi_arena *arena, uintptr_t address) {
    return address - arena->base < arena->end - arena->base;
}

#endif
