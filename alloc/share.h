/* SPDX-License-Identifier: MIT
 *
 * A heap share: everything that one allocation domain owns. A heap has one share now; several are an array of these.
 *
 *     segments -> gen2 segment -> gen2 segment -> ephemeral segment
 *                                                  [ gen2 part | gen1 | gen0 -> allocated ... end )
 *                                                    first       ^start[1] ^start[0]
 *     large_segments -> ... (large objects, logically part of generation 2)
 *     pinned_segments -> ... (objects that were born pinned, logically part of generation 2)
 *
 * Invariant: first <= start[1] <= start[0] <= allocated on the ephemeral segment, which is the last of its chain.
 * Owner: its heap. Changed by the allocator under one of two locks, each held for a few instructions (more where the
 * system has to be asked for memory), and by collections with the world stopped, which need neither. Who takes both
 * takes small_lock first.
 */
#ifndef PINFOLD_ALLOC_SHARE_H
#define PINFOLD_ALLOC_SHARE_H

#include "alloc/arena.h"
#include "alloc/free_list.h"
#include "alloc/platform/mutex.h"
#include "alloc/segment.h"
#include "pinfold/heap.h"
#include "pinfold/stats.h"
#include "pinfold/status.h"

struct pfi_generation {
    int64_t budget_left; /* bytes that may still be allocated or promoted into it before it wants a collection */
    size_t budget;
    size_t free_bytes;  /* in all free objects, threaded or not */
    size_t clean_bytes; /* of these, given back to the system (free_pages.h) */
    struct pfi_free_list free_list;
};

struct pfi_share {
    struct pfi_arena *arena;
    const struct pf_options *options;
    struct pfi_segment *segments;
    struct pfi_segment *ephemeral;
    struct pfi_segment *large_segments;
    struct pfi_segment *pinned_segments;
    uintptr_t start[2]; /* of generation 0 and 1, on the ephemeral segment */
    struct pfi_generation generations[PINFOLD_GENERATIONS];
    size_t quantum;
    struct pfi_mutex small_lock; /* of generation 0 outside collections: its numbers, and the ephemeral segment's end */
    struct pfi_mutex old_lock;   /* of what is born old: large objects, those born pinned, and new segments for them */
    uint64_t allocated_bytes;    /* in generation 0, charged at refill */
    uint64_t old_allocated_bytes; /* in large objects, whole pages, and in those born pinned */
    size_t large_bytes;           /* in large objects, whole pages */
};

/* Why an allocation found nothing. The allocator never calls the collector; the caller decides. */
enum pfi_exhausted {
    PINFOLD_EXHAUSTED_NOT,
    PINFOLD_EXHAUSTED_BUDGET,      /* time for a collection */
    PINFOLD_EXHAUSTED_SPACE,       /* no room in the segment or the arena */
    PINFOLD_EXHAUSTED_COMMIT,      /* a limit forbids more memory, or the system refused it */
    PINFOLD_EXHAUSTED_BOOKKEEPING, /* no memory for what must go with the object */
};

/* Makes the share's first segments as the option initial_layout says: where it asks for more than can be had, less, and
 * at last the first segment of small objects alone, as long as can be had. On failure nothing is kept. Finishing
 * releases no segment: the arena does. */
enum pf_status pfi_share_init(struct pfi_share *share, struct pfi_arena *arena, const struct pf_options *options);

void pfi_share_finish(struct pfi_share *share);

/* What memory of a generation is charged as. */
static inline enum pfi_space pfi_share_space(int generation) {
    return generation == PINFOLD_LARGE    ? PINFOLD_SPACE_LARGE
           : generation == PINFOLD_PINNED ? PINFOLD_SPACE_PINNED
                                          : PINFOLD_SPACE_SMALL;
}

/* The hole or segment end that a largest small object needs: its chunk is a smallest object longer. */
static inline size_t pfi_share_largest_chunk(const struct pfi_share *share) {
    return share->options->large_threshold + PINFOLD_MIN_OBJECT;
}

/* The shortest segment of small objects: small objects are at most a quarter of one. */
static inline size_t pfi_share_least_segment(const struct pf_options *options) {
    return pfi_min(pfi_align_up(4 * options->large_threshold, PINFOLD_UNIT), options->segment_size);
}

/* What the ephemeral segment can hold, all generations together: segments differ where address space is short. */
static inline size_t pfi_share_ephemeral_size(const struct pfi_share *share) {
    return share->ephemeral->end - share->ephemeral->base;
}

/* First address of generation 0..2 on the ephemeral segment. */
static inline uintptr_t pfi_share_start(const struct pfi_share *share, int generation) {
    return generation >= 2 ? share->ephemeral->first : share->start[generation];
}

/* Where generation 0..2 ends on the ephemeral segment. */
static inline uintptr_t pfi_share_end(const struct pfi_share *share, int generation) {
    return generation == 0 ? share->ephemeral->allocated : share->start[generation - 1];
}

/* 0, 1, 2, PINFOLD_LARGE, PINFOLD_PINNED, or -1 for an address outside every segment's objects. For managed threads,
 * too: what it reads changes with the world stopped only, but for the ends of segments. */
int pfi_share_generation_of(const struct pfi_share *share, uintptr_t address);

/* Bytes of objects and free objects. */
size_t pfi_share_generation_bytes(const struct pfi_share *share, int generation);

/* Bytes in old objects outside generation 2's own segments: whole pages of large ones, and those that were born pinned.
 */
size_t pfi_share_beside_gen2_bytes(const struct pfi_share *share);

/* Formats [start, start + size) as one free object of `generation`, threads it when it is large enough, and brings
 * object_starts and, when asked for, poison up to date. size is 0 or at least a smallest object. */
void pfi_share_thread_gap(struct pfi_share *share, int generation, uintptr_t start, size_t size);

/* Formats without threading. */
void pfi_share_format_gap(struct pfi_share *share, int generation, uintptr_t start, size_t size);

/* Empties the free lists of generations 0..oldest, whose free objects are about to disappear. */
void pfi_share_forget_free(struct pfi_share *share, int oldest);

/* Fills the memory behind the segment's objects with the poison byte, when that stress mode is on. */
void pfi_share_poison_tail(const struct pfi_share *share, const struct pfi_segment *segment);

/* After a sweep nothing is younger than generation 1, so the cards of its objects say nothing: cleans them. */
void pfi_share_clean_young_cards(struct pfi_share *share);

/* Makes `segment` the ephemeral one: the last of the chain, from which it is taken if it was in it. */
void pfi_share_append_ephemeral(struct pfi_share *share, struct pfi_segment *segment);

/* Takes the segments of small objects that hold none out of the chain, the ephemeral one excepted; returns them. */
struct pfi_segment *pfi_share_unlink_empty(struct pfi_share *share);

bool pfi_share_is_valid(const struct pfi_share *share);

#endif
