/* SPDX-License-Identifier: MIT
 *
 * Pace: what may be given back, by the time since the last step.
 */
#include "gc/policy/pace.h"

#include "tests/support/suite.h"

enum { STEP = 1 << 20, INTERVAL = 1000000 };

START_TEST(an_interval_allows_a_step_and_never_more) {
    ck_assert_uint_eq(pfi_pace_allowance(INTERVAL, STEP, INTERVAL), STEP);
    ck_assert_uint_eq(pfi_pace_allowance(UINT64_MAX, STEP, INTERVAL), STEP);
    ck_assert_uint_lt(pfi_pace_allowance(INTERVAL - 1, STEP, INTERVAL), STEP);
}
END_TEST

START_TEST(a_part_of_it_allows_the_same_part) {
    ck_assert_uint_eq(pfi_pace_allowance(INTERVAL / 2, STEP, INTERVAL), STEP / 2);
    ck_assert_uint_eq(pfi_pace_allowance(INTERVAL / 4, STEP, INTERVAL), STEP / 4);
}
END_TEST

START_TEST(less_than_a_sixteenth_waits) {
    ck_assert_uint_eq(pfi_pace_allowance(0, STEP, INTERVAL), 0);
    ck_assert_uint_eq(pfi_pace_allowance(INTERVAL / 17, STEP, INTERVAL), 0);
    ck_assert_uint_ge(pfi_pace_allowance(INTERVAL / 15, STEP, INTERVAL), STEP / 16);
}
END_TEST

START_TEST(without_an_interval_every_step_is_a_whole_one) {
    ck_assert_uint_eq(pfi_pace_allowance(0, STEP, 0), STEP);
}
END_TEST

SUITE("unit/pace", an_interval_allows_a_step_and_never_more, a_part_of_it_allows_the_same_part,
      less_than_a_sixteenth_waits, without_an_interval_every_step_is_a_whole_one)
