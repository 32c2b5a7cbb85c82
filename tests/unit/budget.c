/* SPDX-License-Identifier: MIT
 *
 * Budgets at the figures that are known of the formula.
 */
#include "gc/policy/budget.h"

#include "tests/support/suite.h"

static const struct pfi_budget_rule gen0 = {9, 20, 100000, 5000000};
static const struct pfi_budget_rule gen1 = {2, 7, 100000, 5000000};
static const struct pfi_budget_rule gen2 = {1.2, 1.8, 100000, SIZE_MAX};
static const struct pfi_budget_rule large = {1.25, 4.5, 100000, SIZE_MAX};

static void check_growth(const struct pfi_budget_rule *rule, double survival, double factor) {
    ck_assert_double_eq_tol(pfi_budget_growth(rule, survival), factor, 0.005);
}

START_TEST(generation_1_grows_by_2_at_no_survival_and_by_6_at_four_tenths) {
    check_growth(&gen1, 0, 2.0);
    check_growth(&gen1, 0.1, 2.25);
    check_growth(&gen1, 0.2, 2.67);
    check_growth(&gen1, 0.4, 6.0);
}
END_TEST

START_TEST(generation_2_grows_by_the_figures_of_its_rule) {
    check_growth(&gen2, 0, 1.2);
    check_growth(&gen2, 0.4, 1.38);
    check_growth(&gen2, 0.6, 1.71);
}
END_TEST

/* Just below the survival the formula is still below its cap, and meets it there without a jump. */
static void check_cap(const struct pfi_budget_rule *rule, double survival) {
    double below = pfi_budget_growth(rule, survival - 0.002);
    ck_assert_double_lt(below, rule->max_limit);
    ck_assert_double_gt(below, rule->max_limit * 0.85);
    ck_assert_double_eq(pfi_budget_growth(rule, survival + 0.001), rule->max_limit);
}

START_TEST(the_cap_is_reached_at_the_survival_that_the_formula_says) {
    check_cap(&gen0, 0.0643);
    check_cap(&gen1, 0.4167);
    check_cap(&gen2, 0.625);
    check_cap(&large, 0.7429);
}
END_TEST

START_TEST(where_the_formula_has_no_meaning_the_cap_holds) {
    check_growth(&gen0, 1.0 / 9, 20); /* the pole */
    check_growth(&gen0, 1, 20);
    check_growth(&gen2, 1, 1.8);
    check_growth(&gen1, 1.5, 7); /* more survived than was there: promotion into it */
}
END_TEST

START_TEST(growth_never_falls_when_more_survives) {
    static const struct pfi_budget_rule *const rules[] = {&gen0, &gen1, &gen2, &large};
    for (size_t index = 0; index < 4; ++index) {
        double last = rules[index]->limit;
        for (int step = 0; step <= 1000; ++step) {
            double factor = pfi_budget_growth(rules[index], step / 1000.0);
            ck_assert_double_ge(factor, last);
            last = factor;
        }
    }
}
END_TEST

START_TEST(young_budgets_are_the_factor_times_the_survivors) {
    ck_assert_uint_eq(pfi_budget_young(&gen1, 1000000, 100000), 225000);
    ck_assert_uint_eq(pfi_budget_young(&gen0, 1000000, 200000), 4000000);
}
END_TEST

START_TEST(young_budgets_stay_between_their_smallest_and_their_largest) {
    ck_assert_uint_eq(pfi_budget_young(&gen1, 1000000, 0), gen1.min);
    ck_assert_uint_eq(pfi_budget_young(&gen1, 0, 0), gen1.min);
    ck_assert_uint_eq(pfi_budget_young(&gen0, 1000000, 900000), gen0.max);
}
END_TEST

/* Survival .4 of 1 MB gives the factor 1.3846: it may grow by .3846 of what it has now. */
START_TEST(old_budgets_are_what_the_factor_allows_beyond_the_present_size) {
    ck_assert_uint_eq(pfi_budget_old(&gen2, 1000000, 400000, 1000000) / 1000, 384);
    ck_assert_uint_eq(pfi_budget_old(&gen2, 1000000, 700000, 1000000) / 1000, 800);
    ck_assert_uint_eq(pfi_budget_old(&gen2, 1000000, 700000, 100), gen2.min);
    ck_assert_uint_eq(pfi_budget_old(&gen2, 0, 0, 0), gen2.min);
}
END_TEST

