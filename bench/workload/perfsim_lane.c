/* SPDX-License-Identifier: MIT
 *
 * The life of an object in perfsim, from its size to its end. What a step needs across an allocation stays in the
 * lane's locals; plain pointers are never older than the newest allocation.
 */
#include "workload/perfsim_lane.h"

BENCH_TYPE(item_type, struct item, BENCH_REF(struct item, next) | BENCH_REF(struct item, payload));

static enum lane_kind choose_kind(struct lane *lane) {
    uint64_t large = lane->plan->large_in_thousand;
    return large != 0 && bench_random_below(&lane->random, 1000) < large ? LANE_LARGE : LANE_SMALL;
}

static uint64_t choose_size(struct lane *lane, enum lane_kind kind) {
    uint64_t low = lane->plan->kind[kind].size_low;
    return low + bench_random_below(&lane->random, lane->plan->kind[kind].size_high - low + 1);
}

static struct item *new_item(struct lane *lane, uint64_t size) {
    struct bench_mutator *mutator = lane->mutator;
    size_t payload_size = (size_t)size - BENCH_PAYLOAD(struct item);
    void *payload = bench_new_bytes(mutator, payload_size);
    bench_bytes(payload)[0] = 1;
    bench_set_local(&lane->at_hand, payload);
    struct item *item = bench_new(mutator, &item_type);
    item->payload = bench_kept(lane->at_hand);
    item->size = size;
    bench_set_local(&lane->at_hand, NULL);
    bench_count(lane->run, 2, size);
    return item;
}

static void end_item(struct lane *lane, struct item *item) {
    if (item->pin != NULL) {
        bench_unpin(lane->mutator, item->pin);
        item->pin = NULL;
        lane->pins--;
    }
    bench_release(lane->mutator, item->payload);
    bench_release(lane->mutator, item);
}

/* Ends all that is at a place of the live set. */
static void clear_place(struct lane *lane, size_t place) {
    struct item *item = bench_reference(bench_kept(lane->live), place);
    bench_set_reference(lane->mutator, bench_kept(lane->live), place, NULL);
    while (item != NULL) {
        struct item *next = item->next;
        lane->live_bytes -= item->size;
        end_item(lane, item);
        item = next;
    }
}

static void shrink_live_set(struct lane *lane) {
    while (lane->live_bytes > lane->plan->live_bytes) {
        size_t place = (size_t)bench_random_below(&lane->random, lane->live_places);
        while (bench_reference(bench_kept(lane->live), place) == NULL) {
            place = place + 1 == lane->live_places ? 0 : place + 1;
        }
        clear_place(lane, place);
    }
}

static uint64_t chain_length(const struct item *item) {
    uint64_t length = 0;
    for (; item != NULL; item = item->next) {
        length++;
    }
    return length;
}

static int is_due(uint64_t count, uint64_t interval) {
    return interval != 0 && count % interval == 0;
}

/* `item` is the newest object. Not a safepoint. */
static void survive(struct lane *lane, struct item *item, enum lane_kind kind, size_t place) {
    lane->survivors[kind]++;
    if (is_due(lane->survivors[kind], lane->plan->kind[kind].pinning_interval)) {
        item->pin = bench_pin_object(lane->mutator, item->payload);
        lane->pins++;
    }
    if (chain_length(bench_reference(bench_kept(lane->live), place)) >= lane->plan->chain_length) {
        clear_place(lane, place);
    }
    item->next = bench_reference(bench_kept(lane->live), place);
    bench_set_reference(lane->mutator, bench_kept(lane->live), place, item);
    lane->live_bytes += item->size;
}

/* Whether the request at hand has kept less than its share of what it has allocated. */
static int request_wants(const struct lane *lane) {
    const struct lane_plan *plan = lane->plan;
    return lane->request_count < lane->request_places &&
           (double)lane->request_live * (double)plan->request_bytes <
               (double)lane->request_allocated * (double)plan->request_live_bytes;
}

static void keep_for_request(struct lane *lane, struct item *item) {
    bench_set_reference(lane->mutator, bench_kept(lane->request), lane->request_count, item);
    lane->request_count++;
    lane->request_live += item->size;
}

