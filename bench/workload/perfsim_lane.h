/* SPDX-License-Identifier: MIT
 *
 * One thread of perfsim: its live set, the request at hand, and what it allocates next. Lanes share nothing but the
 * mutator they run on, in turns.
 *
 * Invariant between steps: live_bytes is the sum of the sizes of all items in `live`, and at most the plan's
 * live_bytes; request_count items are at the beginning of `request`. The workload owns lanes; one thread uses them.
 */
#ifndef BENCH_WORKLOAD_PERFSIM_LANE_H
#define BENCH_WORKLOAD_PERFSIM_LANE_H

#include "harness/random.h"
#include "system/adapter.h"

enum lane_kind { LANE_SMALL, LANE_LARGE, LANE_KINDS };

/* What is the same for all lanes. Intervals: 0 = never. */
struct lane_plan {
    uint64_t large_in_thousand;
    struct {
        uint64_t size_low;
        uint64_t size_high;
        uint64_t survival_interval;
        uint64_t pinning_interval;
    } kind[LANE_KINDS];
    uint64_t live_bytes;
    uint64_t request_bytes; /* 0: no requests */
    uint64_t request_live_bytes;
    uint64_t chain_length; /* most items at a place of the live set */
};

/* An object: the item counts as a part of its size. */
struct item {
    struct bench_header header;
    struct item *next; /* at the same place of the live set */
    void *payload;
    bench_pin pin; /* of the payload; NULL: not pinned */
    uint64_t size;
};

/* A payload has a byte at least. */
enum { ITEM_SMALLEST = BENCH_PAYLOAD(struct item) + 1 };

struct lane {
    const struct lane_plan *plan;
    struct bench_run *run;
    struct bench_mutator *mutator;
    struct bench_random random;
    bench_local live; /* array of items */
    bench_local request;
    bench_local at_hand; /* a payload that has no item yet */
    size_t live_places;
    size_t request_places;
    size_t request_count;
    uint64_t live_bytes;
    uint64_t request_allocated;
    uint64_t request_live;
    uint64_t pins;
    uint64_t objects[LANE_KINDS];
    uint64_t survivors[LANE_KINDS];
    uint64_t allocated_bytes[LANE_KINDS]; /* the building of the live set not counted */
};

struct lane_totals {
    uint64_t pins;
    uint64_t allocated_bytes[LANE_KINDS];
};

/* Makes an empty lane and fills its live set. */
void lane_open(struct lane *lane, const struct lane_plan *plan, struct bench_run *run, struct bench_mutator *mutator,
               uint64_t seed);

/* Lanes are closed in the opposite order. */
void lane_close(struct lane *lane);

/* Allocates one object and does with it what the plan says. */
void lane_step(struct lane *lane);
void lane_end_request(struct lane *lane);

uint64_t lane_allocated(const struct lane *lane);

/* The sizes of all live items, each multiplied by the 1 that its payload was given. */
uint64_t lane_sum(const struct lane *lane);
void lane_add_totals(const struct lane *lane, struct lane_totals *totals);

#endif
