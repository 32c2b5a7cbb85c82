/* SPDX-License-Identifier: MIT
 *
 * No premature out of memory: under a hard limit an allocation fails only when what is alive, the request, what pins
 * keep for certain and bookkeeping exceed 95 % of the limit; the rest is for ends of segments and of contexts.
 *
 * A hundred heaps are filled to that mark in different ways, then until they refuse, then changed and filled again.
 * Which shape failed, and how the heap stood, is in the message: PINFOLD_TEST_SEED=n repeats number n of each kind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/population.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { MIB = 1 << 20, SHAPES_EACH = 9, SMALL_MOST = 2048, MOST_STRESSED = 12 << 20 };

struct shape {
    const char *program;
    unsigned number;
    struct random random;
    struct population population;
    size_t limit;
    char segments[16];
    char stress[16];
    size_t threshold;
    unsigned refused;
};

static struct shape shape;

/* ---- Heaps ------------------------------------------------------------------------------------------------------ */

static struct pf_options draw_options(void) {
    static const char *const segments[] = {"256Ki", "1Mi", "4Mi", "32Mi"};
    static const char *const stress[] = {"", "", "", "compact", "sweep", "expand", "parallel"};
    static const unsigned limits[] = {8, 8, 8, 12, 12, 16, 24, 64};
    struct pf_options options = fixture_options();
    char text[32];
    unsigned size = (unsigned)random_below(&shape.random, 16); /* the larger ones take longest: fewer of them */
    shape.limit = (size_t)limits[size < 8 ? size : size % 6] * MIB;
    snprintf(shape.segments, sizeof shape.segments, "%s", segments[random_below(&shape.random, 4)]);
    if (shape.limit <= MOST_STRESSED) {
        snprintf(shape.stress, sizeof shape.stress, "%s", stress[random_below(&shape.random, 7)]);
    }
    snprintf(text, sizeof text, "%zu", shape.limit);
    fixture_set(&options, "hard_limit", text);
    fixture_set(&options, "segment_size", shape.segments);
    fixture_set(&options, "large_segment_size", segments[random_below(&shape.random, 4)]);
    fixture_set(&options, "mark_stack_size", "64Ki");
    if (random_chance(&shape.random, 50)) {
        fixture_set(&options, "gen0_size", "128Ki");
    }
    if (shape.stress[0] != '\0') {
        fixture_set(&options, "stress", shape.stress);
    }
    return options;
}

/* ---- The model -------------------------------------------------------------------------------------------------- */

static size_t needed_for(size_t size, enum item_kind kind) {
    return shape.population.live_bytes + population_footprint(&shape.population, size, kind) +
           population_pinned_waste(&shape.population);
}

static size_t bookkeeping(void) {
    struct pf_oom_record record;
    return pf_heap_oom_records(shape.population.heap, &record, 1) == 1 ? record.bookkeeping_bytes : 0;
}

static int is_below_mark(size_t bytes) {
    return bytes + bookkeeping() <= shape.limit / 100 * 95;
}

/* A refusal must be beyond the mark, and its record must say so. */
static void check_refusal(size_t size, enum item_kind kind) {
    const struct pf_oom_record *record = pf_thread_oom_record(shape.population.thread);
    char text[2048];
    ck_assert_ptr_nonnull(record);
    pf_oom_describe(record, text, sizeof text);
    size_t needed = needed_for(size, kind);
    ck_assert_msg(!is_below_mark(needed),
                  "%s %u (limit %zu, segments %s, stress %s): refused at %zu live, %zu needed\n%s", shape.program,
                  shape.number, shape.limit, shape.segments, shape.stress, shape.population.live_bytes, needed, text);
    ck_assert_msg(record->reason == PINFOLD_OOM_HARD_LIMIT, "%s %u: %s", shape.program, shape.number, text);
    ck_assert_uint_eq(record->size, size);
    ck_assert_uint_eq(record->limit, shape.limit);
    /* What slides between pins may spread over pages that had been given back. */
    ck_assert_uint_le(record->committed_bytes, shape.limit + population_pinned_waste(&shape.population));
    ck_assert_int_eq(pf_thread_status(shape.population.thread), PINFOLD_OUT_OF_MEMORY);
    shape.refused++;
}

static int add_aligned(size_t size, enum item_kind kind, size_t alignment) {
    if (population_add(&shape.population, size, kind, alignment)) {
        if (shape.population.live_bytes > shape.limit) { /* an assertion that holds would be written down each time */
            ck_abort_msg("%s %u: %zu bytes live under a limit of %zu", shape.program, shape.number,
                         shape.population.live_bytes, shape.limit);
        }
        return 1;
    }
    check_refusal(size, kind);
    return 0;
}

static int add(size_t size, enum item_kind kind) {
    return add_aligned(size, kind, 0);
}

static void waste(size_t size) {
    if (!population_waste(&shape.population, size)) {
        check_refusal(size, ITEM_PLAIN);
    }
}

