/* SPDX-License-Identifier: MIT
 *
 * Searching, filling and counting bits, against loops over single bits.
 */
#include "alloc/platform/bitmap.h"

#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { WORDS = 9, BITS = WORDS * 64, ROUNDS = 2000 };

struct bits {
    uint64_t words[WORDS];
    bool each[BITS];
};

static void fill(struct bits *bits, struct random *random) {
    unsigned density = (unsigned)random_between(random, 0, 100);
    for (size_t position = 0; position < BITS; ++position) {
        bits->each[position] = random_chance(random, density);
    }
    memset(bits->words, 0, sizeof bits->words);
    for (size_t position = 0; position < BITS; ++position) {
        if (bits->each[position]) {
            pfi_bits_set(bits->words, position);
        }
    }
}

static size_t slow_find(const struct bits *bits, size_t from, size_t to, bool wanted) {
    while (from < to && bits->each[from] != wanted) {
        ++from;
    }
    return from < to ? from : to;
}

static void check_same(const struct bits *bits, const char *after) {
    for (size_t position = 0; position < BITS; ++position) {
        if (pfi_bits_test(bits->words, position) != bits->each[position]) {
            replay_fail("bit %zu is wrong after %s", position, after);
        }
    }
}

static void for_each_seed(void (*check)(struct bits *bits, struct random *random)) {
    struct seed_range seeds = settings_seeds(3);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin("bitmap", seed);
        for (uint64_t round = 0; round < ROUNDS; ++round) {
            struct bits bits;
            replay_operation(round);
            fill(&bits, &random);
            check(&bits, &random);
        }
    }
}

static void check_find(struct bits *bits, struct random *random) {
    size_t from = random_below(random, BITS);
    size_t to = random_between(random, 0, BITS);
    size_t one = slow_find(bits, from, to, true);
    size_t zero = slow_find(bits, from, to, false);
    if (pfi_bits_find_one(bits->words, from, to) != one || pfi_bits_find_zero(bits->words, from, to) != zero) {
        replay_fail("[%zu, %zu): first one %zu (found %zu), first zero %zu (found %zu)", from, to, one,
                    pfi_bits_find_one(bits->words, from, to), zero, pfi_bits_find_zero(bits->words, from, to));
    }
}

START_TEST(finding_the_first_one_or_zero_agrees_with_a_loop) {
    for_each_seed(check_find);
}
END_TEST

START_TEST(an_empty_range_finds_its_end_and_reads_nothing) {
    ck_assert_uint_eq(pfi_bits_find_one(NULL, 70, 70), 70);
    ck_assert_uint_eq(pfi_bits_find_one(NULL, 70, 3), 3);
    ck_assert_uint_eq(pfi_bits_find_zero(NULL, 64, 64), 64);
}
END_TEST

static void check_set_run(struct bits *bits, struct random *random) {
    size_t from = random_below(random, BITS);
    size_t count = random_between(random, 1, BITS - from);
    memset(bits->each + from, true, count);
    pfi_bits_set_run(bits->words, from, count);
    check_same(bits, "a run was set");
}

static void check_clear_run(struct bits *bits, struct random *random) {
    size_t from = random_below(random, BITS);
    size_t count = random_between(random, 1, BITS - from);
    memset(bits->each + from, false, count);
    pfi_bits_clear_run(bits->words, from, count);
    check_same(bits, "a run was cleared");
}

START_TEST(clearing_a_run_clears_its_bits_and_no_others) {
    for_each_seed(check_clear_run);
}
END_TEST

START_TEST(setting_a_run_sets_its_bits_and_no_others) {
    for_each_seed(check_set_run);
}
END_TEST

static void check_single(struct bits *bits, struct random *random) {
    size_t set = random_below(random, BITS);
    size_t clear = random_below(random, BITS);
    pfi_bits_set(bits->words, set);
    bits->each[set] = true;
    pfi_bits_clear(bits->words, clear);
    bits->each[clear] = false;
    check_same(bits, "single bits were changed");
}

START_TEST(single_bits_are_set_and_cleared_alone) {
    for_each_seed(check_single);
}
END_TEST

static void check_clear_words(struct bits *bits, struct random *random) {
    size_t from = random_between(random, 0, WORDS);
    size_t to = random_between(random, from, WORDS);
    memset(bits->each + from * 64, false, (to - from) * 64);
    pfi_bits_clear_words(bits->words, from * 64, to * 64);
    check_same(bits, "words were cleared");
}

START_TEST(clearing_words_clears_whole_words_and_no_others) {
    for_each_seed(check_clear_words);
}
END_TEST

static void check_count(struct bits *bits, struct random *random) {
    size_t word = random_below(random, WORDS);
    unsigned count = 0;
    unsigned lowest = 64;
    for (unsigned bit = 0; bit < 64; ++bit) {
        count += bits->each[word * 64 + bit];
        lowest = bits->each[word * 64 + bit] && lowest == 64 ? bit : lowest;
    }
    if (pfi_bits_count(bits->words[word]) != count) {
        replay_fail("%u ones counted as %u", count, pfi_bits_count(bits->words[word]));
    }
    if (lowest < 64 && pfi_bits_lowest(bits->words[word]) != lowest) {
        replay_fail("the lowest one is %u, not %u", lowest, pfi_bits_lowest(bits->words[word]));
    }
}

START_TEST(counting_and_lowest_agree_with_a_loop) {
    for_each_seed(check_count);
    ck_assert_uint_eq(pfi_bits_count(0), 0);
    ck_assert_uint_eq(pfi_bits_count(~(uint64_t)0), 64);
}
END_TEST

START_TEST(the_ones_below_a_bit_are_as_many_as_its_number) {
    for (unsigned bit = 0; bit < 64; ++bit) {
        ck_assert_uint_eq(pfi_bits_count(pfi_bits_below(bit)), bit);
        ck_assert_uint_eq(pfi_bits_below(bit) >> bit, 0);
    }
}
END_TEST

SUITE("unit/bitmap", finding_the_first_one_or_zero_agrees_with_a_loop, an_empty_range_finds_its_end_and_reads_nothing,
      setting_a_run_sets_its_bits_and_no_others, clearing_a_run_clears_its_bits_and_no_others,
      single_bits_are_set_and_cleared_alone, clearing_words_clears_whole_words_and_no_others,
      counting_and_lowest_agree_with_a_loop, the_ones_below_a_bit_are_as_many_as_its_number)
