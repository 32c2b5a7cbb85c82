/* SPDX-License-Identifier: MIT
 *
 * Which limits follow from options and machine, and what sizes follow from limits.
 */
#include "gc/policy/limits.h"

#include "alloc/layout.h"
#include "tests/support/suite.h"

static const uint64_t mib = 1 << 20;
static const struct pfi_machine bare = {.physical = (uint64_t)1000 << 20};
static const struct pfi_machine contained = {.physical = (uint64_t)1000 << 20, .container = (uint64_t)400 << 20};

static struct pf_options options_with(size_t bytes, uint32_t percent) {
    struct pf_options options;
    pf_options_init(&options);
    options.hard_limit = bytes;
    options.hard_limit_percent = percent;
    return options;
}

static void check_whole(size_t bytes, uint32_t percent, struct pfi_machine machine, uint64_t expected,
                        enum pf_limit_source source) {
    struct pf_options options = options_with(bytes, percent);
    struct pfi_limits limits = pfi_limits_derive(&options, machine);
    ck_assert_msg(limits.whole.bytes == expected && limits.whole.source == source,
                  "%zu bytes and %u %% make a limit of %zu bytes from source %d", bytes, percent, limits.whole.bytes,
                  (int)limits.whole.source);
}

START_TEST(without_options_and_without_a_container_there_is_no_limit) {
    struct pf_options options = options_with(0, 0);
    struct pfi_limits limits = pfi_limits_derive(&options, bare);
    ck_assert_uint_eq(limits.whole.bytes, PINFOLD_NO_LIMIT);
    ck_assert_int_eq(limits.whole.source, PINFOLD_LIMIT_SOURCE_NONE);
    for (int kind = 0; kind < PINFOLD_SEGMENT_KINDS; ++kind) {
        ck_assert_uint_eq(limits.spaces[kind].bytes, PINFOLD_NO_LIMIT);
        ck_assert_uint_eq(pfi_limits_of_space(&limits, (enum pf_segment_kind)kind), PINFOLD_NO_LIMIT);
    }
}
END_TEST

START_TEST(the_smaller_of_bytes_and_percent_holds_and_percent_are_of_the_container_if_there_is_one) {
    check_whole(300 * mib, 0, bare, 300 * mib, PINFOLD_LIMIT_SOURCE_OPTION);
    check_whole(0, 20, bare, 200 * mib, PINFOLD_LIMIT_SOURCE_PERCENT);
    check_whole(300 * mib, 20, bare, 200 * mib, PINFOLD_LIMIT_SOURCE_PERCENT);
    check_whole(100 * mib, 20, bare, 100 * mib, PINFOLD_LIMIT_SOURCE_OPTION);
    check_whole(0, 20, contained, 80 * mib, PINFOLD_LIMIT_SOURCE_PERCENT);
    check_whole(0, 100, contained, 400 * mib, PINFOLD_LIMIT_SOURCE_PERCENT);
    check_whole(2000 * mib, 0, contained, 2000 * mib, PINFOLD_LIMIT_SOURCE_OPTION);
}
END_TEST

START_TEST(in_a_container_three_quarters_of_its_limit_are_one_but_not_less_than_20_mib) {
    check_whole(0, 0, contained, 300 * mib, PINFOLD_LIMIT_SOURCE_CONTAINER);
    struct pfi_machine machine = {.physical = bare.physical, .container = 8 * mib};
    check_whole(0, 0, machine, 20 * mib, PINFOLD_LIMIT_SOURCE_CONTAINER);
    machine.container = bare.physical; /* no less than the machine has */
    check_whole(0, 0, machine, PINFOLD_NO_LIMIT, PINFOLD_LIMIT_SOURCE_NONE);
    struct pf_options options = options_with(0, 0);
    options.container_limit = 0;
    ck_assert_uint_eq(pfi_limits_derive(&options, contained).whole.bytes, PINFOLD_NO_LIMIT);
    options.hard_limit_percent = 50; /* still of the container */
    ck_assert_uint_eq(pfi_limits_derive(&options, contained).whole.bytes, 200 * mib);
}
END_TEST

