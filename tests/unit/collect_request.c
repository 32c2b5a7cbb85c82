/* SPDX-License-Identifier: MIT
 *
 * Collections that the program asks for, suggests or leaves time for, and what it is told of full ones.
 */
#include "gc/heap.h"
#include "pinfold/collect.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"
#include "tests/unit/resident.h"

enum { KILOBYTE = 1000 };

static struct log {
    size_t collections[3];
    enum pf_reason reason;
    size_t near;
    size_t over;
    unsigned percent;
    int full_without_notice;
} seen;

static void count_collection(void *data, const struct pf_collection *record) {
    (void)data;
    seen.collections[record->generation]++;
    seen.reason = record->reason;
    if (record->generation == 2 && seen.near == seen.over) {
        seen.full_without_notice++;
    }
}

static void hear_near(void *data, unsigned percent) {
    (void)data;
    seen.near++;
    seen.percent = percent;
}

static void hear_over(void *data) {
    (void)data;
    seen.over++;
}

static struct fixture open_with(struct pf_options options) {
    static const struct pf_listener listener = {
        .collection_end = count_collection, .full_collection_near = hear_near, .full_collection_over = hear_over};
    struct fixture fixture = fixture_open(&options);
    pf_heap_set_listener(fixture.heap, &listener, NULL);
    memset(&seen, 0, sizeof(seen));
    return fixture;
}

static struct pf_statistics statistics_of(const struct fixture *fixture) {
    struct pf_statistics statistics;
    pf_heap_statistics(fixture->heap, &statistics);
    return statistics;
}

static void litter(const struct fixture *fixture, size_t bytes) {
    for (; bytes >= node_type.base_size; bytes -= node_type.base_size) {
        (void)fixture_node(fixture->thread, 1);
    }
}

/* --- aggressive --- */

START_TEST(an_aggressive_collection_leaves_next_to_no_memory_beyond_what_lives) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "retain_vm", "1");
    struct fixture fixture = open_with(options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 3);
        fixture_list(fixture.thread, &root[0], 100000);
        for (int i = 0; i < 40; i++) {
            root[1] = pf_alloc_array(fixture.thread, &bytes_type, 4000 * KILOBYTE);
            root[2] = pf_alloc_array_pinned(fixture.thread, &bytes_type, 4000 * KILOBYTE, 0);
        }
        root[2] = NULL;
        struct pf_statistics before = statistics_of(&fixture);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_AGGRESSIVE);
        struct pf_statistics after = statistics_of(&fixture);
        size_t slack = (size_t)3 * 4096 + after.free_bytes[2];
        ck_assert_uint_lt(after.committed_bytes, before.committed_bytes);
        ck_assert_uint_le(after.committed_bytes - after.bookkeeping_bytes, after.live_bytes + slack);
        ck_assert_uint_eq(after.standby_segments, 0);
        fixture_check_list(root[0], 100000);
        fixture_verify(&fixture);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT); /* the mark stack is usable again */
        litter(&fixture, 10000 * KILOBYTE);
        fixture_check_list(root[0], 100000);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_aggressive_collection_moves_large_objects_together_and_budgets_begin_at_their_minimum) {
    struct fixture fixture = open_with(fixture_tiny_options());
    struct pf_collection record;
    {
        PINFOLD_ROOTS(fixture.thread, root, 3);
        fixture_list(fixture.thread, &root[2], 100000); /* otherwise budgets would follow what lives */
        root[0] = pf_alloc_array(fixture.thread, &bytes_type, 9000);
        root[1] = pf_alloc_array(fixture.thread, &bytes_type, 9000);
        root[0] = NULL;
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_AGGRESSIVE);
        ck_assert_uint_eq(pf_heap_history(fixture.heap, &record, 1), 1);
        ck_assert_int_eq(record.compacted, 1);
        ck_assert_int_eq(record.large_compacted, 1);
        ck_assert_uint_gt(record.large_moved_bytes, 0);
    }
    const struct pf_options *options = pf_heap_options(fixture.heap);
    ck_assert_uint_eq(record.budget_bytes[0], options->gen0_size);
    ck_assert_uint_eq(record.budget_bytes[1], options->gen1_size);
    ck_assert_uint_eq(record.budget_bytes[2], options->gen2_size);
    ck_assert_uint_eq(record.budget_bytes[PINFOLD_LARGE], options->large_size);
    ck_assert_uint_eq(record.budget_bytes[PINFOLD_PINNED], options->pinned_size);
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_aggressive_collection_gives_the_memory_of_the_mark_stack_back) {
    struct fixture fixture = open_with(fixture_options());
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = pf_alloc_array(fixture.thread, &vector_type, 10000);
        for (size_t i = 0; i < 10000; i++) {
            pf_store(fixture.thread, (void **)pf_elements(root[0]) + i, fixture_node(fixture.thread, i));
        }
        const struct pfi_mark_stack *stack = &fixture.heap->mark_team.stacks[0];
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_DEFAULT);
        ck_assert_uint_gt(resident_pages((uintptr_t)stack->entries, stack->memory.size), 0);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_AGGRESSIVE);
        ck_assert_uint_le(resident_pages((uintptr_t)stack->entries, stack->memory.size), 1);
    }
    fixture_close(&fixture);
}
END_TEST

