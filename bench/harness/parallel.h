/* SPDX-License-Identifier: MIT
 *
 * Threads of a workload. Each has its own side of the system (a struct bench_mutator) and its own struct bench_run, so
 * that counting needs no lock and a run is still used by one thread at a time:
 *
 *     run, mutator ---+--- copy of run, new mutator ---> function(run, mutator, 0, data) ---+
 *      (waits, native) +--- copy of run, new mutator ---> function(run, mutator, 1, data) ---+---> sum of results
 *
 * Locals of the thread that waits stay roots; the others may read them, and nobody replaces them meanwhile. What a
 * thread wants to outlive it goes into an object that such a local holds.
 */
#ifndef BENCH_HARNESS_PARALLEL_H
#define BENCH_HARNESS_PARALLEL_H

#include "harness/bench.h"

/* `run` takes bench_count and bench_scaled; pairs of the workload's own belong to the run of the first thread. */
typedef uint64_t bench_thread_function(struct bench_run *run, struct bench_mutator *mutator, uint64_t index,
                                       void *data);

/* Runs `function` with the indices 0 .. threads - 1, each on a new thread, and waits for all of them. Adds to `run`
 * what they counted and returns the sum of what they returned. A safepoint. May be called by such a thread as well. */
uint64_t bench_parallel(struct bench_run *run, struct bench_mutator *mutator, uint64_t threads,
                        bench_thread_function *function, void *data);

#endif
