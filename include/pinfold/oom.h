/* SPDX-License-Identifier: MIT
 *
 * Out of memory: what an allocation that failed has left behind. Every failure, of the try forms as well, makes a
 * record of how the heap stood at that moment: after the last collection that was to help, with the world at rest. The
 * last 16 stay in the heap, plain data that a core dump shows, too. Sizes are bytes.
 */
#ifndef PINFOLD_OOM_H
#define PINFOLD_OOM_H

#include <stddef.h>
#include <stdint.h>

#include "pinfold/event.h"
#include "pinfold/heap.h"
#include "pinfold/stats.h"
#include "pinfold/thread.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What was in the way. */
#define PINFOLD_OOM_REASON_TABLE(X)                                                                          \
    X(HARD_LIMIT, "the hard limit on the heap's memory does not allow it")                                   \
    X(SPACE_LIMIT, "the hard limit on memory for objects of its kind does not allow it")                     \
    X(SEGMENT_SPACE, "no place of the heap's address space is long enough, and there is none for a segment") \
    X(SYSTEM_REFUSED, "the operating system refuses memory")                                                 \
    X(BOOKKEEPING, "there is no memory for the bookkeeping that goes with it")                               \
    X(LENGTH, "an array cannot be that long")

enum pf_oom_reason {
#define PINFOLD_OOM_REASON_ENUMERATOR(name, sentence) PINFOLD_OOM_##name,
    PINFOLD_OOM_REASON_TABLE(PINFOLD_OOM_REASON_ENUMERATOR)
#undef PINFOLD_OOM_REASON_ENUMERATOR
};

enum { PINFOLD_OOM_RECORDS = 16 };

struct pf_oom_record {
    uint64_t number;  /* 1, 2, ... */
    uint64_t time_ns; /* since 1970 */
    enum pf_oom_reason reason;
    enum pf_segment_kind kind; /* of the segment that was to hold the object */
    size_t size;               /* of the object; 0: its length is not even a size */
    size_t alignment;          /* 0: none but that of every object */
    char type_name[48];        /* cut if it is longer, as the next */
    char thread_name[16];
    uint64_t collection_number;                 /* the last one before the failure; 0: there was none */
    int collected_generation;                   /* by it; -1 then */
    size_t limit;                               /* on committed_bytes; 0: none */
    size_t space_limits[PINFOLD_SEGMENT_KINDS]; /* on each of space_bytes */
    size_t committed_bytes;                     /* all that follows */
    size_t space_bytes[PINFOLD_SEGMENT_KINDS];  /* in segments */
    size_t bookkeeping_bytes;
    size_t live_bytes[PINFOLD_GENERATIONS]; /* of those that were not collected, what may be alive */
    size_t free_bytes[PINFOLD_GENERATIONS]; /* between objects */
    size_t largest_free;   /* free object, or end of a segment in use, that holds objects of this kind */
    size_t largest_gap;    /* of address space that a new segment could have */
    size_t pinned_objects; /* as the last collection found them */
    size_t pinned_bytes;
};

/* Copies the newest `count` records (at most 16 are kept), oldest of them first; returns how many. Any thread, attached
 * or not; it waits for a collection that is going on. Not a safepoint. */
PINFOLD_API size_t pf_heap_oom_records(struct pf_heap *heap, struct pf_oom_record *records, size_t count);

/* The record of the calling thread's own last failure, for the handler and after a try form; NULL: there was none. It
 * stays until the thread's next failure, or until it is detached. */
PINFOLD_API const struct pf_oom_record *pf_thread_oom_record(const struct pf_thread *thread);

/* Writes what a record says as lines of text, the first of which tells what failed and why; cut to `size` bytes, which
 * end with a zero unless size is 0. Returns the length of the whole text, as snprintf does. Any thread, any time. */
PINFOLD_API size_t pf_oom_describe(const struct pf_oom_record *record, char *text, size_t size);

/* The sentence that belongs to a reason; static storage, never NULL. */
PINFOLD_API const char *pf_oom_reason_text(enum pf_oom_reason reason);

#ifdef __cplusplus
}
#endif
#endif
