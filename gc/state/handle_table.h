/* SPDX-License-Identifier: MIT
 *
 * Handles: slots in blocks of 64, one kind a block, each block with the age of its youngest object. Blocks are listed
 * by kind and age, so that a collection of generation 0 meets only those that can matter.
 *
 *     blocks[kind][age] -> block -> block      with_room[kind] -> block -> block
 *
 *     block (aligned to its size):  header { links, free bits, kind, age } | 64 slots | 64 births | 64 sizes
 *     ... of dependent handles:     at the distance of an alignment 64 values, and 64 links for key_index.h
 *
 * A slot belongs to the table (a free bit), to a thread's cache (handle_cache.h), or is a handle (its birth is odd).
 * A slot that is no handle holds 0, so passes over the slots need not know which ones are handles.
 *
 * Invariant: age <= generation of every object of the block, values included. A handle is the address of its slot.
 * Lists, free bits, counts and ages change under the heap's handle lock, which a collection holds from begin to end;
 * slots and births are their owner's, but slots are stored into atomically: pf_is_pinned looks at all of them. Ages are
 * computed anew by the age phase.
 */
#ifndef PINFOLD_GC_HANDLE_TABLE_H
#define PINFOLD_GC_HANDLE_TABLE_H

#include <stdbool.h>

#include "alloc/object.h"
#include "alloc/platform/atomics.h"
#include "gc/state/key_index.h"
#include "pinfold/handle.h"

enum {
    PINFOLD_HANDLES_PER_BLOCK = 64,
    PINFOLD_OLDEST_AGE = 2,
    PINFOLD_HANDLE_AGES = PINFOLD_OLDEST_AGE + 1,
    PINFOLD_HANDLE_KINDS = PINFOLD_HANDLE_DEPENDENT + 1
};

struct pf_handle {
    uintptr_t object;
};

struct pfi_handle_block {
    uint64_t magic;
    struct pfi_handle_table *table;      /* that it belongs to */
    struct pfi_handle_block *next_chunk; /* of the first block of a chunk */
    struct pfi_handle_block *next;       /* of the same kind and age */
    struct pfi_handle_block *previous;
    struct pfi_handle_block *next_with_room;
    uint64_t free;                         /* slots that belong to the table */
    struct pfi_handle_block *next_waiting; /* while a collection marks: see gc/phase/mark_dependent.h */
    uint64_t waiting;
    uint8_t kind;
    uint8_t age; /* atomic */
    struct pf_handle slots[PINFOLD_HANDLES_PER_BLOCK];
    uint32_t births[PINFOLD_HANDLES_PER_BLOCK]; /* 0: no handle; else see pfi_handle_birth */
    uint16_t plain_granules[PINFOLD_HANDLES_PER_BLOCK];
};

/* plain_granules: the size of a pinned small object without references, so that marking need not look at the object,
 * which lies far away; 0: it must. */
enum { PINFOLD_MOST_PLAIN_GRANULES = UINT16_MAX };

struct pfi_handle_table {
    struct pfi_handle_block *blocks[PINFOLD_HANDLE_KINDS][PINFOLD_HANDLE_AGES];
    struct pfi_handle_block *with_room[PINFOLD_HANDLE_KINDS]; /* exactly the blocks with free slots */
    size_t count[PINFOLD_HANDLE_KINDS];                       /* slots that do not belong to the table */
    struct pfi_handle_block *chunks; /* memory in pieces of many blocks: a block of its own would take twice its size */
    uintptr_t chunk_next;            /* unused part of the newest chunk, zeroed */
    uintptr_t chunk_end;
    size_t dependent_slots; /* all there are; the index has room for them */
    struct pfi_key_index keys;
    struct pfi_account *account;
};

void pfi_handle_table_init(struct pfi_handle_table *table, struct pfi_account *account);
void pfi_handle_table_finish(struct pfi_handle_table *table);

/* What is charged for it; for whoever may change it. */
size_t pfi_handle_table_bytes(const struct pfi_handle_table *table);

/* Takes up to `most` slots of one kind out of the table, all of one block; 0 when memory for a block cannot be had. */
size_t pfi_handle_table_take_locked(struct pfi_handle_table *table, enum pf_handle_kind kind, struct pf_handle **slots,
                                    size_t most);
