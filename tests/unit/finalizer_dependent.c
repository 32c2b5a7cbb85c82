/* SPDX-License-Identifier: MIT
 *
 * What finalization brings back, and keeps, through dependent handles; and weak handles when a program ends and all
 * objects become ready at once. (tests/unit/weak_finalizer.c: handles on the dead.)
 */
#include "pinfold/finalizer.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static struct fixture open_tiny(void) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "stress", "verify");
    return fixture_open(&options);
}

static struct pf_handle *handle_on(struct fixture *fixture, enum pf_handle_kind kind, void *object) {
    struct pf_handle *handle = NULL;
    ck_assert_int_eq(pf_handle_create(fixture->heap, kind, object, &handle), PINFOLD_OK);
    return handle;
}

static void enlist(struct fixture *fixture, void *object) {
    ck_assert_int_eq(pf_finalizer_register(fixture->thread, object), PINFOLD_OK);
}

static struct node *take(struct fixture *fixture) {
    void *object = NULL;
    ck_assert_int_eq(pf_finalizer_next(fixture->thread, &object), 1);
    return object;
}

static const enum pf_collect_mode modes[] = {PINFOLD_COLLECT_SWEEP, PINFOLD_COLLECT_COMPACT};

START_TEST(dependents_of_a_ready_object_are_alive_with_all_that_depends_on_them) {
    for (int mode = 0; mode < 2; mode++) {
        struct fixture fixture = open_tiny();
        struct pf_handle *pairs[2] = {NULL, NULL};
        {
            PINFOLD_ROOTS(fixture.thread, root, 3);
            for (uintptr_t i = 0; i < 3; i++) {
                root[i] = fixture_node(fixture.thread, i);
            }
            ck_assert_int_eq(pf_dependent_create(fixture.heap, root[1], root[2], &pairs[1]), PINFOLD_OK);
            ck_assert_int_eq(pf_dependent_create(fixture.heap, root[0], root[1], &pairs[0]), PINFOLD_OK);
            enlist(&fixture, root[0]);
        }
        pf_collect(fixture.thread, 0, modes[mode]);
        for (uintptr_t i = 0; i < 2; i++) {
            ck_assert_uint_eq(((struct node *)pf_handle_get(pairs[i]))->key, i);
            ck_assert_uint_eq(((struct node *)pf_dependent_value(pairs[i]))->key, i + 1);
        }
        ck_assert_ptr_eq(take(&fixture), pf_handle_get(pairs[0]));
        pf_collect(fixture.thread, 2, modes[mode]);
        for (int i = 0; i < 2; i++) {
            ck_assert_ptr_null(pf_handle_get(pairs[i]));
            ck_assert_ptr_null(pf_dependent_value(pairs[i]));
            pf_handle_destroy(fixture.heap, pairs[i]);
        }
        fixture_close(&fixture);
    }
}
END_TEST

START_TEST(a_registered_value_of_a_dependent_whose_key_lives_is_not_ready) {
    struct fixture fixture = open_tiny();
    struct pf_handle *pair = NULL;
    void *object;
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = fixture_node(fixture.thread, 1);
        root[1] = fixture_node(fixture.thread, 2);
        ck_assert_int_eq(pf_dependent_create(fixture.heap, root[0], root[1], &pair), PINFOLD_OK);
        enlist(&fixture, root[1]);
        root[1] = NULL;
        for (int i = 0; i < 4; i++) {
            pf_collect(fixture.thread, i % 3, PINFOLD_COLLECT_COMPACT);
            ck_assert_int_eq(pf_finalizer_next(fixture.thread, &object), 0);
        }
    }
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_uint_eq(take(&fixture)->key, 2);
    ck_assert_ptr_null(pf_handle_get(pair));
    pf_handle_destroy(fixture.heap, pair);
    fixture_close(&fixture);
}
END_TEST

START_TEST(making_all_ready_leaves_weak_handles_as_they_are) {
    struct fixture fixture = open_tiny();
    struct node *node = fixture_node(fixture.thread, 1);
    struct pf_handle *weak = handle_on(&fixture, PINFOLD_HANDLE_WEAK, node);
    enlist(&fixture, node);
    pf_finalizer_all_ready(fixture.thread);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_ptr_eq(take(&fixture), pf_handle_get(weak));
    pf_handle_destroy(fixture.heap, weak);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/finalizer_dependent", dependents_of_a_ready_object_are_alive_with_all_that_depends_on_them,
      a_registered_value_of_a_dependent_whose_key_lives_is_not_ready, making_all_ready_leaves_weak_handles_as_they_are)
