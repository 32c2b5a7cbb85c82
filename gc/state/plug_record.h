/* SPDX-License-Identifier: MIT
 *
 * What plan writes down about a plug: 16 bytes, in the last 16 bytes of the gap before it.
 *
 *     word 0:  | distance in granules, signed, 40 bits | right 11 | left 11 | .. |     word 1:  gap size in bytes
 *
 * A node names a plug inside its brick: granule offset + 1 (ten bits) and one bit that says that the record lies in
 * the pin queue. 0 = no node. Written by plan and expand, read until the end of compaction or sweep.
 */
#ifndef PINFOLD_GC_PLUG_RECORD_H
#define PINFOLD_GC_PLUG_RECORD_H

#include "alloc/layout.h"

struct pfi_plug_record {
    uint64_t word;
    uint64_t gap;
};
static_assert(sizeof(struct pfi_plug_record) == PINFOLD_MIN_OBJECT, "a record fits the smallest gap");

enum {
    PINFOLD_NODE_BITS = 11,
    PINFOLD_NODE_QUEUED = 1 << 10,
    PINFOLD_NODE_MASK = (1 << PINFOLD_NODE_BITS) - 1,
    PINFOLD_NODE_LEFT_SHIFT = 2,
    PINFOLD_NODE_RIGHT_SHIFT = PINFOLD_NODE_LEFT_SHIFT + PINFOLD_NODE_BITS,
    PINFOLD_DISTANCE_SHIFT = 24,
};
static_assert(PINFOLD_NODE_RIGHT_SHIFT + PINFOLD_NODE_BITS <= PINFOLD_DISTANCE_SHIFT, "nodes and distance fit a word");

static_assert((uint64_t)PINFOLD_LARGEST_ARENA >> PINFOLD_GRANULE_SHIFT <= (uint64_t)1 << (63 - PINFOLD_DISTANCE_SHIFT),
              "every distance within the largest arena fits, with its sign");

static inline struct pfi_plug_record *pfi_plug_record_before(uintptr_t plug) {
    return (struct pfi_plug_record *)(plug - sizeof(struct pfi_plug_record));
}

static inline unsigned pfi_plug_record_left(const struct pfi_plug_record *record) {
    return (unsigned)(record->word >> PINFOLD_NODE_LEFT_SHIFT) & PINFOLD_NODE_MASK;
}
static inline unsigned pfi_plug_record_right(const struct pfi_plug_record *record) {
    return (unsigned)(record->word >> PINFOLD_NODE_RIGHT_SHIFT) & PINFOLD_NODE_MASK;
}
static inline void pfi_plug_record_set_left(struct pfi_plug_record *record, unsigned node) {
    record->word &= ~((uint64_t)PINFOLD_NODE_MASK << PINFOLD_NODE_LEFT_SHIFT);
    record->word |= (uint64_t)node << PINFOLD_NODE_LEFT_SHIFT;
}
static inline void pfi_plug_record_set_right(struct pfi_plug_record *record, unsigned node) {
    record->word &= ~((uint64_t)PINFOLD_NODE_MASK << PINFOLD_NODE_RIGHT_SHIFT);
    record->word |= (uint64_t)node << PINFOLD_NODE_RIGHT_SHIFT;
}

/* Bytes to add to an old address; wraps around for moves downwards. */
static inline uintptr_t pfi_plug_record_distance(const struct pfi_plug_record *record) {
    return (uintptr_t)(((int64_t)record->word >> PINFOLD_DISTANCE_SHIFT) * PINFOLD_GRANULE);
}
static inline void pfi_plug_record_set_distance(struct pfi_plug_record *record, uintptr_t distance) {
    uint64_t granules = (uint64_t)((intptr_t)distance / PINFOLD_GRANULE);
    record->word = (record->word & (((uint64_t)1 << PINFOLD_DISTANCE_SHIFT) - 1)) | granules << PINFOLD_DISTANCE_SHIFT;
}

#endif
