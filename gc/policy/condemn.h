/* SPDX-License-Identifier: MIT
 *
 * Condemn: which generations a collection takes. A pure function of numbers.
 */
#ifndef PINFOLD_GC_POLICY_CONDEMN_H
#define PINFOLD_GC_POLICY_CONDEMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pfi_condemn_input {
    int requested;
    bool is_induced;        /* the program or a stress mode named the generation: no raising by wishes */
    int64_t budget_left[5]; /* by generation; 3 = large objects, 4 = objects that were born pinned */
    size_t segment_room;    /* behind generation 0 on the ephemeral segment, and in the holes between its pins */
    size_t segment_need;    /* room below which the ephemeral segment counts as low */
    size_t gen2_bytes;
    size_t gen2_unusable;      /* free bytes of generation 2 that its free list cannot offer */
    size_t heap_bytes;         /* all generations, garbage included, free objects not */
    size_t heap_limit;         /* what the heap may grow to between full collections */
    unsigned memory_load;      /* percent of physical memory in use */
    bool limit_is_near;        /* a full collection is likely to leave more room under a hard limit */
    bool wants_reuse;          /* a full collection could make a segment of generation 2 the ephemeral one */
    bool last_full_was_futile; /* the last full collection freed next to nothing */
    unsigned since_full;       /* collections since the last full one */
};

/* The oldest generation to collect: 0, 1 or 2. */
int pfi_condemn(const struct pfi_condemn_input *input);

/* Whether a full collection is no dearer than one of generation 1: that one walks every dirty card of the old
 * generation twice, and where most of them are dirty, it costs as much and frees less. Not where what is old (large
 * and pinned objects included: a full collection marks them, too) is more than twice what is young. */
bool pfi_condemn_prefers_full(size_t dirty_bytes, size_t gen2_bytes, size_t beside_gen2_bytes, size_t young_bytes);

#endif
