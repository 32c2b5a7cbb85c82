/* SPDX-License-Identifier: MIT
 *
 * What the harness, the workloads and the systems say to each other. A workload is one source file that exports one
 * struct bench_workload; it is compiled once for every system, against that system's inline adapter (system/adapter.h).
 * A system is one header of inline operations and one source with the functions declared at the end of this file.
 *
 *     main --- parses ---> struct bench_run --- workload->run(run, mutator) ---> checksum
 *                             ^                     |
 *                             +---- bench_stop -----+   (clock stopped, figures taken, live data still reachable)
 *
 * Invariant: everything in a struct bench_run but the figures, the clocks, the counts and the extra pairs is constant
 * while a workload runs. The harness owns the run; one thread uses it, and each further thread of the workload has a
 * copy (harness/parallel.h).
 */
#ifndef BENCH_HARNESS_BENCH_H
#define BENCH_HARNESS_BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/option.h"

struct bench_run;
struct bench_mutator; /* one thread's side of a system; defined by each system's header */

/* Exit codes. A wrong argument is told apart from a full heap because the search for the smallest heap needs it. */
enum { BENCH_EXIT_ARGUMENTS = 2, BENCH_EXIT_OUT_OF_MEMORY = 3 };

enum { BENCH_OPTIONS_MAX = 24, BENCH_EXTRA_PAIRS_MAX = 16 };

struct bench_workload {
    const char *name;
    const char *sentence;
    uint64_t (*run)(struct bench_run *run, struct bench_mutator *mutator); /* returns the checksum */
    void (*prepare)(
        const struct bench_run *run); /* before the system is opened; NULL: nothing. May end in bench_fail */
    const struct bench_option *options;
    size_t option_count;
    uint64_t threads_max;     /* 1: not a threaded workload */
    uint64_t threads_initial; /* of a threaded one */
    size_t young_bytes;       /* 0, or what the workload wants to allocate between two collections of the young */
    int single_dash;          /* its options are those of another program, which writes them with one dash */
    int needs_collector;      /* makes sense only where a collection can be asked for */
};

static inline int bench_is_threaded(const struct bench_workload *workload) {
    return workload->threads_max > 1;
}

/* Figures a system may be able to tell. A figure that it cannot tell stays NAN and is left out of the line. */
#define BENCH_FIGURE_TABLE(X)        \
    X(gc0, "%.0f")                   \
    X(gc1, "%.0f")                   \
    X(gc2, "%.0f")                   \
    X(pause_max_ms, "%.3f")          \
    X(pause_p99_ms, "%.3f")          \
    X(pause_total_ms, "%.3f")        \
    X(heap_bytes, "%.0f")            \
    X(live_bytes, "%.0f")            \
    X(free_bytes, "%.0f")            \
    X(committed_bytes, "%.0f")       \
    X(heap_limit_bytes, "%.0f")      \
    X(heap_after_mean_bytes, "%.0f") \
    X(heap_after_max_bytes, "%.0f")  \
    X(gen0_budget_bytes, "%.0f")     \
    X(loh_collections, "%.0f")       \
    X(loh_max_bytes, "%.0f")         \
    X(stop_p50_us, "%.1f")           \
    X(stop_p99_us, "%.1f")           \
    X(stop_max_us, "%.1f")

struct bench_figures {
#define BENCH_FIGURE_FIELD(name, format) double name;
    BENCH_FIGURE_TABLE(BENCH_FIGURE_FIELD)
#undef BENCH_FIGURE_FIELD
};

struct bench_extra_pair {
    char name[32];
    char value[48];
};

struct bench_run {
    const struct bench_workload *workload;
    double scale;
    uint64_t seed;
    uint64_t threads;
    uint64_t option[BENCH_OPTIONS_MAX];
    uint64_t option_high[BENCH_OPTIONS_MAX]; /* of ranges */
    size_t heap_limit;                       /* bytes; 0 = none */
    int explain;
    const char *trace; /* the file that gets a line a collection; NULL = none */

    uint64_t objects; /* asked for by the workload, arrays included */
    uint64_t bytes;   /* the same in bytes, without headers, so that it is equal on every system */
    double wall_start_s;
    double cpu_start_s;
    double wall_s;
    double cpu_s;
    uint64_t rss_kib;
    struct bench_figures figures;
    struct bench_extra_pair extra[BENCH_EXTRA_PAIRS_MAX];
    size_t extra_count;
};

/* `amount` of work at the run's scale; at least 1. */
uint64_t bench_scaled(const struct bench_run *run, uint64_t amount);

/* Adds to what the workload asked for; called once per batch, not per object. */
static inline void bench_count(struct bench_run *run, uint64_t objects, uint64_t bytes) {
    run->objects += objects;
    run->bytes += bytes;
}

/* Stops the clocks and takes the figures. Called by every workload exactly once, when its work is done and its
 * long-lived data is still reachable; what it does afterwards (releasing them) is not measured. */
void bench_stop(struct bench_run *run, struct bench_mutator *mutator);

/* A pair of the workload's own, printed behind the checksum. A text has no spaces. */
void bench_extra(struct bench_run *run, const char *name, double value);
void bench_extra_text(struct bench_run *run, const char *name, const char *value);

/* A sentence on standard error, then exit. */
__attribute__((noreturn, format(printf, 2, 3))) void bench_fail(int exit_code, const char *format, ...);
__attribute__((noreturn, cold)) void bench_out_of_memory(size_t size);

/* What a system is; each system's source defines it, and the functions below. */
struct bench_system {
    const char *name;
    int collects;           /* has collections that a workload can ask for */
    int limits_heap;        /* honours run->heap_limit */
    int explains;           /* knows each collection: --explain and --trace */
    int many_heaps;         /* bench_system_open may be called again, for another heap */
    const char *no_limit;   /* why not, for limits_heap */
    const char *no_history; /* why not, for explains */
};
extern const struct bench_system bench_system;

/* Opens the system for the calling thread; where there are many heaps, the next call opens another one. The run must
 * outlive it. Ends in bench_fail when that cannot be done: with BENCH_EXIT_OUT_OF_MEMORY for want of memory. */
struct bench_mutator *bench_system_open(const struct bench_run *run);
void bench_system_close(struct bench_mutator *mutator);

/* The calling thread's own side of the system that `opened`, any other thread's, belongs to. The thread ends it. */
struct bench_mutator *bench_system_attach(struct bench_mutator *opened);
void bench_system_detach(struct bench_mutator *mutator);

/* Fills in the figures the system knows. It may collect: the clocks stand still, and counts are taken first. */
void bench_system_sample(struct bench_mutator *mutator, struct bench_figures *figures);
void bench_system_explain(struct bench_mutator *mutator, FILE *out);

#endif
