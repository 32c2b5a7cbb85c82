/* SPDX-License-Identifier: MIT
 *
 * Memory that is charged to bookkeeping: what is taken is charged, what is given back is not, and what the account
 * refuses is not there.
 */
#include "alloc/bookkeeping.h"

#include <string.h>

#include "alloc/layout.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"
#include "unit/resident.h"

static struct pfi_account account;

static size_t charged(void) {
    ck_assert_uint_eq(pfi_account_total(&account), pfi_account_space(&account, PINFOLD_SPACE_BOOKKEEPING));
    return pfi_account_total(&account);
}

START_TEST(memory_is_charged_as_long_as_it_is_there) {
    pfi_account_init(&account);
    char *zeroed = pfi_bookkeeping_take_zeroed(&account, 100);
    char *plain = pfi_bookkeeping_take(&account, 50);
    void *aligned = pfi_bookkeeping_take_aligned(&account, 1024, 2048);
    ck_assert(zeroed != NULL && plain != NULL && aligned != NULL);
    ck_assert_uint_eq((uintptr_t)aligned % 1024, 0);
    ck_assert_int_eq(zeroed[99], 0);
    ck_assert_uint_eq(charged(), 2198);
    plain[49] = 7;
    plain = pfi_bookkeeping_grow(&account, plain, 50, 5000);
    ck_assert_ptr_nonnull(plain);
    ck_assert_int_eq(plain[49], 7);
    ck_assert_uint_eq(charged(), 7148);
    pfi_bookkeeping_give(&account, zeroed, 100);
    pfi_bookkeeping_give(&account, plain, 5000);
    pfi_bookkeeping_give(&account, aligned, 2048);
    pfi_bookkeeping_give(&account, NULL, 4096);
    ck_assert_uint_eq(charged(), 0);
}
END_TEST

START_TEST(what_a_limit_forbids_is_not_taken_and_not_charged) {
    pfi_account_init(&account);
    pfi_account_set_limit(&account, 100);
    ck_assert_ptr_null(pfi_bookkeeping_take(&account, 101));
    ck_assert_ptr_null(pfi_bookkeeping_take_zeroed(&account, 101));
    ck_assert_ptr_null(pfi_bookkeeping_take_aligned(&account, 1024, 1024));
    char *memory = pfi_bookkeeping_take(&account, 60);
    ck_assert_ptr_nonnull(memory);
    memset(memory, 3, 60);
    ck_assert_ptr_null(pfi_bookkeeping_grow(&account, memory, 60, 101));
    ck_assert_int_eq(memory[59], 3);
    ck_assert_uint_eq(charged(), 60);
    pfi_bookkeeping_give(&account, memory, 60);
    ck_assert_uint_eq(charged(), 0);
}
END_TEST

START_TEST(what_the_system_refuses_is_not_charged) {
    struct pfi_extent extent;
    pfi_account_init(&account);
    if (process_limit_address_space((size_t)64 << 20)) {
        ck_assert_ptr_null(pfi_bookkeeping_take(&account, (size_t)1 << 30));
        ck_assert_ptr_null(pfi_bookkeeping_take_zeroed(&account, (size_t)1 << 30));
        ck_assert_ptr_null(pfi_bookkeeping_take_aligned(&account, 1024, (size_t)1 << 30));
        ck_assert(!pfi_extent_init(&extent, &account, (size_t)1 << 30, PINFOLD_PAGE));
    }
    ck_assert_uint_eq(charged(), 0);
}
END_TEST

START_TEST(a_step_that_the_system_refuses_leaves_an_extent_and_its_charge_as_they_were) {
    struct pfi_extent extent;
    pfi_account_init(&account);
    ck_assert(pfi_extent_init(&extent, &account, (size_t)1 << 30, (size_t)128 << 20));
    if (process_limit_writable_memory((size_t)1 << 20, (size_t)1 << 20)) {
        ck_assert(!pfi_extent_grow(&extent));
    }
    process_lift_limits();
    ck_assert_uint_eq(extent.committed, (size_t)128 << 20);
    ck_assert_uint_eq(charged(), extent.committed);
    pfi_extent_finish(&extent);
    ck_assert_uint_eq(charged(), 0);
}
END_TEST

START_TEST(an_extent_grows_to_its_size_and_each_step_is_charged) {
    struct pfi_extent extent;
    pfi_account_init(&account);
    ck_assert(pfi_extent_init(&extent, &account, 5 * PINFOLD_PAGE - 1, 1));
    ck_assert_uint_eq(charged(), PINFOLD_PAGE);
    static const size_t pages[] = {2, 4, 5};
    for (size_t step = 0; step < sizeof pages / sizeof pages[0]; ++step) {
        ck_assert(pfi_extent_grow(&extent));
        ck_assert_uint_eq(extent.committed, pages[step] * PINFOLD_PAGE);
        ck_assert_uint_eq(charged(), extent.committed);
        memset((void *)extent.start, 1, extent.committed);
    }
    ck_assert(!pfi_extent_grow(&extent));
    ck_assert_uint_eq(charged(), 5 * PINFOLD_PAGE);
    pfi_extent_finish(&extent);
    ck_assert_uint_eq(charged(), 0);
}
END_TEST

