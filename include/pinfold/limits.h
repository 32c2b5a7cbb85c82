/* SPDX-License-Identifier: MIT
 *
 * Hard limits: how much memory a heap may have committed, bookkeeping included, and how much it has. Where a commit
 * would go beyond a limit, allocation collects with growing effort, then fails as if the system had refused.
 *
 *     whole: the smaller of the options hard_limit and hard_limit_percent. With neither, in a container (a control
 *            group with a memory limit), unless the option container_limit is 0: three quarters of the container's
 *            limit, at least 20 MiB.
 *     small, large, pinned: segments of that kind alone, from the options of these names; never above the whole.
 *
 * Percentages of the whole are of the container's limit or, with none, of physical memory; those of a space are of the
 * heap's own limit or, with none, of the same. What counts are segments as they are committed, and bookkeeping: side
 * tables, mark stacks, queues, handles, finalizers, weak tables, threads, the heap itself. What does not: stacks of
 * threads, memory for a check of the heap (pf_heap_verify), what malloc loses, and whatever is the program's own.
 */
#ifndef PINFOLD_LIMITS_H
#define PINFOLD_LIMITS_H

#include "pinfold/thread.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PINFOLD_LIMIT_SOURCE_TABLE(X)               \
    X(NONE, "there is no limit")                    \
    X(OPTION, "an option that gives bytes")         \
    X(PERCENT, "an option that gives a percentage") \
    X(CONTAINER, "the container's limit on memory") \
    X(WHOLE, "the limit of the heap, which is lower")

enum pf_limit_source {
#define PINFOLD_LIMIT_SOURCE_ENUMERATOR(name, sentence) PINFOLD_LIMIT_SOURCE_##name,
    PINFOLD_LIMIT_SOURCE_TABLE(PINFOLD_LIMIT_SOURCE_ENUMERATOR)
#undef PINFOLD_LIMIT_SOURCE_ENUMERATOR
};

/* What stands for no limit. */
#define PINFOLD_NO_LIMIT SIZE_MAX

struct pf_limit {
    size_t limit_bytes; /* in force; PINFOLD_NO_LIMIT: none */
    size_t
        committed_bytes; /* now; above the limit only where that was lowered, or what is needed to collect cost more */
    enum pf_limit_source source;
};

struct pf_limits {
    struct pf_limit whole;
    struct pf_limit small;
    struct pf_limit large;
    struct pf_limit pinned;
    size_t bookkeeping_bytes; /* committed; whole = small + large + pinned + bookkeeping */
    uint64_t physical_bytes;  /* of the machine, when limits were read last */
    uint64_t container_bytes; /* limit of the container; 0: none */
};

/* Any thread, attached or not; not a safepoint, and waits for nothing. While other threads run, the figures are not
 * all of the same instant. */
PINFOLD_API void pf_heap_limits(struct pf_heap *heap, struct pf_limits *limits);

/* Reads physical memory and the container's limit anew and puts limits in force that follow from them and the options
 * of the heap. Where more is committed than a limit now allows, collects everything, compacting, and gives back what it
 * can. ABOVE_LIMIT: that was not enough; what is committed stays usable, and nothing more is committed before there is
 * room. LIMIT_UNKNOWN: the process lacks a file descriptor or memory to read the container's limit, which the limits
 * are to follow from; those in force stay. By a managed thread; a safepoint. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_heap_refresh_limits(struct pf_thread *thread);

/* The sentence that belongs to a source; static storage, never NULL. Any thread, any time. */
PINFOLD_API const char *pf_limit_source_text(enum pf_limit_source source);

#ifdef __cplusplus
}
#endif
#endif
