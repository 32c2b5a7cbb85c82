/* SPDX-License-Identifier: MIT
 *
 * Which generation a collection takes: one test a rule. Every test starts from a heap that wants nothing and changes
 * what the rule looks at.
 */
#include "gc/policy/condemn.h"

#include "tests/support/suite.h"

enum { MEGABYTE = 1000000 };

/* Budgets left, room in the segment, little free space, memory to spare: exactly what is requested. */
static struct pfi_condemn_input content(int requested) {
    return (struct pfi_condemn_input){
        .requested = requested,
        .budget_left = {MEGABYTE, MEGABYTE, MEGABYTE, MEGABYTE, MEGABYTE},
        .segment_room = 10 * MEGABYTE,
        .segment_need = MEGABYTE,
        .gen2_bytes = 50 * MEGABYTE,
        .memory_load = 50,
    };
}

START_TEST(what_is_requested_is_taken_when_nothing_speaks_for_more) {
    for (int requested = 0; requested <= 2; ++requested) {
        struct pfi_condemn_input input = content(requested);
        ck_assert_int_eq(pfi_condemn(&input), requested);
    }
}
END_TEST

START_TEST(an_induced_collection_takes_what_was_named_whatever_the_state) {
    for (int requested = 0; requested <= 2; ++requested) {
        struct pfi_condemn_input input = content(requested);
        input.is_induced = true;
        input.budget_left[1] = input.budget_left[2] = input.budget_left[3] = input.budget_left[4] = -1;
        input.segment_room = 0;
        input.gen2_unusable = input.gen2_bytes;
        input.memory_load = 99;
        ck_assert_int_eq(pfi_condemn(&input), requested);
    }
}
END_TEST

START_TEST(a_spent_budget_of_generation_1_raises_to_it) {
    struct pfi_condemn_input input = content(0);
    input.budget_left[1] = 0;
    ck_assert_int_eq(pfi_condemn(&input), 1);
}
END_TEST

START_TEST(spent_budgets_of_both_older_generations_raise_to_a_full_collection) {
    struct pfi_condemn_input input = content(0);
    input.budget_left[1] = -1;
    input.budget_left[2] = -1;
    ck_assert_int_eq(pfi_condemn(&input), 2);
}
END_TEST

/* Generation 2 cannot be collected without generation 1, which still has budget: its turn comes later. */
START_TEST(a_spent_budget_of_generation_2_waits_for_that_of_generation_1) {
    struct pfi_condemn_input input = content(0);
    input.budget_left[2] = -1;
    ck_assert_int_eq(pfi_condemn(&input), 0);
    input.requested = 1;
    ck_assert_int_eq(pfi_condemn(&input), 2);
}
END_TEST

START_TEST(a_spent_budget_of_large_objects_asks_for_a_full_collection) {
    struct pfi_condemn_input input = content(0);
    input.budget_left[3] = 0;
    ck_assert_int_eq(pfi_condemn(&input), 2);
}
END_TEST

START_TEST(a_spent_budget_of_pinned_objects_asks_for_a_full_collection) {
    struct pfi_condemn_input input = content(0);
    input.budget_left[4] = 0;
    ck_assert_int_eq(pfi_condemn(&input), 2);
}
END_TEST

START_TEST(a_low_ephemeral_segment_takes_generation_1_along) {
    struct pfi_condemn_input input = content(0);
    input.segment_room = input.segment_need - 1;
    ck_assert_int_eq(pfi_condemn(&input), 1);
    input.segment_room = input.segment_need;
    ck_assert_int_eq(pfi_condemn(&input), 0);
}
END_TEST

/* Generation 1 is collected anyway: a spent budget of generation 2 need not wait any longer. */
START_TEST(a_low_ephemeral_segment_takes_generation_2_along_when_its_budget_is_spent) {
    struct pfi_condemn_input input = content(0);
    input.segment_room = 0;
    input.budget_left[2] = 0;
    ck_assert_int_eq(pfi_condemn(&input), 2);
}
END_TEST

START_TEST(unusable_free_space_in_generation_2_turns_generation_1_into_a_full_collection) {
    struct pfi_condemn_input input = content(1);
    input.gen2_unusable = 26 * MEGABYTE;
    ck_assert_int_eq(pfi_condemn(&input), 2);
    input.gen2_unusable = 24 * MEGABYTE; /* less than half of it */
    ck_assert_int_eq(pfi_condemn(&input), 1);
}
END_TEST

