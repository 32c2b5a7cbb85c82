/* SPDX-License-Identifier: MIT
 *
 * The arena against a row of units: first fit, whole units, and tables that are clean when a range is used again. The
 * same on demand, where ranges lie anywhere: they never overlap, and nothing stays of one that is returned.
 */
#include "alloc/arena.h"

#include <string.h>

#include "alloc/segment.h"
#include "alloc/side_tables.h"
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
static void soil(struct pfi_arena *arena, struct pfi_segment *segment) {
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
    if (!pfi_arena_describe(&model->arena, segment, segment->end) ||
        !tables_hold(&model->arena, segment->base, segment->end, 0)) {
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
        if (model->owner[unit] != NULL && !tables_hold(&model->arena, base, base + PINFOLD_UNIT, 1)) {
            replay_fail("returning another range changed the tables of unit %zu", unit);
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

/* A sixteenth of the heap at most: marks, pins and slides are 24 bytes for 512, cards and starts 2 more. */
START_TEST(bookkeeping_is_what_describes_segments_and_goes_with_them) {
    struct pfi_arena arena;
    ck_assert(pfi_arena_init(&arena, 64 * PINFOLD_UNIT, PINFOLD_UNIT));
    ck_assert_uint_eq(pfi_arena_bookkeeping(&arena), 0);
    struct pfi_segment *segment = pfi_arena_carve(&arena, 64 * PINFOLD_UNIT);
    ck_assert_ptr_nonnull(segment);
    size_t headers = pfi_arena_bookkeeping(&arena);
    ck_assert_uint_eq(headers, 2 * PINFOLD_PAGE);
    ck_assert(pfi_arena_describe(&arena, segment, segment->base + 1));
    size_t chunk = pfi_arena_bookkeeping(&arena) - headers;
    ck_assert_uint_eq(chunk, pfi_side_tables_size(PINFOLD_CHUNK));
    ck_assert(pfi_arena_describe(&arena, segment, segment->end));
    size_t all = pfi_arena_bookkeeping(&arena) - headers;
    ck_assert_uint_eq(all, 64 * PINFOLD_UNIT / PINFOLD_CHUNK * chunk);
    ck_assert_uint_lt(all, 64 * PINFOLD_UNIT / 16);
    ck_assert_uint_eq(pfi_account_space(&arena.account, PINFOLD_SPACE_BOOKKEEPING), all + headers);
    pfi_arena_forget(&arena, segment, segment->base + PINFOLD_CHUNK + 1);
    ck_assert_uint_eq(pfi_arena_bookkeeping(&arena) - headers, 2 * chunk);
    pfi_arena_return(&arena, segment);
    ck_assert_uint_eq(pfi_account_space(&arena.account, PINFOLD_SPACE_BOOKKEEPING), headers);
    pfi_arena_finish(&arena);
}
END_TEST

START_TEST(trimming_a_segment_gives_the_tables_behind_its_memory_back) {
    struct pfi_arena arena;
    ck_assert(pfi_arena_init(&arena, 64 * PINFOLD_UNIT, PINFOLD_UNIT));
    struct pfi_segment *segment = pfi_segment_create(&arena, 64 * PINFOLD_UNIT, PINFOLD_SEGMENT_SMALL);
    ck_assert_ptr_nonnull(segment);
    size_t headers = pfi_arena_bookkeeping(&arena);
    ck_assert(pfi_segment_commit(&arena, segment, segment->end));
    pfi_segment_trim(&arena, segment, segment->base + PINFOLD_CHUNK + 1);
    ck_assert_uint_eq(pfi_arena_bookkeeping(&arena), headers + 2 * pfi_side_tables_size(PINFOLD_CHUNK));
    pfi_segment_release(&arena, segment);
    pfi_arena_finish(&arena);
}
END_TEST

START_TEST(a_limit_that_has_no_room_for_tables_refuses_them_and_counts_nothing) {
    struct pfi_arena arena;
    ck_assert(pfi_arena_init(&arena, 64 * PINFOLD_UNIT, PINFOLD_UNIT));
    struct pfi_segment *segment = pfi_segment_create(&arena, 64 * PINFOLD_UNIT, PINFOLD_SEGMENT_SMALL);
    ck_assert_ptr_nonnull(segment);
    size_t before = pfi_account_total(&arena.account);
    arena.account.limit = before + pfi_side_tables_size(PINFOLD_CHUNK) - 1;
    ck_assert(!pfi_segment_commit(&arena, segment, segment->base + 1));
    ck_assert_uint_eq(pfi_account_total(&arena.account), before);
    ck_assert_uint_eq(segment->described, segment->base);
    arena.account.limit = before + pfi_side_tables_size(PINFOLD_CHUNK) + PINFOLD_PAGE;
    ck_assert(pfi_segment_commit(&arena, segment, segment->base + 1));
    ck_assert_uint_eq(segment->committed, segment->base + PINFOLD_PAGE);
    pfi_arena_finish(&arena);
}
END_TEST

START_TEST(a_segment_that_goes_leaves_the_tables_of_its_neighbours_in_the_same_chunk_alone) {
    struct pfi_arena arena;
    ck_assert(pfi_arena_init(&arena, 8 * PINFOLD_UNIT, PINFOLD_UNIT));
    struct pfi_segment *segments[3];
    for (size_t index = 0; index < 3; ++index) {
        segments[index] = pfi_arena_carve(&arena, 2 * PINFOLD_UNIT);
        ck_assert(pfi_arena_describe(&arena, segments[index], segments[index]->end));
        soil(&arena, segments[index]);
    }
    uintptr_t base = segments[1]->base;
    size_t chunk = pfi_arena_bookkeeping(&arena);
    pfi_arena_return(&arena, segments[1]);
    ck_assert_uint_eq(pfi_arena_bookkeeping(&arena), chunk);
    ck_assert(tables_hold(&arena, segments[0]->base, segments[0]->end, 1));
    ck_assert(tables_hold(&arena, base, base + 2 * PINFOLD_UNIT, 0));
    ck_assert(tables_hold(&arena, segments[2]->base, segments[2]->end, 1));
    pfi_arena_return(&arena, segments[0]);
    pfi_arena_return(&arena, segments[2]);
    ck_assert_uint_eq(chunk - pfi_arena_bookkeeping(&arena), pfi_side_tables_size(PINFOLD_CHUNK));
    pfi_arena_finish(&arena);
}
END_TEST

/* ---- On demand -------------------------------------------------------------------------------------------------- */

static void open_on_demand(struct pfi_arena *arena, size_t units) {
    ck_assert(pfi_arena_init_as(arena, units * PINFOLD_UNIT, PINFOLD_LAYOUT_ONE_BY_ONE));
    ck_assert(!arena->is_reserved);
}

static void carve_on_demand(struct pfi_arena *arena, struct pfi_segment **segments, size_t *units,
                            struct random *random) {
    size_t count = random_between(random, 1, 2 * MOST_UNITS);
    struct pfi_segment **place = segments + random_below(random, UNITS);
    if (*place != NULL) {
        return;
    }
    *place = pfi_arena_carve(arena, count * PINFOLD_UNIT);
    if ((*place != NULL) != (*units + count <= UNITS)) {
        replay_fail("%zu units beside %zu were %s", count, *units, *place == NULL ? "refused" : "granted");
    }
    if (*place == NULL) {
        return;
    }
    *units += count;
    if (!pfi_arena_describe(arena, *place, (*place)->end) || !tables_hold(arena, (*place)->base, (*place)->end, 0)) {
        replay_fail("the tables of a new range are not clean");
    }
    soil(arena, *place);
    ck_assert(pfi_arena_commit(arena, PINFOLD_SPACE_SMALL, (*place)->base, PINFOLD_PAGE));
    *(size_t *)(*place)->base = count;
}

static void return_on_demand(struct pfi_arena *arena, struct pfi_segment **segment, size_t *units) {
    if (*segment == NULL) {
        return;
    }
    size_t count = ((*segment)->end - (*segment)->base) / PINFOLD_UNIT;
    if (*(size_t *)(*segment)->base != count || !tables_hold(arena, (*segment)->base, (*segment)->end, 1)) {
        replay_fail("another range has written into this one, or its tables");
    }
    uintptr_t base = (*segment)->base;
    pfi_arena_return(arena, *segment);
    ck_assert(pfi_os_is_free(base, count * PINFOLD_UNIT));
    *units -= count;
    *segment = NULL;
}

START_TEST(on_demand_ranges_never_overlap_and_leave_nothing_when_they_are_returned) {
    struct seed_range seeds = settings_seeds(1);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        struct pfi_segment *segments[UNITS] = {NULL};
        struct pfi_arena arena;
        size_t units = 0;
        replay_begin("arena on demand", seed);
        open_on_demand(&arena, UNITS);
        size_t at_first = pfi_arena_reserved(&arena);
        size_t owners = pfi_arena_bookkeeping(&arena); /* of the whole address space where words have 32 bits */
        for (uint64_t operation = 0; operation < OPERATIONS; ++operation) {
            replay_operation(operation);
            if (random_chance(&random, 55)) {
                carve_on_demand(&arena, segments, &units, &random);
            } else {
                return_on_demand(&arena, &segments[random_below(&random, UNITS)], &units);
            }
        }
        for (size_t index = 0; index < UNITS; ++index) {
            return_on_demand(&arena, &segments[index], &units);
        }
        ck_assert_uint_eq(pfi_arena_reserved(&arena) - at_first, PINFOLD_PAGE); /* of headers */
        size_t whole = PINFOLD_WORD_BITS == 32 ? (UINT32_MAX / PINFOLD_UNIT + 1) * sizeof(uintptr_t) : 0;
        ck_assert_uint_le(pfi_arena_bookkeeping(&arena), owners + whole + 2 * PINFOLD_PAGE);
        pfi_arena_finish(&arena);
    }
}
END_TEST

START_TEST(on_demand_nothing_is_mapped_before_it_is_needed_and_nothing_stays) {
    struct pfi_arena arena;
    size_t mappings = process_mappings();
    size_t before = process_address_space();
    open_on_demand(&arena, 4096);
    ck_assert_uint_le(process_address_space() - before, (size_t)1 << 20);
    size_t empty = process_address_space();
    ck_assert_ptr_nonnull(pfi_arena_carve(&arena, 64 * PINFOLD_UNIT));
    size_t needed = 64 * PINFOLD_UNIT + pfi_side_tables_size(64 * PINFOLD_UNIT) + PINFOLD_PAGE;
    size_t partial_chunk = PINFOLD_WORD_BITS == 32 ? pfi_side_tables_size(PINFOLD_UNIT) : 0;
    ck_assert_uint_ge(process_address_space() - empty, needed);
    ck_assert_uint_le(process_address_space() - empty, needed + partial_chunk);
    ck_assert_uint_eq(process_address_space() - before, pfi_arena_reserved(&arena));
    pfi_arena_finish(&arena);
    ck_assert_uint_eq(process_address_space(), before);
    ck_assert(process_is_sanitized() || process_mappings() <= mappings); /* a shadow is mapped piece by piece */
}
END_TEST

/* What is foreign lies in the way of a range, and in the way of the tables of another. */
START_TEST(a_place_where_something_else_is_mapped_is_passed_over) {
    struct pfi_arena arena;
    open_on_demand(&arena, 64);
    uintptr_t in_range = arena.base + 5 * PINFOLD_UNIT + PINFOLD_PAGE;
    uintptr_t in_tables = (uintptr_t)&arena.cards[(arena.base + 2 * (uintptr_t)PINFOLD_CHUNK) >> PINFOLD_CARD_SHIFT];
    ck_assert_int_eq(pfi_os_reserve_at(in_range, PINFOLD_PAGE), PINFOLD_PLACE_HAD);
    ck_assert_int_eq(pfi_os_reserve_at(in_tables, PINFOLD_PAGE), PINFOLD_PLACE_HAD);
    for (size_t index = 0; index < 8; ++index) {
        struct pfi_segment *segment = pfi_arena_carve(&arena, 4 * PINFOLD_UNIT);
        ck_assert_ptr_nonnull(segment);
        ck_assert(in_range < segment->base || in_range >= segment->end);
        ck_assert(pfi_arena_describe(&arena, segment, segment->end));
        soil(&arena, segment);
    }
    ck_assert(!pfi_os_is_free(in_range, PINFOLD_PAGE));
    ck_assert(!pfi_os_is_free(in_tables, PINFOLD_PAGE));
    ck_assert(pfi_os_is_free(arena.base + 2 * (uintptr_t)PINFOLD_CHUNK, PINFOLD_CHUNK)); /* nothing of a try stays */
    pfi_arena_finish(&arena);
    pfi_os_release(in_range, PINFOLD_PAGE);
    pfi_os_release(in_tables, PINFOLD_PAGE);
}
END_TEST

START_TEST(a_new_range_that_is_split_becomes_two) {
    struct pfi_arena arena;
    open_on_demand(&arena, 64);
    struct pfi_segment *first = pfi_arena_carve(&arena, 12 * PINFOLD_UNIT);
    struct pfi_segment *second = pfi_arena_split(&arena, first, 4 * PINFOLD_UNIT);
    ck_assert_ptr_nonnull(second);
    ck_assert_uint_eq(first->end - first->base, 4 * PINFOLD_UNIT);
    ck_assert_uint_eq(second->base, first->end);
    ck_assert_uint_eq(second->end - second->base, 8 * PINFOLD_UNIT);
    ck_assert_ptr_eq(pfi_arena_segment_of(&arena, second->base), second);
    ck_assert_ptr_eq(pfi_arena_segment_of(&arena, second->base - 1), first);
    ck_assert(pfi_arena_describe(&arena, second, second->end));
    soil(&arena, second);
    pfi_arena_return(&arena, first);
    ck_assert(tables_hold(&arena, second->base, second->end, 1));
    pfi_arena_return(&arena, second);
    pfi_arena_finish(&arena);
}
END_TEST

START_TEST(a_limit_on_address_space_leaves_the_program_all_that_is_not_used) {
    struct pfi_arena arena;
    if (PINFOLD_WORD_BITS != 64 || !process_limit_address_space((size_t)3 << 30)) {
        return;
    }
    ck_assert(pfi_arena_init(&arena, 0, PINFOLD_UNIT));
    ck_assert(!arena.is_reserved);
    ck_assert_uint_ge(arena.end - arena.base, (size_t)3 << 30);
    uintptr_t half = pfi_os_reserve((size_t)3 << 29, PINFOLD_PAGE);
    ck_assert_uint_ne(half, 0);
    struct pfi_segment *other_half = pfi_arena_carve(&arena, (size_t)5 << 28);
    ck_assert_ptr_nonnull(other_half);
    ck_assert_ptr_null(pfi_arena_carve(&arena, (size_t)1 << 30));
    pfi_os_release(half, (size_t)3 << 29);
    ck_assert_ptr_nonnull(pfi_arena_carve(&arena, (size_t)1 << 30));
    pfi_arena_finish(&arena);
    ck_assert(!pfi_arena_init(&arena, (size_t)8 << 30, PINFOLD_UNIT)); /* asked for, it is had or refused */
}
END_TEST

SUITE("unit/arena", ranges_are_found_first_fit_and_tables_are_clean_when_a_range_is_used_again,
      an_arena_is_whole_units_and_at_least_the_smallest_size, a_range_longer_than_the_arena_is_not_found,
      addresses_outside_the_arena_belong_to_no_segment, the_account_is_the_sum_of_what_was_committed_and_not_given_back,
      bookkeeping_is_what_describes_segments_and_goes_with_them,
      trimming_a_segment_gives_the_tables_behind_its_memory_back,
      a_limit_that_has_no_room_for_tables_refuses_them_and_counts_nothing,
      a_segment_that_goes_leaves_the_tables_of_its_neighbours_in_the_same_chunk_alone,
      on_demand_ranges_never_overlap_and_leave_nothing_when_they_are_returned,
      on_demand_nothing_is_mapped_before_it_is_needed_and_nothing_stays,
      a_place_where_something_else_is_mapped_is_passed_over, a_new_range_that_is_split_becomes_two,
      a_limit_on_address_space_leaves_the_program_all_that_is_not_used)
