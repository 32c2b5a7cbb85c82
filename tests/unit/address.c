/* SPDX-License-Identifier: MIT
 *
 * Address stamps: "no" is always right, and "yes" is not said because of collections that moved nothing of the
 * generations that were noted.
 */
#include "pinfold/address.h"

#include "tests/support/place.h"
#include "tests/support/random.h"
#include "tests/support/suite.h"

enum { NONE = -1 };

static struct fixture open_tiny(void) {
    struct pf_options options = fixture_tiny_options();
    return fixture_open(&options);
}

static const struct pf_address_stamp nothing = {{0}};

START_TEST(an_empty_stamp_depends_on_nothing) {
    struct fixture fixture = open_tiny();
    struct pf_address_stamp stamp = nothing;
    for (int generation = 0; generation < 3; generation++) {
        pf_collect(fixture.thread, generation, PINFOLD_COLLECT_COMPACT_LARGE);
        ck_assert_int_eq(pf_addresses_moved(fixture.heap, &stamp), 0);
    }
    fixture_close(&fixture);
}
END_TEST

/* Garbage before it and a stress mode make each compaction move something. */
static void check_place(enum place place, enum pf_collect_mode mode, int oldest_without) {
    for (int generation = 0; generation < 3; generation++) {
        struct fixture fixture = open_tiny();
        {
            PINFOLD_ROOTS(fixture.thread, root, 1);
            struct pf_address_stamp stamp = nothing;
            root[0] = place_make(&fixture, place);
            pf_address_note(fixture.heap, &stamp, root[0]);
            ck_assert_int_eq(pf_addresses_moved(fixture.heap, &stamp), 0);
            pf_collect(fixture.thread, generation, mode);
            ck_assert_int_eq(pf_addresses_moved(fixture.heap, &stamp), generation > oldest_without);
            stamp = nothing;
            pf_address_note(fixture.heap, &stamp, root[0]);
            ck_assert_int_eq(pf_addresses_moved(fixture.heap, &stamp), 0);
        }
        fixture_close(&fixture);
    }
}

START_TEST(a_compaction_moves_its_own_generations_and_leaves_older_ones_alone) {
    check_place(PLACE_YOUNG, PINFOLD_COLLECT_COMPACT, NONE);
    check_place(PLACE_MIDDLE, PINFOLD_COLLECT_COMPACT, 0);
    check_place(PLACE_OLD, PINFOLD_COLLECT_COMPACT, 1);
}
END_TEST

START_TEST(a_sweep_moves_nothing) {
    for (int place = 0; place < PLACES; place++) {
        check_place((enum place)place, PINFOLD_COLLECT_SWEEP, 2);
    }
}
END_TEST

START_TEST(large_objects_move_only_when_they_are_compacted_and_what_was_born_pinned_never) {
    check_place(PLACE_LARGE, PINFOLD_COLLECT_COMPACT, 2);
    check_place(PLACE_LARGE, PINFOLD_COLLECT_COMPACT_LARGE, 1);
    check_place(PLACE_PINNED, PINFOLD_COLLECT_COMPACT_LARGE, 2);
}
END_TEST

START_TEST(the_youngest_of_the_noted_objects_decides) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        struct pf_address_stamp stamp = nothing;
        root[0] = place_make(&fixture, PLACE_OLD);
        root[1] = place_make(&fixture, PLACE_MIDDLE);
        pf_address_note(fixture.heap, &stamp, root[0]);
        pf_address_note(fixture.heap, &stamp, root[1]);
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        ck_assert_int_eq(pf_addresses_moved(fixture.heap, &stamp), 0);
        pf_collect(fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
        ck_assert_int_eq(pf_addresses_moved(fixture.heap, &stamp), 1);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_note_after_a_collection_does_not_take_back_what_was_noted_before) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        struct pf_address_stamp stamp = nothing;
        root[0] = place_make(&fixture, PLACE_YOUNG);
        pf_address_note(fixture.heap, &stamp, root[0]);
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        root[1] = place_make(&fixture, PLACE_YOUNG);
        pf_address_note(fixture.heap, &stamp, root[1]);
        ck_assert_int_eq(pf_addresses_moved(fixture.heap, &stamp), 1);
    }
    fixture_close(&fixture);
}
END_TEST

/* Random ages, pins that come and go (and are demoted), all kinds of collections: a stamp for each object. */
START_TEST(whenever_an_object_has_moved_its_stamp_says_so) {
    enum { OBJECTS = 60, STEPS = 3000 };
    static const enum pf_collect_mode modes[] = {PINFOLD_COLLECT_DEFAULT, PINFOLD_COLLECT_COMPACT,
                                                 PINFOLD_COLLECT_SWEEP, PINFOLD_COLLECT_COMPACT_LARGE};
    static struct pf_address_stamp stamps[OBJECTS];
    static void *address[OBJECTS];
    static struct pf_handle *pins[OBJECTS];
    struct random random = {5};
    struct fixture fixture = open_tiny();
    size_t moves = 0;
    {
        PINFOLD_ROOTS(fixture.thread, root, OBJECTS);
        for (int step = 0; step < STEPS; step++) {
            size_t i = random_below(&random, OBJECTS);
            (void)pf_alloc_array(fixture.thread, &bytes_type, random_below(&random, 2000));
            if (random_chance(&random, 30) || root[i] == NULL) {
                pf_unpin(fixture.heap, pins[i]);
                pins[i] = NULL;
                root[i] = pf_alloc_array(fixture.thread, &vector_type, random_chance(&random, 10) ? 1000 : 5);
                address[i] = NULL;
            } else if (pins[i] == NULL) {
                ck_assert_int_eq(pf_pin(fixture.heap, root[i], &pins[i]), PINFOLD_OK);
            } else {
                pf_unpin(fixture.heap, pins[i]);
                pins[i] = NULL;
            }
            pf_collect(fixture.thread, (int)random_below(&random, 3), modes[random_below(&random, 4)]);
            for (i = 0; i < OBJECTS; i++) {
                if (address[i] != NULL && address[i] != root[i] && !pf_addresses_moved(fixture.heap, &stamps[i])) {
                    ck_abort_msg("step %d: object %zu has moved in secret", step, i);
                }
                moves += address[i] != NULL && address[i] != root[i];
                if (root[i] != NULL && (address[i] != root[i] || random_chance(&random, 2))) {
                    stamps[i] = nothing;
                    address[i] = root[i];
                    pf_address_note(fixture.heap, &stamps[i], root[i]);
                }
            }
        }
    }
    ck_assert_uint_gt(moves, 100);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/address", an_empty_stamp_depends_on_nothing,
      a_compaction_moves_its_own_generations_and_leaves_older_ones_alone, a_sweep_moves_nothing,
      large_objects_move_only_when_they_are_compacted_and_what_was_born_pinned_never,
      the_youngest_of_the_noted_objects_decides, a_note_after_a_collection_does_not_take_back_what_was_noted_before,
      whenever_an_object_has_moved_its_stamp_says_so)
