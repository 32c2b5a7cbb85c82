/* SPDX-License-Identifier: MIT
 *
 * Dependent handles: a value is alive while its key is, and for no other reason that the handle gives. Weak handles
 * tell what is alive.
 */
#include <stdbool.h>

#include "tests/support/place.h"
#include "tests/support/random.h"
#include "tests/support/suite.h"

static const enum pf_collect_mode modes[] = {PINFOLD_COLLECT_COMPACT, PINFOLD_COLLECT_SWEEP,
                                             PINFOLD_COLLECT_COMPACT_LARGE};
enum { MODES = 3, CHAIN = 10000 };

static struct fixture open_with(const char *name, const char *text) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, name, text);
    return fixture_open(&options);
}

static struct fixture open_tiny(void) {
    return open_with("stress", "verify");
}

static struct pf_handle *depend(struct fixture *fixture, void *key, void *value) {
    struct pf_handle *handle = NULL;
    ck_assert_int_eq(pf_dependent_create(fixture->heap, key, value, &handle), PINFOLD_OK);
    return handle;
}

static struct pf_handle *watch(struct fixture *fixture, void *object) {
    struct pf_handle *handle = NULL;
    ck_assert_int_eq(pf_handle_create(fixture->heap, PINFOLD_HANDLE_WEAK, object, &handle), PINFOLD_OK);
    return handle;
}

typedef void check_places(struct fixture *fixture, enum place key, enum place value, enum pf_collect_mode mode);

static void for_all_places(check_places *check) {
    for (int mode = 0; mode < MODES; mode++) {
        for (int place = 0; place < PLACES * PLACES; place++) {
            struct fixture fixture = open_tiny();
            check(&fixture, (enum place)(place / PLACES), (enum place)(place % PLACES), modes[mode]);
            fixture_close(&fixture);
        }
    }
}

/* The two words move together through everything: the older object is made first. */
static void make_pair(struct fixture *fixture, enum place key, enum place value, void **pair) {
    bool key_first = place_collection(key) >= place_collection(value);
    pair[key_first ? 0 : 1] = place_make(fixture, key_first ? key : value);
    pair[key_first ? 1 : 0] = place_make(fixture, key_first ? value : key);
}

static void check_kept(struct fixture *fixture, enum place key, enum place value, enum pf_collect_mode mode) {
    PINFOLD_ROOTS(fixture->thread, pair, 2);
    make_pair(fixture, key, value, pair);
    struct pf_handle *handle = depend(fixture, pair[0], pair[1]);
    struct pf_handle *witness = watch(fixture, pair[1]);
    pair[1] = NULL;
    for (int generation = 0; generation < 3; generation++) {
        pf_collect(fixture->thread, generation, mode);
        ck_assert_ptr_eq(pf_handle_get(handle), pair[0]);
        ck_assert_ptr_nonnull(pf_dependent_value(handle));
        ck_assert_ptr_eq(pf_dependent_value(handle), pf_handle_get(witness));
        ck_assert_ptr_eq(pf_type_of(pf_dependent_value(handle)), &vector_type);
    }
}

START_TEST(a_value_is_alive_through_its_key_alone_wherever_the_two_lie) {
    for_all_places(check_kept);
}
END_TEST

static void check_dead(struct fixture *fixture, enum place key, enum place value, enum pf_collect_mode mode) {
    PINFOLD_ROOTS(fixture->thread, pair, 2);
    make_pair(fixture, key, value, pair);
    struct pf_handle *handle = depend(fixture, pair[0], pair[1]);
    struct pf_handle *witness = watch(fixture, pair[1]);
    pair[0] = NULL;
    pf_collect(fixture->thread, place_collection(key), mode);
    ck_assert_ptr_null(pf_handle_get(handle));
    ck_assert_ptr_null(pf_dependent_value(handle));
    ck_assert_ptr_eq(pf_handle_get(witness), pair[1]); /* of which the handle is no concern any more */
    pair[1] = NULL;
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_null(pf_handle_get(witness));
}

