/* SPDX-License-Identifier: MIT
 *
 * A record of how long each collection kept the program waiting.
 */
#include "harness/pauses.h"

#include <stdlib.h>

static int grow(struct bench_pauses *pauses) {
    size_t capacity = pauses->capacity == 0 ? 1024 : pauses->capacity * 2;
    double *larger = realloc(pauses->milliseconds, capacity * sizeof *larger);
    if (larger == NULL) {
        return 0;
    }
    pauses->milliseconds = larger;
    pauses->capacity = capacity;
    return 1;
}

void bench_pauses_add(struct bench_pauses *pauses, double milliseconds) {
    pauses->total_ms += milliseconds;
    if (milliseconds > pauses->max_ms) {
        pauses->max_ms = milliseconds;
    }
    if (pauses->count < pauses->capacity || grow(pauses)) {
        pauses->milliseconds[pauses->count++] = milliseconds;
    }
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

double bench_pauses_quantile(struct bench_pauses *pauses, double quantile) {
    if (pauses->count == 0) {
        return 0;
    }
    qsort(pauses->milliseconds, pauses->count, sizeof *pauses->milliseconds, compare);
    size_t rank = (size_t)(quantile * (double)pauses->count + 0.999999);
    if (rank > pauses->count) {
        rank = pauses->count;
    }
    return pauses->milliseconds[rank == 0 ? 0 : rank - 1];
}

void bench_stops_figures(struct bench_pauses *stops, struct bench_figures *figures) {
    if (stops->count != 0) {
        figures->stop_p50_us = bench_pauses_quantile(stops, 0.5) * 1e3;
        figures->stop_p99_us = bench_pauses_quantile(stops, 0.99) * 1e3;
        figures->stop_max_us = stops->max_ms * 1e3;
    }
}

void bench_pauses_finish(struct bench_pauses *pauses) {
    free(pauses->milliseconds);
    *pauses = (struct bench_pauses){0};
}
