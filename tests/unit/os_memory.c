/* SPDX-License-Identifier: MIT
 *
 * Memory from the system: reserving, committing, giving back; and what the processor tells about its caches.
 */
#include "alloc/platform/os_memory.h"

#include <errno.h>
#include <string.h>

#include "alloc/platform/processor.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"
#include "tests/unit/resident.h"

enum { RANGE = 1 << 20 };

START_TEST(a_reserved_range_begins_at_a_multiple_of_its_alignment_and_takes_no_memory) {
    for (size_t alignment = pfi_os_page_size(); alignment <= (size_t)64 << 20; alignment *= 2) {
        uintptr_t start = pfi_os_reserve(RANGE, alignment);
        ck_assert_uint_ne(start, 0);
        ck_assert_uint_eq(start % alignment, 0);
        ck_assert_uint_eq(resident_pages(start, RANGE), 0);
        pfi_os_release(start, RANGE);
    }
}
END_TEST

START_TEST(reserving_leaves_nothing_mapped_around_the_range) {
    size_t before = process_address_space();
    uintptr_t start = pfi_os_reserve(RANGE, (size_t)64 << 20);
    ck_assert_uint_eq(process_address_space(), before + RANGE);
    pfi_os_release(start, RANGE);
    ck_assert_uint_eq(process_address_space(), before);
}
END_TEST

START_TEST(committed_pages_are_zero_and_become_resident_when_written) {
    uintptr_t start = pfi_os_reserve(RANGE, pfi_os_page_size());
    ck_assert(pfi_os_commit(start, RANGE));
    ck_assert(is_zero(start, start + RANGE));
    memset((void *)start, 0xAB, RANGE);
    ck_assert_uint_eq(resident_pages(start, RANGE), RANGE / pfi_os_page_size());
    pfi_os_release(start, RANGE);
}
END_TEST

START_TEST(given_back_pages_leave_memory_and_read_as_zero_when_committed_again) {
    uintptr_t start = pfi_os_reserve(RANGE, pfi_os_page_size());
    ck_assert(pfi_os_commit(start, RANGE));
    memset((void *)start, 0xAB, RANGE);
    pfi_os_decommit(start + RANGE / 2, RANGE / 2);
    ck_assert_uint_eq(resident_pages(start, RANGE / 2), RANGE / 2 / pfi_os_page_size());
    ck_assert_uint_eq(resident_pages(start + RANGE / 2, RANGE / 2), 0);
    ck_assert(pfi_os_commit(start + RANGE / 2, RANGE / 2));
    ck_assert(is_zero(start + RANGE / 2, start + RANGE));
    pfi_os_release(start, RANGE);
}
END_TEST

START_TEST(a_lazily_mapped_table_is_zero_and_takes_only_what_is_written) {
    uintptr_t start = pfi_os_map_lazy((size_t)1 << 30);
    ck_assert_uint_ne(start, 0);
    *(char *)(start + (1 << 29)) = 1;
    ck_assert(is_zero(start, start + RANGE / 4));
    ck_assert_uint_le(resident_pages(start + (1 << 29), RANGE), RANGE / pfi_os_page_size());
    ck_assert_uint_eq(resident_pages(start + (1 << 29) + ((size_t)64 << 20), RANGE), 0);
    pfi_os_release(start, (size_t)1 << 30);
}
END_TEST

START_TEST(what_cannot_be_had_is_an_ordinary_result) {
    ck_assert_uint_eq(pfi_os_reserve(SIZE_MAX - 100, pfi_os_page_size()), 0);
    ck_assert_uint_eq(pfi_os_reserve(SIZE_MAX - ((size_t)64 << 20), pfi_os_page_size()), 0);
    ck_assert_uint_eq(pfi_os_map_lazy(SIZE_MAX - ((size_t)64 << 20)), 0);
}
END_TEST

START_TEST(errno_is_the_programs) {
    enum { UNLIKELY = 4711 };
    errno = UNLIKELY;
    (void)pfi_os_reserve(SIZE_MAX / 2, pfi_os_page_size());
    (void)pfi_os_map_lazy(SIZE_MAX / 2);
    uintptr_t start = pfi_os_reserve(RANGE, pfi_os_page_size());
    (void)pfi_os_commit(start, RANGE);
    pfi_os_decommit(start, RANGE);
    pfi_os_release(start, RANGE);
    ck_assert(!pfi_os_commit(start, RANGE)); /* nothing is mapped there any more */
    (void)pfi_os_memory_load();
    (void)pfi_processor_largest_cache();
    (void)pfi_processor_private_cache();
    ck_assert_int_eq(errno, UNLIKELY);
}
END_TEST

START_TEST(the_machine_has_memory_of_which_some_is_in_use) {
    size_t page = pfi_os_page_size();
    ck_assert_uint_eq(page & (page - 1), 0);
    ck_assert_uint_ge(page, 4096);
    ck_assert_uint_gt(pfi_os_physical_memory(), (size_t)16 << 20);
    ck_assert_uint_le(pfi_os_memory_load(), 100);
}
END_TEST

/* 0 means unknown; anything else must be a size that a cache can have. */
START_TEST(caches_are_unknown_or_of_a_plausible_size) {
    size_t largest = pfi_processor_largest_cache();
    size_t private_cache = pfi_processor_private_cache();
    ck_assert_uint_le(private_cache, largest);
    ck_assert(largest == 0 || (largest >= 4096 && largest <= (size_t)2 << 30));
    ck_assert_uint_eq(largest % 1024, 0);
}
END_TEST

SUITE("unit/os_memory", a_reserved_range_begins_at_a_multiple_of_its_alignment_and_takes_no_memory,
      reserving_leaves_nothing_mapped_around_the_range, committed_pages_are_zero_and_become_resident_when_written,
      given_back_pages_leave_memory_and_read_as_zero_when_committed_again,
      a_lazily_mapped_table_is_zero_and_takes_only_what_is_written, what_cannot_be_had_is_an_ordinary_result,
      errno_is_the_programs, the_machine_has_memory_of_which_some_is_in_use, caches_are_unknown_or_of_a_plausible_size)
