/* SPDX-License-Identifier: MIT
 *
 * The ring of the last 256 collections and the quantiles computed from it.
 */
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

enum { KEPT = 256, MORE = 600 };

static struct pf_collection records[MORE];

static struct fixture open_roomy(void) {
    struct pf_options options = fixture_options();
    return fixture_open(&options);
}

START_TEST(before_the_first_collection_there_is_no_history) {
    struct fixture fixture = open_roomy();
    ck_assert_uint_eq(pf_heap_history(fixture.heap, records, MORE), 0);
    ck_assert_uint_eq(pf_heap_pause_quantile(fixture.heap, 0.5), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_record_tells_what_was_collected_and_why) {
    struct fixture fixture = open_roomy();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 100);
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        pf_collect(fixture.thread, 1, PINFOLD_COLLECT_SWEEP);
    }
    ck_assert_uint_eq(pf_heap_history(fixture.heap, records, MORE), 2);
    size_t list_bytes = (size_t)100 * node_type.base_size;
    ck_assert_uint_eq(records[0].number, 1);
    ck_assert_int_eq(records[0].generation, 0);
    ck_assert_int_eq(records[0].reason, PINFOLD_REASON_INDUCED);
    ck_assert_int_eq(records[0].decision, PINFOLD_DECISION_COMPACT_REQUESTED);
    ck_assert_int_eq(records[0].compacted, 1);
    ck_assert_uint_eq(records[0].survived_bytes[0], list_bytes);
    ck_assert_uint_eq(records[0].survived_bytes[1], 0);
    ck_assert_uint_eq(records[1].number, 2);
    ck_assert_int_eq(records[1].generation, 1);
    ck_assert_int_eq(records[1].decision, PINFOLD_DECISION_SWEEP_REQUESTED);
    ck_assert_int_eq(records[1].compacted, 0);
    ck_assert_uint_eq(records[1].survived_bytes[1], list_bytes);
    ck_assert_uint_eq(records[1].moved_bytes, 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(moved_bytes_are_what_compacting_moved) {
    struct fixture fixture = open_roomy();
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = fixture_node(fixture.thread, 1); /* first in the segment: stays */
        (void)fixture_node(fixture.thread, 2);     /* dead: the rest slides down over it */
        root[1] = fixture_node(fixture.thread, 3);
        const void *before[2] = {root[0], root[1]};
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        ck_assert_uint_eq(pf_heap_history(fixture.heap, records, 1), 1);
        ck_assert_ptr_eq(root[0], before[0]);
        ck_assert_ptr_ne(root[1], before[1]);
        ck_assert_uint_eq(records[0].moved_bytes, node_type.base_size);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(pauses_contain_their_phases) {
    struct fixture fixture = open_roomy();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 100000);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    }
    ck_assert_uint_eq(pf_heap_history(fixture.heap, records, 1), 1);
    uint64_t phases = 0;
    for (int i = 0; i < PINFOLD_PHASES; i++) {
        phases += records[0].phase_ns[i];
    }
    ck_assert_uint_gt(records[0].phase_ns[PINFOLD_PHASE_MARK], 0);
    ck_assert_uint_le(phases, records[0].pause_ns);
    fixture_close(&fixture);
}
END_TEST

START_TEST(only_the_newest_256_collections_are_kept_oldest_first) {
    struct fixture fixture = open_roomy();
    for (int i = 0; i < MORE; i++) {
        pf_collect(fixture.thread, i % 3, PINFOLD_COLLECT_DEFAULT);
    }
    ck_assert_uint_eq(pf_heap_history(fixture.heap, records, MORE), KEPT);
    for (size_t i = 0; i < KEPT; i++) {
        ck_assert_uint_eq(records[i].number, MORE - KEPT + 1 + i);
        ck_assert_int_eq(records[i].generation, (int)((records[i].number - 1) % 3));
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_smaller_count_gets_the_newest_records) {
    struct fixture fixture = open_roomy();
    for (int i = 0; i < 300; i++) {
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT);
    }
    ck_assert_uint_eq(pf_heap_history(fixture.heap, records, 7), 7);
    for (size_t i = 0; i < 7; i++) {
        ck_assert_uint_eq(records[i].number, 294 + i);
    }
    ck_assert_uint_eq(pf_heap_history(fixture.heap, records, 0), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(quantiles_rise_from_the_shortest_pause_to_the_longest) {
    struct fixture fixture = open_roomy();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        for (size_t i = 0; i < 40; i++) {
            fixture_list(fixture.thread, &root[0], i * 100);
            pf_collect(fixture.thread, (int)i % 3, PINFOLD_COLLECT_DEFAULT);
        }
    }
    size_t count = pf_heap_history(fixture.heap, records, MORE);
    uint64_t longest = 0;
    for (size_t i = 0; i < count; i++) {
        longest = records[i].pause_ns > longest ? records[i].pause_ns : longest;
    }
    uint64_t last = 0;
    for (int percent = 0; percent <= 100; percent += 5) {
        uint64_t pause = pf_heap_pause_quantile(fixture.heap, percent / 100.0);
        size_t within = 0;
        for (size_t i = 0; i < count; i++) {
            within += records[i].pause_ns <= pause;
        }
        ck_assert_uint_ge(pause, last);
        ck_assert_uint_ge(within * 100, count * (size_t)percent);
        last = pause;
    }
    ck_assert_uint_eq(last, longest);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/history", before_the_first_collection_there_is_no_history, a_record_tells_what_was_collected_and_why,
      moved_bytes_are_what_compacting_moved, pauses_contain_their_phases,
      only_the_newest_256_collections_are_kept_oldest_first, a_smaller_count_gets_the_newest_records,
      quantiles_rise_from_the_shortest_pause_to_the_longest)
