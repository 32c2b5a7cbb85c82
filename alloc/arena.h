/* SPDX-License-Identifier: MIT
 *
 * The arena: a window of addresses in which a heap's segments lie, the tables that describe every part of it, and the
 * account of committed memory. The window never moves and never grows. It is in one of two states:
 *
 *     reserved     the window and the ranges of its tables belong to the heap from the start; segments are carved
 *     on demand    nothing does: a segment and its slices of the tables are reserved when the segment is made, where
 *                  nothing else is mapped, and released with it
 *
 *     window   |      [segment]     [segment][segment]                         |
 *     tables   |      [ slices]     [     slices     ]             |  for each of the five tables
 *
 * Tables are biased: each is indexed by address >> shift without subtracting the base.
 *
 *     cards          a byte a card        may hold references to younger objects       barrier, collections
 *     object_starts  a byte a card        where an object starts (object_starts.h)     allocation, collections
 *     mark_words     64 bits a card       a bit a granule of every live object         mark .. end of collection
 *     pin_words      64 bits a card       a bit a granule of every pinned object       mark .. end of collection
 *     slides         a word a card        new address of the card's first live granule plan .. end of compaction
 *     unit_owners    a word a unit        address of the segment's header; 0 = free    segment creation
 *
 * The first five may be read where a segment is described (pfi_arena_describe), unit_owners below known_size.
 * Segments are made and returned under the lock of the share that owns them or with the world stopped; what several of
 * them share is guarded by the arena's own lock, the last to be taken.
 */
#ifndef PINFOLD_ALLOC_ARENA_H
#define PINFOLD_ALLOC_ARENA_H

#include <stdbool.h>

#include "alloc/account.h"
#include "alloc/decommit_queue.h"
#include "alloc/layout.h"
#include "alloc/platform/mutex.h"
#include "alloc/segment_pool.h"

struct pfi_segment;
struct pfi_header_page;

struct pfi_arena {
    uintptr_t base;
    uintptr_t end;
    uint8_t *cards;
    int8_t *object_starts;
    uint64_t *mark_words;
    uint64_t *pin_words;
    uintptr_t *slides;
    uintptr_t *unit_owners;
    uintptr_t known_size; /* of the window: unit_owners is committed for [base, base + known_size) */
    size_t unit_count;
    size_t used_units; /* units at and above this number have never been carved */
    bool is_reserved;
    bool wants_huge_pages;
    size_t commit_step;
    uintptr_t tables;
    size_t tables_size;
    uintptr_t owners;
    size_t owners_size;
    struct pfi_header_page *header_pages;
    struct pfi_segment *free_headers;
    size_t most_mapped;       /* on demand: segments take no more than this together */
    size_t mapped;            /* on demand: what they take */
    uintptr_t reserved_bytes; /* of address space, all in all; a word that others read */
    uintptr_t table_bytes;    /* of what the account says of bookkeeping: the arena's own part */
    struct pfi_mutex lock;
    struct pfi_account account;
    struct pfi_segment_pool pool;
    struct pfi_decommit_queue waiting;
};

/* Reserves `size` bytes (whole units, at least `smallest`); when size is 0, what pfi_arena_init_as makes of a derived
 * layout. false: nothing is kept. */
bool pfi_arena_init(struct pfi_arena *arena, size_t size, size_t smallest);

/* The state follows from the layout, and from whether address space is limited (32-bit systems, RLIMIT_AS):
 *
 *     at once, derived         reserved, if a size is given or address space is not limited; else on demand
 *     two blocks, one by one   on demand
 *
 * A reserved window without a given size is four times physical memory, at least 64 GiB; where the system refuses that,
 * the state is on demand. On demand, size (0: no bound) is the most that segments may take together. */
bool pfi_arena_init_as(struct pfi_arena *arena, size_t size, enum pf_initial_layout layout);

/* What sizes of segments are to be derived from: the size of a reserved window; on demand, an eighth of the address
 * space that the process may have. */
size_t pfi_arena_room(const struct pfi_arena *arena);

/* Commits grow by at least this many bytes, and to multiples of it; a power of two, a page at least. With huge pages
 * the system is asked to back segments with them. Before the first segment is made. */
void pfi_arena_set_commit_step(struct pfi_arena *arena, size_t step, bool huge_pages);
void pfi_arena_finish(struct pfi_arena *arena);

/* A range of whole units with its header filled in (base, end), in no use yet; NULL when there is none. */
struct pfi_segment *pfi_arena_carve(struct pfi_arena *arena, size_t size);
/* Makes two of an unused segment: it keeps `size` bytes, whole units. Returns the other one; NULL: nothing changed. */
struct pfi_segment *pfi_arena_split(struct pfi_arena *arena, struct pfi_segment *segment, size_t size);
/* Takes the range back; its memory must have been decommitted. */
void pfi_arena_return(struct pfi_arena *arena, struct pfi_segment *segment);

/* Bytes of the longest range that could be carved now. On demand the system is asked, by trying. */
size_t pfi_arena_largest_gap(const struct pfi_arena *arena);

/* Makes the side tables of [base, address) usable, rounded up to a chunk; they read as zero where nobody has written.
 * false: a limit forbids it, or the system refuses; nothing has changed. */
bool pfi_arena_describe(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t address);
/* Gives back what whole chunks behind `address` have of the tables. */
void pfi_arena_forget(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t address);

/* Every commit, decommit and discard of memory in segments passes here, and so into the account. false: a limit forbids
 * it, or the system refuses. Discarded memory stays committed for the system, and is charged when it is used again;
 * what the system does not take stays charged. */
bool pfi_arena_commit(struct pfi_arena *arena, enum pfi_space space, uintptr_t address, size_t size);
void pfi_arena_decommit(struct pfi_arena *arena, enum pfi_space space, uintptr_t address, size_t size);
bool pfi_arena_discard(struct pfi_arena *arena, enum pfi_space space, uintptr_t address, size_t size);

/* Gives back what mark words, pin words and slides hold of [low, high), where that is described and no collection goes
 * on: whole pages of them, which read as zero again. They stay charged. */
void pfi_arena_forget_marks(struct pfi_arena *arena, uintptr_t low, uintptr_t high);

/* Memory of the tables and headers. */
size_t pfi_arena_bookkeeping(const struct pfi_arena *arena);

/* Address space that the heap occupies now, with what others have charged as bookkeeping. */
size_t pfi_arena_reserved(const struct pfi_arena *arena);

static inline bool pfi_arena_contains(const struct pfi_arena *arena, uintptr_t address) {
    return address - arena->base < arena->end - arena->base;
}

#endif
