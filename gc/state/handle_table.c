/* SPDX-License-Identifier: MIT */
#include "gc/state/handle_table.h"

#include <stdlib.h>

#include "alloc/platform/bitmap.h"

static const uint64_t block_magic = 0x50696E666F6C6448u;

void pfi_handle_table_init(struct pfi_handle_table *table) {
    memset(table, 0, sizeof *table);
}

void pfi_handle_table_finish(struct pfi_handle_table *table) {
    for (struct pfi_handle_block *block = table->blocks; block != NULL;) {
        struct pfi_handle_block *next = block->next;
        free(block);
        block = next;
    }
}

static bool is_full(const struct pfi_handle_block *block) {
    return block->in_use == ~(uint64_t)0;
}

static void push_with_room(struct pfi_handle_table *table, struct pfi_handle_block *block) {
    block->next_with_room = table->with_room[block->kind];
    table->with_room[block->kind] = block;
}

static struct pfi_handle_block *block_with_room(struct pfi_handle_table *table, enum pf_handle_kind kind) {
    struct pfi_handle_block *block = table->with_room[kind];
    if (block != NULL) {
        return block;
    }
    block = aligned_alloc(PINFOLD_HANDLE_BLOCK_ALIGNMENT, PINFOLD_HANDLE_BLOCK_ALIGNMENT);
    if (block == NULL) {
        return NULL;
    }
    memset(block, 0, sizeof *block);
    block->magic = block_magic;
    block->table = table;
    block->kind = (uint8_t)kind;
    block->next = table->blocks;
    table->blocks = block;
    push_with_room(table, block);
    return block;
}

struct pf_handle *pfi_handle_table_add(struct pfi_handle_table *table, enum pf_handle_kind kind, uintptr_t object) {
    struct pfi_handle_block *block = block_with_room(table, kind);
    if (block == NULL) {
        return NULL;
    }
    unsigned index = pfi_bits_lowest(~block->in_use);
    block->in_use |= (uint64_t)1 << index;
    block->slots[index].object = object;
    pfi_handle_block_rejuvenate(block);
    if (is_full(block)) { /* it is the first of its list */
        table->with_room[kind] = block->next_with_room;
    }
    ++table->count[kind];
    return &block->slots[index];
}

struct pfi_handle_block *pfi_handle_block_of(const struct pf_handle *handle) {
    uintptr_t address = (uintptr_t)handle;
    struct pfi_handle_block *block = pfi_handle_block_around(handle);
    if (address % sizeof(uintptr_t) != 0 || address < (uintptr_t)block->slots ||
        address >= (uintptr_t)&block->slots[PINFOLD_HANDLES_PER_BLOCK] || block->magic != block_magic) {
        return NULL;
    }
    size_t index = (address - (uintptr_t)block->slots) / sizeof block->slots[0];
    return (block->in_use >> index) & 1 ? block : NULL;
}

void pfi_handle_table_remove(struct pfi_handle_table *table, struct pf_handle *handle) {
    struct pfi_handle_block *block = pfi_handle_block_around(handle);
    size_t index = (size_t)(handle - block->slots);
    handle->object = 0;
    if (is_full(block)) {
        push_with_room(table, block);
    }
    block->in_use &= ~((uint64_t)1 << index);
    --table->count[block->kind];
}
