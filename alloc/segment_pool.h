/* SPDX-License-Identifier: MIT
 *
 * The standby list: emptied segments of standard size that keep their address range (the option retain_vm). Their
 * memory is given back; what stays is the range, the segment's header, and the side tables as they were written.
 *
 *     in use --release--> standby (nothing committed) --create--> in use, at the same addresses
 *                            |
 *                            +--drain, when the arena has no other room, or age--> the arena
 *
 * A stack for each kind of segment, so that a range comes back for the kind of objects that its tables were written
 * for: slides of small objects are left behind by collections, those of large ones are not, and NONE means that one
 * stays. On standby `committed` is the segment's base, and `used` still tells how far the side tables have been
 * written: they keep that memory, and the account of bookkeeping goes on charging for it. Cards are clean, as those of
 * a new segment. Owner: the arena. Changed by the allocator and by stopped collections.
 */
#ifndef PINFOLD_ALLOC_SEGMENT_POOL_H
#define PINFOLD_ALLOC_SEGMENT_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "pinfold/event.h"

struct pfi_arena;
struct pfi_segment;

struct pfi_segment_pool {
    size_t standard_size[PINFOLD_SEGMENT_KINDS]; /* 0 = nothing is kept */
    struct pfi_segment *first[PINFOLD_SEGMENT_KINDS];
    size_t counts[PINFOLD_SEGMENT_KINDS];
    size_t least[PINFOLD_SEGMENT_KINDS]; /* count that a list has not fallen below since it was last aged */
    size_t count;
    size_t bytes;         /* of address space */
    size_t touched_bytes; /* part of it whose side tables may hold memory */
};

/* From now on released segments of these sizes go on standby; those of objects that were born pinned are as large as
 * those of large objects. */
void pfi_segment_pool_open(struct pfi_segment_pool *pool, size_t small_size, size_t large_size);

/* Keeps a segment that is out of every chain; its memory must have been decommitted, `used` apart. false: it is not of
 * standard size, or nothing is kept. */
bool pfi_segment_pool_put(struct pfi_arena *arena, struct pfi_segment *segment);

/* A segment that serves a request for `size` bytes of its kind: the one that was put there last; NULL if none does. */
struct pfi_segment *pfi_segment_pool_take(struct pfi_arena *arena, size_t size, enum pf_segment_kind kind);

/* Returns those ranges to the arena that nobody has needed since the last call: as many as each list has not fallen
 * below. Returns how many. */
size_t pfi_segment_pool_age(struct pfi_arena *arena);

/* Returns every range to the arena. false: there was none. */
bool pfi_segment_pool_drain(struct pfi_arena *arena);

bool pfi_segment_pool_is_valid(const struct pfi_segment_pool *pool);

#endif
