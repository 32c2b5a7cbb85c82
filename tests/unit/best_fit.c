/* SPDX-License-Identifier: MIT
 *
 * Best fit: when the runs are said to suffice, every plug gets a place of its own inside a run, in whatever order plugs
 * ask, and nothing that is left of a run is too short for a free object.
 */
#include "gc/state/best_fit.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { MOST_PLUGS = 600, FIRST_RUN = 1 << 20 };

struct range {
    uintptr_t start;
    uintptr_t end;
};

/* What is wanted and offered; a struct of this size does not belong on the stack of every function. */
static struct pfi_best_fit fit;
static size_t plugs[MOST_PLUGS];
static size_t plug_count;
static struct range runs[PINFOLD_FIT_RUNS];
static struct range places[MOST_PLUGS];

/* Every order of magnitude alike; exact powers of two, and what lies right beside them, now and then. */
static size_t random_size(struct random *random, unsigned magnitudes) {
    size_t power = (size_t)PINFOLD_MIN_OBJECT << random_below(random, magnitudes);
    size_t size = power + (random_below(random, power) & ~(size_t)(PINFOLD_GRANULE - 1));
    if (random_chance(random, 30)) {
        size = power + random_between(random, 0, 4) * PINFOLD_GRANULE - 2 * PINFOLD_GRANULE;
    }
    return size < PINFOLD_MIN_OBJECT ? PINFOLD_MIN_OBJECT : size;
}

static void offer(uintptr_t start, size_t size) {
    runs[fit.run_count] = (struct range){start, start + size};
    ck_assert(pfi_best_fit_offer(&fit, start, start + size, NULL));
}

static void want(size_t size) {
    plugs[plug_count++] = size;
    pfi_best_fit_want(&fit, size);
}

static void open_fit(void) {
    pfi_best_fit_open(&fit);
    plug_count = 0;
}

/* A plug that is one too many is wanted no longer. */
static void want_if_it_fits(size_t size) {
    size_t wanted[PINFOLD_FIT_CLASSES];
    size_t wanted_bytes = fit.wanted_bytes;
    memcpy(wanted, fit.wanted, sizeof wanted);
    want(size);
    if (!pfi_best_fit_suffices(&fit)) {
        memcpy(fit.wanted, wanted, sizeof wanted);
        fit.wanted_bytes = wanted_bytes;
        --plug_count;
    }
}

/* As many plugs as the runs take, or a number that has nothing to do with the runs. */
static void open_random(struct random *random) {
    unsigned magnitudes = (unsigned)random_between(random, 1, 12);
    size_t run_count = random_below(random, random_chance(random, 20) ? PINFOLD_FIT_RUNS : 12);
    uintptr_t start = FIRST_RUN;
    open_fit();
    for (size_t index = 0; index < run_count; ++index) {
        size_t size = random_size(random, magnitudes);
        offer(start, size);
        start += size + random_below(random, 3) * PINFOLD_GRANULE;
    }
    bool fills = random_chance(random, 80);
    for (size_t left = random_below(random, fills ? MOST_PLUGS : 20); left > 0; --left) {
        size_t size = random_size(random, magnitudes);
        if (fills) {
            want_if_it_fits(size);
        } else {
            want(size);
        }
    }
}

/* ---- The answer, by packing rounded sizes ------------------------------------------------------------------------ */

static int larger_first(const void *left, const void *right) {
    size_t a = *(const size_t *)left;
    size_t b = *(const size_t *)right;
    return (a < b) - (a > b);
}

/* Powers of two: the largest first, each into any run that still has room for it. No order of packing does better, for
 * what is left of a run is a multiple of every plug that is still to come. */
static bool can_pack(void) {
    size_t sizes[MOST_PLUGS];
    size_t rooms[PINFOLD_FIT_RUNS];
    for (int index = 0; index < fit.run_count; ++index) {
        size_t room = PINFOLD_MIN_OBJECT;
        while (2 * room <= runs[index].end - runs[index].start) {
            room *= 2;
        }
        rooms[index] = room;
    }
    for (size_t index = 0; index < plug_count; ++index) {
        sizes[index] = PINFOLD_MIN_OBJECT;
        while (sizes[index] < plugs[index] + PINFOLD_MIN_OBJECT) {
            sizes[index] *= 2;
        }
    }
    qsort(sizes, plug_count, sizeof sizes[0], larger_first);
    for (size_t index = 0; index < plug_count; ++index) {
        int run = 0;
        while (run < fit.run_count && rooms[run] < sizes[index]) {
            ++run;
        }
        if (run == fit.run_count) {
            return false;
        }
        rooms[run] -= sizes[index];
    }
    return true;
}

