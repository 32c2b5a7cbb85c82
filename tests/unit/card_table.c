/* SPDX-License-Identifier: MIT
 *
 * Finding, cleaning and remembering cards, against loops over single cards.
 */
#include "alloc/card_table.h"

#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { CARDS = 200, ROUNDS = 3000 };

/* The cards of addresses 0..CARDS * PINFOLD_CARD: a biased table may begin anywhere. */
static _Alignas(8) uint8_t cards[CARDS];
static uint8_t model[CARDS];

static void fill(struct random *random) {
    unsigned density = (unsigned)random_between(random, 0, 30);
    for (size_t card = 0; card < CARDS; ++card) {
        bool stored = random_chance(random, density);
        model[card] = stored ? PINFOLD_CARD_DIRTY : random_chance(random, density) ? PINFOLD_CARD_REMEMBERED : 0;
    }
    memcpy(cards, model, sizeof cards);
}

static void check_same(const char *after) {
    if (memcmp(cards, model, sizeof cards) != 0) {
        replay_fail("the cards are wrong after %s", after);
    }
}

static void for_each_seed(void (*check)(struct random *random)) {
    struct seed_range seeds = settings_seeds(3);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin("cards", seed);
        for (uint64_t round = 0; round < ROUNDS; ++round) {
            replay_operation(round);
            fill(&random);
            check(&random);
        }
    }
}

/* A collection of generation 0 takes no interest in what is merely remembered. */
static bool matters(uint8_t card, int condemned) {
    return card == PINFOLD_CARD_DIRTY || (card == PINFOLD_CARD_REMEMBERED && condemned > 0);
}

static void check_find(struct random *random) {
    size_t from = random_between(random, 0, CARDS);
    size_t to = random_between(random, from, CARDS);
    int condemned = (int)random_below(random, 2);
    bool wanted = random_chance(random, 60);
    size_t first = from;
    while (first < to && matters(model[first], condemned) != wanted) {
        ++first;
    }
    size_t found = pfi_card_find(cards, from, to, pfi_card_interest(condemned), wanted);
    if (found != first) {
        replay_fail("condemned %d: the first card of [%zu, %zu) that %s is %zu, not %zu", condemned, from, to,
                    wanted ? "matters" : "does not matter", first, found);
    }
}

START_TEST(the_first_card_that_matters_or_does_not_is_found) {
    for_each_seed(check_find);
}
END_TEST

static void check_clean(struct random *random) {
    uintptr_t start = random_below(random, CARDS * PINFOLD_CARD);
    uintptr_t end = random_between(random, start, CARDS * PINFOLD_CARD);
    for (uintptr_t card = 0; card < CARDS; ++card) {
        uintptr_t low = card * PINFOLD_CARD;
        bool is_touched = start < end && low < end && low + PINFOLD_CARD > start;
        model[card] = is_touched ? 0 : model[card];
    }
    pfi_cards_clean(cards, start, end);
    check_same("cleaning what a range touches");
}

START_TEST(cleaning_takes_every_card_that_the_range_touches) {
    for_each_seed(check_clean);
}
END_TEST

static void check_clean_inside(struct random *random) {
    uintptr_t start = random_below(random, CARDS * PINFOLD_CARD);
    uintptr_t end = random_between(random, start, CARDS * PINFOLD_CARD);
    for (uintptr_t card = 0; card < CARDS; ++card) {
        uintptr_t low = card * PINFOLD_CARD;
        model[card] = low >= start && low + PINFOLD_CARD <= end ? 0 : model[card];
    }
    pfi_cards_clean_inside(cards, start, end);
    check_same("cleaning what lies inside a range");
}

START_TEST(cleaning_inside_spares_the_cards_shared_with_neighbours) {
    for_each_seed(check_clean_inside);
}
END_TEST

static void check_remember_stored(struct random *random) {
    uintptr_t start = random_below(random, CARDS * PINFOLD_CARD);
    uintptr_t end = random_between(random, start, CARDS * PINFOLD_CARD);
    for (uintptr_t card = start / PINFOLD_CARD; card * PINFOLD_CARD < end; ++card) {
        model[card] = model[card] == PINFOLD_CARD_DIRTY ? PINFOLD_CARD_REMEMBERED : model[card];
    }
    pfi_cards_remember_stored(cards, start, end);
    check_same("stored cards were remembered");
}

START_TEST(what_was_stored_becomes_remembered_and_the_rest_stays) {
    for_each_seed(check_remember_stored);
}
END_TEST

/* Which references a card stands for: a stored one for all, a remembered one for those to generation 1. */
START_TEST(a_card_covers_every_slot_on_it_and_no_other) {
    memset(cards, 0, sizeof cards);
    pfi_card_dirty(cards, 3 * PINFOLD_CARD + 8);
    pfi_card_remember(cards, 5 * PINFOLD_CARD);
    for (uintptr_t slot = 0; slot < CARDS * PINFOLD_CARD; slot += sizeof(uintptr_t)) {
        bool is_stored = slot >= 3 * PINFOLD_CARD && slot < 4 * PINFOLD_CARD;
        bool is_remembered = slot >= 5 * PINFOLD_CARD && slot < 6 * PINFOLD_CARD;
        if (pfi_card_covers(cards, slot, 0) != is_stored ||
            pfi_card_covers(cards, slot, 1) != (is_stored || is_remembered)) {
            ck_abort_msg("slot %zu", (size_t)slot);
        }
    }
}
END_TEST

START_TEST(remembering_does_not_make_a_stored_card_forget) {
    memset(cards, 0, sizeof cards);
    pfi_card_dirty(cards, 0);
    pfi_card_remember(cards, 0);
    ck_assert_uint_eq(cards[0], PINFOLD_CARD_DIRTY);
}
END_TEST

static void check_count(struct random *random) {
    size_t from = random_between(random, 0, CARDS - 1);
    size_t to = random_between(random, from, CARDS);
    size_t expected = 0;
    for (size_t card = from; card < to; ++card) {
        expected += model[card] != 0;
    }
    ck_assert_uint_eq(pfi_cards_count(cards, from * PINFOLD_CARD, to * PINFOLD_CARD), expected);
}

START_TEST(cards_that_are_not_clean_are_counted_whatever_made_them_so) {
    for_each_seed(check_count);
}
END_TEST

SUITE("unit/card_table", cards_that_are_not_clean_are_counted_whatever_made_them_so,
      the_first_card_that_matters_or_does_not_is_found, cleaning_takes_every_card_that_the_range_touches,
      cleaning_inside_spares_the_cards_shared_with_neighbours, what_was_stored_becomes_remembered_and_the_rest_stays,
      a_card_covers_every_slot_on_it_and_no_other, remembering_does_not_make_a_stored_card_forget)
