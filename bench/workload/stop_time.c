/* SPDX-License-Identifier: MIT
 *
 * stop-time: how long a thread that wants to collect waits until all others stand still. --threads threads exchange the
 * elements of an array of their own, storing and polling without ever allocating or blocking, while one more asks for
 * collections of the youngest generation with --gap microseconds between them. The stop_... pairs of the line tell the
 * time from the request until all had stopped.
 *
 * Scale multiplies the number of collections. The checksum is the sum of all elements, which exchanges do not change,
 * and the number of collections.
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <time.h>

#include "harness/parallel.h"
#include "harness/random.h"
#include "system/adapter.h"

enum { OPTION_GAP, OPTION_ELEMENTS, THREADS_MAX = 64, COLLECTIONS = 5000 };

static const struct bench_option options[] = {
    BENCH_NUMBER("gap", 200, 0, 1000000, "microseconds between two collections"),
    BENCH_NUMBER("elements", 1000, 2, 10000000, "length of each thread's array"),
};

struct cell {
    struct bench_header header;
    uint64_t key;
};

BENCH_TYPE(cell_type, struct cell, 0);

/* Shared by all threads. */
struct progress {
    atomic_uint_fast64_t running; /* threads that have begun to exchange */
    atomic_bool over;
};

static bench_local keep_cells(struct bench_mutator *mutator, size_t length) {
    bench_local array = bench_keep(mutator, bench_new_references(mutator, length));
    for (size_t i = 0; i < length; i++) {
        struct cell *cell = bench_new(mutator, &cell_type);
        cell->key = i;
        bench_set_reference(mutator, bench_kept(array), i, cell);
    }
    return array;
}

static uint64_t end_cells(struct bench_mutator *mutator, bench_local array, size_t length) {
    uint64_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        struct cell *cell = bench_reference(bench_kept(array), i);
        sum += cell->key;
        bench_release(mutator, cell);
    }
    bench_release(mutator, bench_kept(array));
    bench_drop_from(mutator, array);
    return sum;
}

static void exchange_two(struct bench_mutator *mutator, void *array, size_t i, size_t j) {
    void *one = bench_reference(array, i);
    bench_set_reference(mutator, array, i, bench_reference(array, j));
    bench_set_reference(mutator, array, j, one);
}

static uint64_t exchange(struct bench_run *run, struct bench_mutator *mutator, uint64_t index,
                         struct progress *progress) {
    struct bench_random random = {run->seed + index};
    size_t length = (size_t)run->option[OPTION_ELEMENTS];
    bench_local array = keep_cells(mutator, length);
    bench_count(run, 1 + length, length * (sizeof(void *) + BENCH_PAYLOAD(struct cell)));
    atomic_fetch_add(&progress->running, 1);
    while (!atomic_load_explicit(&progress->over, memory_order_relaxed)) {
        size_t i = (size_t)bench_random_below(&random, length);
        size_t j = (size_t)bench_random_below(&random, length);
        exchange_two(mutator, bench_kept(array), i, j);
        bench_poll(mutator);
    }
    return end_cells(mutator, array, length);
}

static void pause_for(struct bench_mutator *mutator, uint64_t microseconds) {
    struct timespec time = {.tv_sec = (time_t)(microseconds / 1000000),
                            .tv_nsec = (long)(microseconds % 1000000 * 1000)};
    bench_native_enter(mutator);
    nanosleep(&time, NULL);
    bench_native_leave(mutator);
}

static uint64_t collect(struct bench_run *run, struct bench_mutator *mutator, struct progress *progress) {
    uint64_t collections = bench_scaled(run, COLLECTIONS);
    while (atomic_load(&progress->running) < run->threads) {
        pause_for(mutator, 1000);
    }
    for (uint64_t i = 0; i < collections; i++) {
        pause_for(mutator, run->option[OPTION_GAP]);
        bench_collect(mutator, 0);
    }
    atomic_store(&progress->over, 1);
    return collections;
}

static uint64_t run_thread(struct bench_run *run, struct bench_mutator *mutator, uint64_t index, void *data) {
    return index < run->threads ? exchange(run, mutator, index, data) : collect(run, mutator, data);
}

static uint64_t run_stop_time(struct bench_run *run, struct bench_mutator *mutator) {
    struct progress progress;
    atomic_init(&progress.running, 0);
    atomic_init(&progress.over, 0);
    uint64_t checksum = bench_parallel(run, mutator, run->threads + 1, run_thread, &progress);
    bench_stop(run, mutator);
    return checksum;
}

const struct bench_workload bench_workload_stop_time = {
    .name = "stop-time",
    .sentence = "the time until threads that poll have stopped",
    .run = run_stop_time,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = THREADS_MAX,
    .threads_initial = 2,
    .needs_collector = 1,
};
