/* SPDX-License-Identifier: MIT
 *
 * Limits: how much memory the options and the machine leave a heap, and what sizes suit it. Pure functions of numbers.
 */
#ifndef PINFOLD_GC_POLICY_LIMITS_H
#define PINFOLD_GC_POLICY_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pinfold/event.h"
#include "pinfold/heap.h"
#include "pinfold/limits.h"

struct pfi_machine {
    uint64_t physical;         /* 0: the system does not tell */
    uint64_t container;        /* its limit; 0: none, or unknown */
    bool is_container_unknown; /* there may be one, but it cannot be read now */
};

struct pfi_limit {
    size_t bytes; /* PINFOLD_NO_LIMIT: none */
    enum pf_limit_source source;
};

struct pfi_limits {
    struct pfi_limit whole;
    struct pfi_limit spaces[PINFOLD_SEGMENT_KINDS];
};

/* The options are those that the program gave, without derived values. */
struct pfi_limits pfi_limits_derive(const struct pf_options *given, struct pfi_machine machine);

/* Whether the machine has told what limits are to be derived from: else they are not to be derived now. */
bool pfi_limits_are_known(const struct pf_options *given, struct pfi_machine machine);

/* What a space can have at the most: its own limit counts, and that of the heap. */
static inline size_t pfi_limits_of_space(const struct pfi_limits *limits, enum pf_segment_kind kind) {
    size_t space = limits->spaces[kind].bytes;
    return space < limits->whole.bytes ? space : limits->whole.bytes;
}

/* A segment that all objects of its kind fit into: one that must be left for another needs memory for both meanwhile. A
 * size that was given (it is not the usual one) stays, and so does the usual one without a limit. */
size_t pfi_limits_segment(size_t given, size_t usual, size_t limit);

/* Least that a commit takes: a 64th of the limit, a power of two from a page up to the usual step. */
size_t pfi_limits_commit_step(size_t limit);

/* Whether steps as large as a huge page are few enough of the limit. */
bool pfi_limits_allow_huge_pages(size_t limit);

/* A sixteenth of the limit may go into the stack of a mark. */
size_t pfi_limits_mark_stack(size_t given, size_t limit);

/* Each worker beyond the first has a stack, and asks for 4 MiB of the limit. */
uint32_t pfi_limits_workers(uint32_t derived, size_t limit);

/* A smallest budget: at most an eighth of the limit. A largest one of generation 0: at most a quarter. */
size_t pfi_limits_least_budget(size_t given, size_t limit);
size_t pfi_limits_gen0_max(size_t given, size_t limit);

/* Part of the limit that is gone, percent: `room` bytes are left for allocation. 0 without a limit. */
unsigned pfi_limits_load(size_t limit, size_t room);

/* Whether a full collection is worth its time: nine tenths of the limit are gone, and the heap has `grown` since the
 * last one by as much as is left. Where most of the limit is live, the load alone would ask for one after the other. */
bool pfi_limits_is_near(unsigned load, size_t grown, size_t room);

/* The most that a generation's budget may be with `room` bytes left for it under the limit: a quarter for each of
 * generation 0 and 1, three quarters for an older one, so that collections come before the limit does. `least` is what
 * it gets in any case, since an old generation whose budget is nothing would have every collection be a full one;
 * generation 0 gets no more than half of the room on that account, as its collections are cheaper than what
 * follows where memory is refused, but 64 KiB. */
size_t pfi_limits_budget(int generation, size_t budget, size_t least, size_t room);

#endif