START_TEST(runs_suffice_exactly_when_the_rounded_sizes_can_be_packed) {
    struct seed_range seeds = settings_seeds(1500);
    size_t answers[2] = {0, 0};
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin("packing", seed);
        open_random(&random);
        if (random_chance(&random, 50) && plug_count < MOST_PLUGS) {
            want(random_size(&random, 12)); /* one more than was known to fit */
        }
        bool suffices = pfi_best_fit_suffices(&fit);
        ++answers[suffices];
        if (suffices != can_pack()) {
            replay_fail("%d runs for %zu plugs: said to %s", fit.run_count, plug_count,
                        suffices ? "suffice" : "be too few");
        }
    }
    ck_assert_msg(seeds.count == 1 || (answers[0] > 100 && answers[1] > 100), "only one answer was ever asked for");
}
END_TEST

/* ---- Places ------------------------------------------------------------------------------------------------------ */

static void shuffle(struct random *random) {
    for (size_t left = plug_count; left > 1; --left) {
        size_t chosen = random_below(random, left);
        size_t last = plugs[left - 1];
        plugs[left - 1] = plugs[chosen];
        plugs[chosen] = last;
    }
}

/* What has been taken of each run lies at its front, and the rest holds a free object, or nothing is left. */
static void check_rests(void) {
    for (int index = 0; index < fit.run_count; ++index) {
        const struct pfi_fit_run *run = &fit.runs[index];
        size_t rest = run->end - run->ptr;
        if (run->end != runs[index].end || run->ptr < runs[index].start || run->ptr > run->end ||
            (rest != 0 && rest < PINFOLD_MIN_OBJECT)) {
            replay_fail("run %d of %zu bytes has %zu left", index, (size_t)(runs[index].end - runs[index].start), rest);
        }
    }
}

static bool lies_in_a_run(const struct range *place) {
    for (int index = 0; index < fit.run_count; ++index) {
        if (place->start >= runs[index].start && place->end <= runs[index].end) {
            return true;
        }
    }
    return false;
}

static int lower_first(const void *left, const void *right) {
    const struct range *a = left;
    const struct range *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

static void check_places(void) {
    qsort(places, plug_count, sizeof places[0], lower_first);
    for (size_t index = 0; index < plug_count; ++index) {
        if (!lies_in_a_run(&places[index])) {
            replay_fail("the place at %#zx lies in no run", (size_t)places[index].start);
        }
        if (index > 0 && places[index - 1].end > places[index].start) {
            replay_fail("the places at %#zx and %#zx overlap", (size_t)places[index - 1].start,
                        (size_t)places[index].start);
        }
    }
}

static void take_all(void) {
    for (size_t index = 0; index < plug_count; ++index) {
        uintptr_t place = pfi_best_fit_take(&fit, plugs[index]);
        replay_operation(index);
        if (place == 0) {
            replay_fail("a plug of %zu bytes found no place, though the runs suffice", plugs[index]);
        }
        places[index] = (struct range){place, place + plugs[index]};
        check_rests();
    }
}

START_TEST(where_runs_suffice_every_plug_gets_a_place_in_any_order) {
    struct seed_range seeds = settings_seeds(1500);
    size_t placed = 0;
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin("places", seed);
        open_random(&random);
        if (pfi_best_fit_suffices(&fit)) {
            shuffle(&random);
            take_all();
            check_places();
            placed += plug_count;
        }
    }
    ck_assert_msg(seeds.count == 1 || placed > 10000, "no more than %zu plugs were placed", placed);
}
END_TEST

/* ---- Limits ------------------------------------------------------------------------------------------------------ */

START_TEST(nothing_fits_everything_wanted_of_nothing) {
    open_fit();
    ck_assert(pfi_best_fit_suffices(&fit));
    ck_assert_uint_eq(pfi_best_fit_take(&fit, PINFOLD_MIN_OBJECT), 0);
    want(PINFOLD_MIN_OBJECT);
    ck_assert(!pfi_best_fit_suffices(&fit));
}
END_TEST

