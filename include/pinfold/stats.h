/* SPDX-License-Identifier: MIT
 *
 * Figures about a heap and its past collections. Sizes are bytes, times nanoseconds.
 */
#ifndef PINFOLD_STATS_H
#define PINFOLD_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "pinfold/heap.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where an array is indexed by generation: the large object heap, and the pinned object heap, of what was born pinned.
 * Both belong to generation 2 and are collected with it. */
enum { PINFOLD_LARGE = 3, PINFOLD_PINNED = 4, PINFOLD_GENERATIONS = 5 };

#define PINFOLD_REASON_TABLE(X)                                         \
    X(BUDGET, "the budget of generation 0 is spent")                    \
    X(LARGE_BUDGET, "the budget of the large object heap is spent")     \
    X(PINNED_BUDGET, "the budget of the pinned object heap is spent")   \
    X(INDUCED, "the program asked for it")                              \
    X(OUT_OF_SPACE, "an allocation found no room")                      \
    X(LAST_CHANCE, "an allocation would fail without it")               \
    X(EXTERNAL, "native memory that objects keep has grown")            \
    X(IDLE, "the program had time to spare")                            \
    X(PROBE, "nobody has looked for long whether what is old has died") \
    X(STRESS, "a stress mode asked for it")

enum pf_reason {
#define PINFOLD_REASON_ENUMERATOR(name, sentence) PINFOLD_REASON_##name,
    PINFOLD_REASON_TABLE(PINFOLD_REASON_ENUMERATOR)
#undef PINFOLD_REASON_ENUMERATOR
};

/* Why a collection compacted or swept. */
#define PINFOLD_DECISION_TABLE(X)                                                   \
    X(SWEEP_LITTLE_TO_GAIN, "swept: compacting would gain too little")              \
    X(SWEEP_REQUESTED, "swept: asked for")                                          \
    X(SWEEP_STRESS, "swept: stress mode")                                           \
    X(SWEEP_NO_MEMORY, "swept: no memory to plan around what stacks seem to hold")  \
    X(COMPACT_REQUESTED, "compacted: asked for")                                    \
    X(COMPACT_STRESS, "compacted: stress mode")                                     \
    X(COMPACT_LAST_CHANCE, "compacted: last chance before out of memory")           \
    X(COMPACT_SEGMENT_LOW, "compacted: the ephemeral segment is nearly full")       \
    X(COMPACT_PINS, "compacted: free space between pins goes back to generation 0") \
    X(COMPACT_FRAGMENTED, "compacted: too much free space between survivors")       \
    X(COMPACT_MEMORY_LOAD, "compacted: the machine is short of memory")

enum pf_decision {
#define PINFOLD_DECISION_ENUMERATOR(name, sentence) PINFOLD_DECISION_##name,
    PINFOLD_DECISION_TABLE(PINFOLD_DECISION_ENUMERATOR)
#undef PINFOLD_DECISION_ENUMERATOR
};

#define PINFOLD_PHASE_TABLE(X) \
    X(MARK, "mark")            \
    X(PLAN, "plan")            \
    X(RELOCATE, "relocate")    \
    X(COMPACT, "compact")      \
    X(SWEEP, "sweep")          \
    X(LARGE, "large")

enum pf_phase {
#define PINFOLD_PHASE_ENUMERATOR(name, text) PINFOLD_PHASE_##name,
    PINFOLD_PHASE_TABLE(PINFOLD_PHASE_ENUMERATOR)
#undef PINFOLD_PHASE_ENUMERATOR
        PINFOLD_PHASES
};

/* One finished collection. */
struct pf_collection {
    uint64_t number; /* 1, 2, ... */
    int generation;  /* oldest generation collected */
    enum pf_reason reason;
    enum pf_decision decision;
    int compacted;
    int large_compacted;   /* large objects as well */
    int expanded;          /* the young generations went to a new segment */
    int reused;            /* ... that was one of generation 2 before */
    int promoted_in_place; /* no segment could be had: everything became generation 2 */
    uint64_t pause_ns;     /* from the request to stop all threads on */
    uint64_t stop_ns;      /* of that, until all had stopped */
    uint64_t phase_ns[PINFOLD_PHASES];
    size_t before_bytes[PINFOLD_GENERATIONS]; /* objects and free space */
    size_t after_bytes[PINFOLD_GENERATIONS];
    size_t survived_bytes[PINFOLD_GENERATIONS]; /* by the generation that objects came from */
    size_t free_bytes[PINFOLD_GENERATIONS];     /* free objects after the collection */
    size_t moved_bytes;                         /* of small objects */
    size_t large_moved_bytes;                   /* of large ones, in whole pages */
    size_t pinned_objects;                      /* found by this collection */
    size_t pinned_bytes;
    unsigned mark_workers;                    /* threads that took part in marking, the collecting one included */
    size_t demoted_bytes;                     /* pinned objects that stayed younger than survivors become */
    size_t held_bytes[PINFOLD_GENERATIONS];   /* of free_bytes: right before pins, which nothing can slide over */
    size_t budget_bytes[PINFOLD_GENERATIONS]; /* for the time until the next one */
    size_t finalizers_ready;                  /* registrations whose object this collection found dead (finalizer.h) */
};