/* --- if due --- */

START_TEST(a_suggested_collection_comes_when_most_of_a_budget_is_spent) {
    struct fixture fixture = open_with(fixture_tiny_options());
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    size_t budget = pf_heap_options(fixture.heap)->gen0_size;
    litter(&fixture, budget / 10);
    ck_assert_int_eq(pf_collect_if_due(fixture.thread, 0), 0);
    ck_assert_uint_eq(seen.collections[0], 0);
    litter(&fixture, budget / 10 * 8);
    ck_assert_int_eq(pf_collect_if_due(fixture.thread, 0), 1);
    ck_assert_uint_eq(seen.collections[0], 1);
    ck_assert_int_eq(seen.reason, PINFOLD_REASON_INDUCED);
    ck_assert_int_eq(pf_collect_if_due(fixture.thread, 0), 0);
    fixture_close(&fixture);
}
END_TEST

/* --- idle --- */

START_TEST(idle_time_is_used_for_a_young_collection_that_fits) {
    struct fixture fixture = open_with(fixture_tiny_options());
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT);
    seen.collections[0] = 0;
    (void)pf_heap_idle(fixture.thread, UINT64_MAX / 2);
    ck_assert_uint_eq(seen.collections[0], 0); /* nothing is spent yet */
    litter(&fixture, pf_heap_options(fixture.heap)->gen0_size / 4 * 3);
    ck_assert_int_ne(pf_heap_idle(fixture.thread, 1), 0); /* too short, more would be useful */
    ck_assert_uint_eq(seen.collections[0], 0);
    (void)pf_heap_idle(fixture.thread, UINT64_MAX / 2);
    ck_assert_uint_eq(seen.collections[0], 1);
    ck_assert_int_eq(seen.reason, PINFOLD_REASON_IDLE);
    ck_assert_int_eq(pf_heap_idle(fixture.thread, UINT64_MAX / 2), 0);
    ck_assert_uint_eq(seen.collections[0], 1);
    fixture_close(&fixture);
}
END_TEST

START_TEST(no_time_at_all_is_no_reason_to_do_anything) {
    struct fixture fixture = open_with(fixture_tiny_options());
    size_t before = statistics_of(&fixture).committed_bytes;
    (void)pf_heap_idle(fixture.thread, 0);
    ck_assert_uint_eq(statistics_of(&fixture).committed_bytes, before);
    fixture_close(&fixture);
}
END_TEST

