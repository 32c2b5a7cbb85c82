/* SPDX-License-Identifier: MIT
 *
 * Weak handles, short and long: one test for each sentence of pinfold/handle.h about them. Without finalizers both
 * kinds behave alike; with them, see unit/weak_finalizer.
 */
#include "tests/support/place.h"
#include "tests/support/suite.h"

static const enum pf_handle_kind weak_kinds[] = {PINFOLD_HANDLE_WEAK, PINFOLD_HANDLE_WEAK_LONG};
static const enum pf_collect_mode modes[] = {PINFOLD_COLLECT_COMPACT, PINFOLD_COLLECT_SWEEP,
                                             PINFOLD_COLLECT_COMPACT_LARGE};
enum { MODES = 3, WEAK_KINDS = 2 };

static struct fixture open_tiny(void) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "stress", "verify");
    return fixture_open(&options);
}

static struct pf_handle *create(struct fixture *fixture, enum pf_handle_kind kind, void *object) {
    struct pf_handle *handle = NULL;
    ck_assert_int_eq(pf_handle_create(fixture->heap, kind, object, &handle), PINFOLD_OK);
    ck_assert_ptr_eq(pf_handle_get(handle), object);
    return handle;
}

typedef void check_place(struct fixture *fixture, enum pf_handle_kind kind, enum place place,
                         enum pf_collect_mode mode);

static void for_all_places(check_place *check) {
    for (int kind = 0; kind < WEAK_KINDS; kind++) {
        for (int mode = 0; mode < MODES; mode++) {
            for (int place = 0; place < PLACES; place++) {
                struct fixture fixture = open_tiny();
                check(&fixture, weak_kinds[kind], (enum place)place, modes[mode]);
                fixture_close(&fixture);
            }
        }
    }
}

static void check_cleared(struct fixture *fixture, enum pf_handle_kind kind, enum place place,
                          enum pf_collect_mode mode) {
    struct pf_handle *handle = create(fixture, kind, place_make(fixture, place));
    pf_collect(fixture->thread, place_collection(place), mode);
    ck_assert_ptr_null(pf_handle_get(handle));
}

START_TEST(a_weak_handle_keeps_nothing_alive_and_reads_null_when_its_object_is_dead) {
    for_all_places(check_cleared);
}
END_TEST

static void check_followed(struct fixture *fixture, enum pf_handle_kind kind, enum place place,
                           enum pf_collect_mode mode) {
    PINFOLD_ROOTS(fixture->thread, root, 1);
    root[0] = place_make(fixture, place);
    struct pf_handle *handle = create(fixture, kind, root[0]);
    for (int generation = 0; generation < 3; generation++) {
        pf_collect(fixture->thread, generation, mode);
        ck_assert_ptr_nonnull(root[0]);
        ck_assert_ptr_eq(pf_handle_get(handle), root[0]);
    }
}

START_TEST(a_weak_handle_follows_its_object_while_that_is_alive) {
    for_all_places(check_followed);
}
END_TEST

static void check_spared(struct fixture *fixture, enum pf_handle_kind kind, enum place place,
                         enum pf_collect_mode mode) {
    struct pf_handle *handle = create(fixture, kind, place_make(fixture, place));
    for (int generation = 0; generation < place_collection(place); generation++) {
        pf_collect(fixture->thread, generation, mode);
        ck_assert_ptr_nonnull(pf_handle_get(handle));
        ck_assert_ptr_eq(pf_type_of(pf_handle_get(handle)), &vector_type);
    }
    pf_collect(fixture->thread, place_collection(place), mode);
    ck_assert_ptr_null(pf_handle_get(handle));
}

START_TEST(an_object_of_a_generation_that_is_not_collected_is_not_dead) {
    for_all_places(check_spared);
}
END_TEST