/* What memory there is, and what it is for, is told by two sums:
 *
 *     committed_bytes = live_bytes + free_bytes - clean_bytes (each the sum over all generations)
 *                       + kept_bytes + tail_bytes + waiting_bytes + bookkeeping_bytes
 *     reserved_bytes  = segment_bytes + waiting_range_bytes + standby_bytes + unused_bytes + table_bytes
 *
 * What is committed and has been touched is resident. Where huge pages are used the system may hold somewhat more: it
 * fills a whole one when a page in it is touched, though its neighbours had been given back. */
struct pf_statistics {
    uint64_t collections[3]; /* by oldest generation collected */
    uint64_t pause_total_ns;
    uint64_t pause_max_ns;
    uint64_t pause_histogram[64];                 /* pauses of [2^i, 2^(i+1)) ns */
    uint64_t allocated_bytes;                     /* since creation */
    size_t generation_bytes[PINFOLD_GENERATIONS]; /* objects and free objects */
    size_t free_bytes[PINFOLD_GENERATIONS];
    size_t clean_bytes[PINFOLD_GENERATIONS]; /* of these: whole pages that were given back to the system */
    size_t heap_bytes;                       /* sum of generation_bytes */
    size_t live_bytes;     /* objects, and what has died since the last collection: heap_bytes - free bytes; exact right
                              after a full collection */
    size_t reserved_bytes; /* address space that is mapped for the heap now */
    size_t committed_bytes;     /* memory asked of the system, bookkeeping included */
    size_t bookkeeping_bytes;   /* side tables, as far as they are used, and the heap's own structures */
    size_t kept_bytes;          /* behind the youngest objects, for the budget of generation 0 */
    size_t tail_bytes;          /* behind the objects of all other segments, and before the first of each */
    size_t waiting_bytes;       /* in emptied segments, until it is given back */
    size_t segment_bytes;       /* address space of segments in use */
    size_t waiting_range_bytes; /* ... of emptied ones whose memory waits */
    size_t unused_bytes;        /* ... of none; the heap reserves only what it needs where it is short */
    size_t table_bytes;         /* ... of side tables, and all other bookkeeping */
    size_t segments;
    size_t large_segments;
    size_t pinned_segments;
    size_t waiting_segments;
    size_t standby_segments;      /* empty ones that kept their address range: the option retain_vm */
    size_t standby_bytes;         /* of address space; none of it is committed */
    size_t finalizers_registered; /* registrations of objects that no collection has found dead (finalizer.h) */
    size_t finalizers_ready;      /* ... of objects that wait to be taken */
    size_t threads;               /* attached now */
    size_t external_bytes;        /* of native memory that objects keep, as the program has told (collect.h) */
};

/* The figures as they are now. Any thread may ask, attached or not; it waits for a collection that is going on. Not a
 * safepoint. What other running threads have left of their allocation contexts counts as allocated. */
PINFOLD_API void pf_heap_statistics(struct pf_heap *heap, struct pf_statistics *statistics);

/* Writes the sums above for people to read, some lines of text; returns the length needed, like snprintf. For any
 * thread: nothing but the figures is looked at. */
PINFOLD_API size_t pf_statistics_describe(const struct pf_statistics *statistics, char *text, size_t size);

/* Copies the newest `count` records (at most 256 are kept), oldest of them first; returns how many. For the same
 * threads as the figures above, as is the next one. */
PINFOLD_API size_t pf_heap_history(struct pf_heap *heap, struct pf_collection *records, size_t count);

/* Pause that a share `quantile` (0..1) of the last 256 collections did not exceed, in nanoseconds. */
PINFOLD_API uint64_t pf_heap_pause_quantile(struct pf_heap *heap, double quantile);

PINFOLD_API const char *pf_reason_text(enum pf_reason reason);
PINFOLD_API const char *pf_decision_text(enum pf_decision decision);
PINFOLD_API const char *pf_phase_text(enum pf_phase phase);

#ifdef __cplusplus
}
#endif
#endif
