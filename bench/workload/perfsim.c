/* SPDX-License-Identifier: MIT
 *
 * perfsim: a model of GCPerfSim, the load generator of the .NET garbage collection team, with its option names and the
 * names of its summary. A model: the same knobs and the same kinds of lives, not the same program.
 *
 * An object of a size at random is an item and its payload, a byte array. Most die at once. Every -sohsi'th (of the
 * large ones, every -lohsi'th) survives: it goes to a place at random of the live set, and as much of the set dies, at
 * random, as keeps it at -tlgb. Every -sohpi'th survivor (-lohpi'th large one) has its payload pinned while it lives.
 * With -ramb, work comes in requests: of the -ramb that one allocates, -rlmb, spread evenly, live until its end.
 *
 *     lane                                        -at simple: one item a place
 *       live     [ . | item | . | item | .. ]     -at reference: up to four, linked, so that marking has a depth
 *       request  [ item | item | .. ]
 *                    | next, payload
 *
 * The -tc threads of the original are lanes here, so that a run allocates in the same order every time: each has its
 * own live set, requests, random numbers and 1/-tc of the work, and they take turns on one thread, an object each. What
 * is the same is the mixture of lives; what is not is contention, and several allocation contexts.
 *
 * Scale multiplies -tagb and -tlgb alike, so that a smaller run is a smaller picture of the same load.
 */
#include <math.h>

#include "workload/perfsim_lane.h"

enum {
    OPTION_TC,
    OPTION_TAGB,
    OPTION_TLGB,
    OPTION_LOHAR,
    OPTION_POHAR,
    OPTION_SOHSR,
    OPTION_LOHSR,
    OPTION_SOHSI,
    OPTION_LOHSI,
    OPTION_SOHPI,
    OPTION_LOHPI,
    OPTION_SOHFI,
    OPTION_RAMB,
    OPTION_RLMB,
    OPTION_AT,
    OPTION_TESTKIND
};

enum { LANES_MAX = 64, ALLOCATE_SIMPLE = 0, TEST_HIGH_SURVIVAL = 1 };
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define INTERVAL_MAX 1000000000

static const char *const allocation_types[] = {"simple", "reference"};
static const char *const test_kinds[] = {"time", "highSurvival"};

static const struct bench_option options[] = {
    [OPTION_TC] = BENCH_NUMBER("tc", 2, 1, LANES_MAX, "threads, run in turns on one"),
    [OPTION_TAGB] = BENCH_SIZE("tagb", 5 * GIB, 1024 * GIB, GIB, "GB allocated in total"),
    [OPTION_TLGB] = BENCH_SIZE("tlgb", GIB / 5, 1024 * GIB, GIB, "GB alive in total"),
    [OPTION_LOHAR] = BENCH_NUMBER("lohar", 0, 0, 1000, "large objects in a thousand"),
    [OPTION_POHAR] = BENCH_FIXED("pohar", 0, "no system of this suite has a heap for objects that are born pinned",
                                 "objects in a thousand that are born pinned"),
    [OPTION_SOHSR] = BENCH_RANGE("sohsr", 100, 4000, ITEM_SMALLEST, 84000, "bytes of a small object"),
    [OPTION_LOHSR] = BENCH_RANGE("lohsr", 102400, 204800, ITEM_SMALLEST, 1 << 30, "bytes of a large object"),
    [OPTION_SOHSI] = BENCH_NUMBER("sohsi", 30, 0, INTERVAL_MAX, "every so manieth small object survives; 0: none"),
    [OPTION_LOHSI] = BENCH_NUMBER("lohsi", 5, 0, INTERVAL_MAX, "every so manieth large object survives; 0: none"),
    [OPTION_SOHPI] = BENCH_NUMBER("sohpi", 100, 0, INTERVAL_MAX, "every so manieth small survivor is pinned; 0: none"),
    [OPTION_LOHPI] = BENCH_NUMBER("lohpi", 100, 0, INTERVAL_MAX, "every so manieth large survivor is pinned; 0: none"),
    [OPTION_SOHFI] = BENCH_FIXED("sohfi", 0, "not every system of this suite has finalizers",
                                 "every so manieth small object has a finalizer"),
    [OPTION_RAMB] = BENCH_SIZE("ramb", 0, 4096 * MIB, MIB, "MB allocated by a request; 0: no requests"),
    [OPTION_RLMB] = BENCH_SIZE("rlmb", 0, 4096 * MIB, MIB, "MB of them that live until the request's end"),
    [OPTION_AT] = BENCH_WORD("at", allocation_types, "whether items of the live set refer to each other"),
    [OPTION_TESTKIND] = BENCH_WORD("testKind", test_kinds, "highSurvival: the live set is built, and nothing dies"),
};

static uint64_t scaled_share(const struct bench_run *run, uint64_t bytes) {
    return (uint64_t)((double)bytes * run->scale) / run->option[OPTION_TC];
}