/* Gives a slot back that is no handle. */
void pfi_handle_table_give_locked(struct pfi_handle_table *table, struct pf_handle *slot);

/* Makes the block look young: it may hold a younger object than before. */
void pfi_handle_block_rejuvenate_locked(struct pfi_handle_block *block);

/* Gives the block another age. */
void pfi_handle_block_set_age_locked(struct pfi_handle_block *block, int age);

static inline int pfi_handle_block_age(const struct pfi_handle_block *block) {
    return pfi_byte_load(&block->age);
}

/* The block of what is known to be a slot. */
enum { PINFOLD_HANDLE_BLOCK_ALIGNMENT = 1024 };
static_assert(sizeof(struct pfi_handle_block) <= PINFOLD_HANDLE_BLOCK_ALIGNMENT, "a handle finds its block by masking");
static inline struct pfi_handle_block *pfi_handle_block_around(const struct pf_handle *handle) {
    return (struct pfi_handle_block *)pfi_align_down((uintptr_t)handle, PINFOLD_HANDLE_BLOCK_ALIGNMENT);
}

/* The block of a live handle; NULL when the address is not one. */
static const uint64_t pfi_handle_block_magic = 0x50696E666F6C6448u;
static inline struct pfi_handle_block *pfi_handle_block_of(const struct pf_handle *handle) {
    struct pfi_handle_block *block = pfi_handle_block_around(handle);
    size_t offset = (uintptr_t)handle - (uintptr_t)block->slots; /* huge when it lies in the header */
    if (offset % sizeof(uintptr_t) != 0 || offset >= sizeof block->slots || block->magic != pfi_handle_block_magic ||
        block->births[offset / sizeof(uintptr_t)] == 0) {
        return NULL;
    }
    return block;
}

/* The values of a block of dependent handles, in the order of its slots. */
static inline struct pf_handle *pfi_handle_block_values(struct pfi_handle_block *block) {
    return (struct pf_handle *)((uintptr_t)block + PINFOLD_HANDLE_BLOCK_ALIGNMENT);
}

/* The value that belongs to a dependent handle. */
static inline struct pf_handle *pfi_handle_value(const struct pf_handle *handle) {
    struct pfi_handle_block *block = pfi_handle_block_around(handle);
    return &pfi_handle_block_values(block)[handle - block->slots];
}

/* Its link in a chain of the key index. */
static inline struct pf_handle **pfi_handle_link(const struct pf_handle *handle) {
    struct pfi_handle_block *block = pfi_handle_block_around(handle);
    struct pf_handle **links = (struct pf_handle **)(void *)&pfi_handle_block_values(block)[PINFOLD_HANDLES_PER_BLOCK];
    return &links[handle - block->slots];
}

/* Collections before the slot was filled, modulo 2^31, and an odd number. */
static inline uint32_t pfi_handle_birth(uint64_t collections) {
    return (uint32_t)(collections << 1 | 1);
}
/* Collections since then, modulo 2^31. */
static inline uint32_t pfi_handle_block_collections_since(const struct pfi_handle_block *block, size_t index,
                                                          uint64_t collections) {
    return (pfi_handle_birth(collections) - block->births[index]) >> 1;
}

/* Makes a slot a handle on `object`, or exchanges what a handle holds; `collections` is their number so far.
 * plain_granules becomes 0. The caller rejuvenates the block unless its age is 0. */
static inline void pfi_handle_block_fill(struct pfi_handle_block *block, struct pf_handle *handle, uintptr_t object,
                                         uint64_t collections) {
    ptrdiff_t index = handle - block->slots;
    pfi_word_store(&handle->object, object);
    block->births[index] = pfi_handle_birth(collections);
    block->plain_granules[index] = 0;
}

/* Makes a handle a slot that is none. */
static inline void pfi_handle_block_empty(struct pfi_handle_block *block, struct pf_handle *handle) {
    pfi_word_store(&handle->object, 0);
    block->births[handle - block->slots] = 0;
    if (block->kind == PINFOLD_HANDLE_DEPENDENT) {
        pfi_handle_value(handle)->object = 0;
    }
}

#endif
