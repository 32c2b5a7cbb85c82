/* SPDX-License-Identifier: MIT
 *
 * larson, after Larson and Krishnan's server ("Memory allocation for long-running server applications", 1998): a thread
 * owns an array of objects and replaces random ones by new ones of random sizes. After --handover replacements it ends,
 * and a new thread gets the array, so that most objects die on another thread than the one that made them.
 *
 *     chain i:  thread ---array---> thread ---array---> thread ...        --threads chains at a time
 *
 * Each chain has a thread of its own that starts its threads one after the other and waits for them.
 *
 * Scale multiplies the replacements of each chain; --slots sets the live data. The checksum is the sum of the stamps of
 * all objects, each read when it dies.
 */
#include "harness/parallel.h"
#include "workload/item.h"

enum { OPTION_SLOTS, OPTION_HANDOVER, THREADS_MAX = 64, REPLACEMENTS = 5000000, MAX_WORDS = 125 };

static const struct bench_option options[] = {
    BENCH_NUMBER("slots", 5000, 1, 10000000, "objects that each chain keeps"),
    BENCH_NUMBER("handover", 100000, 1, UINT32_MAX, "replacements after which a new thread gets the array"),
};

struct chain {
    bench_local slots; /* references; a local of the chain's own thread */
    struct bench_random random;
    uint64_t left; /* replacements to do */
};

static uint64_t replace(struct bench_mutator *mutator, struct chain *chain, size_t slots, struct item_count *count) {
    size_t slot = (size_t)bench_random_below(&chain->random, slots);
    size_t length = ITEM_MIN_WORDS + (size_t)bench_random_below(&chain->random, MAX_WORDS - ITEM_MIN_WORDS + 1);
    void *item = item_new(mutator, length, &chain->random, count);
    void *array = bench_kept(chain->slots);
    void *old = bench_reference(array, slot);
    bench_set_reference(mutator, array, slot, item);
    return item_end(mutator, old);
}

/* One thread of a chain. */
static uint64_t run_shift(struct bench_run *run, struct bench_mutator *mutator, uint64_t index, void *data) {
    struct chain *chain = data;
    struct item_count count = {0, 0};
    uint64_t handover = run->option[OPTION_HANDOVER];
    uint64_t replacements = chain->left < handover ? chain->left : handover;
    uint64_t sum = 0;
    (void)index;
    for (uint64_t i = 0; i < replacements; i++) {
        sum += replace(mutator, chain, (size_t)run->option[OPTION_SLOTS], &count);
    }
    chain->left -= replacements;
    item_report(run, &count);
    return sum;
}

/* `data` is the array of the chains' arrays, which outlives the threads. */
static uint64_t run_chain(struct bench_run *run, struct bench_mutator *mutator, uint64_t index, void *data) {
    const bench_local *chains = data;
    size_t slots = (size_t)run->option[OPTION_SLOTS];
    struct chain chain = {.random = {run->seed + index}, .left = bench_scaled(run, REPLACEMENTS)};
    chain.slots = bench_keep(mutator, bench_new_references(mutator, slots));
    bench_set_reference(mutator, bench_kept(*chains), (size_t)index, bench_kept(chain.slots));
    bench_count(run, 1, slots * sizeof(void *));
    uint64_t sum = 0;
    while (chain.left != 0) {
        sum += bench_parallel(run, mutator, 1, run_shift, &chain);
    }
    bench_drop(mutator, 1);
    return sum;
}

static uint64_t end_chains(struct bench_run *run, struct bench_mutator *mutator, bench_local chains) {
    uint64_t sum = 0;
    for (size_t i = 0; i < run->threads; i++) {
        bench_local slots = bench_keep(mutator, bench_reference(bench_kept(chains), i));
        sum += item_end_all(mutator, slots, (size_t)run->option[OPTION_SLOTS]);
        bench_release(mutator, bench_kept(slots));
        bench_drop(mutator, 1);
    }
    bench_release(mutator, bench_kept(chains));
    return sum;
}

static uint64_t run_larson(struct bench_run *run, struct bench_mutator *mutator) {
    bench_local chains = bench_keep(mutator, bench_new_references(mutator, (size_t)run->threads));
    bench_count(run, 1, run->threads * sizeof(void *));
    uint64_t sum = bench_parallel(run, mutator, run->threads, run_chain, &chains);
    bench_stop(run, mutator);

    sum += end_chains(run, mutator, chains);
    bench_drop(mutator, 1);
    return sum;
}

const struct bench_workload bench_workload_larson = {
    .name = "larson",
    .sentence = "objects replaced at random in an array that is handed from thread to thread",
    .run = run_larson,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = THREADS_MAX,
    .threads_initial = 2,
};