START_TEST(an_extent_that_was_shrunk_has_given_its_memory_back_and_begins_with_zeros_again) {
    struct pfi_extent extent;
    pfi_account_init(&account);
    ck_assert(pfi_extent_init(&extent, &account, 8 * PINFOLD_PAGE, 8 * PINFOLD_PAGE));
    memset((void *)extent.start, 1, extent.size);
    ck_assert_uint_eq(resident_pages(extent.start, extent.size), 8);
    pfi_extent_shrink(&extent, 2 * PINFOLD_PAGE);
    ck_assert_uint_eq(charged(), 2 * PINFOLD_PAGE);
    ck_assert_uint_eq(resident_pages(extent.start, extent.size), 2);
    pfi_extent_shrink(&extent, 3 * PINFOLD_PAGE); /* no more than there is */
    ck_assert_uint_eq(charged(), 2 * PINFOLD_PAGE);
    ck_assert(pfi_extent_grow(&extent));
    ck_assert_int_eq(*(char *)(extent.start + 2 * PINFOLD_PAGE), 0);
    ck_assert_int_eq(*(char *)(extent.start + 2 * PINFOLD_PAGE - 1), 1);
    pfi_extent_finish(&extent);
}
END_TEST

START_TEST(a_limit_stops_an_extent_where_it_is) {
    struct pfi_extent extent;
    pfi_account_init(&account);
    pfi_account_set_limit(&account, 3 * PINFOLD_PAGE);
    ck_assert(!pfi_extent_init(&extent, &account, 8 * PINFOLD_PAGE, 4 * PINFOLD_PAGE));
    ck_assert_uint_eq(charged(), 0);
    ck_assert(pfi_extent_init(&extent, &account, 8 * PINFOLD_PAGE, PINFOLD_PAGE));
    ck_assert(pfi_extent_grow(&extent));
    ck_assert(!pfi_extent_grow(&extent));
    ck_assert_uint_eq(extent.committed, 2 * PINFOLD_PAGE);
    ck_assert_uint_eq(charged(), 2 * PINFOLD_PAGE);
    pfi_account_set_limit(&account, 4 * PINFOLD_PAGE);
    ck_assert(pfi_extent_grow(&extent));
    pfi_extent_finish(&extent);
}
END_TEST

START_TEST(an_extent_that_may_move_takes_a_longer_range_with_it_what_it_holds_and_shrinks_to_what_it_was) {
    struct pfi_extent extent;
    pfi_account_init(&account);
    ck_assert(pfi_extent_init(&extent, &account, 2 * PINFOLD_PAGE, 1));
    pfi_extent_let_move(&extent, 7 * PINFOLD_PAGE - 1);
    static const size_t pages[] = {2, 4, 7};
    for (size_t step = 0; step < sizeof pages / sizeof pages[0]; ++step) {
        size_t before = extent.committed;
        memset((void *)extent.start, (int)step + 1, before);
        ck_assert(pfi_extent_grow(&extent));
        ck_assert_uint_eq(extent.committed, pages[step] * PINFOLD_PAGE);
        ck_assert_uint_eq(extent.size, extent.committed);
        ck_assert_uint_eq(charged(), extent.committed); /* nothing for the range that was left */
        ck_assert_int_eq(((char *)extent.start)[before - 1], (int)step + 1);
        ck_assert_int_eq(((char *)extent.start)[before], 0);
    }
    ck_assert(!pfi_extent_grow(&extent));
    pfi_extent_shrink(&extent, PINFOLD_PAGE);
    ck_assert_uint_eq(charged(), PINFOLD_PAGE);
    ck_assert_uint_eq(extent.size, 2 * PINFOLD_PAGE);
    ck_assert(pfi_extent_grow(&extent) && pfi_extent_grow(&extent));
    ck_assert_uint_eq(extent.committed, 4 * PINFOLD_PAGE);
    pfi_extent_finish(&extent);
    ck_assert_uint_eq(charged(), 0);
}
END_TEST

START_TEST(an_extent_that_may_not_have_the_longer_range_stays_as_it_is) {
    struct pfi_extent extent;
    pfi_account_init(&account);
    ck_assert(pfi_extent_init(&extent, &account, PINFOLD_PAGE, PINFOLD_PAGE));
    pfi_extent_let_move(&extent, 8 * PINFOLD_PAGE);
    pfi_account_set_limit(&account, 3 * PINFOLD_PAGE - 1); /* both are there at the same time */
    struct pfi_extent before = extent;
    ck_assert(!pfi_extent_grow(&extent));
    ck_assert_uint_eq(extent.start, before.start);
    ck_assert_uint_eq(extent.size, PINFOLD_PAGE);
    ck_assert_uint_eq(charged(), PINFOLD_PAGE);
    pfi_account_set_limit(&account, 3 * PINFOLD_PAGE);
    ck_assert(pfi_extent_grow(&extent));
    ck_assert_uint_eq(charged(), 2 * PINFOLD_PAGE);
    pfi_extent_finish(&extent);
}
END_TEST

SUITE("unit/bookkeeping", an_extent_that_may_move_takes_a_longer_range_with_it_what_it_holds_and_shrinks_to_what_it_was,
      an_extent_that_may_not_have_the_longer_range_stays_as_it_is, memory_is_charged_as_long_as_it_is_there,
      what_a_limit_forbids_is_not_taken_and_not_charged, what_the_system_refuses_is_not_charged,
      a_step_that_the_system_refuses_leaves_an_extent_and_its_charge_as_they_were,
      an_extent_grows_to_its_size_and_each_step_is_charged,
      an_extent_that_was_shrunk_has_given_its_memory_back_and_begins_with_zeros_again,
      a_limit_stops_an_extent_where_it_is)
