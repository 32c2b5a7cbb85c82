/* SPDX-License-Identifier: MIT
 *
 * The room that a region without collections takes: a test a rule.
 */
#include "gc/policy/region_room.h"

#include <stdint.h>

#include "tests/support/suite.h"

static const struct pfi_region_input one_thread = {
    .small_bytes = 100000, .threads = 1, .quantum = 8192, .large_threshold = 85000, .largest_chunk = 85016};

START_TEST(one_thread_takes_what_it_asks_for_and_one_chunk) {
    struct pfi_region_room room = pfi_region_room_for(&one_thread);
    ck_assert_uint_eq(room.small_bytes, 100000 + 8192 + 85016);
    ck_assert_uint_eq(room.large_bytes, 0);
    ck_assert_uint_ge(room.small_budget, room.small_bytes + 100000); /* gaps may lose as much again */
}
END_TEST

START_TEST(several_threads_may_lose_as_much_again_and_a_quantum_each) {
    struct pfi_region_input input = one_thread;
    input.threads = 3;
    struct pfi_region_room room = pfi_region_room_for(&input);
    ck_assert_uint_eq(room.small_bytes, 2 * 100000 + 4 * 8192 + 85016);
    ck_assert_uint_ge(room.small_budget, room.small_bytes);
    input.threads = 2;
    ck_assert_uint_eq(pfi_region_room_for(&input).small_bytes, 2 * 100000 + 3 * 8192 + 85016);
}
END_TEST

START_TEST(large_objects_take_whole_pages_each) {
    struct pfi_region_input input = one_thread;
    input.small_bytes = 0;
    input.large_bytes = 85000;
    struct pfi_region_room room = pfi_region_room_for(&input);
    ck_assert_uint_eq(room.small_bytes, 0);
    ck_assert_uint_eq(room.large_bytes % 4096, 0);
    ck_assert_uint_ge(room.large_bytes, 86016);
    input.large_bytes = 850000; /* ten of them */
    room = pfi_region_room_for(&input);
    ck_assert_uint_ge(room.large_bytes, 860160);
    ck_assert_uint_le(room.large_bytes, 860160 + 14 * 4096);
}
END_TEST

START_TEST(nothing_asked_for_takes_nothing) {
    struct pfi_region_input input = one_thread;
    input.small_bytes = 0;
    struct pfi_region_room room = pfi_region_room_for(&input);
    ck_assert_uint_eq(room.small_bytes, 0);
    ck_assert_uint_eq(room.large_bytes, 0);
}
END_TEST

START_TEST(what_cannot_be_represented_stays_the_largest_number) {
    struct pfi_region_input input = one_thread;
    input.small_bytes = SIZE_MAX - 10;
    input.large_bytes = SIZE_MAX - 10;
    struct pfi_region_room room = pfi_region_room_for(&input);
    ck_assert_uint_eq(room.small_bytes, SIZE_MAX);
    ck_assert_uint_eq(room.large_bytes, SIZE_MAX);
    input.threads = 2;
    ck_assert_uint_eq(pfi_region_room_for(&input).small_bytes, SIZE_MAX);
}
END_TEST

SUITE("unit/region_room", one_thread_takes_what_it_asks_for_and_one_chunk,
      several_threads_may_lose_as_much_again_and_a_quantum_each, large_objects_take_whole_pages_each,
      nothing_asked_for_takes_nothing, what_cannot_be_represented_stays_the_largest_number)