START_TEST(a_system_that_does_not_tell_how_much_memory_it_has_gives_nothing_to_take_a_share_of) {
    struct pfi_machine unknown = {.physical = 0};
    check_whole(0, 20, unknown, PINFOLD_NO_LIMIT, PINFOLD_LIMIT_SOURCE_NONE);
    check_whole(300 * mib, 20, unknown, 300 * mib, PINFOLD_LIMIT_SOURCE_OPTION);
    unknown.container = 400 * mib;
    check_whole(0, 20, unknown, 80 * mib, PINFOLD_LIMIT_SOURCE_PERCENT);
    check_whole(0, 0, unknown, 300 * mib, PINFOLD_LIMIT_SOURCE_CONTAINER);
}
END_TEST

START_TEST(limits_of_spaces_are_shares_of_the_whole_and_never_above_it) {
    struct pf_options options = options_with(200 * mib, 0);
    options.small_hard_limit_percent = 50;
    options.large_hard_limit = 300 * mib;
    options.pinned_hard_limit = 30 * mib;
    options.pinned_hard_limit_percent = 10;
    struct pfi_limits limits = pfi_limits_derive(&options, bare);
    ck_assert_uint_eq(limits.spaces[PINFOLD_SEGMENT_SMALL].bytes, 100 * mib);
    ck_assert_int_eq(limits.spaces[PINFOLD_SEGMENT_SMALL].source, PINFOLD_LIMIT_SOURCE_PERCENT);
    ck_assert_uint_eq(limits.spaces[PINFOLD_SEGMENT_LARGE].bytes, 200 * mib);
    ck_assert_int_eq(limits.spaces[PINFOLD_SEGMENT_LARGE].source, PINFOLD_LIMIT_SOURCE_WHOLE);
    ck_assert_uint_eq(limits.spaces[PINFOLD_SEGMENT_PINNED].bytes, 20 * mib);
    ck_assert_uint_eq(pfi_limits_of_space(&limits, PINFOLD_SEGMENT_SMALL), 100 * mib);
    options.hard_limit = 0;
    limits = pfi_limits_derive(&options, bare);
    ck_assert_uint_eq(limits.spaces[PINFOLD_SEGMENT_SMALL].bytes, 500 * mib);
    ck_assert_uint_eq(limits.spaces[PINFOLD_SEGMENT_LARGE].bytes, 300 * mib);
    ck_assert_int_eq(limits.spaces[PINFOLD_SEGMENT_LARGE].source, PINFOLD_LIMIT_SOURCE_OPTION);
}
END_TEST

START_TEST(a_derived_segment_holds_all_that_a_limit_allows_and_a_given_one_stays) {
    size_t usual = PINFOLD_DEFAULT_SEGMENT;
    ck_assert_uint_eq(pfi_limits_segment(usual, usual, PINFOLD_NO_LIMIT), usual);
    ck_assert_uint_eq(pfi_limits_segment(usual, usual, 4 * mib), 4 * mib);
    ck_assert_uint_eq(pfi_limits_segment(usual, usual, 2 * usual), 2 * usual);
    ck_assert_uint_eq(pfi_limits_segment(usual, usual, 1), PINFOLD_UNIT);
    ck_assert_uint_eq(pfi_limits_segment(1 << 20, usual, 4 * mib), 1 << 20);
}
END_TEST

