/* SPDX-License-Identifier: MIT
 *
 * The arena against a row of units: first fit, whole units, and tables that are clean when a range is used again.
 */
#include "alloc/arena.h"

#include <string.h>

#include "alloc/segment.h"
#include "tests/support/process.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"
#include "tests/unit/resident.h"

enum { UNITS = 40, MOST_UNITS = 6, OPERATIONS = 3000 };

struct model {
    struct pfi_arena arena;
    struct pfi_segment *owner[UNITS]; /* NULL: free */
};

static size_t slow_first_fit(const struct model *model, size_t count) {
    for (size_t start = 0; start + count <= UNITS; ++start) {
        size_t length = 0;
        while (length < count && model->owner[start + length] == NULL) {
            ++length;
        }
        if (length == count) {
            return start;
        }
    }
    return UNITS;
}

/* Writes something into every table of the range. */
static void soil(struct pfi_arena *arena, const struct pfi_segment *segment) {
    for (uintptr_t card = segment->base >> PINFOLD_CARD_SHIFT; card < segment->end >> PINFOLD_CARD_SHIFT; ++card) {
        arena->cards[card] = 1;
        arena->object_starts[card] = 1;
        arena->mark_words[card] = 1;
        arena->pin_words[card] = 1;
        arena->slides[card] = 1;
    }
}

static bool tables_hold(const struct pfi_arena *arena, uintptr_t base, uintptr_t end, unsigned value) {
    for (uintptr_t card = base >> PINFOLD_CARD_SHIFT; card < end >> PINFOLD_CARD_SHIFT; ++card) {
        if (arena->cards[card] != value || arena->object_starts[card] != (int8_t)value ||
            arena->mark_words[card] != value || arena->pin_words[card] != value || arena->slides[card] != value) {
            return false;
        }
    }
    return true;
}

static void carve(struct model *model, struct random *random) {
    size_t size = random_between(random, 1, MOST_UNITS * PINFOLD_UNIT);
    size_t count = (size + PINFOLD_UNIT - 1) / PINFOLD_UNIT;
    size_t wanted = slow_first_fit(model, count);
    struct pfi_segment *segment = pfi_arena_carve(&model->arena, size);
    if (wanted == UNITS) {
        if (segment != NULL) {
            replay_fail("a range of %zu units was found where none is free", count);
        }
        return;
    }
    uintptr_t base = model->arena.base + wanted * PINFOLD_UNIT;
    if (segment == NULL || segment->base != base || segment->end != base + count * PINFOLD_UNIT) {
        replay_fail("%zu units should begin at unit %zu", count, wanted);
    }
    for (size_t unit = wanted; unit < wanted + count; ++unit) {
        model->owner[unit] = segment;
    }
    if (!tables_hold(&model->arena, segment->base, segment->end, 0)) {
        replay_fail("the tables of a carved range are not clean");
    }
    soil(&model->arena, segment);
}

static void give_back(struct model *model, struct random *random) {
    struct pfi_segment *segment = model->owner[random_below(random, UNITS)];
    if (segment == NULL) {
        return;
    }
    pfi_arena_return(&model->arena, segment);
    for (size_t unit = 0; unit < UNITS; ++unit) {
        model->owner[unit] = model->owner[unit] == segment ? NULL : model->owner[unit];
    }
}

static void check_same(const struct model *model) {
    for (size_t unit = 0; unit < UNITS; ++unit) {
        uintptr_t base = model->arena.base + unit * PINFOLD_UNIT;
        if (pfi_arena_segment_of(&model->arena, base) != model->owner[unit] ||
            pfi_arena_segment_of(&model->arena, base + PINFOLD_UNIT - 1) != model->owner[unit]) {
            replay_fail("unit %zu has the wrong segment", unit);
        }
        if (!tables_hold(&model->arena, base, base + PINFOLD_UNIT, model->owner[unit] != NULL)) {
            replay_fail("returning a range changed the tables of unit %zu, or did not clean them", unit);
        }
    }
}

START_TEST(ranges_are_found_first_fit_and_tables_are_clean_when_a_range_is_used_again) {
    static struct model model;
    struct seed_range seeds = settings_seeds(1);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin("arena", seed);
        memset(&model, 0, sizeof model);
        ck_assert(pfi_arena_init(&model.arena, (size_t)UNITS * PINFOLD_UNIT, PINFOLD_UNIT));
        for (uint64_t operation = 0; operation < OPERATIONS; ++operation) {
            replay_operation(operation);
            if (random_chance(&random, 55)) {
                carve(&model, &random);
            } else {
                give_back(&model, &random);
            }
            if (operation % 50 == 0) {
                check_same(&model);
            }
        }
        pfi_arena_finish(&model.arena);
    }
}
END_TEST

START_TEST(an_arena_is_whole_units_and_at_least_the_smallest_size) {
    struct pfi_arena arena;
    ck_assert(pfi_arena_init(&arena, 5 * PINFOLD_UNIT + 1, PINFOLD_UNIT));
    ck_assert_uint_eq(arena.end - arena.base, 6 * PINFOLD_UNIT);
    ck_assert_uint_eq(arena.base % PINFOLD_UNIT, 0);
    pfi_arena_finish(&arena);
    ck_assert(pfi_arena_init(&arena, 4096, 3 * PINFOLD_UNIT));
    ck_assert_uint_eq(arena.end - arena.base, 3 * PINFOLD_UNIT);
    pfi_arena_finish(&arena);
}
END_TEST

