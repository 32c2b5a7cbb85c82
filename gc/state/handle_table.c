/* SPDX-License-Identifier: MIT */
#include "gc/state/handle_table.h"

#include "alloc/platform/bitmap.h"

enum { CHUNK = 32 * PINFOLD_HANDLE_BLOCK_ALIGNMENT };

void pfi_handle_table_init(struct pfi_handle_table *table, struct pfi_account *account) {
    memset(table, 0, sizeof *table);
    table->account = account;
    pfi_key_index_init(&table->keys, account);
}

void pfi_handle_table_finish(struct pfi_handle_table *table) {
    while (table->chunks != NULL) {
        struct pfi_handle_block *chunk = table->chunks;
        table->chunks = chunk->next_chunk;
        pfi_bookkeeping_give(table->account, chunk, CHUNK);
    }
    pfi_key_index_finish(&table->keys);
}

size_t pfi_handle_table_bytes(const struct pfi_handle_table *table) {
    size_t bytes = pfi_key_index_bytes(&table->keys);
    for (const struct pfi_handle_block *chunk = table->chunks; chunk != NULL; chunk = chunk->next_chunk) {
        bytes += CHUNK;
    }
    return bytes;
}

static struct pfi_handle_block **list_of(const struct pfi_handle_block *block) {
    return &block->table->blocks[block->kind][pfi_handle_block_age(block)];
}

static void link_block(struct pfi_handle_block *block) {
    struct pfi_handle_block **list = list_of(block);
    block->previous = NULL;
    block->next = *list;
    if (*list != NULL) {
        (*list)->previous = block;
    }
    *list = block;
}

static void unlink_block(struct pfi_handle_block *block) {
    if (block->previous == NULL) {
        *list_of(block) = block->next;
    } else {
        block->previous->next = block->next;
    }
    if (block->next != NULL) {
        block->next->previous = block->previous;
    }
}

void pfi_handle_block_set_age_locked(struct pfi_handle_block *block, int age) {
    if (pfi_handle_block_age(block) != age) {
        unlink_block(block);
        pfi_byte_store(&block->age, (uint8_t)age);
        link_block(block);
    }
}

void pfi_handle_block_rejuvenate_locked(struct pfi_handle_block *block) {
    pfi_handle_block_set_age_locked(block, 0);
}

static void push_with_room(struct pfi_handle_table *table, struct pfi_handle_block *block) {
    block->next_with_room = table->with_room[block->kind];
    table->with_room[block->kind] = block;
}

/* What one more block of the kind asks for beside its memory. */
static bool reserve_for_block(struct pfi_handle_table *table, enum pf_handle_kind kind) {
    return kind != PINFOLD_HANDLE_DEPENDENT ||
           pfi_key_index_reserve(&table->keys, table->dependent_slots + PINFOLD_HANDLES_PER_BLOCK);
}

/* Zeroed memory, aligned for blocks. */
static struct pfi_handle_block *carve_block(struct pfi_handle_table *table, size_t size) {
    if (table->chunk_end - table->chunk_next < size) {
        struct pfi_handle_block *chunk =
            pfi_bookkeeping_take_aligned(table->account, PINFOLD_HANDLE_BLOCK_ALIGNMENT, CHUNK);
        if (chunk == NULL) {
            return NULL;
        }
        memset(chunk, 0, CHUNK);
        chunk->next_chunk = table->chunks;
        table->chunks = chunk;
        table->chunk_next = (uintptr_t)chunk;
        table->chunk_end = table->chunk_next + CHUNK;
    }
    struct pfi_handle_block *block = (struct pfi_handle_block *)table->chunk_next;
    table->chunk_next += size;
    return block;
}

/* An empty block holds nothing young. */
static struct pfi_handle_block *make_block(struct pfi_handle_table *table, enum pf_handle_kind kind) {
    size_t size = (size_t)PINFOLD_HANDLE_BLOCK_ALIGNMENT * (kind == PINFOLD_HANDLE_DEPENDENT ? 2 : 1);
    struct pfi_handle_block *block = reserve_for_block(table, kind) ? carve_block(table, size) : NULL;
    if (block == NULL) {
        return NULL;
    }
    block->magic = pfi_handle_block_magic;
    block->table = table;
    block->kind = (uint8_t)kind;
    block->free = ~(uint64_t)0;
    pfi_byte_store(&block->age, PINFOLD_OLDEST_AGE);
    link_block(block);
    push_with_room(table, block);
    table->dependent_slots += kind == PINFOLD_HANDLE_DEPENDENT ? PINFOLD_HANDLES_PER_BLOCK : 0;
    return block;
}

size_t pfi_handle_table_take_locked(struct pfi_handle_table *table, enum pf_handle_kind kind, struct pf_handle **slots,
                                    size_t most) {
    struct pfi_handle_block *block = table->with_room[kind];
    if (block == NULL && (block = make_block(table, kind)) == NULL) {
        return 0;
    }
    size_t count = 0;
    while (count < most && block->free != 0) {
        slots[count++] = &block->slots[pfi_bits_lowest(block->free)];
        block->free &= block->free - 1;
    }
    if (block->free == 0) { /* it is the first of its list */
        table->with_room[kind] = block->next_with_room;
    }
    table->count[kind] += count;
    return count;
}

void pfi_handle_table_give_locked(struct pfi_handle_table *table, struct pf_handle *slot) {
    struct pfi_handle_block *block = pfi_handle_block_around(slot);
    if (block->free == 0) {
        push_with_room(table, block);
    }
    block->free |= (uint64_t)1 << (slot - block->slots);
    --table->count[block->kind];
}
