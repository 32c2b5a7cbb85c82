/* SPDX-License-Identifier: MIT
 *
 * alloc-die: small objects that die at once. Nothing but the allocation's fast path, clearing, and collections in which
 * nothing survives.
 *
 * Scale multiplies the number of objects.
 */
#include "system/adapter.h"

struct cell {
    struct bench_header header;
    int64_t a;
    int64_t b;
    int64_t c;
};

BENCH_TYPE(cell_type, struct cell, 0);

static uint64_t run_alloc_die(struct bench_run *run, struct bench_mutator *mutator) {
    int64_t count = (int64_t)bench_scaled(run, 200000000);
    bench_local root = bench_keep(mutator, NULL);
    for (int64_t i = 0; i < count; i++) {
        struct cell *cell = bench_new(mutator, &cell_type);
        cell->a = i;
        cell->b = i + 1;
        cell->c = i + 2;
        bench_release(mutator, bench_kept(root));
        bench_set_local(&root, cell);
    }
    struct cell *last = bench_kept(root);
    uint64_t checksum = (uint64_t)(last->a + last->b + last->c);
    bench_count(run, (uint64_t)count, (uint64_t)count * BENCH_PAYLOAD(struct cell));
    bench_stop(run, mutator);

    bench_release(mutator, bench_kept(root));
    bench_drop(mutator, 1);
    return checksum;
}

const struct bench_workload bench_workload_alloc_die = {
    .name = "alloc-die",
    .sentence = "small objects of which only the last is kept",
    .run = run_alloc_die,
    .threads_max = 1,
};
