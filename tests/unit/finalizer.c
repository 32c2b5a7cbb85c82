/* SPDX-License-Identifier: MIT
 *
 * Finalization as a program sees it: who becomes ready, when, in which order, and what is alive meanwhile.
 */
#include "pinfold/finalizer.h"

#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static const struct pf_type closing_type = PINFOLD_FIXED_TYPE_WITH(
    "closing", struct node, PINFOLD_REF(struct node, left) | PINFOLD_REF(struct node, right), PINFOLD_TYPE_FINALIZABLE);
static const struct pf_type closing_vector_type = FIXTURE_VECTOR("closing vector", PINFOLD_TYPE_FINALIZABLE);
static const struct pf_type closing_pinned_type =
    FIXTURE_BYTES("closing pinned", PINFOLD_TYPE_FINALIZABLE | PINFOLD_TYPE_PINNED);

static const enum pf_collect_mode modes[] = {PINFOLD_COLLECT_DEFAULT, PINFOLD_COLLECT_COMPACT, PINFOLD_COLLECT_SWEEP,
                                             PINFOLD_COLLECT_COMPACT_LARGE};
enum { MODES = 4, LARGE_LENGTH = 8000 / sizeof(void *) };

static struct fixture open_tiny(const char *stress) {
    struct pf_options options = fixture_tiny_options();
    if (stress != NULL) {
        fixture_set(&options, "stress", stress);
    }
    return fixture_open(&options);
}

static void enlist(struct fixture *fixture, void *object) {
    ck_assert_int_eq(pf_finalizer_register(fixture->thread, object), PINFOLD_OK);
}

static void collect(struct fixture *fixture, int generation) {
    pf_collect(fixture->thread, generation, PINFOLD_COLLECT_COMPACT);
    fixture_verify(fixture);
}

/* An object with this key in generation 0, 1 or 2, 3 for a large one, 4 for one that was born pinned; its first two
 * slots, if it has any, are empty. It is in root[0]. */
static void make_in(struct fixture *fixture, void **root, int generation, uintptr_t key) {
    if (generation == PINFOLD_LARGE) {
        root[0] = pf_alloc_array(fixture->thread, &vector_type, LARGE_LENGTH);
        return;
    }
    struct node *node = generation == PINFOLD_PINNED ? pf_alloc_pinned(fixture->thread, &node_type, 0)
                                                     : pf_alloc(fixture->thread, &node_type);
    node->key = key;
    root[0] = node;
    for (int i = 0; i < generation && generation <= 2; i++) {
        pf_collect(fixture->thread, 1, PINFOLD_COLLECT_COMPACT);
    }
    ck_assert_int_eq(pf_generation_of(fixture->heap, root[0]), generation);
}

static int oldest_collected(int generation) {
    return generation > 2 ? 2 : generation;
}

static struct node *take(struct fixture *fixture) {
    void *object = NULL;
    return pf_finalizer_next(fixture->thread, &object) ? object : NULL;
}

static void expect_key(struct fixture *fixture, uintptr_t key) {
    const struct node *node = take(fixture);
    ck_assert_msg(node != NULL, "nothing is ready where key %zu should be", (size_t)key);
    ck_assert_uint_eq(node->key, key);
}

static void expect_none(struct fixture *fixture) {
    int nobody = 0;
    void *object = &nobody;
    ck_assert_int_eq(pf_finalizer_next(fixture->thread, &object), 0);
    ck_assert_ptr_eq(object, &nobody);
}

/* --- who and when --- */

START_TEST(a_dead_object_is_handed_out_once_whatever_its_generation_and_the_collection) {
    for (int generation = 0; generation < PINFOLD_GENERATIONS; generation++) {
        for (int mode = 0; mode < MODES; mode++) {
            struct fixture fixture = open_tiny(NULL);
            {
                PINFOLD_ROOTS(fixture.thread, root, 1);
                make_in(&fixture, root, generation, 42);
                enlist(&fixture, root[0]);
            }
            expect_none(&fixture);
            pf_collect(fixture.thread, oldest_collected(generation), modes[mode]);
            fixture_verify(&fixture);
            const struct node *node = take(&fixture);
            ck_assert_ptr_nonnull(node);
            ck_assert_ptr_eq(node->type, generation == PINFOLD_LARGE ? &vector_type : &node_type);
            ck_assert_uint_eq(node->key, generation == PINFOLD_LARGE ? 0 : 42);
            pf_collect(fixture.thread, 2, modes[mode]);
            expect_none(&fixture);
            fixture_close(&fixture);
        }
    }
}
END_TEST

