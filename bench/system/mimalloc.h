/* SPDX-License-Identifier: MIT
 *
 * mimalloc through its own interface: mi_zalloc and mi_free.
 */
#ifndef BENCH_SYSTEM_MIMALLOC_H
#define BENCH_SYSTEM_MIMALLOC_H

#include <mimalloc.h>

#include "harness/bench.h"

enum { BENCH_RELEASES = 1 };

struct bench_mutator {
    char unused; /* the allocator's state is the process's */
};

static inline void *bench_zeroed(size_t size, int has_references) {
    (void)has_references;
    void *object = mi_zalloc(size);
    if (__builtin_expect(object == NULL, 0)) {
        bench_out_of_memory(size);
    }
    return object;
}

#include "system/plain.h"

static inline void bench_release(struct bench_mutator *mutator, void *object) {
    (void)mutator;
    mi_free(object);
}

static inline bench_pin *bench_new_pins(struct bench_mutator *mutator, size_t count) {
    (void)mutator;
    return bench_zeroed(count * sizeof(bench_pin), 1);
}

static inline void bench_free_pins(struct bench_mutator *mutator, bench_pin *pins) {
    bench_release(mutator, pins);
}

static inline void bench_collect(struct bench_mutator *mutator, int generation) {
    (void)mutator;
    (void)generation;
}

#endif