START_TEST(both_words_are_cleared_when_the_key_is_dead_though_the_value_is_alive) {
    for_all_places(check_dead);
}
END_TEST

static void check_not_kept(struct fixture *fixture, enum place key, enum place value, enum pf_collect_mode mode) {
    PINFOLD_ROOTS(fixture->thread, pair, 2);
    make_pair(fixture, key, value, pair);
    (void)depend(fixture, pair[0], pair[1]);
    struct pf_handle *witness = watch(fixture, pair[1]);
    pair[0] = pair[1] = NULL;
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_null(pf_handle_get(witness));
}

START_TEST(a_value_is_not_kept_by_itself) {
    for_all_places(check_not_kept);
}
END_TEST

static void check_cycle(struct fixture *fixture, enum place key, enum place value, enum pf_collect_mode mode) {
    PINFOLD_ROOTS(fixture->thread, pair, 2);
    make_pair(fixture, key, value, pair);
    struct pf_handle *handle = depend(fixture, pair[0], pair[1]);
    pf_store(fixture->thread, place_slot(pair[1], 0), pair[0]); /* the value refers to the key */
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_eq(pf_dependent_value(handle), pair[1]);
    pair[1] = NULL;
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_eq(*place_slot(pf_dependent_value(handle), 0), pair[0]);
    pair[0] = NULL;
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_null(pf_handle_get(handle));
}

START_TEST(a_key_and_a_value_that_refers_to_it_die_together) {
    for_all_places(check_cycle);
}
END_TEST

static void check_through_value(struct fixture *fixture, enum place key, enum place value, enum pf_collect_mode mode) {
    PINFOLD_ROOTS(fixture->thread, pair, 2);
    PINFOLD_ROOTS(fixture->thread, root, 1);
    make_pair(fixture, key, value, pair);
    root[0] = place_make(fixture, PLACE_YOUNG);
    struct pf_handle *first[2];
    struct pf_handle *second[2];
    for (int order = 0; order < 2; order++) { /* first made first, then the other way round */
        first[order] = order == 0 ? depend(fixture, root[0], pair[0]) : NULL;
        second[order] = depend(fixture, pair[0], pair[1]);
        first[order] = order == 1 ? depend(fixture, root[0], pair[0]) : first[order];
    }
    pair[0] = pair[1] = NULL;
    for (int generation = 0; generation < 3; generation++) {
        pf_collect(fixture->thread, generation, mode);
        for (int order = 0; order < 2; order++) {
            ck_assert_ptr_eq(pf_dependent_value(first[order]), pf_handle_get(second[order]));
            ck_assert_ptr_nonnull(pf_dependent_value(second[order]));
        }
    }
    root[0] = NULL;
    pf_collect(fixture->thread, 2, mode);
    ck_assert_ptr_null(pf_handle_get(second[0]));
    ck_assert_ptr_null(pf_handle_get(second[1]));
}

START_TEST(a_dependent_handle_whose_key_is_reachable_only_through_anothers_value) {
    for_all_places(check_through_value);
}
END_TEST

enum order { FORWARDS, BACKWARDS, SHUFFLED, ORDERS };

