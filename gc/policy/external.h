/* SPDX-License-Identifier: MIT
 *
 * External: when native memory that objects keep asks for a collection. Pure functions of numbers; sizes are bytes.
 *
 * What was kept at the least since the last full collection is taken for what is live. The budget is half of that,
 * as that of generation 2 follows what lives in it, and not below a minimum; it doubles, up to eight times, with every
 * full collection after which nothing worth mentioning was freed.
 */
#ifndef PINFOLD_GC_POLICY_EXTERNAL_H
#define PINFOLD_GC_POLICY_EXTERNAL_H

#include <stdbool.h>
#include <stddef.h>

struct pfi_external_input {
    size_t bytes;    /* now */
    size_t low;      /* least since the last full collection */
    size_t last;     /* after the last collection of any generation, or less if there has been less since */
    size_t minimum;  /* budget */
    unsigned futile; /* full collections for its sake that did not help, one after the other */
};

size_t pfi_external_budget(const struct pfi_external_input *input);

/* 2: the budget is spent since the last full collection. 1: a quarter of it is spent since the last one of any kind,
 * and objects that were born since then may keep it. -1: neither. */
int pfi_external_generation(const struct pfi_external_input *input);

/* Whether the last full collection for its sake was no help: less than an eighth of the budget was freed since. */
bool pfi_external_was_futile(const struct pfi_external_input *input, size_t freed);

#endif
