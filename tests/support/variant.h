/* SPDX-License-Identifier: MIT
 *
 * The heaps on which the random programs run: named sets of options, each of which drives the collector along paths
 * that the defaults seldom take.
 */
#ifndef TESTS_SUPPORT_VARIANT_H
#define TESTS_SUPPORT_VARIANT_H

#include <stddef.h>

#include "pinfold/heap.h"
#include "tests/support/mutator.h"

size_t variant_count(void);
const char *variant_name(size_t index);

/* The defaults, then the environment, then the variant's own settings. */
struct pf_options variant_options(size_t index);

/* Limits drawn from the random sequence, but for those that the variant sets. */
struct mutator_limits variant_limits(size_t index, const struct pf_options *options, struct random *random);

/* Per mille of the default number of operations that this variant runs: those that collect all the time run fewer. */
unsigned variant_operations_per_mille(size_t index);

#endif
