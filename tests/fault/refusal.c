/* SPDX-License-Identifier: MIT
 *
 * What the library does about certain refusals, each found or decided once.
 */
#include <string.h>

#include "alloc/platform/cgroup.h"
#include "alloc/platform/os_memory.h"
#include "alloc/platform/processor.h"
#include "alloc/platform/unmap.h"
#include "pinfold/limits.h"
#include "tests/fault/support/fault_run.h"
#include "tests/support/fixture.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"

enum { PAGE = 4096 };
static const size_t gib = (size_t)1 << 30;

/* All calls of the site fail, of those that ask for `smallest` or more. */
static void fail_all(enum pfi_fault_site site, size_t smallest, int error) {
    struct pfi_fault_plan plan = {site, smallest, 1, UINTPTR_MAX, error};
    pfi_fault_arm(&plan);
}

static struct pf_heap *create(struct pf_options *options, enum pf_status expected) {
    struct pf_heap *heap = NULL;
    struct pf_message message = {""};
    enum pf_status status = pf_heap_create(options, &heap, &message);
    ck_assert_msg(status == expected, "%s: %s", pf_status_text(status), message.text);
    return heap;
}

START_TEST(a_process_that_could_not_watch_the_ends_of_threads_once_attaches_threads_later) {
    struct pf_options options = fixture_tiny_options();
    struct pf_heap *heap = create(&options, PINFOLD_OK);
    struct pf_thread *thread = NULL;
    fail_all(PINFOLD_FAULT_THREAD_KEY, 0, 0);
    ck_assert_int_eq(pf_thread_attach(heap, &thread), PINFOLD_OUT_OF_MEMORY);
    ck_assert_ptr_null(thread);
    pfi_fault_pause();
    ck_assert_int_eq(pf_thread_attach(heap, &thread), PINFOLD_OK);
    pf_thread_detach(thread);
    pf_heap_destroy(heap);
}
END_TEST

START_TEST(where_the_size_of_physical_memory_is_unknown_it_counts_as_0_and_a_heap_is_created) {
    struct pf_options options = fixture_options();
    fail_all(PINFOLD_FAULT_PHYSICAL_MEMORY, 0, 0);
    ck_assert_uint_eq(pfi_os_physical_memory(), 0);
    struct pf_heap *heap = create(&options, PINFOLD_OK);
    struct pf_statistics statistics;
    pf_heap_statistics(heap, &statistics);
    if (PINFOLD_WORD_BITS == 64) { /* otherwise address space is taken as it is needed, whatever the memory */
        ck_assert_uint_ge(statistics.reserved_bytes, 64 * gib);
        ck_assert_uint_lt(statistics.reserved_bytes, 80 * gib);
    }
    pf_heap_destroy(heap);
}
END_TEST

START_TEST(where_the_system_refuses_much_address_space_a_heap_takes_less) {
    struct pf_options options = fixture_options();
    fail_all(PINFOLD_FAULT_RESERVE, gib, 0);
    struct pf_heap *heap = create(&options, PINFOLD_OK);
    if (PINFOLD_WORD_BITS == 64) { /* otherwise no heap asks for that much */
        ck_assert_uint_gt(pfi_fault_failures(PINFOLD_FAULT_RESERVE), 0);
    }
    struct pf_statistics statistics;
    pf_heap_statistics(heap, &statistics);
    ck_assert_uint_lt(statistics.reserved_bytes, gib);
    pf_heap_destroy(heap);
}
END_TEST

START_TEST(where_the_system_refuses_a_long_mark_stack_a_heap_takes_a_shorter_one_and_marks_with_it) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "mark_stack_size", "64Mi");
    fixture_set(&options, "reserve_size", "4Mi");
    fail_all(PINFOLD_FAULT_RESERVE, (size_t)8 << 20, 0);
    struct fixture fixture = fixture_open(&options);
    ck_assert_uint_eq(pfi_fault_failures(PINFOLD_FAULT_RESERVE), 4); /* 64, 32, 16 and 8 MiB */
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 5000);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        fixture_check_list(root[0], 5000);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(processors_are_counted_as_one_where_the_system_does_not_tell) {
    static const int errors[] = {EPERM, EINVAL};
    for (size_t i = 0; i < 2; i++) {
        errno = 0;
        fail_all(PINFOLD_FAULT_AFFINITY, 0, errors[i]);
        ck_assert_uint_eq(pfi_processor_count(), 1);
        ck_assert_int_eq(errno, 0);
    }
}
END_TEST

START_TEST(a_range_that_cannot_be_unmapped_loses_its_memory_and_is_unmapped_when_the_next_one_is) {
    size_t mappings = process_mappings();
    uintptr_t range = pfi_os_map_lazy(64 * PAGE);
    uintptr_t other = pfi_os_map_lazy(PAGE);
    memset((void *)range, 1, 64 * PAGE);
    fail_all(PINFOLD_FAULT_UNMAP, 0, 0);
    pfi_os_release(range, 64 * PAGE);
    ck_assert_uint_eq(pfi_unmap_waiting(), 64 * PAGE);
    ck_assert_int_eq(*(volatile char *)range, 0);
    ck_assert_uint_ne(pfi_os_map_lazy(64 * PAGE), range);
    pfi_fault_pause();
    pfi_os_release(other, PAGE);
    ck_assert_uint_eq(pfi_unmap_waiting(), 0);
    ck_assert(process_is_sanitized() || process_mappings() <= mappings + 1); /* the third range is perhaps a mapping */
}
END_TEST

