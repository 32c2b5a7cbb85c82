/* SPDX-License-Identifier: MIT
 *
 * Chunks of a window: what side tables are reserved and committed by. A segment may begin and end in the middle of one,
 * so several can have parts of the same chunk: its slices are there as long as one of them needs them.
 *
 *     chunk      |       |       |       |
 *     segments   | a | bbbbbbbbbbb | c   |        b has one chunk of its own, and shares the others with a and c
 *
 * pfi_arena_describe and pfi_arena_forget (arena.h) live here. Under the arena's lock.
 */
#ifndef PINFOLD_ALLOC_CHUNK_H
#define PINFOLD_ALLOC_CHUNK_H

#include "alloc/arena.h"

struct pfi_chunk_range {
    uintptr_t low;
    uintptr_t high;
};

/* The chunks of [low, high), a part of a segment (NULL: of none yet), in which no other segment has a part that is
 * described, or with `described` false, any part. Empty if low >= high. */
struct pfi_chunk_range pfi_chunks_alone(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t low,
                                        uintptr_t high, bool described);

/* Forgets the tables of a segment from `from` on, which is its base or where a chunk ends: whole chunks go back, its
 * part of shared ones is zeroed. */
void pfi_chunks_forget_locked(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t from)
    PINFOLD_NEEDS(arena->lock);

#endif
