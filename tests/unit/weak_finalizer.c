/* SPDX-License-Identifier: MIT
 *
 * Weak and dependent handles on objects with finalizers: who sees a dead object, and for how long.
 */
#include "tests/support/place.h"
#include "tests/support/suite.h"

static const enum pf_collect_mode modes[] = {PINFOLD_COLLECT_COMPACT, PINFOLD_COLLECT_SWEEP,
                                             PINFOLD_COLLECT_COMPACT_LARGE};
enum { MODES = 3 };

static struct pf_handle *create(struct fixture *fixture, enum pf_handle_kind kind, void *object) {
    struct pf_handle *handle = NULL;
    ck_assert_int_eq(pf_handle_create(fixture->heap, kind, object, &handle), PINFOLD_OK);
    return handle;
}

static struct pf_handle *depend(struct fixture *fixture, void *key, void *value) {
    struct pf_handle *handle = NULL;
    ck_assert_int_eq(pf_dependent_create(fixture->heap, key, value, &handle), PINFOLD_OK);
    return handle;
}

/* The object that is ready next; there must be one. */
static void *take(struct fixture *fixture) {
    void *object = NULL;
    ck_assert_int_eq(pf_finalizer_next(fixture->thread, &object), 1);
    ck_assert_ptr_eq(pf_type_of(object), &vector_type);
    return object;
}

static void check_nothing_is_ready(struct fixture *fixture) {
    void *object = NULL;
    ck_assert_int_eq(pf_finalizer_next(fixture->thread, &object), 0);
}

/* An object of that place with a finalizer, in root[0], that refers to a leaf, in root[1]. */
static void make_finalizable(struct fixture *fixture, enum place place, void **root) {
    root[0] = place_make(fixture, place);
    root[1] = place_make(fixture, PLACE_YOUNG);
    pf_store(fixture->thread, place_slot(root[0], 0), root[1]);
    ck_assert_int_eq(pf_finalizer_register(fixture->thread, root[0]), PINFOLD_OK);
}

typedef void check_place(struct fixture *fixture, enum place place, enum pf_collect_mode mode, void **root);

static void for_all_places(check_place *check) {
    for (int mode = 0; mode < MODES; mode++) {
        for (int place = 0; place < PLACES; place++) {
            struct pf_options options = fixture_tiny_options();
            fixture_set(&options, "stress", "verify");
            struct fixture fixture = fixture_open(&options);
            {
                PINFOLD_ROOTS(fixture.thread, root, 3);
                check(&fixture, (enum place)place, modes[mode], root);
            }
            fixture_close(&fixture);
        }
    }
}

static void check_short(struct fixture *fixture, enum place place, enum pf_collect_mode mode, void **root) {
    make_finalizable(fixture, place, root);
    struct pf_handle *on_object = create(fixture, PINFOLD_HANDLE_WEAK, root[0]);
    struct pf_handle *on_leaf = create(fixture, PINFOLD_HANDLE_WEAK, root[1]);
    root[0] = root[1] = NULL;
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_null(pf_handle_get(on_object)); /* before anybody could take the object */
    ck_assert_ptr_null(pf_handle_get(on_leaf));   /* which is alive only through it */
    root[0] = take(fixture);
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_null(pf_handle_get(on_object)); /* nor does resurrection bring it back */
    ck_assert_ptr_null(pf_handle_get(on_leaf));
    ck_assert_ptr_eq(pf_type_of(*place_slot(root[0], 0)), &vector_type);
}

START_TEST(a_dead_short_weak_handle_seen_by_a_finalizer) {
    for_all_places(check_short);
}
END_TEST

static void check_long(struct fixture *fixture, enum place place, enum pf_collect_mode mode, void **root) {
    make_finalizable(fixture, place, root);
    struct pf_handle *on_object = create(fixture, PINFOLD_HANDLE_WEAK_LONG, root[0]);
    struct pf_handle *on_leaf = create(fixture, PINFOLD_HANDLE_WEAK_LONG, root[1]);
    root[0] = root[1] = NULL;
    for (int round = 0; round < 2; round++) { /* ready, and not taken for a while */
        pf_collect(fixture->thread, 2, mode);
        ck_assert_ptr_nonnull(pf_handle_get(on_object));
        ck_assert_ptr_eq(*place_slot(pf_handle_get(on_object), 0), pf_handle_get(on_leaf));
    }
    root[0] = take(fixture);
    ck_assert_ptr_eq(pf_handle_get(on_object), root[0]);
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_eq(pf_handle_get(on_object), root[0]);
    root[0] = NULL;
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_null(pf_handle_get(on_object));
    ck_assert_ptr_null(pf_handle_get(on_leaf));
    check_nothing_is_ready(fixture);
}

