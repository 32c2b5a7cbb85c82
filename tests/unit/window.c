/* SPDX-License-Identifier: MIT
 *
 * Where the window of an arena on demand lies.
 */
#include "alloc/window.h"

#include "alloc/platform/os_memory.h"
#include "alloc/side_tables.h"
#include "tests/support/suite.h"

/* Also on machines with so much memory that windows are as large as can be. */
START_TEST(every_place_that_is_looked_at_is_an_address_that_a_program_can_have) {
    const uint64_t end = (uint64_t)1 << PINFOLD_CHOICE_SHIFT;
    for (uint64_t size = (uint64_t)1 << 30; size <= (uint64_t)1 << 43; size *= 2) {
        for (unsigned shift = 36; shift <= 46; ++shift) {
            uint64_t places = pfi_window_places(shift, size);
            int has_some = ((uint64_t)1 << shift) + size <= end;
            ck_assert_int_eq(places != 0, has_some);
            ck_assert_uint_le(places, 256);
            ck_assert(!has_some || ((uint64_t)1 << shift) + places * size <= end);
        }
    }
}
END_TEST

/* The place is tried again, as the first one is the same for the same variable. */
START_TEST(a_place_where_something_lies_in_the_way_of_the_tables_is_none) {
    struct pfi_window window;
    ck_assert(pfi_window_choose(SIZE_MAX, &window));
    struct pfi_window first = window;
    size_t tables_size = pfi_side_tables_size(first.end - first.base);
    uintptr_t last = (first.tables + tables_size - 1) & ~(uintptr_t)(PINFOLD_PAGE - 1);
    ck_assert_int_eq(pfi_os_reserve_at(last, PINFOLD_PAGE), PINFOLD_PLACE_HAD);
    ck_assert(pfi_window_choose(SIZE_MAX, &window));
    ck_assert(window.tables > last || window.tables + tables_size <= last);
    pfi_os_release(last, PINFOLD_PAGE);
}
END_TEST

SUITE("unit/window", every_place_that_is_looked_at_is_an_address_that_a_program_can_have,
      a_place_where_something_lies_in_the_way_of_the_tables_is_none)