static void shuffle(size_t *order) {
    struct random random = {11};
    for (size_t i = CHAIN - 1; i > 0; i--) {
        size_t other = random_below(&random, i + 1);
        size_t kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}

/* Link i has the key that link i - 1 has as its value; handles are made in the given order. root[0] is key 0. */
static void make_chain(struct fixture *fixture, void **root, enum order order, struct pf_handle **handles) {
    static size_t place[CHAIN];
    PINFOLD_ROOTS(fixture->thread, nodes, 1);
    nodes[0] = pf_alloc_array(fixture->thread, &vector_type, CHAIN + 1);
    for (size_t i = 0; i <= CHAIN; i++) {
        pf_store(fixture->thread, place_slot(nodes[0], i), fixture_node(fixture->thread, i));
    }
    for (size_t i = 0; i < CHAIN; i++) {
        place[i] = order == BACKWARDS ? CHAIN - 1 - i : i;
    }
    if (order == SHUFFLED) {
        shuffle(place);
    }
    for (size_t i = 0; i < CHAIN; i++) {
        size_t link = place[i];
        handles[link] = depend(fixture, *place_slot(nodes[0], link), *place_slot(nodes[0], link + 1));
    }
    root[0] = *place_slot(nodes[0], 0);
}

static void check_chain(struct pf_handle *const *handles) {
    for (size_t i = 0; i < CHAIN; i++) {
        const struct node *key = pf_handle_get(handles[i]);
        const struct node *value = pf_dependent_value(handles[i]);
        if (key == NULL || value == NULL || key->key != i || value->key != i + 1) {
            ck_abort_msg("link %zu leads from %p to %p", i, (const void *)key, (const void *)value);
        }
    }
}

static void run_chain(struct fixture *fixture, enum order order) {
    static struct pf_handle *handles[CHAIN];
    PINFOLD_ROOTS(fixture->thread, root, 1);
    make_chain(fixture, root, order, handles);
    for (int generation = 0; generation < 3; generation++) {
        pf_collect(fixture->thread, generation, modes[generation]);
        check_chain(handles);
    }
    pf_handle_set(fixture->heap, handles[CHAIN / 2], NULL); /* the chain breaks */
    pf_collect(fixture->thread, 2, PINFOLD_COLLECT_COMPACT);
    for (size_t i = 0; i < CHAIN; i++) {
        if ((pf_handle_get(handles[i]) != NULL) != (i < CHAIN / 2)) {
            ck_abort_msg("link %zu should be on the other side of the break", i);
        }
    }
}

static void run_chains(const char *gen0_size) {
    for (int order = 0; order < ORDERS; order++) {
        struct fixture fixture = open_with("gen0_size", gen0_size);
        run_chain(&fixture, (enum order)order);
        fixture_close(&fixture);
    }
}

START_TEST(a_chain_of_ten_thousand_in_the_order_of_creation_against_it_and_in_none) {
    run_chains("32Mi");
}
END_TEST

START_TEST(a_chain_survives_collections_while_it_is_made) {
    run_chains("16K");
}
END_TEST

/* The key of link i + 1 hangs on the value of link i, so that it is found by whoever follows that. */
static void make_loose_chain(struct fixture *fixture, void **root, struct pf_handle **handles) {
    static size_t place[CHAIN];
    PINFOLD_ROOTS(fixture->thread, nodes, 2);
    nodes[0] = pf_alloc_array(fixture->thread, &vector_type, CHAIN + 1);
    nodes[1] = pf_alloc_array(fixture->thread, &vector_type, CHAIN);
    for (size_t i = 0; i <= CHAIN; i++) {
        struct node *key = fixture_node(fixture->thread, i);
        pf_store(fixture->thread, place_slot(nodes[0], i), key);
        if (i != 0) {
            struct node *value = fixture_node(fixture->thread, i);
            pf_store(fixture->thread, (void **)&value->left, *place_slot(nodes[0], i));
            pf_store(fixture->thread, place_slot(nodes[1], i - 1), value);
        }
    }
    for (size_t i = 0; i < CHAIN; i++) {
        place[i] = i;
    }
    shuffle(place);
    for (size_t i = 0; i < CHAIN; i++) {
        size_t link = place[i];
        handles[link] = depend(fixture, *place_slot(nodes[0], link), *place_slot(nodes[1], link));
    }
    root[0] = *place_slot(nodes[0], 0);
}

START_TEST(a_chain_in_no_order_is_followed_when_several_threads_mark) {
    static struct pf_handle *handles[CHAIN];
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "mark_workers", "3");
    fixture_set(&options, "stress", "parallel");
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        make_loose_chain(&fixture, root, handles);
        for (int generation = 0; generation < 3; generation++) {
            pf_collect(fixture.thread, generation, modes[generation]);
            check_chain(handles);
        }
    }
    fixture_close(&fixture);
}
END_TEST

