/* SPDX-License-Identifier: MIT
 *
 * A record of how long each collection kept the program waiting. Grows with malloc; a record that cannot grow counts
 * on in total and maximum and drops the single pause, which the quantile then does not see.
 */
#ifndef BENCH_HARNESS_PAUSES_H
#define BENCH_HARNESS_PAUSES_H

#include <stddef.h>

#include "harness/bench.h"

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

/* Fills in stop_p50_us, stop_p99_us and stop_max_us, unless there was no stop. Sorts. */
void bench_stops_figures(struct bench_pauses *stops, struct bench_figures *figures);

void bench_pauses_finish(struct bench_pauses *pauses);

#endif