START_TEST(idle_time_gives_memory_back_in_pieces_that_it_has_time_for) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "decommit_step_size", "65536"); /* a collection gives back next to nothing */
    fixture_set(&options, "large_segment_size", "128Mi");
    struct fixture fixture = open_with(options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 8);
        for (int i = 0; i < 8; i++) {
            root[i] = pf_alloc_array(fixture.thread, &bytes_type, 8000 * KILOBYTE);
        }
        memset(&root[1], 0, 7 * sizeof(root[0])); /* the first one keeps the segment */
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
        size_t before = statistics_of(&fixture).committed_bytes;
        ck_assert_int_ne(pf_heap_idle(fixture.thread, 2000 * KILOBYTE), 0); /* two milliseconds, 4 MB at most */
        size_t after = statistics_of(&fixture).committed_bytes;
        ck_assert_uint_lt(after, before);
        ck_assert_uint_ge(after, before - 12000 * KILOBYTE);
        int steps = 0;
        while (pf_heap_idle(fixture.thread, 2000 * KILOBYTE) && steps < 1000) {
            steps++;
        }
        ck_assert_int_ge(steps, 2);
        ck_assert_int_lt(steps, 1000);
        ck_assert_uint_lt(statistics_of(&fixture).committed_bytes, before - 20000 * KILOBYTE);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(time_without_end_is_enough_to_give_all_free_memory_back) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "decommit_step_size", "65536");
    struct fixture fixture = open_with(options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = pf_alloc_array(fixture.thread, &bytes_type, 8000 * KILOBYTE);
        root[1] = pf_alloc_array(fixture.thread, &bytes_type, 8000 * KILOBYTE);
        root[1] = NULL;
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
        size_t before = statistics_of(&fixture).committed_bytes;
        ck_assert_int_eq(pf_heap_idle(fixture.thread, UINT64_MAX), 0);
        ck_assert_uint_lt(statistics_of(&fixture).committed_bytes, before - 4000 * KILOBYTE);
    }
    fixture_close(&fixture);
}
END_TEST

/* --- notices --- */

START_TEST(each_full_collection_for_a_budget_is_announced_once_and_told_to_be_over) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "large_size", "400K");
    struct fixture fixture = open_with(options);
    for (int i = 0; i < 2000; i++) {
        (void)pf_alloc_array(fixture.thread, &bytes_type, 9000);
    }
    ck_assert_uint_ge(seen.collections[2], 5);
    ck_assert_int_eq(seen.full_without_notice, 0);
    ck_assert_uint_eq(seen.over, seen.collections[2]);
    ck_assert(seen.near == seen.over || seen.near == seen.over + 1);
    ck_assert_uint_ge(seen.percent, 90);
    fixture_close(&fixture);
}
END_TEST

START_TEST(growth_by_promotion_is_announced_too) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "full_notice_percent", "50");
    struct fixture fixture = open_with(options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 60000);
    }
    ck_assert_uint_ge(seen.collections[2], 1);
    ck_assert_uint_ge(seen.over, 1);
    ck_assert_uint_ge(seen.percent, 50);
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_induced_full_collection_is_over_only_for_those_who_were_told_of_it) {
    struct fixture fixture = open_with(fixture_tiny_options());
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_DEFAULT);
    ck_assert_uint_eq(seen.near, 0);
    ck_assert_uint_eq(seen.over, 0);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/collect_request", an_aggressive_collection_leaves_next_to_no_memory_beyond_what_lives,
      an_aggressive_collection_moves_large_objects_together_and_budgets_begin_at_their_minimum,
      an_aggressive_collection_gives_the_memory_of_the_mark_stack_back,
      a_suggested_collection_comes_when_most_of_a_budget_is_spent, idle_time_is_used_for_a_young_collection_that_fits,
      no_time_at_all_is_no_reason_to_do_anything, time_without_end_is_enough_to_give_all_free_memory_back,
      idle_time_gives_memory_back_in_pieces_that_it_has_time_for,
      each_full_collection_for_a_budget_is_announced_once_and_told_to_be_over, growth_by_promotion_is_announced_too,
      an_induced_full_collection_is_over_only_for_those_who_were_told_of_it)