START_TEST(an_object_that_something_refers_to_is_not_handed_out) {
    struct fixture fixture = open_tiny(NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, PINFOLD_GENERATIONS);
        for (int generation = 0; generation < PINFOLD_GENERATIONS; generation++) {
            make_in(&fixture, &root[generation], generation, 1);
            enlist(&fixture, root[generation]);
            for (int i = 0; i < 6; i++) {
                collect(&fixture, i % 3);
                expect_none(&fixture);
            }
        }
    }
    collect(&fixture, 2);
    for (int generation = 0; generation < PINFOLD_GENERATIONS; generation++) {
        ck_assert_ptr_nonnull(take(&fixture));
    }
    expect_none(&fixture);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_dead_object_is_not_ready_before_its_generation_is_collected) {
    struct fixture fixture = open_tiny(NULL);
    for (int generation = 1; generation < PINFOLD_GENERATIONS; generation++) {
        {
            PINFOLD_ROOTS(fixture.thread, root, 1);
            make_in(&fixture, root, generation, 7);
            enlist(&fixture, root[0]);
        }
        for (int younger = 0; younger < oldest_collected(generation); younger++) {
            collect(&fixture, younger);
            expect_none(&fixture);
        }
        collect(&fixture, oldest_collected(generation));
        ck_assert_ptr_nonnull(take(&fixture));
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_object_that_is_not_registered_is_never_handed_out) {
    struct fixture fixture = open_tiny(NULL);
    for (uintptr_t i = 0; i < 100; i++) {
        (void)fixture_node(fixture.thread, i);
    }
    collect(&fixture, 2);
    expect_none(&fixture);
    fixture_close(&fixture);
}
END_TEST

START_TEST(one_registered_three_times_is_handed_out_three_times) {
    struct fixture fixture = open_tiny(NULL);
    struct node *node = fixture_node(fixture.thread, 3);
    for (int i = 0; i < 3; i++) {
        enlist(&fixture, node);
    }
    collect(&fixture, 0);
    for (int i = 0; i < 3; i++) {
        expect_key(&fixture, 3);
    }
    expect_none(&fixture);
    fixture_close(&fixture);
}
END_TEST

START_TEST(every_form_of_allocation_registers_an_object_of_a_finalizable_type) {
    struct fixture fixture = open_tiny(NULL);
    struct pf_thread *thread = fixture.thread;
    (void)pf_alloc(thread, &closing_type);
    (void)pf_try_alloc(thread, &closing_type);
    (void)pf_alloc_pinned(thread, &closing_type, 64);
    (void)pf_try_alloc_pinned(thread, &closing_type, 0);
    (void)pf_alloc_array(thread, &closing_vector_type, 5);
    (void)pf_try_alloc_array(thread, &closing_vector_type, 5);
    (void)pf_alloc_array(thread, &closing_vector_type, LARGE_LENGTH);
    (void)pf_try_alloc_array(thread, &closing_vector_type, LARGE_LENGTH);
    (void)pf_alloc_array_pinned(thread, &closing_vector_type, 5, 4096);
    (void)pf_try_alloc_array_pinned(thread, &closing_vector_type, LARGE_LENGTH, 0);
    (void)pf_alloc_array(thread, &closing_pinned_type, 5);
    (void)pf_try_alloc_array(thread, &closing_pinned_type, 5);
    struct pf_statistics statistics;
    pf_heap_statistics(fixture.heap, &statistics);
    ck_assert_uint_eq(statistics.finalizers_registered, 12);
    collect(&fixture, 2);
    for (int i = 0; i < 12; i++) {
        const struct node *object = take(&fixture);
        ck_assert_ptr_nonnull(object);
        const struct pf_type *expected = i < 4 ? &closing_type : i < 10 ? &closing_vector_type : &closing_pinned_type;
        ck_assert_ptr_eq(object->type, expected);
    }
    expect_none(&fixture);
    fixture_close(&fixture);
}
END_TEST

/* --- what is alive --- */

START_TEST(a_ready_object_and_all_it_refers_to_live_through_collections_of_every_kind_until_it_is_taken) {
    static const char *const stresses[] = {NULL, "sweep", "expand,poison", "compact,poison,verify"};
    for (size_t stress = 0; stress < sizeof(stresses) / sizeof(stresses[0]); stress++) {
        struct fixture fixture = open_tiny(stresses[stress]);
        {
            PINFOLD_ROOTS(fixture.thread, root, 2);
            fixture_list(fixture.thread, &root[0], 200);
            root[1] = fixture_node(fixture.thread, 5);
            pf_store(fixture.thread, &((struct node *)root[1])->right, root[0]);
            enlist(&fixture, root[1]);
        }
        for (int round = 0; round < 12; round++) {
            for (uintptr_t i = 0; i < 500; i++) {
                (void)fixture_node(fixture.thread, i);
            }
            pf_collect(fixture.thread, round % 3, modes[round % MODES]);
            fixture_verify(&fixture);
        }
        struct node *node = take(&fixture);
        ck_assert_ptr_nonnull(node);
        ck_assert_uint_eq(node->key, 5);
        fixture_check_list(node->right, 200);
        fixture_close(&fixture);
    }
}
END_TEST

START_TEST(a_taken_object_that_nobody_keeps_is_gone_after_the_next_collection) {
    struct fixture fixture = open_tiny(NULL);
    struct pf_statistics statistics;
    enlist(&fixture, fixture_node(fixture.thread, 1));
    collect(&fixture, 2);
    expect_key(&fixture, 1);
    collect(&fixture, 2);
    pf_heap_statistics(fixture.heap, &statistics);
    ck_assert_uint_eq(statistics.live_bytes, 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_taken_object_that_is_kept_lives_on_and_is_not_handed_out_when_it_dies_again) {
    struct fixture fixture = open_tiny(NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        enlist(&fixture, fixture_node(fixture.thread, 1));
        collect(&fixture, 0);
        root[0] = take(&fixture);
        for (int i = 0; i < 6; i++) {
            collect(&fixture, i % 3);
            ck_assert_uint_eq(((struct node *)root[0])->key, 1);
        }
    }
    collect(&fixture, 2);
    expect_none(&fixture);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_finalizer_may_register_its_object_again_each_time) {
    struct fixture fixture = open_tiny(NULL);
    enlist(&fixture, fixture_node(fixture.thread, 9));
    for (int round = 0; round < 10; round++) {
        collect(&fixture, 2);
        struct node *node = take(&fixture);
        ck_assert_ptr_nonnull(node);
        ck_assert_uint_eq(node->key, 9);
        expect_none(&fixture);
        enlist(&fixture, node);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_finalizer_may_allocate_and_collect_while_others_are_ready) {
    struct fixture fixture = open_tiny(NULL);
    for (uintptr_t i = 0; i < 20; i++) {
        enlist(&fixture, fixture_node(fixture.thread, i));
    }
    collect(&fixture, 0);
    for (uintptr_t i = 0; i < 20; i++) {
        expect_key(&fixture, i);
        for (int k = 0; k < 300; k++) {
            (void)fixture_node(fixture.thread, 1000);
        }
        pf_collect(fixture.thread, (int)(i % 3), PINFOLD_COLLECT_COMPACT);
    }
    expect_none(&fixture);
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_object_that_only_a_ready_one_refers_to_is_ready_in_the_same_collection) {
    struct fixture fixture = open_tiny(NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = fixture_node(fixture.thread, 1);
        root[1] = fixture_node(fixture.thread, 2);
        enlist(&fixture, root[0]);
        enlist(&fixture, root[1]);
        pf_store(fixture.thread, &((struct node *)root[0])->left, root[1]);
        pf_store(fixture.thread, &((struct node *)root[1])->left, root[0]); /* a circle */
    }
    collect(&fixture, 0);
    struct node *first = take(&fixture);
    struct node *second = take(&fixture);
    ck_assert_uint_eq(first->key, 1);
    ck_assert_uint_eq(second->key, 2);
    ck_assert_ptr_eq(first->left, second);
    ck_assert_ptr_eq(second->left, first);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_chain_is_kept_alive_by_its_head_and_each_member_becomes_ready_when_it_is_registered_anew) {
    struct fixture fixture = open_tiny(NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 30);
        enlist(&fixture, root[0]);
    }
    for (size_t left = 30; left > 0; left--) {
        collect(&fixture, 2);
        struct node *head = take(&fixture);
        ck_assert_ptr_nonnull(head);
        fixture_check_list(head, left);
        if (head->left != NULL) {
            enlist(&fixture, head->left); /* the head is dropped, the rest lives until the next one is taken */
        }
    }
    collect(&fixture, 2);
    expect_none(&fixture);
    fixture_close(&fixture);
}
END_TEST

/* --- order --- */

START_TEST(one_collection_hands_out_in_the_order_of_registration_across_all_generations) {
    struct fixture fixture = open_tiny(NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 8);
        for (int i = 0; i < 6; i++) {
            make_in(&fixture, &root[i], i % 3 == 2 ? PINFOLD_PINNED : 2 - i % 3, 0);
        }
        static const int order[] = {3, 0, 5, 1, 4, 2};
        for (uintptr_t i = 0; i < 6; i++) {
            ((struct node *)root[order[i]])->key = i;
            enlist(&fixture, root[order[i]]);
            if (i == 2) {
                collect(&fixture, 0); /* those that are registered leave the list of the young */
            }
        }
    }
    collect(&fixture, 2);
    for (uintptr_t i = 0; i < 6; i++) {
        expect_key(&fixture, i);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(what_became_ready_earlier_is_handed_out_earlier) {
    struct fixture fixture = open_tiny(NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = fixture_node(fixture.thread, 2);
        enlist(&fixture, root[0]);
        enlist(&fixture, fixture_node(fixture.thread, 1));
        collect(&fixture, 0);
    }
    collect(&fixture, 1);
    expect_key(&fixture, 1);
    expect_key(&fixture, 2);
    fixture_close(&fixture);
}
END_TEST

/* --- demotion --- */

START_TEST(a_pinned_object_that_stays_young_is_ready_after_a_young_collection_once_it_is_dead) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    struct pf_handle *pin = NULL;
    /* Garbage before it, so that nothing slides past the pin. */
    for (uintptr_t i = 0; i < 100; i++) {
        (void)fixture_node(fixture.thread, i);
    }
    struct node *node = fixture_node(fixture.thread, 11);
    ck_assert_int_eq(pf_pin(fixture.heap, node, &pin), PINFOLD_OK);
    enlist(&fixture, node);
    collect(&fixture, 1);
    collect(&fixture, 1);
    ck_assert_int_eq(pf_generation_of(fixture.heap, node), 0);
    expect_none(&fixture);
    pf_unpin(fixture.heap, pin);
    collect(&fixture, 0);
    expect_key(&fixture, 11);
    fixture_close(&fixture);
}
END_TEST

/* --- suppression --- */

START_TEST(suppressing_takes_all_registrations_away_and_tells_how_many) {
    struct fixture fixture = open_tiny(NULL);
    for (int generation = 0; generation < PINFOLD_GENERATIONS; generation++) {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        make_in(&fixture, root, generation, 1);
        ck_assert_uint_eq(pf_finalizer_suppress(fixture.thread, root[0]), 0);
        enlist(&fixture, root[0]);
        enlist(&fixture, root[0]);
        collect(&fixture, 0);
        enlist(&fixture, root[0]);
        ck_assert_uint_eq(pf_finalizer_suppress(fixture.thread, root[0]), 3);
        ck_assert_uint_eq(pf_finalizer_suppress(fixture.thread, root[0]), 0);
    }
    struct pf_statistics statistics;
    pf_heap_statistics(fixture.heap, &statistics);
    ck_assert_uint_eq(statistics.finalizers_registered, 0);
    collect(&fixture, 2);
    expect_none(&fixture);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_suppressed_object_may_be_registered_again) {
    struct fixture fixture = open_tiny(NULL);
    struct node *node = pf_alloc(fixture.thread, &closing_type);
    node->key = 8;
    ck_assert_uint_eq(pf_finalizer_suppress(fixture.thread, node), 1);
    enlist(&fixture, node);
    collect(&fixture, 0);
    expect_key(&fixture, 8);
    expect_none(&fixture);
    fixture_close(&fixture);
}
END_TEST

START_TEST(suppressing_what_is_ready_already_changes_nothing) {
    struct fixture fixture = open_tiny(NULL);
    struct node *node = fixture_node(fixture.thread, 4);
    enlist(&fixture, node);
    enlist(&fixture, node);
    collect(&fixture, 0);
    node = take(&fixture);
    ck_assert_uint_eq(pf_finalizer_suppress(fixture.thread, node), 0);
    expect_key(&fixture, 4);
    fixture_close(&fixture);
}
END_TEST

enum { MANY = 3000 };

/* The objects that are suppressed die, and the next collection slides the others into their places. */
START_TEST(thousands_are_suppressed_between_collections_that_move_objects_and_the_others_are_handed_out) {
    static struct pf_handle *handles[MANY];
    struct fixture fixture = open_tiny("verify");
    for (uintptr_t i = 0; i < MANY; i++) {
        struct node *node = fixture_node(fixture.thread, i);
        enlist(&fixture, node);
        ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, node, &handles[i]), PINFOLD_OK);
    }
    for (uintptr_t round = 0; round < 4; round++) {
        for (uintptr_t i = round; i < MANY; i += 5) {
            if (pf_finalizer_suppress(fixture.thread, pf_handle_get(handles[i])) != 1) {
                ck_abort_msg("round %zu: key %zu was not suppressed", (size_t)round, (size_t)i);
            }
            pf_handle_destroy(fixture.heap, handles[i]);
        }
        pf_collect(fixture.thread, round == 0 ? 1 : 2, PINFOLD_COLLECT_COMPACT);
    }
    for (uintptr_t i = 4; i < MANY; i += 5) {
        pf_handle_destroy(fixture.heap, handles[i]);
    }
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    for (uintptr_t i = 4; i < MANY; i += 5) {
        const struct node *node = take(&fixture);
        if (node == NULL || node->key != i) {
            ck_abort_msg("key %zu is not the next one", (size_t)i);
        }
    }
    expect_none(&fixture);
    fixture_close(&fixture);
}
END_TEST

