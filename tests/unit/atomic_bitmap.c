/* SPDX-License-Identifier: MIT
 *
 * Bits that several threads set: the same as those that one sets with bitmap.h, and one owner for each run.
 */
#include "alloc/platform/atomic_bitmap.h"

#include <string.h>

#include "alloc/platform/bitmap.h"
#include "alloc/platform/thread.h"
#include "tests/support/random.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { WORDS = 40, BITS = WORDS * 64, RUNS = 3000, THREADS = 4 };

START_TEST(a_claim_sets_the_run_that_set_run_sets_unless_its_first_bit_was_set) {
    struct seed_range seeds = settings_seeds(20);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        uint64_t words[WORDS] = {0};
        uint64_t wanted[WORDS] = {0};
        for (int run = 0; run < 60; ++run) {
            size_t position = random_below(&random, BITS);
            size_t most = random_chance(&random, 30) ? 400 : 70;
            size_t count = random_between(&random, 1, most < BITS - position ? most : BITS - position);
            bool is_free = !pfi_bits_test(wanted, position);
            ck_assert(pfi_atomic_bits_test(words, position) == !is_free);
            ck_assert(pfi_atomic_bits_claim_run(words, position, count) == is_free);
            if (is_free) {
                pfi_bits_set_run(wanted, position, count);
            }
            ck_assert_msg(memcmp(words, wanted, sizeof words) == 0, "seed %zu: run %zu + %zu", (size_t)seed, position,
                          count);
        }
    }
}
END_TEST

START_TEST(added_bits_join_those_that_are_there) {
    struct random random = {7};
    uint64_t words[WORDS] = {0};
    uint64_t wanted[WORDS] = {0};
    for (int round = 0; round < 1000; ++round) {
        size_t index = random_below(&random, WORDS);
        uint64_t bits = random_next(&random) & random_next(&random) & random_next(&random);
        pfi_atomic_bits_add(words, index, bits);
        wanted[index] |= bits;
        ck_assert_mem_eq(words, wanted, sizeof words);
    }
}
END_TEST

/* Neighbouring runs that begin and end inside words; every thread tries to claim all of them. */
struct claims {
    uint64_t words[RUNS / 2];
    size_t starts[RUNS + 1];
    pfi_counter owners[RUNS];
};
static struct claims claims;

static void claim_all(void *argument) {
    struct random random = {(uint64_t)(uintptr_t)argument};
    size_t first = random_below(&random, RUNS);
    for (size_t run = 0; run < RUNS; ++run) {
        size_t number = (first + run) % RUNS;
        size_t start = claims.starts[number];
        if (pfi_atomic_bits_claim_run(claims.words, start, claims.starts[number + 1] - start)) {
            pfi_counter_add(&claims.owners[number], 1);
        }
    }
}

START_TEST(of_threads_that_claim_the_same_runs_one_gets_each) {
    for (uint64_t round = 1; round <= 20; ++round) {
        struct random random = {round};
        struct pfi_thread_handle threads[THREADS];
        memset(&claims, 0, sizeof claims);
        for (size_t run = 0; run < RUNS; ++run) {
            claims.starts[run + 1] = claims.starts[run] + random_between(&random, 1, 30);
        }
        for (uintptr_t thread = 0; thread < THREADS; ++thread) {
            ck_assert(pfi_thread_start(&threads[thread], claim_all, (void *)(thread + (uintptr_t)round * THREADS)));
        }
        for (size_t thread = 0; thread < THREADS; ++thread) {
            pfi_thread_join(&threads[thread]);
        }
        for (size_t run = 0; run < RUNS; ++run) {
            ck_assert_uint_eq(pfi_counter_read(&claims.owners[run]), 1);
        }
        ck_assert_uint_eq(pfi_bits_find_zero(claims.words, 0, sizeof claims.words * 8), claims.starts[RUNS]);
    }
}
END_TEST

SUITE("unit/atomic_bitmap", a_claim_sets_the_run_that_set_run_sets_unless_its_first_bit_was_set,
      added_bits_join_those_that_are_there, of_threads_that_claim_the_same_runs_one_gets_each)