/* Each value is a vector of more nodes than the mark stack holds, among them the next key. */
START_TEST(values_that_overflow_the_mark_stack_are_followed_each_time) {
    enum { LINKS = 20, WIDTH = 3000 };
    static struct pf_handle *handles[LINKS];
    struct fixture fixture = open_with("mark_stack_size", "4096");
    {
        PINFOLD_ROOTS(fixture.thread, root, 3);
        root[0] = root[1] = fixture_node(fixture.thread, 0);
        for (size_t link = 0; link < LINKS; link++) {
            root[2] = pf_alloc_array(fixture.thread, &vector_type, WIDTH);
            for (size_t i = 0; i < WIDTH; i++) {
                struct node *leaf = fixture_node(fixture.thread, i);
                pf_store(fixture.thread, place_slot(root[2], i), leaf);
                pf_store(fixture.thread, (void **)&leaf->left, fixture_node(fixture.thread, i));
            }
            handles[link] = depend(&fixture, root[1], root[2]);
            root[1] = ((struct node *)*place_slot(root[2], WIDTH / 2))->left;
        }
        root[1] = root[2] = NULL;
        for (int generation = 0; generation < 3; generation++) {
            pf_collect(fixture.thread, generation, PINFOLD_COLLECT_COMPACT);
            for (size_t link = 1; link < LINKS; link++) {
                ck_assert_ptr_eq(((struct node *)*place_slot(pf_dependent_value(handles[link - 1]), WIDTH / 2))->left,
                                 pf_handle_get(handles[link]));
            }
            fixture_verify(&fixture);
        }
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_old_key_keeps_a_young_value_that_it_is_given_later) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = place_make(&fixture, PLACE_OLD);
        struct pf_handle *handle = depend(&fixture, root[0], NULL);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        ck_assert_ptr_null(pf_dependent_value(handle));
        for (uintptr_t key = 1; key < 4; key++) {
            pf_dependent_set_value(fixture.heap, handle, fixture_node(fixture.thread, key));
            pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
            ck_assert_uint_eq(((struct node *)pf_dependent_value(handle))->key, key);
        }
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(without_a_key_there_is_no_value) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = fixture_node(fixture.thread, 1);
        struct pf_handle *handle = depend(&fixture, NULL, root[0]);
        ck_assert_ptr_null(pf_dependent_value(handle));
        pf_dependent_set_value(fixture.heap, handle, root[0]);
        ck_assert_ptr_null(pf_dependent_value(handle));
        pf_handle_set(fixture.heap, handle, root[0]);
        ck_assert_ptr_null(pf_dependent_value(handle));
        pf_dependent_set_value(fixture.heap, handle, root[0]);
        ck_assert_ptr_eq(pf_dependent_value(handle), root[0]);
        pf_handle_set(fixture.heap, handle, NULL);
        ck_assert_ptr_null(pf_dependent_value(handle));
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_dependent_handle_made_like_any_other_has_no_value_yet) {
    struct fixture fixture = open_tiny();
    struct pf_handle *handle = NULL;
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = fixture_node(fixture.thread, 1);
        pf_handle_destroy(fixture.heap, depend(&fixture, root[0], root[0])); /* whose slot is used again */
        ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_DEPENDENT, root[0], &handle), PINFOLD_OK);
        ck_assert_ptr_eq(pf_handle_get(handle), root[0]);
        ck_assert_ptr_null(pf_dependent_value(handle));
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(destroying_a_dependent_handle_lets_its_value_go) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = fixture_node(fixture.thread, 1);
        struct node *value = fixture_node(fixture.thread, 2);
        struct pf_handle *witness = watch(&fixture, value);
        pf_handle_destroy(fixture.heap, depend(&fixture, root[0], value));
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        ck_assert_ptr_null(pf_handle_get(witness));
    }
    fixture_close(&fixture);
}
END_TEST

