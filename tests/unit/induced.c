/* SPDX-License-Identifier: MIT
 *
 * Whether a suggested collection is due, and what is done in idle time: a test a rule.
 */
#include "gc/policy/induced.h"

#include "tests/support/suite.h"

enum { BUDGET = 1000000 };

/* All budgets full. */
static struct pfi_due_input content(int generation) {
    struct pfi_due_input input = {.generation = generation, .memory_load = 50};
    for (int i = 0; i < PINFOLD_GENERATIONS; i++) {
        input.budget[i] = BUDGET;
        input.budget_left[i] = BUDGET;
    }
    return input;
}

START_TEST(nothing_is_due_while_budgets_are_full) {
    for (int generation = 0; generation <= 2; generation++) {
        struct pfi_due_input input = content(generation);
        ck_assert(!pfi_induced_is_due(&input));
        input.memory_load = 100;
        ck_assert(!pfi_induced_is_due(&input));
    }
}
END_TEST

START_TEST(less_than_30_percent_left_in_a_suggested_generation_is_due) {
    for (int generation = 0; generation <= 2; generation++) {
        for (int spent = 0; spent < PINFOLD_GENERATIONS; spent++) {
            struct pfi_due_input input = content(generation);
            input.budget_left[spent] = BUDGET / 10 * 3;
            ck_assert(!pfi_induced_is_due(&input));
            input.budget_left[spent] = BUDGET / 10 * 3 - 1;
            ck_assert_int_eq(pfi_induced_is_due(&input), spent <= generation || generation == 2);
            input.budget_left[spent] = -5;
            ck_assert_int_eq(pfi_induced_is_due(&input), spent <= generation || generation == 2);
        }
    }
}
END_TEST

START_TEST(where_memory_is_short_less_than_70_percent_left_is_due) {
    struct pfi_due_input input = content(1);
    input.memory_load = 90;
    input.budget_left[1] = BUDGET / 10 * 7;
    ck_assert(!pfi_induced_is_due(&input));
    input.budget_left[1] -= 1;
    ck_assert(pfi_induced_is_due(&input));
    input.memory_load = 89;
    ck_assert(!pfi_induced_is_due(&input));
}
END_TEST

START_TEST(idle_time_collects_when_half_of_the_budget_is_spent_and_the_pause_fits) {
    struct pfi_idle_input input = {BUDGET, BUDGET / 2, 1000, 1000};
    ck_assert_int_eq(pfi_idle_decide(&input), PINFOLD_IDLE_COLLECT);
    input.available_ns = 999;
    ck_assert_int_eq(pfi_idle_decide(&input), PINFOLD_IDLE_TOO_SHORT);
    input.budget_left = BUDGET / 2 + 1;
    ck_assert_int_eq(pfi_idle_decide(&input), PINFOLD_IDLE_GIVE_BACK);
}
END_TEST

START_TEST(a_pause_of_which_nothing_is_known_does_not_fit) {
    struct pfi_idle_input input = {BUDGET, 0, 0, UINT64_MAX};
    ck_assert_int_eq(pfi_idle_decide(&input), PINFOLD_IDLE_TOO_SHORT);
}
END_TEST

START_TEST(what_can_be_given_back_grows_with_the_time) {
    ck_assert_uint_eq(pfi_idle_bytes(0), 0);
    ck_assert_uint_eq(pfi_idle_bytes(1000), 2000);
    ck_assert_uint_eq(pfi_idle_bytes(UINT64_MAX), SIZE_MAX);
}
END_TEST

SUITE("unit/induced", nothing_is_due_while_budgets_are_full, less_than_30_percent_left_in_a_suggested_generation_is_due,
      where_memory_is_short_less_than_70_percent_left_is_due,
      idle_time_collects_when_half_of_the_budget_is_spent_and_the_pause_fits,
      a_pause_of_which_nothing_is_known_does_not_fit, what_can_be_given_back_grows_with_the_time)
