/* SPDX-License-Identifier: MIT
 *
 * What the end of the ladder must find under a hard limit: free memory that lies between pins, behind a full ephemeral
 * segment, or in pages that were given back before. One heap of a kind each; tests/stress/no_premature.c draws them.
 */
#include "tests/support/fixture.h"
#include "tests/support/population.h"
#include "tests/support/suite.h"

enum { MIB = 1 << 20, LIMIT = 8 * MIB, SMALL = 512, LARGE = 8000 };

static struct population population;

static void open_heap(const char *segment_size) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "hard_limit", "8Mi");
    fixture_set(&options, "segment_size", segment_size);
    fixture_set(&options, "large_segment_size", "1Mi");
    fixture_set(&options, "large_threshold", "4096");
    fixture_set(&options, "mark_stack_size", "64Ki");
    fixture_set(&options, "gen0_size", "128Ki");
    population_open(&population, &options);
}

/* Small objects up to so many percent of the limit, one of `every` of them pinned; then the others go. */
static void scatter_pins(unsigned percent, size_t every) {
    while (population.live_bytes < LIMIT / 100 * percent) {
        ck_assert(population_add(&population, SMALL, ITEM_PLAIN, 0));
        if (population.count % every == 0) {
            population_pin(&population, population.count - 1);
        }
    }
    for (size_t index = population.count; index-- > 0;) {
        if (population.items[index].pin == NULL) {
            population_drop(&population, index);
        }
    }
}

/* Until the heap refuses: what is alive and needed, what pins keep and bookkeeping are 95 % of the limit by then. */
static void fill_up(size_t size, enum item_kind kind) {
    while (population_add(&population, size, kind, 0)) {
    }
    const struct pf_oom_record *record = pf_thread_oom_record(population.thread);
    size_t needed = population.live_bytes + population_footprint(&population, size, kind) +
                    population_pinned_waste(&population) + record->bookkeeping_bytes;
    char text[2048];
    pf_oom_describe(record, text, sizeof text);
    ck_assert_msg(needed > LIMIT / 100 * 95, "refused at %zu bytes: %zu live, %zu kept by pins\n%s", needed,
                  population.live_bytes, population_pinned_waste(&population), text);
    ck_assert_int_eq(record->reason, PINFOLD_OOM_HARD_LIMIT);
    population_check(&population);
}

START_TEST(space_between_pins_is_had_by_small_objects) {
    open_heap("1Mi");
    scatter_pins(70, 40);
    fill_up(SMALL, ITEM_PLAIN);
    population_close(&population);
}
END_TEST

START_TEST(space_between_pins_of_one_segment_is_had_by_small_objects) {
    open_heap("32Mi");
    scatter_pins(70, 40);
    fill_up(SMALL, ITEM_PLAIN);
    population_close(&population);
}
END_TEST

START_TEST(holes_that_are_too_short_for_what_is_asked_for_go_back_and_serve_it_elsewhere) {
    open_heap("32Mi");
    scatter_pins(70, 12); /* 6 KiB apart */
    fill_up(3 * 1024 + SMALL, ITEM_PLAIN);
    population_close(&population);
}
END_TEST

START_TEST(space_between_pins_is_had_by_large_objects) {
    open_heap("1Mi");
    scatter_pins(70, 40);
    fill_up(LARGE, ITEM_PLAIN);
    population_close(&population);
}
END_TEST

START_TEST(space_between_pins_is_had_by_objects_that_are_born_pinned) {
    open_heap("32Mi");
    scatter_pins(70, 40);
    fill_up(SMALL, ITEM_BORN_PINNED);
    population_close(&population);
}
END_TEST

/* Every kind takes what the one before has left. */
START_TEST(what_one_kind_has_left_between_pins_goes_round) {
    open_heap("1Mi");
    for (int round = 0; round < 3; round++) {
        scatter_pins(60, 64);
        fill_up(round % 2 == 0 ? LARGE : SMALL, ITEM_PLAIN);
        while (population.live_bytes > LIMIT / 100 * 20) {
            population_drop(&population, population.count / 2);
        }
    }
    fill_up(SMALL, ITEM_PLAIN);
    population_close(&population);
}
END_TEST

/* The segment is full to its end, and what marking took is what a new one needs. */
START_TEST(a_full_segment_has_a_successor_at_the_last_page_of_the_limit) {
    static const char *const sizes[] = {"256Ki", "1Mi", "2Mi"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        open_heap(sizes[i]);
        fill_up(96, ITEM_PLAIN);
        fill_up(3000, ITEM_PLAIN);
        population_close(&population);
    }
}
END_TEST

SUITE("last_chance", space_between_pins_is_had_by_small_objects,
      space_between_pins_of_one_segment_is_had_by_small_objects,
      holes_that_are_too_short_for_what_is_asked_for_go_back_and_serve_it_elsewhere,
      space_between_pins_is_had_by_large_objects, space_between_pins_is_had_by_objects_that_are_born_pinned,
      what_one_kind_has_left_between_pins_goes_round, a_full_segment_has_a_successor_at_the_last_page_of_the_limit)