/* A word that is no reference never dies, as a key, and may be a value. */
START_TEST(numbers_may_be_keys_and_values_and_a_tag_alone_is_no_key) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "ref_tag_mask", "3");
    fixture_set(&options, "ref_tags", "5"); /* tags 0 and 2 */
    struct fixture fixture = fixture_open(&options);
    void *const number = (void *)(uintptr_t)0x1231;
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = (char *)fixture_node(fixture.thread, 1) + 2;
        struct pf_handle *immortal = depend(&fixture, number, (char *)fixture_node(fixture.thread, 2) + 2);
        struct pf_handle *plain = depend(&fixture, root[0], number);
        struct pf_handle *nothing = depend(&fixture, (void *)(uintptr_t)2, root[0]);
        ck_assert_ptr_null(pf_handle_get(nothing));
        ck_assert_ptr_null(pf_dependent_value(nothing));
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        ck_assert_ptr_eq(pf_handle_get(immortal), number);
        ck_assert_uint_eq(((struct node *)((char *)pf_dependent_value(immortal) - 2))->key, 2);
        ck_assert_ptr_eq(pf_handle_get(plain), root[0]);
        ck_assert_ptr_eq(pf_dependent_value(plain), number);
    }
    fixture_close(&fixture);
}
END_TEST

/* Pins that nothing slides past stay young, or become younger: the block must follow, for the key and for the value. */
static void check_demoted(struct fixture *fixture, enum place key, enum place value, enum pf_collect_mode mode) {
    PINFOLD_ROOTS(fixture->thread, pair, 2);
    struct pf_handle *pins[2];
    (void)place_make(fixture, PLACE_MIDDLE);
    make_pair(fixture, key, value, pair);
    struct pf_handle *handle = depend(fixture, pair[0], pair[1]);
    struct pf_handle *witness = watch(fixture, pair[1]);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pf_pin(fixture->heap, pair[i], &pins[i]), PINFOLD_OK);
    }
    for (int round = 0; round < 6; round++) {
        pf_collect(fixture->thread, round % 3, PINFOLD_COLLECT_COMPACT);
    }
    pf_unpin(fixture->heap, pins[1]);
    pair[1] = NULL;
    for (int generation = 0; generation < 3; generation++) {
        pf_collect(fixture->thread, generation, mode);
        ck_assert_ptr_nonnull(pf_dependent_value(handle));
        ck_assert_ptr_eq(pf_dependent_value(handle), pf_handle_get(witness));
    }
    pf_unpin(fixture->heap, pins[0]);
    int generation = pf_generation_of(fixture->heap, pair[0]);
    pair[0] = NULL;
    pf_collect(fixture->thread, generation > 2 ? 2 : generation, mode);
    ck_assert_ptr_null(pf_handle_get(handle));
}

START_TEST(demoted_keys_and_values_are_seen_by_the_collections_of_their_new_generation) {
    for_all_places(check_demoted);
}
END_TEST

SUITE("unit/dependent_handle", a_value_is_alive_through_its_key_alone_wherever_the_two_lie,
      both_words_are_cleared_when_the_key_is_dead_though_the_value_is_alive, a_value_is_not_kept_by_itself,
      a_key_and_a_value_that_refers_to_it_die_together,
      a_dependent_handle_whose_key_is_reachable_only_through_anothers_value,
      a_chain_of_ten_thousand_in_the_order_of_creation_against_it_and_in_none,
      a_chain_survives_collections_while_it_is_made, a_chain_in_no_order_is_followed_when_several_threads_mark,
      values_that_overflow_the_mark_stack_are_followed_each_time, an_old_key_keeps_a_young_value_that_it_is_given_later,
      without_a_key_there_is_no_value, a_dependent_handle_made_like_any_other_has_no_value_yet,
      destroying_a_dependent_handle_lets_its_value_go, numbers_may_be_keys_and_values_and_a_tag_alone_is_no_key,
      demoted_keys_and_values_are_seen_by_the_collections_of_their_new_generation)