void lane_end_request(struct lane *lane) {
    for (size_t i = 0; i < lane->request_count; i++) {
        struct item *item = bench_reference(bench_kept(lane->request), i);
        bench_set_reference(lane->mutator, bench_kept(lane->request), i, NULL);
        end_item(lane, item);
    }
    lane->request_count = 0;
    lane->request_allocated = 0;
    lane->request_live = 0;
}

void lane_step(struct lane *lane) {
    const struct lane_plan *plan = lane->plan;
    enum lane_kind kind = choose_kind(lane);
    uint64_t size = choose_size(lane, kind);
    struct item *item = new_item(lane, size);
    lane->allocated_bytes[kind] += size;
    lane->request_allocated += size;
    lane->objects[kind]++;
    if (is_due(lane->objects[kind], plan->kind[kind].survival_interval)) {
        survive(lane, item, kind, (size_t)bench_random_below(&lane->random, lane->live_places));
        shrink_live_set(lane);
    } else if (request_wants(lane)) {
        keep_for_request(lane, item);
    } else {
        end_item(lane, item);
    }
    if (plan->request_bytes != 0 && lane->request_allocated >= plan->request_bytes) {
        lane_end_request(lane);
    }
}

/* Twice as many places as items of average size fit, so that half of them are empty in the long run. */
static size_t count_live_places(const struct lane_plan *plan) {
    double average = 0;
    for (int kind = 0; kind < LANE_KINDS; kind++) {
        double share = (double)plan->large_in_thousand / 1000;
        share = kind == LANE_LARGE ? share : 1 - share;
        average += share * (double)(plan->kind[kind].size_low + plan->kind[kind].size_high) / 2;
    }
    return 16 + (size_t)(2 * (double)plan->live_bytes / average);
}

static void fill_live_set(struct lane *lane) {
    for (size_t place = 0; place < lane->live_places && lane->live_bytes < lane->plan->live_bytes; place++) {
        enum lane_kind kind = choose_kind(lane);
        survive(lane, new_item(lane, choose_size(lane, kind)), kind, place);
    }
    shrink_live_set(lane);
}

void lane_open(struct lane *lane, const struct lane_plan *plan, struct bench_run *run, struct bench_mutator *mutator,
               uint64_t seed) {
    *lane = (struct lane){.plan = plan, .run = run, .mutator = mutator, .random = {seed}};
    lane->live_places = count_live_places(plan);
    lane->request_places = (size_t)(plan->request_live_bytes / plan->kind[LANE_SMALL].size_low + 1);
    lane->live = bench_keep(mutator, bench_new_references(mutator, lane->live_places));
    lane->request = bench_keep(mutator, bench_new_references(mutator, lane->request_places));
    lane->at_hand = bench_keep(mutator, NULL);
    bench_count(run, 2, (lane->live_places + lane->request_places) * sizeof(void *));
    fill_live_set(lane);
}

void lane_close(struct lane *lane) {
    lane_end_request(lane);
    for (size_t place = 0; place < lane->live_places; place++) {
        clear_place(lane, place);
    }
    bench_release(lane->mutator, bench_kept(lane->live));
    bench_release(lane->mutator, bench_kept(lane->request));
    bench_drop_from(lane->mutator, lane->live);
}

uint64_t lane_allocated(const struct lane *lane) {
    return lane->allocated_bytes[LANE_SMALL] + lane->allocated_bytes[LANE_LARGE];
}

uint64_t lane_sum(const struct lane *lane) {
    uint64_t sum = 0;
    for (size_t place = 0; place < lane->live_places; place++) {
        const struct item *item = bench_reference(bench_kept(lane->live), place);
        for (; item != NULL; item = item->next) {
            sum += item->size * bench_bytes(item->payload)[0];
        }
    }
    return sum;
}

void lane_add_totals(const struct lane *lane, struct lane_totals *totals) {
    totals->pins += lane->pins;
    for (int kind = 0; kind < LANE_KINDS; kind++) {
        totals->allocated_bytes[kind] += lane->allocated_bytes[kind];
    }
}