START_TEST(a_long_weak_handle_follows_its_object_through_finalization_and_resurrection) {
    for_all_places(check_long);
}
END_TEST

/* root[2] = the value. */
static void check_dependent(struct fixture *fixture, enum place place, enum pf_collect_mode mode, void **root) {
    make_finalizable(fixture, place, root);
    root[2] = place_make(fixture, PLACE_YOUNG);
    struct pf_handle *handle = depend(fixture, root[0], root[2]);
    struct pf_handle *on_value = create(fixture, PINFOLD_HANDLE_WEAK, root[2]);
    root[0] = root[1] = root[2] = NULL;
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_nonnull(pf_handle_get(handle));
    ck_assert_ptr_nonnull(pf_dependent_value(handle)); /* the key lives on as something ready */
    ck_assert_ptr_null(pf_handle_get(on_value));       /* and so does the value, only through it */
    root[0] = take(fixture);
    ck_assert_ptr_eq(pf_handle_get(handle), root[0]);
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_eq(pf_type_of(pf_dependent_value(handle)), &vector_type);
    root[0] = NULL;
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_null(pf_handle_get(handle));
    ck_assert_ptr_null(pf_dependent_value(handle));
}

START_TEST(a_dependent_handle_keeps_its_value_while_its_key_is_finalized) {
    for_all_places(check_dependent);
}
END_TEST

/* finalizable -> leaf, which is a key: the second pass over dependents finds its value. */
static void check_key_through_finalizable(struct fixture *fixture, enum place place, enum pf_collect_mode mode,
                                          void **root) {
    make_finalizable(fixture, place, root);
    root[2] = place_make(fixture, PLACE_YOUNG);
    struct pf_handle *second = depend(fixture, root[2], place_make(fixture, PLACE_YOUNG));
    struct pf_handle *first = depend(fixture, root[1], root[2]);
    root[0] = root[1] = root[2] = NULL;
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_eq(pf_dependent_value(first), pf_handle_get(second));
    ck_assert_ptr_nonnull(pf_dependent_value(second));
    root[0] = take(fixture);
    ck_assert_ptr_eq(*place_slot(root[0], 0), pf_handle_get(first));
    ck_assert_ptr_eq(pf_type_of(pf_dependent_value(second)), &vector_type);
}

START_TEST(a_key_reachable_only_through_what_is_being_finalized_keeps_its_value) {
    for_all_places(check_key_through_finalizable);
}
END_TEST

static void check_value(struct fixture *fixture, enum place place, enum pf_collect_mode mode, void **root) {
    make_finalizable(fixture, place, root); /* the value */
    root[2] = place_make(fixture, PLACE_YOUNG);
    struct pf_handle *handle = depend(fixture, root[2], root[0]);
    root[0] = root[1] = NULL;
    pf_collect(fixture->thread, 2, mode);
    check_nothing_is_ready(fixture); /* the key keeps it */
    root[2] = NULL;
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_null(pf_handle_get(handle));
    ck_assert_ptr_null(pf_dependent_value(handle));
    root[0] = take(fixture);
    ck_assert_ptr_eq(pf_type_of(*place_slot(root[0], 0)), &vector_type);
}

START_TEST(a_value_with_a_finalizer_becomes_ready_with_the_death_of_its_key) {
    for_all_places(check_value);
}
END_TEST

/* A value that refers to its key, where the value is finalized: the key is alive through it, so the pair stays. */
static void check_cycle(struct fixture *fixture, enum place place, enum pf_collect_mode mode, void **root) {
    make_finalizable(fixture, place, root); /* value -> leaf, the key */
    struct pf_handle *handle = depend(fixture, root[1], root[0]);
    root[0] = root[1] = NULL;
    pf_collect(fixture->thread, 2, mode);
    root[0] = take(fixture);
    ck_assert_ptr_eq(pf_dependent_value(handle), root[0]);
    ck_assert_ptr_eq(pf_handle_get(handle), *place_slot(root[0], 0));
    root[0] = NULL;
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_null(pf_handle_get(handle));
}

START_TEST(a_pair_whose_value_is_finalized_and_refers_to_the_key_dies_after_that) {
    for_all_places(check_cycle);
}
END_TEST

SUITE("unit/weak_finalizer", a_dead_short_weak_handle_seen_by_a_finalizer,
      a_long_weak_handle_follows_its_object_through_finalization_and_resurrection,
      a_dependent_handle_keeps_its_value_while_its_key_is_finalized,
      a_key_reachable_only_through_what_is_being_finalized_keeps_its_value,
      a_value_with_a_finalizer_becomes_ready_with_the_death_of_its_key,
      a_pair_whose_value_is_finalized_and_refers_to_the_key_dies_after_that)
