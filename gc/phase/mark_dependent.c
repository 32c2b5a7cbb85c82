/* SPDX-License-Identifier: MIT */
#include "gc/phase/mark_dependent.h"

enum { PASSES = 4 /* over the blocks that wait, before they are indexed */ };

static uint64_t slots_with_keys(const struct pfi_handle_block *block) {
    uint64_t bits = 0;
    for (unsigned index = 0; index < PINFOLD_HANDLES_PER_BLOCK; ++index) {
        bits |= (uint64_t)(block->slots[index].object != 0) << index;
    }
    return bits;
}

static void push(struct pfi_handle_block **list, struct pfi_handle_block *block) {
    block->next_waiting = *list;
    *list = block;
}

void pfi_mark_dependents_open(struct pfi_dependents *dependents, struct pfi_handle_table *table, int condemned) {
    struct pfi_handle_walk walk = pfi_handle_walk_open(table, PINFOLD_HANDLE_DEPENDENT, condemned);
    *dependents = (struct pfi_dependents){NULL, &table->keys};
    for (struct pfi_handle_block *block; (block = pfi_handle_walk_next(&walk)) != NULL;) {
        block->waiting = slots_with_keys(block);
        push(&dependents->waiting, block);
    }
}

static void mark_value(struct pfi_marker *marker, const struct pf_handle *value) {
    if (!pfi_mark_is_live(marker, value->object)) {
        pfi_mark_slots(marker, (uintptr_t)value, 1);
        pfi_mark_drain(marker);
    }
}

/* Once over the slots of a block that wait; whether one of them waits no longer. */
static bool resolve_slots(struct pfi_marker *marker, struct pfi_handle_block *block) {
    uint64_t before = block->waiting;
    for (uint64_t bits = before; bits != 0; bits &= bits - 1) {
        unsigned index = pfi_bits_lowest(bits);
        if (pfi_mark_is_live(marker, block->slots[index].object)) {
            block->waiting &= ~((uint64_t)1 << index);
            mark_value(marker, &pfi_handle_block_values(block)[index]);
        }
    }
    return block->waiting != before;
}

/* The block is at hand: what its own values keep alive is found at once. */
static bool resolve_block(struct pfi_marker *marker, struct pfi_handle_block *block) {
    bool resolves = false;
    while (block->waiting != 0 && resolve_slots(marker, block)) {
        resolves = true;
    }
    return resolves;
}

/* Blocks that still wait are listed the other way round. Whether a slot was resolved. */
static bool pass_over_blocks(struct pfi_dependents *dependents, struct pfi_marker *marker) {
    struct pfi_handle_block *block = dependents->waiting;
    bool resolves = false;
    dependents->waiting = NULL;
    while (block != NULL) {
        struct pfi_handle_block *next = block->next_waiting;
        resolves |= resolve_block(marker, block);
        if (block->waiting != 0) {
            push(&dependents->waiting, block);
        }
        block = next;
    }
    return resolves;
}

/* Those whose keys were marked meanwhile are found at once. */
static void index_block(struct pfi_key_index *keys, const struct pfi_marker *marker, struct pfi_handle_block *block) {
    for (uint64_t bits = block->waiting; bits != 0; bits &= bits - 1) {
        struct pf_handle *slot = &block->slots[pfi_bits_lowest(bits)];
        pfi_key_index_add(keys, slot);
        if (pfi_mark_is_live(marker, slot->object)) {
            pfi_key_index_find(keys, slot->object & ~marker->tags.mask);
        }
    }
}

static void resolve_by_index(struct pfi_dependents *dependents, struct pfi_marker *marker) {
    struct pfi_key_index *keys = dependents->keys;
    pfi_key_index_open(keys, marker->tags.mask);
    for (struct pfi_handle_block *block = dependents->waiting; block != NULL; block = block->next_waiting) {
        index_block(keys, marker, block);
    }
    marker->watched = keys;
    for (struct pf_handle *slot; (slot = pfi_key_index_take(keys)) != NULL;) {
        struct pfi_handle_block *block = pfi_handle_block_around(slot);
        block->waiting &= ~((uint64_t)1 << (slot - block->slots));
        mark_value(marker, pfi_handle_value(slot));
    }
    marker->watched = NULL;
}

void pfi_mark_dependents(struct pfi_dependents *dependents, struct pfi_marker *marker) {
    for (int pass = 0; pass < PASSES; ++pass) {
        if (!pass_over_blocks(dependents, marker)) {
            return;
        }
    }
    resolve_by_index(dependents, marker);
}

void pfi_mark_dependents_clear_dead(struct pfi_dependents *dependents) {
    for (struct pfi_handle_block *block = dependents->waiting; block != NULL; block = block->next_waiting) {
        for (uint64_t bits = block->waiting; bits != 0; bits &= bits - 1) {
            unsigned index = pfi_bits_lowest(bits);
            block->slots[index].object = 0;
            pfi_handle_block_values(block)[index].object = 0;
        }
    }
}
