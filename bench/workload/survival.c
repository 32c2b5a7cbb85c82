/* SPDX-License-Identifier: MIT
 *
 * survival: what a collection of the youngest generation costs when 0.1, 1 and 10 per cent of what was allocated since
 * the last one survive. In each round, --young bytes of small objects are allocated, every n-th goes into a list, the
 * youngest generation is collected and timed, and the list is dropped and cleared away by a full collection that is not
 * timed. The line's own pairs are the medians of the rounds, in milliseconds.
 *
 * Scale multiplies the number of rounds. On a system without generations, the timed collection is a full one.
 */
#include <stdlib.h>

#include "harness/clock.h"
#include "harness/pauses.h"
#include "system/adapter.h"

/* A cell counts with a header word on every system, so that all allocate the same number. */
enum { OPTION_YOUNG, ROUNDS = 21, CELL_BYTES = 32 };

static const struct bench_option options[] = {
    BENCH_NUMBER("young", 16 << 20, 1 << 16, 48 << 20, "bytes allocated before each timed collection"),
};

struct cell {
    struct bench_header header;
    struct cell *next;
    int64_t key;
    int64_t weight;
};

BENCH_TYPE(cell_type, struct cell, BENCH_REF(struct cell, next));

/* Leaves the survivors' list in `list`. */
static void allocate_young(struct bench_mutator *mutator, bench_local *list, uint64_t cells, uint64_t every) {
    for (uint64_t i = 0; i < cells; i++) {
        struct cell *cell = bench_new(mutator, &cell_type);
        cell->key = (int64_t)i;
        if (i % every == 0) {
            cell->next = bench_kept(*list);
            bench_set_local(list, cell);
        }
    }
}

static uint64_t count_cells(const struct cell *cell) {
    uint64_t count = 0;
    for (; cell != NULL; cell = cell->next) {
        count++;
    }
    return count;
}

static double timed_collection(struct bench_mutator *mutator) {
    double start = bench_clock_wall();
    bench_collect(mutator, 0);
    return (bench_clock_wall() - start) * 1e3;
}

/* Median pause with one survivor in `every`; adds the survivors to *checksum. */
static double median_pause(struct bench_run *run, struct bench_mutator *mutator, uint64_t every, uint64_t *checksum) {
    uint64_t cells = run->option[OPTION_YOUNG] / CELL_BYTES;
    uint64_t rounds = bench_scaled(run, ROUNDS);
    struct bench_pauses pauses = {0};
    bench_local list = bench_keep(mutator, NULL);
    for (uint64_t round = 0; round < rounds; round++) {
        allocate_young(mutator, &list, cells, every);
        bench_pauses_add(&pauses, timed_collection(mutator));
        *checksum += count_cells(bench_kept(list));
        bench_set_local(&list, NULL);
        bench_collect(mutator, 2);
    }
    bench_drop(mutator, 1);
    bench_count(run, rounds * cells, rounds * cells * BENCH_PAYLOAD(struct cell));
    double median = bench_pauses_quantile(&pauses, 0.5);
    bench_pauses_finish(&pauses);
    return median;
}

static uint64_t run_survival(struct bench_run *run, struct bench_mutator *mutator) {
    uint64_t checksum = 0;
    bench_extra(run, "pause_0.1_percent_ms", median_pause(run, mutator, 1000, &checksum));
    bench_extra(run, "pause_1_percent_ms", median_pause(run, mutator, 100, &checksum));
    bench_extra(run, "pause_10_percent_ms", median_pause(run, mutator, 10, &checksum));
    bench_stop(run, mutator);
    return checksum;
}

const struct bench_workload bench_workload_survival = {
    .name = "survival",
    .sentence = "the pause of a young collection by the share that survives",
    .run = run_survival,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = 1,
    .young_bytes = 64 << 20,
    .needs_collector = 1,
};
