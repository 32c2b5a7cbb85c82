/* SPDX-License-Identifier: MIT
 *
 * What the end of the ladder must find under a hard limit: free memory that lies between pins, behind a full ephemeral
 * segment, or in pages that were given back before. One heap of a kind each; tests/stress/no_premature.c draws them.
 */
#include <stdio.h>

#include "tests/support/fixture.h"
#include "tests/support/population.h"
#include "tests/support/suite.h"

enum { MIB = 1 << 20, SMALL = 512, LARGE = 8000 };

static struct population population;
static size_t hard_limit;
static const char *stress = "";

static void open_heap(size_t limit, const char *segment_size) {
    struct pf_options options = fixture_options();
    char text[32];
    snprintf(text, sizeof text, "%zu", limit);
    hard_limit = limit;
    fixture_set(&options, "hard_limit", text);
    fixture_set(&options, "segment_size", segment_size);
    fixture_set(&options, "large_segment_size", "1Mi");
    fixture_set(&options, "large_threshold", "4096");
    fixture_set(&options, "mark_stack_size", "64Ki");
    fixture_set(&options, "gen0_size", "128Ki");
    if (stress[0] != '\0') {
        fixture_set(&options, "stress", stress);
    }
    population_open(&population, &options);
}

/* Small objects up to so many percent of the limit, one of `every` of them pinned; then the others go. */
static void scatter_pins(unsigned percent, size_t every) {
    while (population.live_bytes < hard_limit / 100 * percent) {
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
    ck_assert_msg(needed > hard_limit / 100 * 95, "refused at %zu bytes: %zu live, %zu kept by pins\n%s", needed,
                  population.live_bytes, population_pinned_waste(&population), text);
    ck_assert_int_eq(record->reason, PINFOLD_OOM_HARD_LIMIT);
    population_check(&population);
}

START_TEST(space_between_pins_is_had_by_small_objects) {
    open_heap(8 * MIB, "1Mi");
    scatter_pins(70, 40);
    fill_up(SMALL, ITEM_PLAIN);
    population_close(&population);
}
END_TEST

START_TEST(space_between_pins_of_one_segment_is_had_by_small_objects) {
    open_heap(8 * MIB, "32Mi");
    scatter_pins(70, 40);
    fill_up(SMALL, ITEM_PLAIN);
    population_close(&population);
}
END_TEST

/* Where pins are left young, or the young generations move to a segment with pins, the holes are generation 0's, which
 * has to fill them with whatever fits. */
START_TEST(holes_that_are_too_short_for_what_is_asked_for_go_back_and_serve_it_elsewhere) {
    static const char *const segments[] = {"256Ki", "1Mi", "4Mi", "32Mi"};
    static const size_t everies[] = {12, 24, 48};
    for (size_t i = 0; i < 12; i++) {
        open_heap(8 * MIB, segments[i % 4]);
        scatter_pins(50, everies[i / 4]); /* as long as all of them live, pins may keep a page each */
        fill_up(SMALL * everies[i / 4] - SMALL / 2, ITEM_PLAIN);
        population_close(&population);
    }
}
END_TEST

START_TEST(space_between_pins_is_had_by_large_objects) {
    open_heap(8 * MIB, "1Mi");
    scatter_pins(70, 40);
    fill_up(LARGE, ITEM_PLAIN);
    population_close(&population);
}
END_TEST

/* Where the young generations must move, they must not move to a segment with pins. */
START_TEST(the_last_chance_leaves_no_space_between_pins_to_the_youngest_generation) {
    stress = "expand";
    for (unsigned percent = 20; percent <= 80; percent += 20) {
        open_heap(8 * MIB, "32Mi");
        scatter_pins(percent, 100);
        fill_up(SMALL, ITEM_PLAIN);
        while (population.live_bytes > hard_limit / 100 * 40) {
            population_drop(&population, population.count * 7 / 8);
        }
        fill_up(40 * 1024, ITEM_PLAIN);
        population_close(&population);
    }
    stress = "";
}
END_TEST

START_TEST(space_between_pins_is_had_by_objects_that_are_born_pinned) {
    open_heap(8 * MIB, "32Mi");
    scatter_pins(70, 40);
    fill_up(SMALL, ITEM_BORN_PINNED);
    population_close(&population);
}
END_TEST

/* Every kind takes what the one before has left. */
START_TEST(what_one_kind_has_left_between_pins_goes_round) {
    open_heap(8 * MIB, "1Mi");
    for (int round = 0; round < 3; round++) {
        scatter_pins(60, 64);
        fill_up(round % 2 == 0 ? LARGE : SMALL, ITEM_PLAIN);
        while (population.live_bytes > hard_limit / 100 * 20) {
            population_drop(&population, population.count / 2);
        }
    }
    fill_up(SMALL, ITEM_PLAIN);
    population_close(&population);
}
END_TEST

/* The segment is full to its end, and what marking took is what a new one needs. */
START_TEST(a_full_segment_has_a_successor_at_the_last_page_of_the_limit) {
    static const char *const segments[] = {"256Ki", "512Ki", "1Mi"};
    for (size_t i = 0; i < 3; i++) {
        open_heap(2 * MIB, segments[i]);
        fill_up(96, ITEM_PLAIN);
        fill_up(3000, ITEM_PLAIN);
        population_close(&population);
    }
}
END_TEST

/* What the last chance has given back serves large objects by now. */
START_TEST(holes_that_went_back_are_not_counted_anew_where_a_limit_has_no_room_for_them) {
    open_heap(8 * MIB, "32Mi");
    scatter_pins(70, 40);
    fill_up(LARGE, ITEM_PLAIN);
    for (int mode = PINFOLD_COLLECT_DEFAULT; mode <= PINFOLD_COLLECT_COMPACT; mode++) {
        struct pf_limits limits;
        pf_collect(population.thread, 2, (enum pf_collect_mode)mode);
        pf_heap_limits(population.heap, &limits);
        ck_assert_uint_le(limits.whole.committed_bytes, hard_limit);
    }
    population_close(&population);
}
END_TEST

SUITE("last_chance", space_between_pins_is_had_by_small_objects,
      space_between_pins_of_one_segment_is_had_by_small_objects,
      holes_that_are_too_short_for_what_is_asked_for_go_back_and_serve_it_elsewhere,
      space_between_pins_is_had_by_large_objects,
      the_last_chance_leaves_no_space_between_pins_to_the_youngest_generation,
      space_between_pins_is_had_by_objects_that_are_born_pinned, what_one_kind_has_left_between_pins_goes_round,
      a_full_segment_has_a_successor_at_the_last_page_of_the_limit,
      holes_that_went_back_are_not_counted_anew_where_a_limit_has_no_room_for_them)