START_TEST(a_budget_used_to_a_quarter_counts_only_by_a_quarter) {
    ck_assert_uint_eq(pfi_budget_smooth(1000000, 750000, 3000000), 1500000);
    ck_assert_uint_eq(pfi_budget_smooth(1000000, 1000000, 3000000), 1000000);
    ck_assert_uint_eq(pfi_budget_smooth(1000000, 500000, 200000), 600000);
}
END_TEST

START_TEST(a_budget_used_up_or_nearly_so_counts_in_full) {
    ck_assert_uint_eq(pfi_budget_smooth(1000000, 0, 3000000), 3000000);
    ck_assert_uint_eq(pfi_budget_smooth(1000000, -50000, 3000000), 3000000);
    ck_assert_uint_eq(pfi_budget_smooth(1000000, 49000, 3000000), 3000000);
    ck_assert_uint_lt(pfi_budget_smooth(1000000, 60000, 3000000), 3000000);
    ck_assert_uint_eq(pfi_budget_smooth(0, 0, 3000000), 3000000);
}
END_TEST

/* Credit: more is left than there was, after objects were given back. Nothing was used, which says nothing. */
START_TEST(a_budget_of_which_more_is_left_than_there_was_counts_as_new) {
    ck_assert_uint_eq(pfi_budget_smooth(1000000, 1500000, 3000000), 3000000);
}
END_TEST

START_TEST(a_young_budget_takes_at_most_its_share_of_the_heap_but_not_less_than_its_smallest) {
    ck_assert_uint_eq(pfi_budget_young_for_heap(500000, 100000, 900000), 500000);
    ck_assert_uint_eq(pfi_budget_young_for_heap(500000, 100000, 300000), 300000);
    ck_assert_uint_eq(pfi_budget_young_for_heap(500000, 100000, 20000), 100000);
    ck_assert_uint_eq(pfi_budget_young_for_heap(50000, 100000, 20000), 50000);
}
END_TEST

START_TEST(generation_0_never_gets_less_than_five_eighths_of_256_kib) {
    ck_assert_uint_eq(pfi_budget_gen0_min(0, 0, (size_t)256 << 20), (256 << 10) / 8 * 5);
    ck_assert_uint_eq(pfi_budget_gen0_min(64 << 10, 0, (size_t)256 << 20), (256 << 10) / 8 * 5);
}
END_TEST

START_TEST(generation_0_gets_half_of_the_cache_but_at_most_a_quarter_of_a_segment) {
    static const size_t cache = (size_t)10 << 20;
    ck_assert_uint_eq(pfi_budget_gen0_min(cache, 0, (size_t)256 << 20), cache / 2);
    ck_assert_uint_eq(pfi_budget_gen0_min(cache, 0, (size_t)4 << 20), (size_t)1 << 20);
    ck_assert_uint_eq(pfi_budget_gen0_min(0, 0, (size_t)256 << 10), (size_t)64 << 10);
}
END_TEST

/* As many bytes as the pins take, which every collection looks at, within what the rule allows. */
START_TEST(between_pins_the_budget_is_a_sixteenth_more_than_they_take_within_the_limits_of_its_rule) {
    ck_assert_uint_eq(pfi_budget_between_pins(&gen0, 0), gen0.min);
    ck_assert_uint_eq(pfi_budget_between_pins(&gen0, 32), gen0.min);
    ck_assert_uint_eq(pfi_budget_between_pins(&gen0, gen0.min), gen0.min + gen0.min / 16);
    ck_assert_uint_eq(pfi_budget_between_pins(&gen0, gen0.max - 8), gen0.max);
    ck_assert_uint_eq(pfi_budget_between_pins(&gen0, gen0.max), gen0.max);
    ck_assert_uint_eq(pfi_budget_between_pins(&gen0, SIZE_MAX), gen0.max);
}
END_TEST