/* --- the end --- */

START_TEST(making_all_ready_hands_out_the_living_too_in_the_order_of_registration) {
    struct fixture fixture = open_tiny(NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        make_in(&fixture, &root[0], 2, 2);
        make_in(&fixture, &root[1], 1, 1);
        enlist(&fixture, root[1]);
        enlist(&fixture, root[0]);
        collect(&fixture, 1);
        enlist(&fixture, fixture_node(fixture.thread, 3));
        enlist(&fixture, fixture_node(fixture.thread, 99));
        struct node *closed = pf_alloc(fixture.thread, &closing_type);
        ck_assert_uint_eq(pf_finalizer_suppress(fixture.thread, closed), 1);
        pf_finalizer_all_ready(fixture.thread);
        expect_key(&fixture, 1);
        enlist(&fixture, fixture_node(fixture.thread, 5)); /* later, so not affected */
        collect(&fixture, 0);
        expect_key(&fixture, 2);
        expect_key(&fixture, 3);
        expect_key(&fixture, 99);
        expect_key(&fixture, 5);
    }
    collect(&fixture, 2);
    expect_none(&fixture);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_heap_may_be_destroyed_with_registered_and_ready_objects) {
    struct fixture fixture = open_tiny(NULL);
    enlist(&fixture, fixture_node(fixture.thread, 1));
    collect(&fixture, 0);
    enlist(&fixture, fixture_node(fixture.thread, 2));
    fixture_close(&fixture);
}
END_TEST

