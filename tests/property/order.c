/* SPDX-License-Identifier: MIT
 *
 * Compacting slides: objects keep their order, and a heap that is compact stays as it is.
 */
#include "tests/support/fixture.h"
#include "tests/support/mutator.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/shadow_check.h"
#include "tests/support/suite.h"

enum { SEEDS = 6, ROUNDS = 8, OPERATIONS_PER_ROUND = 400 };

/* One segment holds everything small, so that generations are one stretch of addresses each. */
static struct pf_options one_segment_options(void) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "segment_size", "64Mi");
    fixture_set(&options, "gen0_size", "64K");
    fixture_set(&options, "gen0_max_size", "256K");
    fixture_set(&options, "large_threshold", "8192");
    return options;
}

static void require_one_segment(struct shadow *shadow) {
    struct pf_statistics statistics;
    pf_heap_statistics(shadow->heap, &statistics);
    if (statistics.segments != 1) {
        replay_fail("the heap has %zu segments of small objects", statistics.segments);
    }
}

static void run_order(const char *name, size_t pins) {
    struct pf_options options = one_segment_options();
    struct mutator_limits limits = mutator_default_limits(&options);
    limits.pins = pins;
    limits.pin_per_mille = 100;
    struct seed_range seeds = settings_seeds(SEEDS);
    for (uint64_t i = 0; i < seeds.count; i++) {
        struct random random = {seeds.first + i};
        struct shadow shadow;
        replay_begin(name, seeds.first + i);
        shadow_open(&shadow, &options);
        for (uint64_t round = 0; round < ROUNDS; round++) {
            mutator_run(&shadow, &random, &limits, round * OPERATIONS_PER_ROUND, OPERATIONS_PER_ROUND);
            require_one_segment(&shadow);
            shadow_check_order(&shadow);
            require_one_segment(&shadow);
        }
        shadow_close(&shadow);
    }
}

START_TEST(a_full_compacting_collection_keeps_the_order_within_a_generation) {
    run_order("one segment, order", 0);
}
END_TEST

START_TEST(and_so_do_those_that_move_when_others_are_pinned) {
    run_order("one segment, order, pins", 60);
}
END_TEST

START_TEST(a_compact_heap_is_not_moved_by_another_full_compacting_collection) {
    struct pf_options options = one_segment_options();
    struct mutator_limits limits = mutator_default_limits(&options);
    struct seed_range seeds = settings_seeds(SEEDS);
    for (uint64_t i = 0; i < seeds.count; i++) {
        struct random random = {seeds.first + i};
        struct shadow shadow;
        replay_begin("one segment, settled", seeds.first + i);
        shadow_open(&shadow, &options);
        for (uint64_t round = 0; round < ROUNDS; round++) {
            mutator_run(&shadow, &random, &limits, round * OPERATIONS_PER_ROUND, OPERATIONS_PER_ROUND);
            shadow_check_settled(&shadow);
            shadow_verify(&shadow);
        }
        shadow_close(&shadow);
    }
}
END_TEST

SUITE("property/order", a_full_compacting_collection_keeps_the_order_within_a_generation,
      and_so_do_those_that_move_when_others_are_pinned,
      a_compact_heap_is_not_moved_by_another_full_compacting_collection)