static struct lane_plan make_plan(const struct bench_run *run) {
    const uint64_t *option = run->option;
    struct lane_plan plan = {
        .large_in_thousand = option[OPTION_LOHAR],
        .kind = {{.size_low = option[OPTION_SOHSR],
                  .size_high = run->option_high[OPTION_SOHSR],
                  .survival_interval = option[OPTION_SOHSI],
                  .pinning_interval = option[OPTION_SOHPI]},
                 {.size_low = option[OPTION_LOHSR],
                  .size_high = run->option_high[OPTION_LOHSR],
                  .survival_interval = option[OPTION_LOHSI],
                  .pinning_interval = option[OPTION_LOHPI]}},
        .live_bytes = scaled_share(run, option[OPTION_TLGB]),
        .request_bytes = option[OPTION_RAMB],
        .request_live_bytes = option[OPTION_RLMB],
        .chain_length = option[OPTION_AT] == ALLOCATE_SIMPLE ? 1 : 4,
    };
    return plan;
}

static void check_options(const struct bench_run *run) {
    if (run->option[OPTION_RLMB] > run->option[OPTION_RAMB]) {
        bench_fail(BENCH_EXIT_ARGUMENTS, "-rlmb %g: a request cannot keep more than the %g MB of -ramb",
                   (double)run->option[OPTION_RLMB] / (double)MIB, (double)run->option[OPTION_RAMB] / (double)MIB);
    }
}

/* Every lane has its live set; then they take turns until each has allocated its share. */
static void work(struct lane *lanes, size_t count, uint64_t bytes) {
    int busy = 1;
    while (busy) {
        busy = 0;
        for (size_t i = 0; i < count; i++) {
            if (lane_allocated(&lanes[i]) < bytes) {
                lane_step(&lanes[i]);
                busy = 1;
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        lane_end_request(&lanes[i]);
    }
}

/* Younger generations count with older ones, as in the original's summary. */
static void report_collections(struct bench_run *run) {
    const struct bench_figures *figures = &run->figures;
    char text[48];
    if (!isnan(figures->gc2)) {
        double gc0 = isnan(figures->gc0) ? 0 : figures->gc0;
        double gc1 = isnan(figures->gc1) ? 0 : figures->gc1;
        snprintf(text, sizeof text, "%.0f,%.0f,%.0f", gc0 + gc1 + figures->gc2, gc1 + figures->gc2, figures->gc2);
        bench_extra_text(run, "collection_counts", text);
    }
}

static void report(struct bench_run *run, const struct lane *lanes, size_t count) {
    struct lane_totals totals = {0};
    for (size_t i = 0; i < count; i++) {
        lane_add_totals(&lanes[i], &totals);
    }
    const struct bench_figures *figures = &run->figures;
    bench_extra(run, "pins", (double)totals.pins);
    bench_extra(run, "seconds_taken", run->wall_s);
    bench_extra(run, "sohAllocatedBytes", (double)totals.allocated_bytes[LANE_SMALL]);
    bench_extra(run, "lohAllocatedBytes", (double)totals.allocated_bytes[LANE_LARGE]);
    bench_extra(run, "pohAllocatedBytes", 0);
    bench_extra(run, "num_created_with_finalizers", 0);
    bench_extra(run, "num_finalized", 0);
    report_collections(run);
    if (!isnan(figures->heap_bytes) && !isnan(figures->free_bytes)) {
        bench_extra(run, "final_total_memory_bytes", figures->heap_bytes - figures->free_bytes);
        bench_extra(run, "final_heap_size_bytes", figures->heap_bytes);
        bench_extra(run, "final_fragmentation_bytes", figures->free_bytes);
    }
}

static uint64_t run_perfsim(struct bench_run *run, struct bench_mutator *mutator) {
    static struct lane lanes[LANES_MAX];
    size_t count = (size_t)run->option[OPTION_TC];
    check_options(run);
    struct lane_plan plan = make_plan(run);
    for (size_t i = 0; i < count; i++) {
        lane_open(&lanes[i], &plan, run, mutator, run->seed + i);
    }
    if (run->option[OPTION_TESTKIND] != TEST_HIGH_SURVIVAL) {
        work(lanes, count, scaled_share(run, run->option[OPTION_TAGB]));
    }
    uint64_t checksum = 0;
    for (size_t i = 0; i < count; i++) {
        checksum += lane_sum(&lanes[i]);
    }
    bench_stop(run, mutator);
    report(run, lanes, count);
    for (size_t i = count; i > 0; i--) {
        lane_close(&lanes[i - 1]);
    }
    return checksum;
}

const struct bench_workload bench_workload_perfsim = {
    .name = "perfsim",
    .sentence = "a model of GCPerfSim: a live set, survivors, pins and requests by its options",
    .run = run_perfsim,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = 1,
    .single_dash = 1,
};
