/* SPDX-License-Identifier: MIT
 *
 * loh-churn: two hundred slots of large byte arrays, replaced at random, with small objects dying between them. The
 * large object heap's free list, its budget, and the return of memory to the system.
 *
 * Scale multiplies the number of operations; --slots sets the live data.
 */
#include <stdlib.h>

#include "harness/random.h"
#include "system/adapter.h"

enum { OPTION_SLOTS, MIN_SIZE = 85000, MAX_SIZE = 4000000, SMALL_OBJECTS = 1000, PAGE = 4096 };

static const struct bench_option options[] = {
    BENCH_NUMBER("slots", 200, 1, 100000, "large arrays that live at a time"),
};

struct pair {
    struct bench_header header;
    int64_t a;
    int64_t b;
};

BENCH_TYPE(pair_type, struct pair, 0);

static void touch_pages(uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i += PAGE) {
        bytes[i] = 1;
    }
}

static void small_objects(struct bench_mutator *mutator, bench_local *sink) {
    for (int i = 0; i < SMALL_OBJECTS; i++) {
        struct pair *pair = bench_new(mutator, &pair_type);
        bench_release(mutator, bench_kept(*sink));
        bench_set_local(sink, pair);
    }
}

static uint64_t sum(const size_t *sizes, size_t count) {
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += sizes[i];
    }
    return total;
}

static void release_all(struct bench_mutator *mutator, void *array, size_t slots) {
    for (size_t i = 0; i < slots; i++) {
        bench_release(mutator, bench_reference(array, i));
    }
    bench_release(mutator, array);
}

static uint64_t run_loh_churn(struct bench_run *run, struct bench_mutator *mutator) {
    struct bench_random random = {run->seed};
    size_t slots = (size_t)run->option[OPTION_SLOTS];
    uint64_t operations = bench_scaled(run, 20000);
    size_t *sizes = calloc(slots, sizeof *sizes);
    if (sizes == NULL) {
        bench_out_of_memory(slots * sizeof *sizes);
    }
    bench_local array = bench_keep(mutator, bench_new_references(mutator, slots));
    bench_local sink = bench_keep(mutator, NULL);
    bench_count(run, 1, slots * sizeof(void *));
    for (uint64_t i = 0; i < operations; i++) {
        size_t slot = (size_t)bench_random_below(&random, slots);
        size_t size = MIN_SIZE + (size_t)bench_random_below(&random, MAX_SIZE - MIN_SIZE + 1);
        bench_release(mutator, bench_reference(bench_kept(array), slot));
        void *bytes = bench_new_bytes(mutator, size);
        touch_pages(bench_bytes(bytes), size);
        bench_set_reference(mutator, bench_kept(array), slot, bytes);
        sizes[slot] = size;
        small_objects(mutator, &sink);
        bench_count(run, 1 + SMALL_OBJECTS, size + SMALL_OBJECTS * BENCH_PAYLOAD(struct pair));
    }
    uint64_t checksum = sum(sizes, slots);
    bench_stop(run, mutator);

    release_all(mutator, bench_kept(array), slots);
    bench_release(mutator, bench_kept(sink));
    bench_drop(mutator, 2);
    free(sizes);
    return checksum;
}

const struct bench_workload bench_workload_loh_churn = {
    .name = "loh-churn",
    .sentence = "large byte arrays replaced at random",
    .run = run_loh_churn,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = 1,
};