START_TEST(a_range_longer_than_the_arena_is_not_found) {
    struct pfi_arena arena;
    ck_assert(pfi_arena_init(&arena, 4 * PINFOLD_UNIT, PINFOLD_UNIT));
    ck_assert_ptr_null(pfi_arena_carve(&arena, 4 * PINFOLD_UNIT + 1));
    ck_assert_ptr_null(pfi_arena_carve(&arena, SIZE_MAX));
    ck_assert_ptr_nonnull(pfi_arena_carve(&arena, 4 * PINFOLD_UNIT));
    ck_assert_ptr_null(pfi_arena_carve(&arena, 1));
    pfi_arena_finish(&arena);
}
END_TEST

START_TEST(addresses_outside_the_arena_belong_to_no_segment) {
    struct pfi_arena arena;
    int on_the_stack = 0;
    ck_assert(pfi_arena_init(&arena, 4 * PINFOLD_UNIT, PINFOLD_UNIT));
    ck_assert_ptr_nonnull(pfi_arena_carve(&arena, 4 * PINFOLD_UNIT));
    ck_assert(pfi_arena_contains(&arena, arena.base));
    ck_assert(pfi_arena_contains(&arena, arena.end - 1));
    const uintptr_t outside[] = {0, arena.base - 1, arena.end, (uintptr_t)&on_the_stack, UINTPTR_MAX};
    for (size_t index = 0; index < sizeof outside / sizeof outside[0]; ++index) {
        ck_assert(!pfi_arena_contains(&arena, outside[index]));
        ck_assert_ptr_null(pfi_arena_segment_of(&arena, outside[index]));
    }
    pfi_arena_finish(&arena);
}
END_TEST

START_TEST(the_account_is_the_sum_of_what_was_committed_and_not_given_back) {
    struct pfi_arena arena;
    ck_assert(pfi_arena_init(&arena, 4 * PINFOLD_UNIT, PINFOLD_UNIT));
    ck_assert_uint_eq(pfi_account_total(&arena.account), 0);
    ck_assert(pfi_arena_commit(&arena, PINFOLD_SPACE_SMALL, arena.base, 10 * PINFOLD_PAGE));
    ck_assert(pfi_arena_commit(&arena, PINFOLD_SPACE_SMALL, arena.base + PINFOLD_UNIT, 5 * PINFOLD_PAGE));
    ck_assert_uint_eq(pfi_account_total(&arena.account), 15 * PINFOLD_PAGE);
    memset((void *)arena.base, 1, 10 * PINFOLD_PAGE);
    pfi_arena_decommit(&arena, PINFOLD_SPACE_SMALL, arena.base + 4 * PINFOLD_PAGE, 6 * PINFOLD_PAGE);
    ck_assert_uint_eq(pfi_account_total(&arena.account), 9 * PINFOLD_PAGE);
    ck_assert_uint_eq(resident_pages(arena.base, 10 * PINFOLD_PAGE) * (size_t)sysconf(_SC_PAGESIZE), 4 * PINFOLD_PAGE);
    pfi_arena_finish(&arena);
}
END_TEST

/* A sixteenth of the heap at most: marks and slides are 16 bytes for 512, cards and starts 2 more. */
START_TEST(bookkeeping_grows_with_what_is_committed) {
    struct pfi_arena arena;
    ck_assert(pfi_arena_init(&arena, 64 * PINFOLD_UNIT, PINFOLD_UNIT));
    size_t nothing = pfi_arena_bookkeeping(&arena);
    ck_assert(pfi_arena_commit(&arena, PINFOLD_SPACE_SMALL, arena.base, 64 * PINFOLD_UNIT));
    size_t all = pfi_arena_bookkeeping(&arena);
    ck_assert_uint_gt(all, nothing);
    ck_assert_uint_le(all, arena.tables_size);
    ck_assert_uint_lt(all, 64 * PINFOLD_UNIT / 16);
    pfi_arena_finish(&arena);
}
END_TEST

START_TEST(a_limit_on_address_space_leaves_the_program_most_of_it) {
    struct pfi_arena arena;
    if (PINFOLD_WORD_BITS != 64 || !process_limit_address_space((size_t)3 << 30)) {
        return;
    }
    ck_assert(pfi_arena_init(&arena, 0, PINFOLD_UNIT));
    size_t size = arena.end - arena.base;
    ck_assert_uint_le(size, (size_t)1 << 30);
    ck_assert_uint_ge(size, (size_t)128 << 20);
    pfi_arena_finish(&arena);
    ck_assert(!pfi_arena_init(&arena, 0, (size_t)8 << 30));
    ck_assert(!pfi_arena_init(&arena, (size_t)8 << 30, PINFOLD_UNIT));
    ck_assert_uint_lt(process_address_space(), (size_t)1 << 30);
}
END_TEST

SUITE("unit/arena", ranges_are_found_first_fit_and_tables_are_clean_when_a_range_is_used_again,
      an_arena_is_whole_units_and_at_least_the_smallest_size, a_range_longer_than_the_arena_is_not_found,
      addresses_outside_the_arena_belong_to_no_segment, the_account_is_the_sum_of_what_was_committed_and_not_given_back,
      bookkeeping_grows_with_what_is_committed, a_limit_on_address_space_leaves_the_program_most_of_it)
