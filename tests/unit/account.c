/* SPDX-License-Identifier: MIT
 *
 * The account of committed bytes: sums by space and whole, limits on both, and threads that charge at the same time.
 */
#include "alloc/account.h"

#include "tests/support/suite.h"
#include "tests/support/team.h"

static struct pfi_account account;

static void check_sums(size_t small, size_t large, size_t bookkeeping) {
    ck_assert_uint_eq(pfi_account_space(&account, PINFOLD_SPACE_SMALL), small);
    ck_assert_uint_eq(pfi_account_space(&account, PINFOLD_SPACE_LARGE), large);
    ck_assert_uint_eq(pfi_account_space(&account, PINFOLD_SPACE_BOOKKEEPING), bookkeeping);
    ck_assert_uint_eq(pfi_account_segments(&account), small + large);
    ck_assert_uint_eq(pfi_account_total(&account), small + large + bookkeeping);
}

START_TEST(without_limits_everything_is_counted_and_nothing_refused) {
    pfi_account_init(&account);
    ck_assert(pfi_account_charge(&account, PINFOLD_SPACE_SMALL, 1000));
    ck_assert(pfi_account_charge(&account, PINFOLD_SPACE_LARGE, SIZE_MAX / 2));
    pfi_account_add(&account, PINFOLD_SPACE_BOOKKEEPING, 5);
    check_sums(1000, SIZE_MAX / 2, 5);
    pfi_account_subtract(&account, PINFOLD_SPACE_LARGE, SIZE_MAX / 2);
    check_sums(1000, 0, 5);
    ck_assert_uint_eq(pfi_account_limit(&account, PINFOLD_SPACE_SMALL), UINTPTR_MAX);
    ck_assert(!pfi_account_is_above_limit(&account));
}
END_TEST

START_TEST(what_the_whole_limit_forbids_is_counted_nowhere) {
    pfi_account_init(&account);
    pfi_account_set_limit(&account, 100);
    ck_assert(pfi_account_charge(&account, PINFOLD_SPACE_SMALL, 60));
    ck_assert(pfi_account_charge(&account, PINFOLD_SPACE_LARGE, 30));
    ck_assert(!pfi_account_charge(&account, PINFOLD_SPACE_BOOKKEEPING, 11));
    ck_assert(!pfi_account_charge(&account, PINFOLD_SPACE_SMALL, SIZE_MAX));
    check_sums(60, 30, 0);
    ck_assert_uint_eq(pfi_account_room(&account, PINFOLD_SPACE_SMALL), 10);
    ck_assert(pfi_account_charge(&account, PINFOLD_SPACE_BOOKKEEPING, 10));
    check_sums(60, 30, 10);
    ck_assert(pfi_account_charge(&account, PINFOLD_SPACE_SMALL, 0));
}
END_TEST

START_TEST(a_limit_of_a_space_binds_that_space_alone) {
    pfi_account_init(&account);
    pfi_account_set_limit(&account, 100);
    pfi_account_set_space_limit(&account, PINFOLD_SPACE_SMALL, 40);
    ck_assert(!pfi_account_charge(&account, PINFOLD_SPACE_SMALL, 41));
    ck_assert(pfi_account_charge(&account, PINFOLD_SPACE_LARGE, 50));
    ck_assert_uint_eq(pfi_account_room(&account, PINFOLD_SPACE_SMALL), 40);
    ck_assert(pfi_account_charge(&account, PINFOLD_SPACE_SMALL, 40));
    ck_assert(!pfi_account_charge(&account, PINFOLD_SPACE_SMALL, 1));
    ck_assert_uint_eq(pfi_account_room(&account, PINFOLD_SPACE_LARGE), 10);
    check_sums(40, 50, 0);
    ck_assert_uint_eq(pfi_account_limit(&account, PINFOLD_SPACE_SMALL), 40);
    ck_assert_uint_eq(pfi_account_limit(&account, PINFOLD_SPACE_LARGE), 100);
}
END_TEST

START_TEST(a_lowered_limit_refuses_until_enough_has_been_given_back) {
    pfi_account_init(&account);
    ck_assert(pfi_account_charge(&account, PINFOLD_SPACE_SMALL, 100));
    pfi_account_set_limit(&account, 50);
    ck_assert(pfi_account_is_above_limit(&account));
    ck_assert(!pfi_account_charge(&account, PINFOLD_SPACE_SMALL, 1));
    ck_assert_uint_eq(pfi_account_room(&account, PINFOLD_SPACE_SMALL), 0);
    pfi_account_add(&account, PINFOLD_SPACE_LARGE, 5); /* what cannot be refused is counted all the same */
    check_sums(100, 5, 0);
    pfi_account_subtract(&account, PINFOLD_SPACE_SMALL, 60);
    ck_assert(!pfi_account_is_above_limit(&account));
    ck_assert_uint_eq(pfi_account_room(&account, PINFOLD_SPACE_SMALL), 5);
    ck_assert(pfi_account_charge(&account, PINFOLD_SPACE_SMALL, 5));
    pfi_account_set_space_limit(&account, PINFOLD_SPACE_LARGE, 4);
    ck_assert(pfi_account_is_above_limit(&account));
}
END_TEST

enum { THREADS = 4, ROUNDS = 20000, LIMIT = 1000, MOST = 300 };

/* Charges and gives back at random; nobody may ever see more than the limit. */
static void charge_and_give_back(void *data, size_t index) {
    uint64_t state = index + 1;
    (void)data;
    for (int round = 0; round < ROUNDS; ++round) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        size_t size = (size_t)(state >> 33) % MOST + 1;
        enum pfi_space space = (enum pfi_space)(state >> 60 & 3);
        if (pfi_account_charge(&account, space, size)) {
            if (pfi_account_total(&account) > LIMIT || pfi_account_space(&account, PINFOLD_SPACE_LARGE) > LIMIT / 2) {
                ck_abort_msg("%zu bytes are charged under a limit of %d", pfi_account_total(&account), LIMIT);
            }
            pfi_account_subtract(&account, space, size);
        }
    }
}

START_TEST(threads_that_charge_at_the_same_time_never_exceed_a_limit_and_lose_nothing) {
    pfi_account_init(&account);
    pfi_account_set_limit(&account, LIMIT);
    pfi_account_set_space_limit(&account, PINFOLD_SPACE_LARGE, LIMIT / 2);
    struct team team = team_start(THREADS, charge_and_give_back, NULL);
    team_join(&team);
    check_sums(0, 0, 0);
    ck_assert_uint_eq(pfi_account_space(&account, PINFOLD_SPACE_PINNED), 0);
}
END_TEST

SUITE("unit/account", without_limits_everything_is_counted_and_nothing_refused,
      what_the_whole_limit_forbids_is_counted_nowhere, a_limit_of_a_space_binds_that_space_alone,
      a_lowered_limit_refuses_until_enough_has_been_given_back,
      threads_that_charge_at_the_same_time_never_exceed_a_limit_and_lose_nothing)
