/* SPDX-License-Identifier: MIT
 *
 * The list of plugs that move: in the order in which they were added, and incomplete as soon as one finds no place.
 */
#include "gc/state/plug_list.h"

#include "tests/support/account.h"
#include "tests/support/suite.h"

static struct pfi_plug_list list;

static void open_list(void) {
    ck_assert(pfi_plug_list_init(&list, test_account()));
}

static void add(size_t number) {
    pfi_plug_list_add(&list, 4096 + number * 64, 4096 + number * 64 + 32, 4096 + number * 32);
}

static void check_entry(size_t number) {
    const struct pfi_listed_plug *plug = &list.plugs[number];
    if (plug->start != 4096 + number * 64 || plug->end != plug->start + 32 || plug->place != 4096 + number * 32) {
        ck_abort_msg("entry %zu is [%#zx, %#zx) to %#zx", number, (size_t)plug->start, (size_t)plug->end,
                     (size_t)plug->place);
    }
}

START_TEST(an_empty_list_is_complete) {
    open_list();
    ck_assert_uint_eq(list.count, 0);
    ck_assert(list.is_complete);
    pfi_plug_list_finish(&list);
}
END_TEST

START_TEST(as_many_plugs_as_there_is_room_for_are_a_complete_list) {
    open_list();
    for (size_t number = 0; number < PINFOLD_LISTED_PLUGS; ++number) {
        add(number);
        ck_assert_uint_eq(list.count, number + 1);
    }
    ck_assert(list.is_complete);
    for (size_t number = 0; number < PINFOLD_LISTED_PLUGS; ++number) {
        check_entry(number);
    }
    pfi_plug_list_finish(&list);
}
END_TEST

START_TEST(one_more_is_not_listed_and_the_list_is_not_complete_until_it_is_cleared) {
    open_list();
    for (size_t number = 0; number < PINFOLD_LISTED_PLUGS + 2; ++number) {
        add(number);
    }
    ck_assert(!list.is_complete);
    ck_assert_uint_eq(list.count, PINFOLD_LISTED_PLUGS);
    check_entry(PINFOLD_LISTED_PLUGS - 1);
    pfi_plug_list_clear(&list);
    ck_assert(list.is_complete);
    ck_assert_uint_eq(list.count, 0);
    add(0);
    ck_assert_uint_eq(list.count, 1);
    check_entry(0);
    pfi_plug_list_finish(&list);
}
END_TEST

SUITE("unit/plug_list", an_empty_list_is_complete, as_many_plugs_as_there_is_room_for_are_a_complete_list,
      one_more_is_not_listed_and_the_list_is_not_complete_until_it_is_cleared)
