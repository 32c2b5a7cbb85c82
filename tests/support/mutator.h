/* SPDX-License-Identifier: MIT
 *
 * The random program: does to a shadow and its heap whatever an embedder may do, in any order.
 */
#ifndef TESTS_SUPPORT_MUTATOR_H
#define TESTS_SUPPORT_MUTATOR_H

#include "tests/support/shadow.h"

struct mutator_limits {
    size_t live_bytes;              /* much is dropped when the model grows beyond this */
    size_t large_size;              /* arrays of about one to three times this size, now and then */
    unsigned large_per_mille;       /* share of such allocations */
    unsigned collect_per_mille;     /* share of operations that collect */
    unsigned born_pinned_per_mille; /* share of allocations that are born pinned */
    size_t pins;                    /* most pins at a time, up to SHADOW_PINS; 0: no pinning frames either */
    unsigned pin_per_mille; /* share of operations that pin or unpin, and of fresh objects that are pinned at once */
    int pins_only_leaves;   /* what is pinned has no references, as buffers have none; no pinning frames then */
    int may_fill;           /* the heap may become full: a refused allocation is answered by dropping much */
};

/* Middling figures and no pins, but some objects that are born pinned. */
struct mutator_limits mutator_default_limits(const struct pf_options *options);

/* Limits drawn from the random sequence, so that seeds differ in more than the order of operations: how much lives, how
 * often large objects come, how much is pinned, and whether collections are asked for or come only when budgets are
 * spent. On a heap with little address space the model is allowed to grow until the heap is full. */
struct mutator_limits mutator_random_limits(const struct pf_options *options, struct random *random);

/* Runs `operations` operations; numbers them for replay_operation from `first` on. Every collection is followed by a
 * full check before the next operation. */
void mutator_run(struct shadow *shadow, struct random *random, const struct mutator_limits *limits, uint64_t first,
                 uint64_t operations);

#endif
