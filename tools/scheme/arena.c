/* SPDX-License-Identifier: MIT
 *
 * Arenas.
 */
#include "arena.h"

#include <stdlib.h>
#include <string.h>

#include "machine.h"

enum { BLOCK_SIZE = 1 << 14, ALIGNMENT = 16 };

struct arena_block {
    struct arena_block *previous;
    _Alignas(ALIGNMENT) char bytes[];
};

void *arena_allocate(struct arena *arena, struct machine *machine, size_t size) {
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (size > arena->free_bytes) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        struct arena_block *block = calloc(1, sizeof *block + room);
        if (block == NULL) {
            machine_error(machine, "no memory left to read and compile the program");
        }
        block->previous = arena->blocks;
        arena->blocks = block;
        arena->next = block->bytes;
        arena->free_bytes = room;
    }
    void *memory = arena->next;
    arena->next += size;
    arena->free_bytes -= size;
    return memory;
}

void arena_finish(struct arena *arena) {
    while (arena->blocks != NULL) {
        struct arena_block *previous = arena->blocks->previous;
        free(arena->blocks);
        arena->blocks = previous;
    }
    *arena = (struct arena){0};
}

void *arena_grow(struct arena *arena, struct machine *machine, void *array, size_t count, size_t *capacity,
                 size_t size) {
    if (count < *capacity) {
        return array;
    }
    *capacity = *capacity == 0 ? 8 : *capacity * 2;
    void *larger = arena_allocate(arena, machine, *capacity * size);
    if (count > 0) {
        memcpy(larger, array, count * size);
    }
    return larger;
}