START_TEST(a_range_that_could_not_be_unmapped_is_unmapped_before_address_space_is_reserved) {
    uintptr_t range = pfi_os_reserve(64 * PAGE, PAGE);
    fail_all(PINFOLD_FAULT_UNMAP, 0, 0);
    pfi_os_release(range, 64 * PAGE);
    ck_assert_uint_gt(pfi_unmap_waiting(), 0);
    pfi_fault_pause();
    uintptr_t next = pfi_os_reserve(64 * PAGE, PAGE);
    ck_assert_uint_ne(next, 0);
    ck_assert_uint_eq(pfi_unmap_waiting(), 0);
    pfi_os_release(next, 64 * PAGE);
}
END_TEST

START_TEST(heaps_come_and_go_while_nothing_can_be_unmapped_and_leave_nothing_in_the_end) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "reserve_size", "16Mi");
    pf_heap_destroy(create(&options, PINFOLD_OK));
    size_t mappings = process_mappings();
    fail_all(PINFOLD_FAULT_UNMAP, 0, 0);
    for (int i = 0; i < 8; i++) {
        pf_heap_destroy(create(&options, PINFOLD_OK));
    }
    pfi_fault_pause();
    ck_assert_uint_gt(pfi_unmap_waiting(), 0);
    pf_heap_destroy(create(&options, PINFOLD_OK));
    ck_assert_uint_eq(pfi_unmap_waiting(), 0);
    ck_assert(process_is_sanitized() || process_mappings() <= mappings);
}
END_TEST

/* What looks for a place maps and unmaps all the time. */
START_TEST(while_nothing_can_be_unmapped_no_more_is_reserved_than_can_be_remembered) {
    enum { ATTEMPTS = 1000 };
    size_t space = process_address_space();
    fail_all(PINFOLD_FAULT_UNMAP, 0, 0);
    size_t had = 0;
    for (size_t i = 0; i < ATTEMPTS; i++) {
        uintptr_t range = pfi_os_reserve(16 * PAGE, PAGE);
        had += range != 0 ? 1 : 0;
        if (range != 0) {
            pfi_os_release(range, 16 * PAGE);
        }
    }
    ck_assert_uint_gt(had, 8);
    ck_assert_uint_lt(had, ATTEMPTS / 2);
    ck_assert_int_eq(pfi_os_reserve_at((uintptr_t)&space & ~(uintptr_t)(PAGE - 1), PAGE), PINFOLD_PLACE_REFUSED);
    pfi_fault_pause();
    uintptr_t range = pfi_os_reserve(16 * PAGE, PAGE);
    ck_assert_uint_ne(range, 0);
    pfi_os_release(range, 16 * PAGE);
    ck_assert_uint_eq(pfi_unmap_waiting(), 0);
    ck_assert(process_is_sanitized() || process_address_space() <= space + (size_t)16 * PAGE);
}
END_TEST

START_TEST(a_limit_that_cannot_be_read_for_want_of_descriptors_is_not_taken_for_none) {
    static const int errors[] = {EMFILE, ENFILE, ENOMEM};
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        fail_all(PINFOLD_FAULT_OPEN_FILE, 0, errors[i]);
        ck_assert_uint_eq(pfi_cgroup_memory(""), PINFOLD_CGROUP_UNKNOWN);
    }
    fail_all(PINFOLD_FAULT_OPEN_FILE, 0, ENOENT); /* a system without control groups */
    ck_assert_uint_eq(pfi_cgroup_memory(""), 0);
}
END_TEST

START_TEST(a_heap_that_is_to_keep_to_a_limit_which_cannot_be_read_is_refused_by_name) {
    struct pf_options options = fixture_tiny_options();
    struct pf_message message = {""};
    struct pf_heap *heap = NULL;
    fail_all(PINFOLD_FAULT_OPEN_FILE, 0, EMFILE);
    ck_assert_int_eq(pf_heap_create(&options, &heap, &message), PINFOLD_LIMIT_UNKNOWN);
    ck_assert_ptr_null(heap);
    ck_assert_ptr_nonnull(strstr(message.text, "container_limit"));
    ck_assert_int_eq(pf_heap_create(&options, &heap, NULL), PINFOLD_LIMIT_UNKNOWN);
    options.hard_limit = (size_t)100 << 20;
    pf_heap_destroy(create(&options, PINFOLD_OK));
    options.hard_limit_percent = 50;
    (void)create(&options, PINFOLD_LIMIT_UNKNOWN);
    options = fixture_tiny_options();
    options.container_limit = 0;
    pf_heap_destroy(create(&options, PINFOLD_OK));
}
END_TEST