START_TEST(little_unusable_free_space_does_not_count_however_small_generation_2_is) {
    struct pfi_condemn_input input = content(1);
    input.gen2_bytes = 150000;
    input.gen2_unusable = 140000;
    ck_assert_int_eq(pfi_condemn(&input), 1);
}
END_TEST

START_TEST(a_high_memory_load_turns_generation_1_into_a_full_collection) {
    struct pfi_condemn_input input = content(1);
    input.memory_load = 90;
    ck_assert_int_eq(pfi_condemn(&input), 2);
    input.memory_load = 89;
    ck_assert_int_eq(pfi_condemn(&input), 1);
}
END_TEST

START_TEST(wishes_do_not_touch_a_collection_of_generation_0) {
    struct pfi_condemn_input input = content(0);
    input.memory_load = 99;
    input.gen2_unusable = input.gen2_bytes;
    ck_assert_int_eq(pfi_condemn(&input), 0);
}
END_TEST

START_TEST(after_a_futile_full_collection_wishes_wait_for_five_others) {
    struct pfi_condemn_input input = content(1);
    input.memory_load = 95;
    input.last_full_was_futile = true;
    for (input.since_full = 0; input.since_full < 5; ++input.since_full) {
        ck_assert_int_eq(pfi_condemn(&input), 1);
    }
    ck_assert_int_eq(pfi_condemn(&input), 2);
}
END_TEST

START_TEST(a_futile_full_collection_does_not_keep_budgets_waiting) {
    struct pfi_condemn_input input = content(0);
    input.last_full_was_futile = true;
    input.budget_left[1] = input.budget_left[2] = 0;
    ck_assert_int_eq(pfi_condemn(&input), 2);
}
END_TEST

START_TEST(a_heap_beyond_its_limit_is_collected_whole_whatever_its_budgets_say) {
    struct pfi_condemn_input input = content(0);
    input.heap_bytes = 80 * MEGABYTE;
    input.heap_limit = 80 * MEGABYTE;
    ck_assert_int_eq(pfi_condemn(&input), 0);
    ++input.heap_bytes;
    ck_assert_int_eq(pfi_condemn(&input), 2);
}
END_TEST

START_TEST(where_most_old_cards_are_dirty_a_full_collection_is_no_dearer) {
    ck_assert(pfi_condemn_prefers_full(51, 100, 0, 60));
    ck_assert(!pfi_condemn_prefers_full(50, 100, 0, 60));  /* not most of them */
    ck_assert(!pfi_condemn_prefers_full(99, 100, 0, 50));  /* an old generation that dwarfs the young ones */
    ck_assert(!pfi_condemn_prefers_full(99, 100, 20, 60)); /* with its large objects it does */
    ck_assert(!pfi_condemn_prefers_full(0, 0, 0, 0));
}
END_TEST

SUITE("unit/condemn", a_heap_beyond_its_limit_is_collected_whole_whatever_its_budgets_say,
      where_most_old_cards_are_dirty_a_full_collection_is_no_dearer,
      what_is_requested_is_taken_when_nothing_speaks_for_more,
      an_induced_collection_takes_what_was_named_whatever_the_state, a_spent_budget_of_generation_1_raises_to_it,
      spent_budgets_of_both_older_generations_raise_to_a_full_collection,
      a_spent_budget_of_generation_2_waits_for_that_of_generation_1,
      a_spent_budget_of_large_objects_asks_for_a_full_collection,
      a_spent_budget_of_pinned_objects_asks_for_a_full_collection, a_low_ephemeral_segment_takes_generation_1_along,
      a_low_ephemeral_segment_takes_generation_2_along_when_its_budget_is_spent,
      unusable_free_space_in_generation_2_turns_generation_1_into_a_full_collection,
      little_unusable_free_space_does_not_count_however_small_generation_2_is,
      a_high_memory_load_turns_generation_1_into_a_full_collection, wishes_do_not_touch_a_collection_of_generation_0,
      after_a_futile_full_collection_wishes_wait_for_five_others,
      a_futile_full_collection_does_not_keep_budgets_waiting)