START_TEST(the_smallest_budget_of_generation_0_grows_with_the_threads_up_to_the_number_of_processors) {
    static const size_t one = (size_t)24 << 20;
    ck_assert_uint_eq(pfi_budget_gen0_min_of_threads(one, 0, 4, SIZE_MAX), one);
    ck_assert_uint_eq(pfi_budget_gen0_min_of_threads(one, 1, 4, SIZE_MAX), one);
    ck_assert_uint_eq(pfi_budget_gen0_min_of_threads(one, 3, 4, SIZE_MAX), 3 * one);
    ck_assert_uint_eq(pfi_budget_gen0_min_of_threads(one, 50, 4, SIZE_MAX), 4 * one);
    ck_assert_uint_eq(pfi_budget_gen0_min_of_threads(one, 4, 4, (size_t)64 << 20), (size_t)64 << 20);
    ck_assert_uint_eq(pfi_budget_gen0_min_of_threads(one, 4, 4, (size_t)1 << 20), one);
    ck_assert_uint_eq(pfi_budget_gen0_min_of_threads(one, 4, 0, SIZE_MAX), one);
}
END_TEST

START_TEST(a_thread_that_is_alone_gets_the_quantum_that_was_asked_for) {
    ck_assert_uint_eq(pfi_budget_quantum(8192, (size_t)24 << 20, 1), 8192);
    ck_assert_uint_eq(pfi_budget_quantum(8192, (size_t)24 << 20, 0), 8192); /* the one that attaches next */
    ck_assert_uint_eq(pfi_budget_quantum(64, (size_t)24 << 20, 1), 64);
}
END_TEST

START_TEST(several_threads_get_chunks_that_do_not_share_lines_of_cards) {
    ck_assert_uint_eq(pfi_budget_quantum(8192, (size_t)24 << 20, 2), 65536);
    ck_assert_uint_eq(pfi_budget_quantum(8192, (size_t)24 << 20, 100), (24 << 20) / 800 / 8 * 8);
    ck_assert_uint_eq(pfi_budget_quantum(64, (size_t)24 << 20, 2), 512);
}
END_TEST

START_TEST(a_quantum_is_a_part_of_a_small_budget) {
    ck_assert_uint_eq(pfi_budget_quantum(8192, 10000, 1), 5000);
    ck_assert_uint_eq(pfi_budget_quantum(8192, 40000, 4), 5000);
    ck_assert_uint_eq(pfi_budget_quantum(8192, 16000, 100), 1024);
    ck_assert_uint_eq(pfi_budget_quantum(64, 100, 100), 64);
}
END_TEST

START_TEST(a_heap_near_the_end_of_the_address_space_has_no_limit) {
    ck_assert_uint_eq(pfi_budget_heap_limit(SIZE_MAX / 5 * 3, 1000), SIZE_MAX);
    ck_assert_uint_lt(pfi_budget_heap_limit(SIZE_MAX / 2, 1000), SIZE_MAX);
    ck_assert_uint_gt(pfi_budget_heap_limit(SIZE_MAX / 2, 1000), SIZE_MAX / 10 * 8);
}
END_TEST

SUITE("unit/budget", a_heap_near_the_end_of_the_address_space_has_no_limit,
      the_smallest_budget_of_generation_0_grows_with_the_threads_up_to_the_number_of_processors,
      a_thread_that_is_alone_gets_the_quantum_that_was_asked_for,
      several_threads_get_chunks_that_do_not_share_lines_of_cards, a_quantum_is_a_part_of_a_small_budget,
      generation_1_grows_by_2_at_no_survival_and_by_6_at_four_tenths, generation_2_grows_by_the_figures_of_its_rule,
      the_cap_is_reached_at_the_survival_that_the_formula_says, where_the_formula_has_no_meaning_the_cap_holds,
      growth_never_falls_when_more_survives, young_budgets_are_the_factor_times_the_survivors,
      young_budgets_stay_between_their_smallest_and_their_largest,
      old_budgets_are_what_the_factor_allows_beyond_the_present_size,
      a_budget_used_to_a_quarter_counts_only_by_a_quarter, a_budget_used_up_or_nearly_so_counts_in_full,
      a_budget_of_which_more_is_left_than_there_was_counts_as_new,
      a_young_budget_takes_at_most_its_share_of_the_heap_but_not_less_than_its_smallest,
      generation_0_never_gets_less_than_five_eighths_of_256_kib,
      generation_0_gets_half_of_the_cache_but_at_most_a_quarter_of_a_segment,
      between_pins_the_budget_is_a_sixteenth_more_than_they_take_within_the_limits_of_its_rule)
