/* SPDX-License-Identifier: MIT
 *
 * mt-gcbench: the work of gcbench (gcbench_trees.h), two levels smaller, in each of --threads threads. Each thread
 * allocates from its own context and keeps its own long-lived data; what they share is the heap and its collections.
 *
 * --instances sets how often the work is done in all, whatever the number of threads: --threads 1 --instances 2 is
 * what --threads 2 does, by one thread. Instance i is thread (i % threads)'s; the long-lived data of one die when its
 * thread begins the next.
 *
 * Scale multiplies the number of short-lived trees; the live data are those of --depth and --array.
 */
#include "harness/parallel.h"
#include "workload/gcbench_trees.h"

enum { OPTION_DEPTH, OPTION_ARRAY, OPTION_INSTANCES, THREADS_MAX = 64 };

static const struct bench_option options[] = {
    BENCH_NUMBER("depth", 18, GCBENCH_MIN_DEPTH + 2, 24,
                 "depth of the stretch trees; the long-lived ones are two less"),
    BENCH_NUMBER("array", 4000000, 1001, 100000000, "length of the long-lived arrays"),
    BENCH_NUMBER("instances", 0, 0, 10000, "how often the work is done, by all threads together; 0: once by each"),
};

/* The main thread's; constant but for the elements of `kept`. */
struct plan {
    unsigned depth;
    size_t length;
    uint64_t instances;
    uint64_t threads;
    bench_local kept; /* references: thread i's tree at 2 * i, its array behind it */
};

static void drop_kept(struct bench_mutator *mutator, const struct plan *plan, size_t thread) {
    void *kept = bench_kept(plan->kept);
    gcbench_release(mutator, bench_reference(kept, 2 * thread), bench_reference(kept, 2 * thread + 1));
    bench_set_reference(mutator, kept, 2 * thread, NULL);
    bench_set_reference(mutator, kept, 2 * thread + 1, NULL);
}

static uint64_t run_thread(struct bench_run *run, struct bench_mutator *mutator, uint64_t thread, void *data) {
    const struct plan *plan = data;
    size_t index = (size_t)thread;
    uint64_t nodes = 0;
    for (uint64_t instance = thread; instance < plan->instances; instance += plan->threads) {
        struct gcbench_kept kept;
        drop_kept(mutator, plan, index);
        nodes += gcbench_trees(run, mutator, plan->depth, plan->length, &kept);
        bench_set_reference(mutator, bench_kept(plan->kept), 2 * index, bench_kept(kept.tree));
        bench_set_reference(mutator, bench_kept(plan->kept), 2 * index + 1, bench_kept(kept.array));
        bench_drop(mutator, 2);
    }
    return nodes;
}

static uint64_t run_mt_gcbench(struct bench_run *run, struct bench_mutator *mutator) {
    uint64_t instances = run->option[OPTION_INSTANCES];
    struct plan plan = {.depth = (unsigned)run->option[OPTION_DEPTH],
                        .length = (size_t)run->option[OPTION_ARRAY],
                        .instances = instances == 0 ? run->threads : instances,
                        .threads = run->threads};
    plan.kept = bench_keep(mutator, bench_new_references(mutator, 2 * (size_t)run->threads));
    bench_count(run, 1, 2 * run->threads * sizeof(void *));
    uint64_t checksum = bench_parallel(run, mutator, run->threads, run_thread, &plan);
    bench_stop(run, mutator);

    for (size_t thread = 0; thread < run->threads; thread++) {
        drop_kept(mutator, &plan, thread);
    }
    bench_release(mutator, bench_kept(plan.kept));
    bench_drop(mutator, 1);
    return checksum;
}

const struct bench_workload bench_workload_mt_gcbench = {
    .name = "mt-gcbench",
    .sentence = "gcbench in several threads",
    .run = run_mt_gcbench,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = THREADS_MAX,
    .threads_initial = 2,
};
