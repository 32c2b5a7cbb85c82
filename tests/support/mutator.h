/* SPDX-License-Identifier: MIT
 *
 * The random program: does to a shadow and its heap whatever an embedder may do, in any order.
 */
#ifndef TESTS_SUPPORT_MUTATOR_H
#define TESTS_SUPPORT_MUTATOR_H

#include "tests/support/shadow.h"

struct mutator_limits {
    size_t live_bytes;          /* much is dropped when the model grows beyond this */
    size_t large_size;          /* arrays of about one to three times this size, now and then */
    unsigned large_per_mille;   /* share of such allocations */
    unsigned collect_per_mille; /* share of operations that collect */
};

struct mutator_limits mutator_default_limits(const struct pf_options *options);

/* Runs `operations` operations; numbers them for replay_operation from `first` on. Every collection is followed by a
 * full check before the next operation. */
void mutator_run(struct shadow *shadow, struct random *random, const struct mutator_limits *limits, uint64_t first,
                 uint64_t operations);

#endif