static void check_set(struct fixture *fixture, enum pf_handle_kind kind, enum place place, enum pf_collect_mode mode) {
    PINFOLD_ROOTS(fixture->thread, root, 1);
    root[0] = place_make(fixture, PLACE_OLD);
    struct pf_handle *handle = create(fixture, kind, root[0]);
    pf_collect(fixture->thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_handle_set(fixture->heap, handle, place_make(fixture, place));
    pf_collect(fixture->thread, place_collection(place), mode);
    ck_assert_ptr_null(pf_handle_get(handle));
}

START_TEST(an_old_weak_handle_that_is_set_to_a_younger_object_is_cleared_with_that) {
    for_all_places(check_set);
}
END_TEST

/* The pin keeps the object young while older handles of the same block grow old. */
static void check_demoted(struct fixture *fixture, enum pf_handle_kind kind, enum place place,
                          enum pf_collect_mode mode) {
    PINFOLD_ROOTS(fixture->thread, root, 1);
    struct pf_handle *pin = NULL;
    (void)place_make(fixture, PLACE_MIDDLE); /* dead: space before the pin, which makes keeping it young worthwhile */
    root[0] = place_make(fixture, place);
    struct pf_handle *handle = create(fixture, kind, root[0]);
    ck_assert_int_eq(pf_pin(fixture->heap, root[0], &pin), PINFOLD_OK);
    for (int round = 0; round < 3; round++) {
        for (int generation = 0; generation < 3; generation++) {
            pf_collect(fixture->thread, generation, PINFOLD_COLLECT_COMPACT);
            ck_assert_ptr_eq(pf_handle_get(handle), root[0]);
        }
    }
    root[0] = NULL;
    int generation = pf_generation_of(fixture->heap, pf_handle_get(handle));
    pf_unpin(fixture->heap, pin);
    pf_collect(fixture->thread, generation > 2 ? 2 : generation, mode);
    ck_assert_ptr_null(pf_handle_get(handle));
}

START_TEST(a_weak_handle_on_a_demoted_pin_is_cleared_by_the_collection_that_finds_it_dead) {
    for_all_places(check_demoted);
}
END_TEST

START_TEST(words_that_are_no_references_are_kept_and_references_keep_their_tag) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "ref_tag_mask", "3");
    fixture_set(&options, "ref_tags", "4"); /* tag 2 alone */
    fixture_set(&options, "stress", "verify");
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        for (int kind = 0; kind < WEAK_KINDS; kind++) {
            char *object = (char *)fixture_node(fixture.thread, 1) + 2;
            struct pf_handle *number = create(&fixture, weak_kinds[kind], object - 1);
            struct pf_handle *dead = create(&fixture, weak_kinds[kind], object);
            root[0] = (char *)fixture_node(fixture.thread, 2) + 2;
            struct pf_handle *alive = create(&fixture, weak_kinds[kind], root[0]);
            pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
            ck_assert_ptr_eq(pf_handle_get(number), object - 1);
            ck_assert_ptr_null(pf_handle_get(dead));
            ck_assert_ptr_eq(pf_handle_get(alive), root[0]);
            ck_assert_uint_eq((uintptr_t)root[0] & 3, 2);
        }
    }
    fixture_close(&fixture);
}
END_TEST

/* Ages go by blocks: most of each block dies, some are young, some old. */
START_TEST(ten_thousand_weak_handles_tell_the_living_from_the_dead) {
    enum { MANY = 10000 };
    static struct pf_handle *handles[MANY];
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = pf_alloc_array(fixture.thread, &vector_type, MANY);
        for (int i = 0; i < MANY; i++) {
            struct node *node = fixture_node(fixture.thread, (uintptr_t)i);
            if (i % 3 == 0) {
                pf_store(fixture.thread, place_slot(root[0], (size_t)i), node);
            }
            handles[i] = create(&fixture, weak_kinds[i % 2], node);
        }
        for (int round = 0; round < 4; round++) {
            pf_collect(fixture.thread, round == 3 ? 2 : round, modes[round % MODES]);
        }
        for (int i = 0; i < MANY; i++) {
            const struct node *node = pf_handle_get(handles[i]);
            if (i % 3 == 0 ? node == NULL || node->key != (uintptr_t)i : node != NULL) {
                ck_abort_msg("handle %d holds %p", i, (const void *)node);
            }
        }
    }
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/weak_handle", a_weak_handle_keeps_nothing_alive_and_reads_null_when_its_object_is_dead,
      a_weak_handle_follows_its_object_while_that_is_alive, an_object_of_a_generation_that_is_not_collected_is_not_dead,
      an_old_weak_handle_that_is_set_to_a_younger_object_is_cleared_with_that,
      a_weak_handle_on_a_demoted_pin_is_cleared_by_the_collection_that_finds_it_dead,
      words_that_are_no_references_are_kept_and_references_keep_their_tag,
      ten_thousand_weak_handles_tell_the_living_from_the_dead)
