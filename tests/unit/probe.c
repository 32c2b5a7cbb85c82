/* SPDX-License-Identifier: MIT
 *
 * Probes: when a full collection looks whether the old generation has died, and what that costs a heap that lives on.
 */
#include "gc/policy/probe.h"

#include "tests/support/suite.h"

static const uint64_t millisecond = 1000000;
static const uint64_t second = 1000000000;
static const size_t mebibyte = (size_t)1 << 20;

/* A heap of 1 GiB, whose full collections take 300 ms. */
static struct pfi_probe_input steady(void) {
    return (struct pfi_probe_input){
        .first_ns = second,
        .full_ns = 300 * millisecond,
        .live_after_full = 1024 * mebibyte,
        .old_bytes = 1024 * mebibyte,
    };
}

START_TEST(the_first_probe_comes_after_the_first_interval_or_twice_a_full_collection) {
    struct pfi_probe_input input = steady();
    ck_assert_uint_eq(pfi_probe_interval(&input), second);
    input.full_ns = 700 * millisecond;
    ck_assert_uint_eq(pfi_probe_interval(&input), 1400 * millisecond);
    input.since_full_ns = 1399 * millisecond;
    ck_assert(!pfi_probe_is_due(&input));
    input.since_full_ns = 1400 * millisecond;
    ck_assert(pfi_probe_is_due(&input));
}
END_TEST

START_TEST(each_futile_one_doubles_the_interval_up_to_a_hundred_full_collections) {
    struct pfi_probe_input input = steady();
    uint64_t interval = second;
    for (input.futile = 0; input.futile < 5; ++input.futile) {
        ck_assert_uint_eq(pfi_probe_interval(&input), interval);
        interval *= 2;
    }
    for (; input.futile < 100; ++input.futile) {
        ck_assert_uint_eq(pfi_probe_interval(&input), 30 * second);
    }
}
END_TEST

START_TEST(no_interval_is_longer_than_five_minutes_unless_a_collection_is_that_long) {
    struct pfi_probe_input input = steady();
    input.futile = 1000;
    input.full_ns = 60 * second;
    ck_assert_uint_eq(pfi_probe_interval(&input), 300 * second);
    input.full_ns = UINT64_MAX;
    ck_assert_uint_eq(pfi_probe_interval(&input), 600 * second);
}
END_TEST

START_TEST(a_steady_heap_spends_a_fiftieth_of_ten_minutes_at_most) {
    for (uint64_t full_ms = 1; full_ms <= 1000; full_ms *= 10) {
        struct pfi_probe_input input = steady();
        uint64_t now = 0;
        uint64_t spent = 0;
        input.full_ns = full_ms * millisecond;
        while (now < 600 * second) {
            now += pfi_probe_interval(&input) + input.full_ns;
            spent += input.full_ns;
            ++input.futile;
        }
        ck_assert_uint_le(spent, now / 50);
    }
}
END_TEST

START_TEST(a_heap_with_something_new_in_it_is_probed_sooner_than_one_that_was_probed_in_vain) {
    struct pfi_probe_input input = steady();
    input.futile = 100;
    input.since_full_ns = 10 * second;
    ck_assert(!pfi_probe_is_due(&input));
    input.old_bytes += input.live_after_full / 8;
    ck_assert(pfi_probe_is_due(&input));
    input.since_full_ns = 7 * second; /* 25 full collections take 7.5 seconds */
    ck_assert(!pfi_probe_is_due(&input));
}
END_TEST

START_TEST(what_is_small_and_what_is_switched_off_is_never_probed) {
    struct pfi_probe_input input = steady();
    input.since_full_ns = UINT64_MAX;
    ck_assert(pfi_probe_is_due(&input));
    input.old_bytes = 3 * mebibyte;
    ck_assert(!pfi_probe_is_due(&input));
    input = steady();
    input.since_full_ns = UINT64_MAX;
    input.first_ns = 0;
    ck_assert(!pfi_probe_is_due(&input));
}
END_TEST

START_TEST(a_death_is_followed_up_soon_however_little_is_left) {
    struct pfi_probe_input input = steady();
    input.follow_ups = PINFOLD_PROBE_FOLLOW_UPS;
    input.full_ns = 5 * millisecond;
    input.old_bytes = 0;
    ck_assert_uint_eq(pfi_probe_interval(&input), 100 * millisecond);
    input.since_full_ns = 100 * millisecond;
    ck_assert(pfi_probe_is_due(&input));
    input.full_ns = 50 * millisecond;
    ck_assert_uint_eq(pfi_probe_interval(&input), 500 * millisecond);
}
END_TEST

START_TEST(death_is_half_of_what_was_old_and_much) {
    ck_assert(pfi_probe_found_death(100 * mebibyte, 49 * mebibyte));
    ck_assert(!pfi_probe_found_death(100 * mebibyte, 50 * mebibyte));
    ck_assert(!pfi_probe_found_death(20 * mebibyte, 5 * mebibyte));
    ck_assert(!pfi_probe_found_death(0, 100 * mebibyte));
}
END_TEST

START_TEST(growth_by_a_quarter_starts_anew) {
    ck_assert(pfi_probe_starts_anew(100 * mebibyte, 125 * mebibyte));
    ck_assert(!pfi_probe_starts_anew(100 * mebibyte, 124 * mebibyte));
    ck_assert(!pfi_probe_starts_anew(0, 15 * mebibyte));
    ck_assert(!pfi_probe_starts_anew(100 * mebibyte, 50 * mebibyte));
}
END_TEST

SUITE("unit/probe", the_first_probe_comes_after_the_first_interval_or_twice_a_full_collection,
      each_futile_one_doubles_the_interval_up_to_a_hundred_full_collections,
      no_interval_is_longer_than_five_minutes_unless_a_collection_is_that_long,
      a_steady_heap_spends_a_fiftieth_of_ten_minutes_at_most,
      a_heap_with_something_new_in_it_is_probed_sooner_than_one_that_was_probed_in_vain,
      what_is_small_and_what_is_switched_off_is_never_probed, a_death_is_followed_up_soon_however_little_is_left,
      death_is_half_of_what_was_old_and_much, growth_by_a_quarter_starts_anew)
