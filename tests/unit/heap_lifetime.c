/* SPDX-License-Identifier: MIT
 *
 * Creating and destroying heaps: everything comes back, several heaps share nothing, and an address space that is too
 * small is a status or a smaller arena, never a crash. Attaching threads belongs here too.
 */
#include "tests/support/fixture.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"

enum { REPETITIONS = 1000 };

static void use_heap_once(const struct pf_options *options) {
    struct fixture fixture = fixture_open(options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        struct pf_handle *handle = NULL;
        fixture_list(fixture.thread, &root[0], 50);
        root[1] = pf_alloc_array(fixture.thread, &bytes_type, 100000);
        ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, root[0], &handle), PINFOLD_OK);
        pf_collect(fixture.thread, 1, PINFOLD_COLLECT_DEFAULT);
    }
    pf_thread_detach(fixture.thread);
    pf_heap_destroy(fixture.heap);
}

static void check_no_growth(const struct pf_options *options) {
    for (int i = 0; i < 10; i++) {
        use_heap_once(options); /* lets malloc and the C library settle */
    }
    size_t mappings = process_mappings();
    size_t address_space = process_address_space();
    for (int i = 0; i < REPETITIONS; i++) {
        use_heap_once(options);
    }
    ck_assert_uint_le(process_mappings(),
                      mappings + REPETITIONS / 50); /* malloc and sanitizers have a few of their own */
    ck_assert_uint_le(process_address_space(), address_space + ((size_t)4 << 20));
}

START_TEST(a_thousand_heaps_with_default_sizes_leave_no_mapping_behind) {
    struct pf_options options = fixture_options();
    check_no_growth(&options);
}
END_TEST

START_TEST(a_thousand_tiny_heaps_leave_no_mapping_behind) {
    struct pf_options options = fixture_tiny_options();
    check_no_growth(&options);
}
END_TEST

START_TEST(a_heap_that_cannot_be_reserved_is_a_status_and_leaves_nothing) {
    struct pf_options options = fixture_options();
    struct pf_heap *heap = NULL;
    struct pf_message message = {""};
    if (!process_limit_address_space((size_t)256 << 10)) {
        return;
    }
    size_t mappings = process_mappings();
    ck_assert_int_eq(pf_heap_create(&options, &heap, &message), PINFOLD_CANNOT_RESERVE);
    ck_assert_ptr_null(heap);
    ck_assert_msg(message.text[0] != '\0', "no message");
    ck_assert_uint_le(process_mappings(), mappings + 1); /* malloc may have grown */
}
END_TEST

START_TEST(in_a_tight_address_space_a_heap_reserves_less_and_works) {
    enum { LIMIT_MIB = 1536 };
    struct pf_options options = fixture_options();
    struct pf_statistics statistics;
    if (!process_limit_address_space((size_t)LIMIT_MIB << 20)) {
        return;
    }
    struct fixture fixture = fixture_open(&options);
    pf_heap_statistics(fixture.heap, &statistics);
    ck_assert_uint_le(statistics.reserved_bytes, (size_t)LIMIT_MIB << 20);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 100000);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        fixture_check_list(root[0], 100000);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_reserve_size_asked_for_is_had_or_refused) {
    struct pf_options options = fixture_options();
    struct pf_heap *heap = NULL;
    struct pf_message message = {""};
    fixture_set(&options, "reserve_size", "1Gi");
    if (!process_limit_address_space((size_t)256 << 20)) {
        return;
    }
    ck_assert_int_eq(pf_heap_create(&options, &heap, &message), PINFOLD_CANNOT_RESERVE);
    ck_assert_ptr_null(heap);
    ck_assert_msg(message.text[0] != '\0', "no message");
}
END_TEST

