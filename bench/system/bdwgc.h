/* SPDX-License-Identifier: MIT
 *
 * bdwgc as its documentation advises a C program to use it: GC_MALLOC, GC_MALLOC_ATOMIC for what holds no references
 * (cleared here, because every system clears), and the "ignore off page" form for arrays above 100 KB whose beginning
 * stays referenced. Locals are found on the stack and in registers. GC_THREADS makes allocation thread-local, the
 * default of a build for threads.
 */
#ifndef BENCH_SYSTEM_BDWGC_H
#define BENCH_SYSTEM_BDWGC_H

#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS /* threads register themselves (bench_system_attach) */
#include <gc.h>
#include <string.h>

#include "harness/bench.h"

enum { BENCH_RELEASES = 0, BENCH_BDWGC_LARGE = 100 * 1024 };

struct bench_mutator {
    char unused; /* the collector's state is the process's */
};

static inline void *bench_zeroed(size_t size, int has_references) {
    if (has_references) {
        return size < BENCH_BDWGC_LARGE ? GC_MALLOC(size) : GC_MALLOC_IGNORE_OFF_PAGE(size);
    }
    void *object = size < BENCH_BDWGC_LARGE ? GC_MALLOC_ATOMIC(size) : GC_MALLOC_ATOMIC_IGNORE_OFF_PAGE(size);
    return memset(object, 0, size);
}

#include "system/plain.h"

static inline void bench_release(struct bench_mutator *mutator, void *object) {
    (void)mutator;
    (void)object;
}

/* Never collected and always scanned, so that what is pinned lives until the pin is overwritten. */
static inline bench_pin *bench_new_pins(struct bench_mutator *mutator, size_t count) {
    (void)mutator;
    return GC_MALLOC_UNCOLLECTABLE(count * sizeof(bench_pin));
}

static inline void bench_free_pins(struct bench_mutator *mutator, bench_pin *pins) {
    (void)mutator;
    GC_FREE(pins);
}

/* There is one generation: every collection is a full one. */
static inline void bench_collect(struct bench_mutator *mutator, int generation) {
    (void)mutator;
    (void)generation;
    GC_gcollect();
}

#endif
