/* SPDX-License-Identifier: MIT
 *
 * gcbench: many short-lived trees beside a long-lived one, on one thread (gcbench_trees.h).
 *
 * Scale multiplies the number of short-lived trees; the live data are those of --depth and --array.
 */
#include "workload/gcbench_trees.h"

enum { OPTION_DEPTH, OPTION_ARRAY };

static const struct bench_option options[] = {
    BENCH_NUMBER("depth", 20, GCBENCH_MIN_DEPTH + 2, 24, "depth of the stretch tree; the long-lived one is two less"),
    BENCH_NUMBER("array", 4000000, 1001, 100000000, "length of the long-lived array"),
};

static uint64_t run_gcbench(struct bench_run *run, struct bench_mutator *mutator) {
    struct gcbench_kept kept;
    unsigned depth = (unsigned)run->option[OPTION_DEPTH];
    uint64_t checksum = gcbench_trees(run, mutator, depth, (size_t)run->option[OPTION_ARRAY], &kept);
    bench_stop(run, mutator);

    gcbench_release(mutator, bench_kept(kept.tree), bench_kept(kept.array));
    bench_drop(mutator, 2);
    return checksum;
}

const struct bench_workload bench_workload_gcbench = {
    .name = "gcbench",
    .sentence = "many short-lived trees beside a long-lived one",
    .run = run_gcbench,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = 1,
};