START_TEST(segments_too_large_for_the_address_space_are_made_smaller) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "segment_size", "1Gi");
    if (!process_limit_address_space((size_t)512 << 20)) {
        return;
    }
    struct fixture fixture = fixture_open(&options);
    ck_assert_uint_lt(pf_heap_options(fixture.heap)->segment_size, (size_t)512 << 20);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 100000);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        fixture_check_list(root[0], 100000);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(two_heaps_share_nothing) {
    struct pf_options plain = fixture_tiny_options();
    struct pf_options tagged = fixture_tiny_options();
    fixture_set(&tagged, "ref_tag_mask", "1");
    struct fixture one = fixture_open(&plain);
    struct fixture two = fixture_open(&tagged);
    {
        PINFOLD_ROOTS(one.thread, root_one, 1);
        PINFOLD_ROOTS(two.thread, root_two, 2);
        fixture_list(one.thread, &root_one[0], 2000);
        fixture_list(two.thread, &root_two[0], 1000);
        root_two[1] = (void *)((uintptr_t)root_one[0] + 1); /* no reference to the second heap */
        const void *first_node = root_one[0];
        struct pf_statistics before;
        struct pf_statistics after;
        pf_heap_statistics(one.heap, &before);
        pf_collect(two.thread, 2, PINFOLD_COLLECT_COMPACT);
        pf_heap_statistics(one.heap, &after);
        ck_assert_ptr_eq(root_one[0], first_node);
        ck_assert_uint_eq(after.collections[2], before.collections[2]);
        ck_assert_ptr_eq(root_two[1], (const void *)((uintptr_t)first_node + 1));
        ck_assert_int_eq(pf_generation_of(two.heap, root_one[0]), -1);
        ck_assert_int_eq(pf_generation_of(one.heap, root_two[0]), -1);
        fixture_check_list(root_one[0], 2000);
        fixture_check_list(root_two[0], 1000);
    }
    fixture_close(&one);
    {
        PINFOLD_ROOTS(two.thread, root, 1);
        fixture_list(two.thread, &root[0], 3000);
        fixture_check_list(root[0], 3000);
    }
    fixture_close(&two);
}
END_TEST

START_TEST(the_options_in_force_hold_derived_values) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    const struct pf_options *in_force = pf_heap_options(fixture.heap);
    ck_assert_uint_gt(in_force->reserve_size, 0);
    ck_assert_uint_ge(in_force->gen0_size, 16000);
    ck_assert_uint_ge(in_force->gen0_max_size, in_force->gen0_size);
    ck_assert_uint_eq(in_force->large_threshold, 85000);
    fixture_close(&fixture);
}
END_TEST

START_TEST(segment_sizes_are_rounded_up_to_powers_of_two) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "segment_size", "256K");
    struct fixture fixture = fixture_open(&options);
    ck_assert_uint_eq(pf_heap_options(fixture.heap)->segment_size, 262144);
    ck_assert_uint_le(pf_heap_options(fixture.heap)->large_threshold, 65536);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_second_thread_is_told_the_limit_and_may_attach_after_the_first_has_left) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    struct pf_thread *second = NULL;
    ck_assert_int_eq(pf_thread_attach(fixture.heap, &second), PINFOLD_ALREADY_ATTACHED);
    ck_assert_ptr_null(second);
    pf_thread_detach(fixture.thread);
    ck_assert_int_eq(pf_thread_attach(fixture.heap, &fixture.thread), PINFOLD_OK);
    ck_assert_ptr_nonnull(fixture_node(fixture.thread, 1));
    fixture_close(&fixture);
}
END_TEST

START_TEST(objects_in_handles_outlive_the_thread_that_made_them) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    struct pf_handle *handle = NULL;
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 500);
        ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, root[0], &handle), PINFOLD_OK);
    }
    for (int i = 0; i < 20; i++) {
        pf_thread_detach(fixture.thread);
        ck_assert_int_eq(pf_thread_attach(fixture.heap, &fixture.thread), PINFOLD_OK);
        pf_collect(fixture.thread, i % 3, PINFOLD_COLLECT_COMPACT);
        ck_assert_ptr_nonnull(fixture_node(fixture.thread, 1));
        fixture_check_list(pf_handle_get(handle), 500);
    }
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/heap_lifetime", a_thousand_heaps_with_default_sizes_leave_no_mapping_behind,
      a_thousand_tiny_heaps_leave_no_mapping_behind, a_heap_that_cannot_be_reserved_is_a_status_and_leaves_nothing,
      in_a_tight_address_space_a_heap_reserves_less_and_works, a_reserve_size_asked_for_is_had_or_refused,
      segments_too_large_for_the_address_space_are_made_smaller, two_heaps_share_nothing,
      the_options_in_force_hold_derived_values, segment_sizes_are_rounded_up_to_powers_of_two,
      a_second_thread_is_told_the_limit_and_may_attach_after_the_first_has_left,
      objects_in_handles_outlive_the_thread_that_made_them)
