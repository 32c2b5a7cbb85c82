/* SPDX-License-Identifier: MIT
 *
 * Out-of-memory records: the ring that a heap keeps, and how a record comes about. Written with the world stopped, by
 * the thread whose allocation fails; also read from core dumps, so it is plain data inside the heap.
 */
#ifndef PINFOLD_GC_OBSERVE_OOM_H
#define PINFOLD_GC_OBSERVE_OOM_H

#include <stdbool.h>

#include "alloc/share.h"
#include "pinfold/oom.h"
#include "pinfold/type.h"

struct pfi_oom_ring {
    uint64_t count; /* failures so far; record n is at (n - 1) % PINFOLD_OOM_RECORDS */
    struct pf_oom_record records[PINFOLD_OOM_RECORDS];
};

/* What the allocation knows of its failure. */
struct pfi_oom_failure {
    const struct pf_thread *thread;
    const struct pf_type *type;
    size_t size;
    size_t alignment;
    enum pf_segment_kind kind;
    enum pfi_exhausted why;
};

/* Fills `record` from the failure and from the state of the thread's heap, numbers it, and puts a copy into the heap's
 * ring. With the world stopped. */
void pfi_oom_record(const struct pfi_oom_failure *failure, struct pf_oom_record *record);

/* The same for an array whose length is no size. */
void pfi_oom_record_length(const struct pfi_oom_failure *failure, struct pf_oom_record *record);

/* Copies the newest `count` records, oldest first; returns how many. */
size_t pfi_oom_ring_copy(const struct pfi_oom_ring *ring, struct pf_oom_record *records, size_t count);

/* What was in the way, from numbers. */
struct pfi_oom_input {
    enum pfi_exhausted why;
    enum pfi_refusal refusal;
    size_t needed;     /* bytes that would have had to be committed */
    size_t room;       /* below the hard limit */
    size_t space_room; /* below that of the space */
    size_t needed_gap; /* of address space, for a segment */
    size_t largest_gap;
};
enum pf_oom_reason pfi_oom_find_reason(const struct pfi_oom_input *input);

/* The sentence with which a description begins, without a period. */
size_t pfi_oom_summarize(const struct pf_oom_record *record, char *text, size_t size);

#endif
