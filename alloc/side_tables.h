/* SPDX-License-Identifier: MIT
 *
 * The memory of the side tables: five flat arrays, each indexed by address >> PINFOLD_CARD_SHIFT. They stand for the
 * whole window of an arena, so most of them is never used: memory is committed by chunks of the heap, whose part of
 * every table is whole pages.
 *
 *     window   | chunk 0 | chunk 1 | ....................... |
 *     tables   |c0|c1|......| cards |s0|s1|......| starts |m0.......
 *                 ^^                   ^^                    ^^^^       the slices of chunk 1
 *
 * Which chunks are in use is the arena's business; everything here works on ranges [low, high) of heap addresses.
 */
#ifndef PINFOLD_ALLOC_SIDE_TABLES_H
#define PINFOLD_ALLOC_SIDE_TABLES_H

#include "alloc/layout.h"
#include "alloc/platform/os_memory.h"

struct pfi_arena;

enum { PINFOLD_CHUNK = 1 << 21 /* its cards fill a page */ };
static_assert(PINFOLD_CHUNK >> PINFOLD_CARD_SHIFT == PINFOLD_PAGE, "the smallest slice of a chunk is a page");
static_assert(PINFOLD_CHUNK % PINFOLD_UNIT == 0, "chunks hold whole units");

/* Bytes of all tables together for `size` bytes of heap, whole chunks. */
size_t pfi_side_tables_size(size_t size);

/* Lays the tables out from `start` on, for the window [arena->base, arena->end). Touches nothing. */
void pfi_side_tables_place(struct pfi_arena *arena, uintptr_t start);

/* Whole chunks. Reserving is all or nothing, and so is committing. */
enum pfi_os_place pfi_side_tables_reserve(const struct pfi_arena *arena, uintptr_t low, uintptr_t high);
void pfi_side_tables_release(const struct pfi_arena *arena, uintptr_t low, uintptr_t high);
bool pfi_side_tables_commit(const struct pfi_arena *arena, uintptr_t low, uintptr_t high);
void pfi_side_tables_decommit(const struct pfi_arena *arena, uintptr_t low, uintptr_t high);

/* Gives back whole pages of mark words, pin words and slides, which read as zero again. Whole cards, all committed. */
void pfi_side_tables_discard_marks(const struct pfi_arena *arena, uintptr_t low, uintptr_t high);

/* Zeroes committed entries: of chunks that others use, too. Whole cards. */
void pfi_side_tables_clear(const struct pfi_arena *arena, uintptr_t low, uintptr_t high);

#endif
