/* SPDX-License-Identifier: MIT
 *
 * A record of how long each collection kept the program waiting. Grows with malloc; a record that cannot grow counts
 * on in total and maximum and drops the single pause, which the quantile then does not see.
 */
#ifndef BENCH_HARNESS_PAUSES_H
#define BENCH_HARNESS_PAUSES_H

#include <stddef.h>

struct bench_pauses {
    double *milliseconds;
    size_t count;
    size_t capacity;
    double max_ms;
    double total_ms;
};

void bench_pauses_add(struct bench_pauses *pauses, double milliseconds);

/* The pause that a share `quantile` of all pauses did not exceed (nearest rank); 0 when there was none. Sorts. */
double bench_pauses_quantile(struct bench_pauses *pauses, double quantile);

void bench_pauses_finish(struct bench_pauses *pauses);

#endif