/* ---- Sizes ------------------------------------------------------------------------------------------------------ */

static size_t round_size(size_t size) {
    size = size < POPULATION_SMALLEST ? POPULATION_SMALLEST : size;
    return (size + 7) & ~(size_t)7;
}

typedef size_t draw_size(void);

static size_t uniform_small(void) {
    return 96;
}

/* Evenly on a scale of powers of two. */
static size_t between(size_t low, size_t high) {
    size_t top = low;
    while (top < high && random_chance(&shape.random, 75)) {
        top *= 2;
    }
    return round_size(random_between(&shape.random, low, top < high ? top : high));
}

static size_t mixed_small(void) {
    return between(32, SMALL_MOST);
}

static size_t uniform_large(void) {
    return round_size(shape.threshold + 5000);
}

static size_t mixed_large(void) {
    return between(shape.threshold, shape.limit / 12);
}

static size_t near_threshold(void) {
    return round_size(shape.threshold - 64 + random_below(&shape.random, 128));
}

static size_t any_size(void) {
    return random_chance(&shape.random, 99) ? mixed_small() : mixed_large();
}

/* ---- Steps ------------------------------------------------------------------------------------------------------ */

/* Up to so many percent of the limit, all of which must be had; with more than 95, until the heap refuses. */
static void fill_to(unsigned percent, draw_size *draw, enum item_kind kind) {
    int fits = 1;
    while (fits && shape.population.live_bytes < shape.limit / 100 * percent) {
        fits = add(draw(), kind);
    }
}

static void fill_up(draw_size *draw, enum item_kind kind) {
    unsigned refused = shape.refused;
    fill_to(101, draw, kind);
    ck_assert_uint_gt(shape.refused, refused);
    population_check(&shape.population);
}

/* Keeps one of `every` items; 0: each with an even chance. */
static void thin_out(unsigned every) {
    for (size_t index = shape.population.count; index-- > 0;) {
        int goes = every == 0 ? random_chance(&shape.random, 50) : index % every != 0;
        if (goes) {
            population_drop(&shape.population, index);
        }
    }
}

static void drop_to(unsigned percent) {
    while (shape.population.live_bytes > shape.limit / 100 * percent) {
        population_drop(&shape.population, random_below(&shape.random, shape.population.count));
    }
}

/* ---- Programs --------------------------------------------------------------------------------------------------- */

static void small_of_one_size(void) {
    fill_up(uniform_small, ITEM_PLAIN);
    drop_to(40);
    fill_up(uniform_small, ITEM_PLAIN);
}

static void small_of_many_sizes(void) {
    fill_up(mixed_small, ITEM_PLAIN);
    drop_to(60);
    fill_up(mixed_small, ITEM_PLAIN);
}

static void large_of_one_size(void) {
    fill_up(uniform_large, ITEM_PLAIN);
    thin_out(2);
    fill_up(uniform_large, ITEM_PLAIN);
}

static void large_of_many_sizes(void) {
    fill_up(mixed_large, ITEM_PLAIN);
    for (int round = 0; round < 4; round++) {
        thin_out(0);
        fill_up(mixed_large, ITEM_PLAIN);
    }
}

static void born_pinned(void) {
    static const size_t alignments[] = {0, 8, 16, 64, 256};
    fill_to(60, mixed_small, ITEM_BORN_PINNED);
    thin_out(0);
    for (int i = 0; i < 1000; i++) {
        if (!add_aligned(mixed_small(), ITEM_BORN_PINNED, alignments[random_below(&shape.random, 5)])) {
            break;
        }
    }
    thin_out(20);
    fill_up(mixed_small, ITEM_PLAIN);
    thin_out(3);
    fill_up(uniform_large, ITEM_PLAIN);
}

static void pins_over_small(void) {
    unsigned per_mille = 1 + (unsigned)random_below(&shape.random, 20);
    while (shape.population.live_bytes < shape.limit / 100 * 70 && add(mixed_small(), ITEM_PLAIN)) {
        if (random_below(&shape.random, 1000) < per_mille) {
            population_pin(&shape.population, shape.population.count - 1);
        }
    }
    drop_to(45);
    fill_up(mixed_small, ITEM_PLAIN);
    drop_to(30);
    fill_up(mixed_large, ITEM_PLAIN);
}

static void fragments(void) {
    unsigned every = (unsigned)random_below(&shape.random, 4);
    for (int round = 0; round < 3; round++) {
        fill_up(any_size, ITEM_PLAIN);
        thin_out(every == 1 ? 10 : every);
        fill_up(round % 2 == 0 ? mixed_small : mixed_large, ITEM_PLAIN);
        thin_out(every == 1 ? 10 : every);
    }
    fill_up(any_size, ITEM_PLAIN);
}