START_TEST(limits_that_cannot_be_read_anew_stay_in_force) {
    struct pf_options options = fixture_tiny_options();
    options.hard_limit_percent = 50;
    struct fixture fixture = fixture_open(&options);
    struct pf_limits before;
    struct pf_limits after;
    pf_heap_limits(fixture.heap, &before);
    ck_assert_uint_ne(before.whole.limit_bytes, PINFOLD_NO_LIMIT);
    fail_all(PINFOLD_FAULT_OPEN_FILE, 0, EMFILE);
    ck_assert_int_eq(pf_heap_refresh_limits(fixture.thread), PINFOLD_LIMIT_UNKNOWN);
    pf_heap_limits(fixture.heap, &after);
    ck_assert_uint_eq(after.whole.limit_bytes, before.whole.limit_bytes);
    ck_assert_uint_eq(after.container_bytes, before.container_bytes);
    pfi_fault_pause();
    ck_assert_int_eq(pf_heap_refresh_limits(fixture.thread), PINFOLD_OK);
    fixture_close(&fixture);
}
END_TEST

static size_t committed_after_giving_back(const struct fixture *fixture) {
    struct pf_statistics statistics;
    PINFOLD_ROOTS(fixture->thread, root, 3);
    struct pf_handle *pins[3] = {NULL, NULL, NULL};
    for (int i = 0; i < 3; i++) {
        root[i] = pf_alloc_array(fixture->thread, &bytes_type, 1 << 20);
        memset(pf_elements(root[i]), 0x5A, 1 << 20);
        ck_assert_int_eq(pf_pin(fixture->heap, root[i], &pins[i]), PINFOLD_OK);
    }
    root[1] = NULL; /* a hole between two that stay */
    pf_unpin(fixture->heap, pins[1]);
    pf_collect(fixture->thread, 2, PINFOLD_COLLECT_AGGRESSIVE);
    pf_heap_statistics(fixture->heap, &statistics);
    pf_unpin(fixture->heap, pins[0]);
    pf_unpin(fixture->heap, pins[2]);
    return statistics.committed_bytes;
}

START_TEST(memory_that_the_system_does_not_take_back_stays_in_the_account_and_is_used_again) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "large_segment_size", "8Mi");
    struct fixture taken = fixture_open(&options);
    size_t least = committed_after_giving_back(&taken);
    fixture_close(&taken);
    struct fixture kept = fixture_open(&options);
    fail_all(PINFOLD_FAULT_DISCARD, 0, 0);
    size_t committed = committed_after_giving_back(&kept);
    ck_assert_uint_gt(pfi_fault_failures(PINFOLD_FAULT_DISCARD), 0);
    ck_assert_uint_ge(committed, least + (1 << 20));
    fixture_close(&kept);
}
END_TEST

START_TEST(no_refusal_is_seen_in_errno) {
    struct pf_options options = fixture_tiny_options();
    struct pf_heap *heap = create(&options, PINFOLD_OK);
    struct pf_thread *thread = NULL;
    struct pf_handle *handle = NULL;
    struct pf_weak_table *table = NULL;
    fail_all(PINFOLD_FAULT_ANY, 0, EDOM);
    errno = 0;
    ck_assert_int_eq(pf_thread_attach(heap, &thread), PINFOLD_OUT_OF_MEMORY);
    ck_assert_int_eq(pf_handle_create(heap, PINFOLD_HANDLE_STRONG, NULL, &handle), PINFOLD_OUT_OF_MEMORY);
    ck_assert_int_eq(pf_weak_table_create(heap, &table), PINFOLD_OUT_OF_MEMORY);
    ck_assert_uint_eq(pfi_os_memory_load(), 0);
    ck_assert_uint_eq(pfi_processor_count(), 1);
    ck_assert_uint_eq(pfi_processor_largest_cache(), 0);
    pf_heap_destroy(heap);
    ck_assert_int_eq(errno, 0);
    ck_assert_uint_gt(pfi_fault_counted(), 6);
}
END_TEST

SUITE("fault/refusal", a_process_that_could_not_watch_the_ends_of_threads_once_attaches_threads_later,
      where_the_size_of_physical_memory_is_unknown_it_counts_as_0_and_a_heap_is_created,
      where_the_system_refuses_much_address_space_a_heap_takes_less,
      where_the_system_refuses_a_long_mark_stack_a_heap_takes_a_shorter_one_and_marks_with_it,
      a_limit_that_cannot_be_read_for_want_of_descriptors_is_not_taken_for_none,
      a_heap_that_is_to_keep_to_a_limit_which_cannot_be_read_is_refused_by_name,
      limits_that_cannot_be_read_anew_stay_in_force, processors_are_counted_as_one_where_the_system_does_not_tell,
      a_range_that_cannot_be_unmapped_loses_its_memory_and_is_unmapped_when_the_next_one_is,
      a_range_that_could_not_be_unmapped_is_unmapped_before_address_space_is_reserved,
      heaps_come_and_go_while_nothing_can_be_unmapped_and_leave_nothing_in_the_end,
      while_nothing_can_be_unmapped_no_more_is_reserved_than_can_be_remembered,
      memory_that_the_system_does_not_take_back_stays_in_the_account_and_is_used_again, no_refusal_is_seen_in_errno)
