/* SPDX-License-Identifier: MIT
 *
 * The part of a run that workloads call: scale, stop, extra pairs, and the ways out.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/bench.h"
#include "harness/clock.h"

uint64_t bench_scaled(const struct bench_run *run, uint64_t amount) {
    double scaled = (double)amount * run->scale;
    return scaled < 1 ? 1 : (uint64_t)scaled;
}

void bench_stop(struct bench_run *run, struct bench_mutator *mutator) {
    run->cpu_s = bench_clock_cpu() - run->cpu_start_s;
    run->wall_s = bench_clock_wall() - run->wall_start_s;
    run->rss_kib = bench_peak_rss_kib();
    bench_system_sample(mutator, &run->figures);
}

void bench_extra_text(struct bench_run *run, const char *name, const char *value) {
    if (run->extra_count == BENCH_EXTRA_PAIRS_MAX) {
        bench_fail(EXIT_FAILURE, "the workload reports more than %d pairs of its own", BENCH_EXTRA_PAIRS_MAX);
    }
    struct bench_extra_pair *pair = &run->extra[run->extra_count++];
    snprintf(pair->name, sizeof pair->name, "%s", name);
    snprintf(pair->value, sizeof pair->value, "%s", value);
}

/* Counts and sizes are whole and shown in full; times need no more than six digits. */
void bench_extra(struct bench_run *run, const char *name, double value) {
    char text[48];
    snprintf(text, sizeof text, value == floor(value) && fabs(value) < 1e15 ? "%.0f" : "%.6g", value);
    bench_extra_text(run, name, text);
}

void bench_fail(int exit_code, const char *format, ...) {
    va_list arguments;
    fprintf(stderr, "bench-%s: ", bench_system.name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(exit_code);
}

void bench_out_of_memory(size_t size) {
    bench_fail(BENCH_EXIT_OUT_OF_MEMORY, "out of memory: %zu bytes cannot be allocated", size);
}