static void small_and_large(void) {
    while (shape.population.live_bytes < shape.limit / 100 * 90) {
        if (!add(random_chance(&shape.random, 20) ? mixed_large() : mixed_small(), ITEM_PLAIN)) {
            break;
        }
        waste(mixed_small());
    }
    fill_up(any_size, ITEM_PLAIN);
}

static void between_spaces(void) {
    fill_up(mixed_large, ITEM_PLAIN);
    drop_to(3);
    fill_up(mixed_small, ITEM_PLAIN);
    drop_to(3);
    fill_up(uniform_small, ITEM_BORN_PINNED);
    drop_to(0);
    fill_up(mixed_large, ITEM_PLAIN);
    drop_to(10);
    fill_up(uniform_large, ITEM_BORN_PINNED);
    drop_to(5);
    fill_up(mixed_small, ITEM_PLAIN);
}

static void lasting_and_passing(void) {
    size_t wasted = 0;
    fill_to(80, mixed_small, ITEM_PLAIN);
    while (wasted < shape.limit) {
        size_t size = random_chance(&shape.random, 98) ? mixed_small() : round_size(shape.limit / 100);
        waste(size);
        wasted += size;
    }
    fill_to(91, mixed_small, ITEM_PLAIN);
    for (wasted = 0; wasted < shape.limit / 2;) {
        size_t size = mixed_small();
        waste(size);
        wasted += size;
    }
    fill_up(mixed_small, ITEM_PLAIN);
}

static void around_the_threshold(void) {
    fill_up(near_threshold, ITEM_PLAIN);
    thin_out(0);
    fill_up(near_threshold, ITEM_PLAIN);
}

static void finalizable_and_watched(void) {
    for (int round = 0; round < 2; round++) {
        while (shape.population.live_bytes < shape.limit / 100 * 85) {
            int is_finalizable = random_chance(&shape.random, 30);
            if (!add(between(256, 4096), is_finalizable ? ITEM_FINALIZABLE : ITEM_PLAIN)) {
                break;
            }
            if (random_chance(&shape.random, 10)) {
                population_watch(&shape.population, shape.population.count - 1);
            }
        }
        fill_up(mixed_small, ITEM_PLAIN);
        thin_out(2);
        population_finalize(&shape.population);
    }
    fill_up(mixed_small, ITEM_PLAIN);
}

/* ---- Running ---------------------------------------------------------------------------------------------------- */

static void run(const char *name, void (*program)(void)) {
    struct seed_range numbers = settings_seeds(settings_operations(SHAPES_EACH)); /* fewer under sanitizers */
    for (uint64_t number = numbers.first; number < numbers.first + numbers.count; number++) {
        memset(&shape, 0, sizeof shape);
        shape.program = name;
        shape.number = (unsigned)number;
        shape.random = (struct random){number * 1000 + strlen(name)};
        struct pf_options options = draw_options();
        population_open(&shape.population, &options);
        shape.threshold = pf_heap_options(shape.population.heap)->large_threshold;
        program();
        population_check(&shape.population);
        population_close(&shape.population);
    }
}

#define PROGRAM(sentence, program) \
    START_TEST(sentence) {         \
        run(#program, program);    \
    }                              \
    END_TEST

PROGRAM(small_objects_of_one_size_fill_the_heap, small_of_one_size)
PROGRAM(small_objects_of_many_sizes_fill_the_heap, small_of_many_sizes)
PROGRAM(large_objects_of_one_size_fill_the_heap, large_of_one_size)
PROGRAM(large_objects_of_many_sizes_fill_the_heap, large_of_many_sizes)
PROGRAM(what_was_born_pinned_costs_the_others_its_pages_only, born_pinned)
PROGRAM(pins_over_small_objects_cost_what_lies_between_them_at_most, pins_over_small)
PROGRAM(a_fragmented_heap_fills_up_again, fragments)
PROGRAM(small_and_large_objects_share_the_room, small_and_large)
PROGRAM(room_goes_from_one_space_to_the_next, between_spaces)
PROGRAM(a_nearly_full_heap_serves_objects_that_die_young, lasting_and_passing)
PROGRAM(objects_around_the_threshold_of_large_ones_fill_the_heap, around_the_threshold)
PROGRAM(finalizable_objects_and_weak_handles_do_not_keep_room, finalizable_and_watched)

SUITE("stress/no_premature", small_objects_of_one_size_fill_the_heap, small_objects_of_many_sizes_fill_the_heap,
      large_objects_of_one_size_fill_the_heap, large_objects_of_many_sizes_fill_the_heap,
      what_was_born_pinned_costs_the_others_its_pages_only, pins_over_small_objects_cost_what_lies_between_them_at_most,
      a_fragmented_heap_fills_up_again, small_and_large_objects_share_the_room, room_goes_from_one_space_to_the_next,
      a_nearly_full_heap_serves_objects_that_die_young, objects_around_the_threshold_of_large_ones_fill_the_heap,
      finalizable_objects_and_weak_handles_do_not_keep_room)
