/* SPDX-License-Identifier: MIT
 *
 * A segment: a range of the arena in which objects of one kind lie side by side.
 *
 *     base  first      allocated        used         committed           end
 *      | gap | objects ... | garbage ... | zero ........ | reserved ...... |
 *
 * base + 16 = first <= allocated <= committed <= end and allocated <= ... used <= committed. The gap holds the record
 * of the very first plug; segments of objects that never move have none. Bytes in [used, committed) are known to be
 * zero; those in [base, described) have side tables. plan_allocated is the end after the planned compaction; it,
 * plan_tail and the entries mean something from plan to the end of compaction. Owner: one heap share; changed by its
 * allocator and by stopped collections. The header lies outside the segment, on a page of the arena's.
 */
#ifndef PINFOLD_ALLOC_SEGMENT_H
#define PINFOLD_ALLOC_SEGMENT_H

#include <stdbool.h>

#include "alloc/arena.h"
#include "pinfold/event.h"

struct pfi_segment {
    struct pfi_segment *next; /* in its share's chain */
    uintptr_t base;
    uintptr_t first;
    uintptr_t allocated;
    uintptr_t plan_allocated;
    uintptr_t plan_tail; /* where only pins and holes follow after the planned compaction */
    size_t first_entry;  /* its entries in the pin queue are [first_entry, end_entry) */
    size_t end_entry;
    uintptr_t used;
    uintptr_t committed;
    uintptr_t described; /* committed <= described <= end; written under the arena's lock, which reads it, too */
    uintptr_t end;
    uintptr_t has_holes; /* 1: pages inside were given back, and it forgoes huge pages; a word that others read */
    enum pf_segment_kind kind;
};

/* The segment map: the segment whose range contains `address`, NULL when none does. */
static inline struct pfi_segment *pfi_arena_segment_of(const struct pfi_arena *arena, uintptr_t address) {
    if (address - arena->base >= pfi_word_load_acquire(&arena->known_size)) {
        return NULL;
    }
    return (struct pfi_segment *)pfi_word_load(&arena->unit_owners[address >> PINFOLD_UNIT_SHIFT]);
}

/* Whether `address` lies in a segment, or in a window that has nothing else in it: so it has a card if it is a slot. */
static inline bool pfi_arena_holds(const struct pfi_arena *arena, uintptr_t address) {
    return pfi_arena_contains(arena, address) && (arena->is_reserved || pfi_arena_segment_of(arena, address) != NULL);
}

/* A segment of at least `size` bytes (rounded up to units): one that waits to be given back, with the memory that it
 * still has, or one on standby, or a new one, without memory. NULL when the arena has no such range. */
struct pfi_segment *pfi_segment_create(struct pfi_arena *arena, size_t size, enum pf_segment_kind kind);

/* The same, as large as can be had: `most` bytes, else a half, a quarter and so on of that, at last `least`. At least
 * `least` in any case, even if that is more. */
struct pfi_segment *pfi_segment_create_between(struct pfi_arena *arena, size_t least, size_t most,
                                               enum pf_segment_kind kind);

/* Two segments side by side, made of one new range. false: there is none. */
bool pfi_segment_create_pair(struct pfi_arena *arena, const size_t sizes[2], const enum pf_segment_kind kinds[2],
                             struct pfi_segment *segments[2]);

/* Gives the memory back, and the range to the standby list or the arena. The segment must be out of every chain. What a
 * collection has emptied goes on the decommit queue instead. */
void pfi_segment_release(struct pfi_arena *arena, struct pfi_segment *segment);

/* Makes [first, address) usable. false: beyond the segment's end, or the system refused. */
bool pfi_segment_commit(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t address);

/* Gives back the memory from `address` (rounded up to a page) on, and what of the side tables described it. */
void pfi_segment_trim(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t address);

/* The segment holds no object and has no holes: huge pages may come again, where the arena wants them. */
void pfi_segment_close_holes(struct pfi_arena *arena, struct pfi_segment *segment);

/* [start, end) is handed out: raises `used`. Returns how many bytes from `start` on are not known to be zero. */
size_t pfi_segment_use(struct pfi_segment *segment, uintptr_t start, uintptr_t end);

/* `allocated` while other threads run: an address below it belongs to an object, or will in a moment. */
static inline uintptr_t pfi_segment_allocated_now(const struct pfi_segment *segment) {
    return pfi_word_load(&segment->allocated);
}
static inline void pfi_segment_set_allocated(struct pfi_segment *segment, uintptr_t allocated) {
    pfi_word_store(&segment->allocated, allocated);
}

/* What its memory is charged as. */
static inline enum pfi_space pfi_segment_space(const struct pfi_segment *segment) {
    return (enum pfi_space)segment->kind;
}

static inline size_t pfi_segment_bytes(const struct pfi_segment *segment) {
    return segment->allocated - segment->first;
}

bool pfi_segment_is_valid(const struct pfi_segment *segment);

#endif
