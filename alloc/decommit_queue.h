/* SPDX-License-Identifier: MIT
 *
 * The decommit queue: segments that a collection has emptied, and whose memory waits to be given back. Giving back two
 * gigabytes takes a tenth of a second and more, which no pause should contain.
 *
 *     in use --put--> waiting --give, a piece at a time, oldest first--> nothing committed --return--> standby, or the
 *        ^               |                                                                              arena
 *        +-----take------+   with its memory, and without a system call
 *
 * A waiting segment is out of every chain, and its `allocated` is its beginning: no address in it belongs to an object.
 * [base, committed) is still committed, and counted so, for as long as it is, as are its side tables; `used` is what it
 * was in use, and may lie above `committed`. Segments keep their kind, for the reason that those on standby do
 * (segment_pool.h).
 *
 * Owner: the arena. `lock` guards the list and the memory of what is on it, so that whoever finds that a limit leaves
 * no room can give at once, whatever else it has locked: nothing is locked behind it. Ranges return to the arena only
 * under the share's old_lock, or with the world stopped.
 */
#ifndef PINFOLD_ALLOC_DECOMMIT_QUEUE_H
#define PINFOLD_ALLOC_DECOMMIT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "alloc/platform/mutex.h"
#include "pinfold/event.h"

struct pfi_arena;
struct pfi_segment;

struct pfi_decommit_queue {
    struct pfi_mutex lock;
    struct pfi_segment *first; /* the oldest */
    struct pfi_segment *last;
    size_t count;
    size_t range_bytes; /* of address space */
    size_t bytes;       /* still committed */
};

void pfi_decommit_queue_init(struct pfi_decommit_queue *queue);
void pfi_decommit_queue_finish(struct pfi_decommit_queue *queue);

/* Puts a segment that holds no object, and is out of every chain, at the end. */
void pfi_decommit_queue_put(struct pfi_arena *arena, struct pfi_segment *segment);

/* The newest waiting segment of this kind with room for `size` bytes, but not twice as much: as it was in use, with
 * clean cards; NULL if there is none. */
struct pfi_segment *pfi_decommit_queue_take(struct pfi_arena *arena, size_t size, enum pf_segment_kind kind);

/* Gives memory of waiting segments back, at most `limit` bytes (rounded up to a page); returns how many. */
size_t pfi_decommit_queue_give(struct pfi_arena *arena, size_t limit);

/* Returns the range of one segment without memory to standby or the arena. false: there was none. */
bool pfi_decommit_queue_return(struct pfi_arena *arena);

/* Gives and returns everything. false: nothing was waiting. */
bool pfi_decommit_queue_drain(struct pfi_arena *arena);

bool pfi_decommit_queue_is_valid(const struct pfi_decommit_queue *queue);

#endif
