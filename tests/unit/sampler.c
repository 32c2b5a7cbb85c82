/* SPDX-License-Identifier: MIT
 *
 * Sample points: their distances, and the weights of what covers them. Bounds are five standard deviations, and the
 * seeds are fixed.
 */
#include "alloc/sampler.h"

#include "tests/support/random.h"
#include "tests/support/suite.h"

enum { DRAWS = 200000, INTERVAL = 10000 };

static void check_near(double value, double expected, double deviation) {
    ck_assert_msg(value > expected - deviation && value < expected + deviation, "%g instead of %g +- %g", value,
                  expected, deviation);
}

START_TEST(distances_are_exponential) {
    struct pf_thread thread = {0};
    struct pfi_sampler sampler;
    pfi_sampler_init(&sampler, &thread, INTERVAL, 1);
    double sum = 0;
    double squares = 0;
    int beyond = 0;
    for (int i = 0; i < DRAWS; i++) {
        double distance = (double)pfi_sampler_draw(&sampler);
        ck_assert_msg(distance >= 1, "a distance of %g", distance);
        sum += distance;
        squares += distance * distance;
        beyond += distance > 2 * INTERVAL;
    }
    check_near(sum / DRAWS, INTERVAL, 5 * INTERVAL / 447.0);                            /* sqrt(200000) = 447 */
    check_near(squares / DRAWS, 2.0 * INTERVAL * INTERVAL, 0.06 * INTERVAL * INTERVAL); /* the second moment */
    check_near((double)beyond / DRAWS, 0.135335, 0.004);                                /* exp(-2) */
}
END_TEST

START_TEST(without_an_interval_nothing_is_sampled) {
    struct pf_thread thread = {0};
    struct pfi_sampler sampler;
    pfi_sampler_init(&sampler, &thread, 0, 1);
    ck_assert_uint_eq(pfi_sampler_take_old(&sampler, (size_t)1 << 31), 0);
    ck_assert_uint_eq(pfi_sampler_take_young(&sampler, &thread, 16), 0);
    ck_assert_uint_ge(pfi_sampler_room(&thread), (size_t)1 << 31);
}
END_TEST

/* Sum of weights over allocations outside contexts of these sizes, relative to their bytes. */
static double estimate(size_t low, size_t high, int count) {
    struct pf_thread thread = {0};
    struct pfi_sampler sampler;
    struct random random = {7};
    double bytes = 0;
    double weights = 0;
    pfi_sampler_init(&sampler, &thread, INTERVAL, 3);
    for (int i = 0; i < count; i++) {
        size_t size = random_between(&random, low, high);
        bytes += (double)size;
        weights += (double)pfi_sampler_take_old(&sampler, size);
    }
    return weights / bytes;
}

START_TEST(weights_sum_up_to_the_bytes_whatever_the_sizes) {
    check_near(estimate(16, 64, 4000000), 1, 0.04);                      /* 16,000 points */
    check_near(estimate(INTERVAL / 2, INTERVAL * 2, 20000), 1, 0.04);    /* 25,000 */
    check_near(estimate(INTERVAL * 60, INTERVAL * 70, 1000), 1, 0.02);   /* around the size that is sure */
    check_near(estimate(INTERVAL * 100, INTERVAL * 200, 100), 1, 0.001); /* what is sure is exact */
}
END_TEST

START_TEST(an_object_that_covers_a_point_of_its_context_is_sampled_and_the_next_is_not) {
    struct pf_thread thread = {0};
    struct pfi_sampler sampler;
    static char memory[1024];
    pfi_sampler_init(&sampler, &thread, INTERVAL, 5);
    thread.sample_left = 0; /* the point lies where the context ends */
    thread.alloc_ptr = memory + 1000;
    thread.alloc_limit = memory + 1000;
    ck_assert_uint_eq(pfi_sampler_take_young(&sampler, &thread, 64), 0); /* ends at the point */
    thread.sample_left = -8;
    ck_assert_uint_ge(pfi_sampler_take_young(&sampler, &thread, 64), INTERVAL);
    ck_assert_int_ge(thread.sample_left, 0);
    ck_assert_uint_eq(pfi_sampler_take_young(&sampler, &thread, 64), 0);
    ck_assert_uint_eq(pfi_sampler_room(&thread) % 8, 0);
}
END_TEST

SUITE("unit/sampler", distances_are_exponential, without_an_interval_nothing_is_sampled,
      weights_sum_up_to_the_bytes_whatever_the_sizes,
      an_object_that_covers_a_point_of_its_context_is_sampled_and_the_next_is_not)
