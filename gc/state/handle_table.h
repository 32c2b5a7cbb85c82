/* SPDX-License-Identifier: MIT
 *
 * Handles: slots in blocks of 64, one kind a block, each block with the age of its youngest object, so that a
 * collection of generation 0 looks only at blocks that can matter.
 *
 *     block (aligned to its size):  header { links, in_use bits, kind, age } | 64 slots | 64 births | 64 sizes
 *
 * Invariant: age <= generation of every object of the block. A handle is the address of its slot.
 * Changed by any thread outside collections, one at a time; ages are computed anew by the age phase.
 */
#ifndef PINFOLD_GC_HANDLE_TABLE_H
#define PINFOLD_GC_HANDLE_TABLE_H

#include <stdbool.h>

#include "alloc/object.h"
#include "pinfold/handle.h"

enum { PINFOLD_HANDLES_PER_BLOCK = 64, PINFOLD_OLDEST_AGE = 2, PINFOLD_HANDLE_KINDS = PINFOLD_HANDLE_PINNED + 1 };

struct pf_handle {
    uintptr_t object;
};

struct pfi_handle_block {
    uint64_t magic;
    uint64_t in_use;
    struct pfi_handle_block *next;
    struct pfi_handle_block *next_with_room;
    struct pfi_handle_table *table; /* that it belongs to */
    uint8_t kind;
    uint8_t age;
    struct pf_handle slots[PINFOLD_HANDLES_PER_BLOCK];
    uint32_t births[PINFOLD_HANDLES_PER_BLOCK]; /* collections before the slot was filled, modulo 2^32 */
    uint16_t plain_granules[PINFOLD_HANDLES_PER_BLOCK];
};

/* plain_granules: the size of a pinned small object without references, so that marking need not look at the object,
 * which lies far away; 0: it must. */
enum { PINFOLD_MOST_PLAIN_GRANULES = UINT16_MAX };

struct pfi_handle_table {
    struct pfi_handle_block *blocks;
    struct pfi_handle_block *with_room[PINFOLD_HANDLE_KINDS]; /* by kind: exactly the blocks that are not full */
    size_t count[PINFOLD_HANDLE_KINDS];
};

void pfi_handle_table_init(struct pfi_handle_table *table);
void pfi_handle_table_finish(struct pfi_handle_table *table);

/* A slot that holds `object`; NULL when memory for a block cannot be had. */
struct pf_handle *pfi_handle_table_add(struct pfi_handle_table *table, enum pf_handle_kind kind, uintptr_t object);

/* The block of a live handle; NULL when the address is not one. */
struct pfi_handle_block *pfi_handle_block_of(const struct pf_handle *handle);

/* The same for what is known to be a live handle. */
enum { PINFOLD_HANDLE_BLOCK_ALIGNMENT = 1024 };
static_assert(sizeof(struct pfi_handle_block) <= PINFOLD_HANDLE_BLOCK_ALIGNMENT, "a handle finds its block by masking");
static inline struct pfi_handle_block *pfi_handle_block_around(const struct pf_handle *handle) {
    return (struct pfi_handle_block *)pfi_align_down((uintptr_t)handle, PINFOLD_HANDLE_BLOCK_ALIGNMENT);
}

void pfi_handle_table_remove(struct pfi_handle_table *table, struct pf_handle *handle);

/* Makes the block look young: its object may have been exchanged for a younger one. */
static inline void pfi_handle_block_rejuvenate(struct pfi_handle_block *block) {
    block->age = 0;
}

/* Exchanges what a live handle of `block` holds; `collections` is their number so far. plain_granules becomes 0. */
static inline void pfi_handle_block_fill(struct pfi_handle_block *block, struct pf_handle *handle, uintptr_t value,
                                         uint64_t collections) {
    ptrdiff_t index = handle - block->slots;
    handle->object = value;
    block->births[index] = (uint32_t)collections;
    block->plain_granules[index] = 0;
    pfi_handle_block_rejuvenate(block);
}

#endif