/* --- figures --- */

START_TEST(statistics_and_records_count_what_is_registered_and_what_became_ready) {
    struct fixture fixture = open_tiny(NULL);
    struct pf_statistics statistics;
    struct pf_collection record;
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = fixture_node(fixture.thread, 0);
        enlist(&fixture, root[0]);
        for (uintptr_t i = 0; i < 5; i++) {
            enlist(&fixture, fixture_node(fixture.thread, i));
        }
        collect(&fixture, 0);
        pf_heap_statistics(fixture.heap, &statistics);
        ck_assert_uint_eq(pf_heap_history(fixture.heap, &record, 1), 1);
        ck_assert_uint_eq(record.finalizers_ready, 5);
        ck_assert_uint_eq(statistics.finalizers_registered, 1);
        ck_assert_uint_eq(statistics.finalizers_ready, 5);
        ck_assert_ptr_nonnull(take(&fixture));
        collect(&fixture, 2);
        pf_heap_statistics(fixture.heap, &statistics);
        ck_assert_uint_eq(pf_heap_history(fixture.heap, &record, 1), 1);
        ck_assert_uint_eq(record.finalizers_ready, 0);
        ck_assert_uint_eq(statistics.finalizers_ready, 4);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(tags_are_put_on_and_taken_off) {
    struct pf_options options = fixture_tiny_options();
    options.ref_tag_mask = 7;
    options.ref_tags = 1 << 3 | 1 << 5;
    struct fixture fixture = fixture_open(&options);
    struct node *node = fixture_node(fixture.thread, 6);
    enlist(&fixture, node);
    collect(&fixture, 0);
    expect_key(&fixture, 6);
    node = fixture_node(fixture.thread, 7);
    enlist(&fixture, node);
    ck_assert_uint_eq(pf_finalizer_suppress(fixture.thread, node), 1);
    collect(&fixture, 0);
    expect_none(&fixture);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/finalizer", a_dead_object_is_handed_out_once_whatever_its_generation_and_the_collection,
      an_object_that_something_refers_to_is_not_handed_out,
      a_dead_object_is_not_ready_before_its_generation_is_collected,
      an_object_that_is_not_registered_is_never_handed_out, one_registered_three_times_is_handed_out_three_times,
      every_form_of_allocation_registers_an_object_of_a_finalizable_type,
      a_ready_object_and_all_it_refers_to_live_through_collections_of_every_kind_until_it_is_taken,
      a_taken_object_that_nobody_keeps_is_gone_after_the_next_collection,
      a_taken_object_that_is_kept_lives_on_and_is_not_handed_out_when_it_dies_again,
      a_finalizer_may_register_its_object_again_each_time, a_finalizer_may_allocate_and_collect_while_others_are_ready,
      an_object_that_only_a_ready_one_refers_to_is_ready_in_the_same_collection,
      a_chain_is_kept_alive_by_its_head_and_each_member_becomes_ready_when_it_is_registered_anew,
      one_collection_hands_out_in_the_order_of_registration_across_all_generations,
      what_became_ready_earlier_is_handed_out_earlier,
      a_pinned_object_that_stays_young_is_ready_after_a_young_collection_once_it_is_dead,
      suppressing_takes_all_registrations_away_and_tells_how_many, a_suppressed_object_may_be_registered_again,
      suppressing_what_is_ready_already_changes_nothing,
      thousands_are_suppressed_between_collections_that_move_objects_and_the_others_are_handed_out,
      making_all_ready_hands_out_the_living_too_in_the_order_of_registration,
      a_heap_may_be_destroyed_with_registered_and_ready_objects,
      statistics_and_records_count_what_is_registered_and_what_became_ready, tags_are_put_on_and_taken_off)
