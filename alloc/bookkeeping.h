/* SPDX-License-Identifier: MIT
 *
 * Memory of a heap that is no segment and no side table: what is malloc'ed for queues, handles, threads and the like,
 * and ranges of which a growing part is used. All of it is charged to bookkeeping before it is there, so that a hard
 * limit refuses it as the system would. Sizes are as asked for: what malloc adds is not counted.
 */
#ifndef PINFOLD_ALLOC_BOOKKEEPING_H
#define PINFOLD_ALLOC_BOOKKEEPING_H

#include <stdbool.h>

#include "alloc/account.h"

/* Like malloc, calloc, aligned_alloc (`size` is a multiple of the alignment); NULL: no memory, or a limit forbids it.
 */
void *pfi_bookkeeping_take(struct pfi_account *account, size_t size);
void *pfi_bookkeeping_take_zeroed(struct pfi_account *account, size_t size);
void *pfi_bookkeeping_take_aligned(struct pfi_account *account, size_t alignment, size_t size);

/* Like realloc, for memory that shall grow from `size` bytes; NULL: nothing has changed. */
void *pfi_bookkeeping_grow(struct pfi_account *account, void *memory, size_t size, size_t new_size);

/* Like free; `size` is what was taken. NULL is nothing. */
void pfi_bookkeeping_give(struct pfi_account *account, void *memory, size_t size);

/* A range of address space whose first `committed` bytes may be used. Where it may move, a longer range takes its place
 * when it is full, up to `most` bytes. */
struct pfi_extent {
    struct pfi_account *account;
    uintptr_t start;
    size_t size;
    size_t least; /* what it was at first; it never shrinks below that */
    size_t most;  /* size: it does not move */
    size_t committed;
};

/* Reserves whole pages for `size` bytes and commits the first `committed` of them. false: nothing is kept. */
bool pfi_extent_init(struct pfi_extent *extent, struct pfi_account *account, size_t size, size_t committed);
void pfi_extent_finish(struct pfi_extent *extent);

/* From now on pfi_extent_grow may move it, contents included, for as many bytes as `most`. */
void pfi_extent_let_move(struct pfi_extent *extent, size_t most);

/* Twice as much may be used, or all that there is. false: all was, or memory is refused; nothing has changed. */
bool pfi_extent_grow(struct pfi_extent *extent);

/* Gives back what is used beyond `kept` bytes, rounded up to pages; what is used again later begins as zeros. Of one
 * that may move, the address space behind goes, too. */
void pfi_extent_shrink(struct pfi_extent *extent, size_t kept);

#endif
