/* SPDX-License-Identifier: MIT
 *
 * The work of gcbench, after Ellis, Kovac and Boehm, on one thread: a stretch tree that dies at once, a long-lived tree
 * and an array that stay, and many short-lived trees of every second depth, half of them built from the root down, half
 * from the leaves up. Young objects die in bursts while a structure has to be kept.
 */
#ifndef BENCH_WORKLOAD_GCBENCH_TREES_H
#define BENCH_WORKLOAD_GCBENCH_TREES_H

#include "system/adapter.h"

enum { GCBENCH_MIN_DEPTH = 4 };

/* The long-lived data: two locals of the mutator, the array on top. */
struct gcbench_kept {
    bench_local tree;
    bench_local array;
};

/* Does the work, at the run's scale, with a stretch tree of `depth` and an array of `length` > 1000. Returns the number
 * of nodes of the long-lived tree. */
uint64_t gcbench_trees(struct bench_run *run, struct bench_mutator *mutator, unsigned depth, size_t length,
                       struct gcbench_kept *kept);

/* Ends the life of the long-lived data; both may be NULL. */
void gcbench_release(struct bench_mutator *mutator, void *tree, void *array);

#endif
