/* SPDX-License-Identifier: MIT
 *
 * Memory that may and that may not be read.
 */
#include "alloc/platform/readable.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

#include "alloc/platform/os_memory.h"
#include "tests/support/suite.h"

static uintptr_t pages;
static size_t page;

static void map_one_of_two(void) {
    page = pfi_os_page_size();
    pages = pfi_os_reserve(2 * page, page);
    ck_assert_uint_ne(pages, 0);
    ck_assert(pfi_os_commit(pages, page));
}

START_TEST(what_the_program_has_is_readable_and_stays_as_it_is) {
    char local[100] = {1};
    static const char constant[100] = {2};
    ck_assert(pfi_memory_is_readable((uintptr_t)local, sizeof local));
    ck_assert(pfi_memory_is_readable((uintptr_t)constant, sizeof constant));
    ck_assert_int_eq(local[0], 1);
}
END_TEST

START_TEST(what_nobody_has_or_may_touch_is_not) {
    map_one_of_two();
    ck_assert(!pfi_memory_is_readable(0, 8));
    ck_assert(!pfi_memory_is_readable(8, 48));
    ck_assert(!pfi_memory_is_readable(UINTPTR_MAX - 3, 8));
    ck_assert(!pfi_memory_is_readable(pages + page, 48));
    pfi_os_release(pages, 2 * page);
    ck_assert(!pfi_memory_is_readable(pages, 48));
}
END_TEST

START_TEST(all_of_it_must_be_readable) {
    map_one_of_two();
    ck_assert(pfi_memory_is_readable(pages, page));
    ck_assert(pfi_memory_is_readable(pages + page - 48, 48));
    ck_assert(!pfi_memory_is_readable(pages + page - 44, 48));
    ck_assert(!pfi_memory_is_readable(pages + page - 4, 8));
    pfi_os_release(pages, 2 * page);
}
END_TEST

START_TEST(neither_errno_nor_blocked_signals_change) {
    sigset_t all;
    sigset_t before;
    sigset_t after;
    sigfillset(&all);
    ck_assert_int_eq(sigprocmask(SIG_SETMASK, NULL, &before), 0);
    errno = 4711;
    ck_assert(pfi_memory_is_readable((uintptr_t)&all, sizeof all));
    ck_assert(!pfi_memory_is_readable(0, 8));
    ck_assert_int_eq(errno, 4711);
    ck_assert_int_eq(sigprocmask(SIG_SETMASK, NULL, &after), 0);
    for (int number = 1; number < 32; number++) {
        ck_assert_int_eq(sigismember(&after, number), sigismember(&before, number));
    }
}
END_TEST

SUITE("unit/readable", what_the_program_has_is_readable_and_stays_as_it_is, what_nobody_has_or_may_touch_is_not,
      all_of_it_must_be_readable, neither_errno_nor_blocked_signals_change)
