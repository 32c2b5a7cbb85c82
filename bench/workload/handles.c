/* SPDX-License-Identifier: MIT
 *
 * handles: what old handles cost a collection of the youngest generation, which should be nothing. --handles objects
 * are held by a strong handle each and made old; then, round after round, small objects are allocated of which one in a
 * thousand survives, and the youngest generation is collected and timed. The line's own pairs are the mean and the 99th
 * percentile of these pauses; compare a run with --handles 0.
 *
 * Scale multiplies the number of rounds. On a system without generations, the timed collection is a full one.
 */
#include "harness/clock.h"
#include "harness/pauses.h"
#include "system/adapter.h"

enum { OPTION_HANDLES, OPTION_YOUNG, ROUNDS = 500, CELL_BYTES = 32, SURVIVAL = 1000 };

static const struct bench_option options[] = {
    BENCH_NUMBER("handles", 1000000, 0, 100000000, "handles on old objects"),
    BENCH_NUMBER("young", 4 << 20, 1 << 12, 48 << 20, "bytes allocated before each timed collection"),
};

struct cell {
    struct bench_header header;
    struct cell *next;
    uint64_t key;
    uint64_t weight;
};

BENCH_TYPE(cell_type, struct cell, BENCH_REF(struct cell, next));

static void hold_cells(struct bench_mutator *mutator, bench_pin *handles, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct cell *cell = bench_new(mutator, &cell_type);
        cell->key = i;
        handles[i] = bench_hold_object(mutator, cell);
    }
}

static uint64_t end_cells(struct bench_mutator *mutator, bench_pin *handles, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        struct cell *cell = bench_pinned(handles[i]);
        sum += cell->key;
        bench_end_hold(mutator, handles[i]);
        bench_release(mutator, cell);
    }
    return sum;
}

/* Leaves the survivors' list in `list`. */
static void allocate_young(struct bench_mutator *mutator, bench_local *list, uint64_t cells) {
    bench_set_local(list, NULL);
    for (uint64_t i = 0; i < cells; i++) {
        struct cell *cell = bench_new(mutator, &cell_type);
        if (i % SURVIVAL == 0) {
            cell->key = 1;
            cell->next = bench_kept(*list);
            bench_set_local(list, cell);
        }
    }
}

static uint64_t sum_keys(const struct cell *cell) {
    uint64_t sum = 0;
    for (; cell != NULL; cell = cell->next) {
        sum += cell->key;
    }
    return sum;
}

static uint64_t time_rounds(struct bench_run *run, struct bench_mutator *mutator, struct bench_pauses *pauses) {
    uint64_t rounds = bench_scaled(run, ROUNDS);
    uint64_t cells = run->option[OPTION_YOUNG] / CELL_BYTES;
    uint64_t sum = 0;
    bench_local list = bench_keep(mutator, NULL);
    for (uint64_t round = 0; round < rounds; round++) {
        allocate_young(mutator, &list, cells);
        double start = bench_clock_wall();
        bench_collect(mutator, 0);
        bench_pauses_add(pauses, (bench_clock_wall() - start) * 1e3);
        sum += sum_keys(bench_kept(list));
    }
    bench_drop(mutator, 1);
    bench_count(run, rounds * cells, rounds * cells * BENCH_PAYLOAD(struct cell));
    return sum;
}

static uint64_t run_handles(struct bench_run *run, struct bench_mutator *mutator) {
    struct bench_pauses pauses = {0};
    size_t count = (size_t)run->option[OPTION_HANDLES];
    bench_pin *handles = bench_new_pins(mutator, count == 0 ? 1 : count);
    hold_cells(mutator, handles, count);
    bench_count(run, count, count * BENCH_PAYLOAD(struct cell));
    bench_collect(mutator, 2);
    bench_collect(mutator, 2);
    uint64_t checksum = time_rounds(run, mutator, &pauses);
    bench_stop(run, mutator);
    bench_extra(run, "handles", (double)count);
    bench_extra(run, "gen0_pause_mean_ms", pauses.total_ms / (double)pauses.count);
    bench_extra(run, "gen0_pause_p99_ms", bench_pauses_quantile(&pauses, 0.99));
    bench_pauses_finish(&pauses);
    checksum += end_cells(mutator, handles, count);
    bench_free_pins(mutator, handles);
    return checksum;
}

const struct bench_workload bench_workload_handles = {
    .name = "handles",
    .sentence = "the pause of a young collection beside handles on old objects",
    .run = run_handles,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = 1,
    .young_bytes = 64 << 20,
    .needs_collector = 1,
};
