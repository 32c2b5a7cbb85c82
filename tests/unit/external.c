/* SPDX-License-Identifier: MIT
 *
 * When native memory that objects keep asks for a collection: a test a rule.
 */
#include "gc/policy/external.h"

#include <stdint.h>

#include "tests/support/suite.h"

enum { MEGABYTE = 1000000 };

/* 100 MB live, none added since: the budget is 50 MB. */
static struct pfi_external_input content(void) {
    return (struct pfi_external_input){
        .bytes = 100 * MEGABYTE, .low = 100 * MEGABYTE, .last = 100 * MEGABYTE, .minimum = 16 * MEGABYTE};
}

START_TEST(the_budget_is_half_of_what_lives_but_not_below_the_minimum) {
    struct pfi_external_input input = content();
    ck_assert_uint_eq(pfi_external_budget(&input), 50 * MEGABYTE);
    input.low = 10 * MEGABYTE;
    ck_assert_uint_eq(pfi_external_budget(&input), 16 * MEGABYTE);
    input.low = 0;
    ck_assert_uint_eq(pfi_external_budget(&input), 16 * MEGABYTE);
}
END_TEST

START_TEST(the_budget_doubles_with_every_futile_collection_up_to_eight_times) {
    static const size_t expected[] = {50, 100, 200, 400, 400, 400};
    struct pfi_external_input input = content();
    for (unsigned futile = 0; futile < 6; futile++) {
        input.futile = futile;
        ck_assert_uint_eq(pfi_external_budget(&input), expected[futile] * MEGABYTE);
    }
    input.low = SIZE_MAX;
    ck_assert_uint_eq(pfi_external_budget(&input), SIZE_MAX);
}
END_TEST

START_TEST(growth_by_the_budget_asks_for_a_full_collection) {
    struct pfi_external_input input = content();
    input.bytes = input.last = 150 * MEGABYTE - 1;
    ck_assert_int_eq(pfi_external_generation(&input), -1);
    input.bytes = 150 * MEGABYTE;
    ck_assert_int_eq(pfi_external_generation(&input), 2);
}
END_TEST

START_TEST(a_quarter_of_it_since_the_last_collection_asks_for_generation_1) {
    struct pfi_external_input input = content();
    input.bytes = 112500000 - 1;
    ck_assert_int_eq(pfi_external_generation(&input), -1);
    input.bytes = 112500000;
    ck_assert_int_eq(pfi_external_generation(&input), 1);
    input.last = input.bytes; /* there was one */
    ck_assert_int_eq(pfi_external_generation(&input), -1);
}
END_TEST

START_TEST(a_collection_after_which_less_than_an_eighth_of_the_budget_was_freed_was_futile) {
    struct pfi_external_input input = content();
    ck_assert(pfi_external_was_futile(&input, 6250000 - 1));
    ck_assert(!pfi_external_was_futile(&input, 6250000));
}
END_TEST

SUITE("unit/external", the_budget_is_half_of_what_lives_but_not_below_the_minimum,
      the_budget_doubles_with_every_futile_collection_up_to_eight_times,
      growth_by_the_budget_asks_for_a_full_collection, a_quarter_of_it_since_the_last_collection_asks_for_generation_1,
      a_collection_after_which_less_than_an_eighth_of_the_budget_was_freed_was_futile)
