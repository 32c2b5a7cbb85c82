/* SPDX-License-Identifier: MIT
 *
 * Memory that is given back all at once: syntax trees and expression trees live in arenas.
 */
#ifndef SCHEME_ARENA_H
#define SCHEME_ARENA_H

#include <stddef.h>

struct machine;
struct arena_block;

/* `blocks` is the newest block, `free_bytes` what is left at its end. Zero-initialised = empty. */
struct arena {
    struct arena_block *blocks;
    char *next;
    size_t free_bytes;
};

/* Zeroed and aligned memory; leaves by machine_error when there is none. */
void *arena_allocate(struct arena *arena, struct machine *machine, size_t size);
void arena_finish(struct arena *arena);

#define ARENA_NEW(arena, machine, aggregate) ((aggregate *)arena_allocate((arena), (machine), sizeof(aggregate)))

/* A growing array in an arena: makes room for one more element of `size` bytes and returns the array. The old array
 * stays behind in the arena, which at most doubles the memory. */
void *arena_grow(struct arena *arena, struct machine *machine, void *array, size_t count, size_t *capacity,
                 size_t size);

#endif
