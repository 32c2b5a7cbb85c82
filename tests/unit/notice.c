/* SPDX-License-Identifier: MIT
 *
 * How near a full collection is, in percent.
 */
#include "gc/policy/notice.h"

#include "tests/support/suite.h"

START_TEST(a_budget_is_spent_from_0_to_100_percent) {
    ck_assert_uint_eq(pfi_notice_spent(1000, 1000), 0);
    ck_assert_uint_eq(pfi_notice_spent(1000, 1500), 0);
    ck_assert_uint_eq(pfi_notice_spent(1000, 500), 50);
    ck_assert_uint_eq(pfi_notice_spent(1000, 1), 99);
    ck_assert_uint_eq(pfi_notice_spent(1000, 0), 100);
    ck_assert_uint_eq(pfi_notice_spent(1000, -1000), 100);
    ck_assert_uint_eq(pfi_notice_spent(0, 0), 100);
}
END_TEST

START_TEST(growth_counts_from_what_was_live_to_the_limit) {
    ck_assert_uint_eq(pfi_notice_grown(1000, 900, 2000), 0);
    ck_assert_uint_eq(pfi_notice_grown(1000, 1000, 2000), 0);
    ck_assert_uint_eq(pfi_notice_grown(1000, 1250, 2000), 25);
    ck_assert_uint_eq(pfi_notice_grown(1000, 2000, 2000), 100);
    ck_assert_uint_eq(pfi_notice_grown(1000, 9000, 2000), 100);
    ck_assert_uint_eq(pfi_notice_grown(0, 0, 0), 0);
}
END_TEST

SUITE("unit/notice", a_budget_is_spent_from_0_to_100_percent, growth_counts_from_what_was_live_to_the_limit)