START_TEST(under_a_small_limit_everything_is_small) {
    size_t none = PINFOLD_NO_LIMIT;
    ck_assert_uint_eq(pfi_limits_commit_step(none), PINFOLD_COMMIT_STEP);
    ck_assert_uint_eq(pfi_limits_commit_step(4 * mib), 64 << 10);
    ck_assert_uint_eq(pfi_limits_commit_step(1), PINFOLD_PAGE);
    ck_assert(pfi_limits_allow_huge_pages(none) && pfi_limits_allow_huge_pages(128 * mib));
    ck_assert(!pfi_limits_allow_huge_pages(127 * mib));
    ck_assert_uint_eq(pfi_limits_mark_stack(64 * mib, none), 64 * mib);
    ck_assert_uint_eq(pfi_limits_mark_stack(64 * mib, 16 * mib), mib);
    ck_assert_uint_eq(pfi_limits_mark_stack(8192, 16 * mib), 8192);
    ck_assert_uint_eq(pfi_limits_mark_stack(8192, 1), PINFOLD_PAGE);
    ck_assert_uint_eq(pfi_limits_workers(8, none), 8);
    ck_assert_uint_eq(pfi_limits_workers(8, 16 * mib), 4);
    ck_assert_uint_eq(pfi_limits_workers(8, 2 * mib), 1);
    ck_assert_uint_eq(pfi_limits_least_budget(3 * mib, none), 3 * mib);
    ck_assert_uint_eq(pfi_limits_least_budget(3 * mib, 8 * mib), mib);
    ck_assert_uint_eq(pfi_limits_gen0_max(3 * mib, 8 * mib), 2 * mib);
    ck_assert_uint_eq(pfi_limits_gen0_max(mib, 8 * mib), mib);
}
END_TEST

START_TEST(the_load_is_the_part_of_the_limit_that_is_gone) {
    ck_assert_uint_eq(pfi_limits_load(PINFOLD_NO_LIMIT, 0), 0);
    ck_assert_uint_eq(pfi_limits_load(1000, 1000), 0);
    ck_assert_uint_eq(pfi_limits_load(1000, 2000), 0);
    ck_assert_uint_eq(pfi_limits_load(1000, 100), 90);
    ck_assert_uint_eq(pfi_limits_load(1000, 101), 89);
    ck_assert_uint_eq(pfi_limits_load(1000, 0), 100);
}
END_TEST

START_TEST(a_limit_is_near_when_the_load_is_high_and_as_much_has_grown_as_is_left) {
    ck_assert(pfi_limits_is_near(90, 1000, 1000));
    ck_assert(!pfi_limits_is_near(89, 1000, 1000));
    ck_assert(!pfi_limits_is_near(99, 999, 1000));
}
END_TEST

START_TEST(budgets_shrink_with_the_room_but_not_to_nothing) {
    size_t least = mib;
    ck_assert_uint_eq(pfi_limits_budget(0, 8 * mib, least, SIZE_MAX), 8 * mib);
    ck_assert_uint_eq(pfi_limits_budget(0, 8 * mib, least, 16 * mib), 4 * mib);
    ck_assert_uint_eq(pfi_limits_budget(1, 8 * mib, least, 16 * mib), 4 * mib);
    ck_assert_uint_eq(pfi_limits_budget(2, 80 * mib, least, 16 * mib), 12 * mib);
    ck_assert_uint_eq(pfi_limits_budget(3, 80 * mib, least, 16 * mib), 12 * mib);
    ck_assert_uint_eq(pfi_limits_budget(0, 8 * mib, least, 3 * mib), least);
    ck_assert_uint_eq(pfi_limits_budget(0, 8 * mib, least, mib), mib / 2);
    ck_assert_uint_eq(pfi_limits_budget(0, 8 * mib, least, 0), 64 << 10);
    ck_assert_uint_eq(pfi_limits_budget(2, 8 * mib, least, 0), least);
    ck_assert_uint_eq(pfi_limits_budget(0, 1000, least, 16 * mib), 1000);
}
END_TEST

SUITE("unit/limits", without_options_and_without_a_container_there_is_no_limit,
      the_smaller_of_bytes_and_percent_holds_and_percent_are_of_the_container_if_there_is_one,
      in_a_container_three_quarters_of_its_limit_are_one_but_not_less_than_20_mib,
      a_system_that_does_not_tell_how_much_memory_it_has_gives_nothing_to_take_a_share_of,
      limits_of_spaces_are_shares_of_the_whole_and_never_above_it,
      a_derived_segment_holds_all_that_a_limit_allows_and_a_given_one_stays, under_a_small_limit_everything_is_small,
      the_load_is_the_part_of_the_limit_that_is_gone,
      a_limit_is_near_when_the_load_is_high_and_as_much_has_grown_as_is_left,
      budgets_shrink_with_the_room_but_not_to_nothing)
