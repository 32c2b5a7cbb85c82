/* SPDX-License-Identifier: MIT
 *
 * The C library's allocator. It can tell what it has from the system and what of it is in use.
 */
#define _GNU_SOURCE
#include "system/malloc.h"

#include <malloc.h>

const struct bench_system bench_system = {
    .name = "malloc",
    .no_limit = "the C library's allocator takes what the program asks for, and cannot do with less",
    .no_history = "the C library's allocator has no collections",
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
    (void)mutator;
    struct mallinfo2 info = mallinfo2();
    figures->heap_bytes = (double)(info.arena + info.hblkhd);
    figures->live_bytes = (double)(info.uordblks + info.hblkhd);
    figures->free_bytes = (double)info.fordblks;
    figures->committed_bytes = (double)(info.arena + info.hblkhd);
}

void bench_system_explain(struct bench_mutator *mutator, FILE *out) {
    (void)mutator;
    (void)out;
}
