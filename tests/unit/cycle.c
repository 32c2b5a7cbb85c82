/* SPDX-License-Identifier: MIT
 *
 * What a collection leaves behind for the next one: budgets in proportion to what is alive.
 */
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static struct pf_collection collect_all(struct pf_thread *thread) {
    struct pf_collection record;
    pf_collect(thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_uint_eq(pf_heap_history(thread->heap, &record, 1), 1);
    return record;
}

START_TEST(large_objects_may_take_a_share_of_a_heap_of_small_ones_before_a_full_collection) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 1500000);
        collect_all(fixture.thread);
        struct pf_collection record = collect_all(fixture.thread);
        ck_assert_uint_ge(record.after_bytes[2], (size_t)20 << 20);
        ck_assert_uint_ge(record.budget_bytes[PINFOLD_LARGE], record.after_bytes[2] / 10);
        ck_assert_uint_le(record.budget_bytes[PINFOLD_LARGE], record.after_bytes[2] / 4);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(young_budgets_are_bounded_by_what_is_alive) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "gen0_size", "64K");
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 500000);
        struct pf_collection record = collect_all(fixture.thread);
        size_t live = record.after_bytes[0] + record.after_bytes[1] + record.after_bytes[2];
        ck_assert_uint_le(record.budget_bytes[0], live / 2);
        ck_assert_uint_le(record.budget_bytes[1], live / 4);
        root[0] = NULL;
        record = collect_all(fixture.thread);
        fixture_list(fixture.thread, &root[0], 20000);
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT);
        ck_assert_uint_eq(pf_heap_history(fixture.heap, &record, 1), 1);
        ck_assert_uint_le(record.budget_bytes[0], (size_t)1 << 20);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(young_collections_are_the_most_frequent_in_small_segments_too) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "segment_size", "1Mi");
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 1000);
        for (int i = 0; i < 1000000; i++) {
            fixture_node(fixture.thread, 0);
        }
    }
    struct pf_statistics statistics;
    pf_heap_statistics(fixture.heap, &statistics);
    ck_assert_uint_gt(statistics.collections[0], statistics.collections[1] + statistics.collections[2]);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_survivor_that_goes_to_a_new_segment_is_counted_as_moved_once) {
    struct pf_options options = fixture_options();
    options.stress.expand = 1;
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        fixture_list(fixture.thread, &root[0], 100);
        fixture_list(fixture.thread, &root[1], 1000);
        root[0] = NULL; /* so that the second list would slide, if it stayed */
        struct pf_collection record;
        pf_collect(fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
        ck_assert_uint_eq(pf_heap_history(fixture.heap, &record, 1), 1);
        ck_assert(record.expanded);
        ck_assert_uint_ne(record.survived_bytes[0], 0);
        ck_assert_uint_eq(record.moved_bytes, record.survived_bytes[0]);
        fixture_check_list(root[1], 1000);
    }
    fixture_close(&fixture);
}
END_TEST

/* Objects of 1000 bytes in generation 1: every other one is pinned, and the others are dead. */
static void make_pins_with_holes(struct fixture *fixture, void **vector, size_t count) {
    *vector = pf_alloc_array(fixture->thread, &vector_type, count);
    for (size_t i = 0; i < count; i++) {
        void *object = pf_alloc_array(fixture->thread, &bytes_type, 1000);
        pf_store(fixture->thread, (void **)pf_elements(*vector) + i, object);
    }
    pf_collect(fixture->thread, 0, PINFOLD_COLLECT_COMPACT);
    for (size_t i = 1; i < count; i += 2) {
        struct pf_handle *pin;
        void *object = ((void **)pf_elements(*vector))[i];
        ck_assert_int_eq(pf_generation_of(fixture->heap, object), 1);
        ck_assert_int_eq(pf_pin(fixture->heap, object, &pin), PINFOLD_OK);
    }
    *vector = NULL;
}

/* The budget of before is spent, so that it counts for nothing, and the large object is enough for a larger one. */
START_TEST(pins_that_stay_young_do_not_count_as_survivors) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "gen0_size", "1Mi");
    fixture_set(&options, "gen1_size", "200K");
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = pf_alloc_array(fixture.thread, &bytes_type, 8 << 20);
        collect_all(fixture.thread);
        make_pins_with_holes(&fixture, &root[1], 400);
        struct pf_collection record;
        pf_collect(fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
        ck_assert_uint_eq(pf_heap_history(fixture.heap, &record, 1), 1);
        ck_assert_uint_ge(record.demoted_bytes, 200 * 1000);
        ck_assert_uint_eq(record.budget_bytes[1], options.gen1_size);
    }
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/cycle", a_survivor_that_goes_to_a_new_segment_is_counted_as_moved_once,
      young_collections_are_the_most_frequent_in_small_segments_too,
      large_objects_may_take_a_share_of_a_heap_of_small_ones_before_a_full_collection,
      young_budgets_are_bounded_by_what_is_alive, pins_that_stay_young_do_not_count_as_survivors)