/* A run must hold the plug and a free object behind it, for that is how plugs are counted. */
START_TEST(a_run_of_a_power_of_two_holds_a_plug_that_leaves_a_free_object) {
    for (size_t run = 4 * PINFOLD_MIN_OBJECT; run <= (size_t)1 << 30; run *= 2) {
        open_fit();
        offer(FIRST_RUN, run);
        want(run - PINFOLD_MIN_OBJECT);
        ck_assert(pfi_best_fit_suffices(&fit));
        ck_assert_uint_eq(pfi_best_fit_take(&fit, run - PINFOLD_MIN_OBJECT + PINFOLD_GRANULE), 0);
        ck_assert_uint_eq(pfi_best_fit_take(&fit, run - PINFOLD_MIN_OBJECT), FIRST_RUN);
        ck_assert_uint_eq(fit.runs[0].ptr, FIRST_RUN + run - PINFOLD_MIN_OBJECT);
    }
}
END_TEST

START_TEST(a_plug_goes_to_the_smallest_run_that_surely_holds_it) {
    open_fit();
    offer(FIRST_RUN, 8192);
    offer(2 * FIRST_RUN, 256);
    offer(3 * FIRST_RUN, 1024);
    ck_assert_uint_eq(pfi_best_fit_take(&fit, 256), 3 * FIRST_RUN);      /* 256 bytes would leave nothing to count on */
    ck_assert_uint_eq(pfi_best_fit_take(&fit, 200), 2 * FIRST_RUN);      /* leaves 56 */
    ck_assert_uint_eq(pfi_best_fit_take(&fit, 16), 2 * FIRST_RUN + 200); /* the rest counts as a run of 32 */
    ck_assert_uint_eq(pfi_best_fit_take(&fit, 400), 3 * FIRST_RUN + 256); /* the rest of 768 as one of 512 */
    ck_assert_uint_eq(pfi_best_fit_take(&fit, 4000), FIRST_RUN);
    ck_assert_uint_eq(pfi_best_fit_take(&fit, 5000), 0);
}
END_TEST

START_TEST(a_full_table_and_a_run_below_a_smallest_object_are_refused) {
    open_fit();
    ck_assert(!pfi_best_fit_offer(&fit, FIRST_RUN, FIRST_RUN, NULL));
    ck_assert(!pfi_best_fit_offer(&fit, FIRST_RUN, FIRST_RUN + PINFOLD_GRANULE, NULL));
    ck_assert_int_eq(fit.run_count, 0);
    for (uintptr_t number = 0; number < PINFOLD_FIT_RUNS; ++number) {
        offer(FIRST_RUN + number * 64, 64);
    }
    ck_assert(!pfi_best_fit_offer(&fit, 2 * FIRST_RUN, 3 * FIRST_RUN, NULL));
    ck_assert_uint_eq(fit.offered_bytes, (size_t)PINFOLD_FIT_RUNS * 64);
    for (size_t number = 0; number < PINFOLD_FIT_RUNS; ++number) {
        want(48);
    }
    ck_assert(pfi_best_fit_suffices(&fit));
    pfi_best_fit_want(&fit, 48);
    ck_assert(!pfi_best_fit_suffices(&fit));
    replay_begin("a full table", 0);
    take_all();
    check_places();
    ck_assert_uint_eq(pfi_best_fit_take(&fit, 48), 0);
}
END_TEST

START_TEST(a_run_keeps_the_pin_that_ends_it_and_its_place_in_the_order) {
    struct pfi_pin_entry pins[3];
    open_fit();
    for (int index = 2; index >= 0; --index) {
        uintptr_t start = FIRST_RUN + (uintptr_t)index * 512;
        ck_assert(pfi_best_fit_offer(&fit, start, start + 512, &pins[index]));
    }
    (void)pfi_best_fit_take(&fit, 100);
    for (int index = 0; index < 3; ++index) {
        ck_assert_ptr_eq(fit.runs[index].pin, &pins[2 - index]);
        ck_assert_uint_eq(fit.runs[index].end, FIRST_RUN + (uintptr_t)(3 - index) * 512);
    }
}
END_TEST

SUITE("unit/best_fit", runs_suffice_exactly_when_the_rounded_sizes_can_be_packed,
      where_runs_suffice_every_plug_gets_a_place_in_any_order, nothing_fits_everything_wanted_of_nothing,
      a_run_of_a_power_of_two_holds_a_plug_that_leaves_a_free_object,
      a_plug_goes_to_the_smallest_run_that_surely_holds_it, a_full_table_and_a_run_below_a_smallest_object_are_refused,
      a_run_keeps_the_pin_that_ends_it_and_its_place_in_the_order)
