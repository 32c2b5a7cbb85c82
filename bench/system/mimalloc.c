/* SPDX-License-Identifier: MIT
 *
 * mimalloc. It can tell what it has committed, for the whole process.
 */
#include "system/mimalloc.h"

const struct bench_system bench_system = {
    .name = "mimalloc",
    .no_limit = "mimalloc takes what the program asks for, and cannot do with less",
    .no_history = "mimalloc has no collections",
};

struct bench_mutator *bench_system_open(const struct bench_run *run) {
    static struct bench_mutator mutator;
    (void)run;
    return &mutator;
}

void bench_system_close(struct bench_mutator *mutator) {
    (void)mutator;
}

/* Threads make themselves known by allocating. */
struct bench_mutator *bench_system_attach(struct bench_mutator *opened) {
    return opened;
}

void bench_system_detach(struct bench_mutator *mutator) {
    (void)mutator;
}

void bench_system_sample(struct bench_mutator *mutator, struct bench_figures *figures) {
    size_t committed = 0;
    (void)mutator;
    mi_process_info(NULL, NULL, NULL, NULL, NULL, &committed, NULL, NULL);
    figures->committed_bytes = (double)committed;
}

void bench_system_explain(struct bench_mutator *mutator, FILE *out) {
    (void)mutator;
    (void)out;
}
