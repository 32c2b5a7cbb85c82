/* SPDX-License-Identifier: MIT
 *
 * bdwgc with its default settings. A pause is the time from the start to the end of a collection, which the thread that
 * allocates waits for (one that does not allocate is let go earlier). Every collection is a full one, so they count as
 * gc2. Running out of memory ends the program in the collector's own handler, so that no allocation needs a test.
 */
#include "system/bdwgc.h"

#include <stdlib.h>

#include "harness/clock.h"
#include "harness/pauses.h"

const struct bench_system bench_system = {
    .name = "bdwgc",
    .collects = 1,
    .limits_heap = 1,
    .no_history = "bdwgc keeps no history of its collections",
};

/* The event callback has no argument of its own. */
static struct {
    struct bench_pauses pauses;
    struct bench_pauses stops; /* time until all threads stood still; of threaded workloads */
    double start_s;
    double stop_start_s;
    int is_threaded;
    size_t heap_limit; /* 0: none */
} history;

/* Called with the collector's lock held. */
static void GC_CALLBACK collection_event(GC_EventType event) {
    switch (event) {
    case GC_EVENT_START:
        history.start_s = bench_clock_wall();
        break;
    case GC_EVENT_END:
        bench_pauses_add(&history.pauses, (bench_clock_wall() - history.start_s) * 1e3);
        break;
    case GC_EVENT_PRE_STOP_WORLD:
        history.stop_start_s = bench_clock_wall();
        break;
    case GC_EVENT_POST_STOP_WORLD:
        bench_pauses_add(&history.stops, (bench_clock_wall() - history.stop_start_s) * 1e3);
        break;
    default:
        break;
    }
}

static void *GC_CALLBACK heap_is_full(size_t size) {
    bench_out_of_memory(size);
}

static void GC_CALLBACK ignore_warning(char *message, GC_word argument) {
    (void)message;
    (void)argument;
}

struct bench_mutator *bench_system_open(const struct bench_run *run) {
    static struct bench_mutator mutator;
    GC_INIT();
    GC_set_oom_fn(heap_is_full);
    if (run->heap_limit != 0) {
        GC_set_warn_proc(ignore_warning); /* it would warn at every failed growth on the way to the limit */
        GC_set_max_heap_size(run->heap_limit);
        history.heap_limit = run->heap_limit;
    }
    GC_set_on_collection_event(collection_event);
    history.is_threaded = bench_is_threaded(run->workload);
    if (history.is_threaded) {
        GC_allow_register_threads();
    }
    return &mutator;
}

struct bench_mutator *bench_system_attach(struct bench_mutator *opened) {
    struct GC_stack_base base;
    if (GC_get_stack_base(&base) != GC_SUCCESS || GC_register_my_thread(&base) != GC_SUCCESS) {
        bench_fail(EXIT_FAILURE, "a thread cannot be registered");
    }
    return opened;
}

void bench_system_detach(struct bench_mutator *mutator) {
    (void)mutator;
    GC_unregister_my_thread();
}

void bench_system_close(struct bench_mutator *mutator) {
    (void)mutator;
    GC_set_on_collection_event(NULL);
    bench_pauses_finish(&history.pauses);
    bench_pauses_finish(&history.stops);
}

void bench_system_sample(struct bench_mutator *mutator, struct bench_figures *figures) {
    struct GC_prof_stats_s stats;
    (void)mutator;
    GC_get_prof_stats(&stats, sizeof stats);
    figures->gc2 = (double)stats.gc_no;
    figures->pause_max_ms = history.pauses.max_ms;
    figures->pause_p99_ms = bench_pauses_quantile(&history.pauses, 0.99);
    figures->pause_total_ms = history.pauses.total_ms;
    if (history.is_threaded) {
        bench_stops_figures(&history.stops, figures);
    }
    figures->heap_bytes = (double)(stats.heapsize_full - stats.unmapped_bytes);
    if (history.heap_limit != 0) {
        figures->heap_limit_bytes = (double)history.heap_limit;
    }
    figures->committed_bytes = (double)(stats.obtained_from_os_bytes - stats.unmapped_bytes);
}

void bench_system_explain(struct bench_mutator *mutator, FILE *out) {
    (void)mutator;
    (void)out;
}
