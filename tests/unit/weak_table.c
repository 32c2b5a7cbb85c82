/* SPDX-License-Identifier: MIT
 *
 * Weak tables: entries live as long as their keys, lookups survive every move, old keys are left alone by young
 * collections, and the table follows the number of its entries.
 */
#include "gc/api/weak_table.h"

#include <stdbool.h>
#include <string.h>

#include "tests/support/fatal.h"
#include "tests/support/place.h"
#include "tests/support/process.h"
#include "tests/support/random.h"
#include "tests/support/suite.h"

static struct fixture open_tiny(void) {
    struct pf_options options = fixture_tiny_options();
    return fixture_open(&options);
}

static struct pf_weak_table *make_table(struct fixture *fixture) {
    struct pf_weak_table *table = NULL;
    ck_assert_int_eq(pf_weak_table_create(fixture->heap, &table), PINFOLD_OK);
    ck_assert_uint_eq(pf_weak_table_count(table), 0);
    return table;
}

static void insert(struct pf_weak_table *table, void *key, void *value) {
    if (pf_weak_table_insert(table, key, value) != PINFOLD_OK) {
        ck_abort_msg("no memory for an entry");
    }
}

/* Fails the test unless the key has a node with this number as its value. */
static void check_entry(struct pf_weak_table *table, const void *key, uintptr_t number) {
    void *value = NULL;
    if (!pf_weak_table_find(table, key, &value) || value == NULL || ((struct node *)value)->key != number) {
        ck_abort_msg("the value of %p should be %zu and is %p", key, (size_t)number, value);
    }
}

START_TEST(what_was_inserted_is_found_replaced_and_removed) {
    struct fixture fixture = open_tiny();
    struct pf_weak_table *table = make_table(&fixture);
    {
        PINFOLD_ROOTS(fixture.thread, key, 2);
        key[0] = fixture_node(fixture.thread, 0);
        key[1] = fixture_node(fixture.thread, 1);
        struct node *value = fixture_node(fixture.thread, 10);
        insert(table, key[0], value);
        check_entry(table, key[0], 10);
        void *untouched = &fixture;
        ck_assert_int_eq(pf_weak_table_find(table, key[1], &untouched), 0);
        ck_assert_ptr_eq(untouched, &fixture);
        value = fixture_node(fixture.thread, 11);
        insert(table, key[0], value);
        check_entry(table, key[0], 11);
        ck_assert_uint_eq(pf_weak_table_count(table), 1);
        ck_assert_int_eq(pf_weak_table_remove(table, key[1]), 0);
        ck_assert_int_eq(pf_weak_table_remove(table, key[0]), 1);
        ck_assert_int_eq(pf_weak_table_find(table, key[0], NULL), 0);
        ck_assert_uint_eq(pf_weak_table_count(table), 0);
    }
    pf_weak_table_destroy(table);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_value_may_be_nothing_and_the_entry_is_there_all_the_same) {
    struct fixture fixture = open_tiny();
    struct pf_weak_table *table = make_table(&fixture);
    {
        PINFOLD_ROOTS(fixture.thread, key, 1);
        void *value = &fixture;
        key[0] = fixture_node(fixture.thread, 0);
        insert(table, key[0], NULL);
        ck_assert_int_eq(pf_weak_table_find(table, key[0], &value), 1);
        ck_assert_ptr_null(value);
    }
    pf_weak_table_destroy(table);
    fixture_close(&fixture);
}
END_TEST

START_TEST(entries_follow_their_keys_wherever_those_lie_and_go) {
    for (int place = 0; place < PLACES; place++) {
        struct fixture fixture = open_tiny();
        struct pf_weak_table *table = make_table(&fixture);
        {
            PINFOLD_ROOTS(fixture.thread, key, 1);
            key[0] = place_make(&fixture, (enum place)place);
            struct node *value = fixture_node(fixture.thread, (uintptr_t)place);
            insert(table, key[0], value);
            for (int round = 0; round < 9; round++) {
                pf_collect(fixture.thread, round % 3, (enum pf_collect_mode)(1 + round / 3));
                check_entry(table, key[0], (uintptr_t)place);
            }
        }
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        ck_assert_uint_eq(pf_weak_table_count(table), 0);
        pf_weak_table_destroy(table);
        fixture_close(&fixture);
    }
}
END_TEST

START_TEST(an_entry_goes_with_its_key_and_lets_its_value_go_even_if_that_refers_to_the_key) {
    struct fixture fixture = open_tiny();
    struct pf_weak_table *table = make_table(&fixture);
    struct pf_handle *witness = NULL;
    {
        PINFOLD_ROOTS(fixture.thread, key, 1);
        key[0] = fixture_node(fixture.thread, 0);
        struct node *value = fixture_node(fixture.thread, 1);
        pf_store(fixture.thread, (void **)&value->left, key[0]);
        insert(table, key[0], value);
        ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_WEAK, value, &witness), PINFOLD_OK);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        check_entry(table, key[0], 1);
        ck_assert_ptr_nonnull(pf_handle_get(witness));
    }
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_ptr_null(pf_handle_get(witness));
    ck_assert_uint_eq(pf_weak_table_count(table), 0);
    pf_weak_table_destroy(table);
    fixture_close(&fixture);
}
END_TEST

START_TEST(two_tags_of_one_object_are_two_keys) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "ref_tag_mask", "3");
    fixture_set(&options, "ref_tags", "6"); /* tags 1 and 2 */
    struct fixture fixture = fixture_open(&options);
    struct pf_weak_table *table = make_table(&fixture);
    {
        PINFOLD_ROOTS(fixture.thread, key, 1);
        key[0] = (char *)fixture_node(fixture.thread, 0) + 1;
        insert(table, key[0], (char *)key[0] + 3); /* a number */
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        ck_assert_int_eq(pf_weak_table_find(table, key[0], NULL), 1);
        ck_assert_int_eq(pf_weak_table_find(table, (char *)key[0] + 1, NULL), 0);
        insert(table, (char *)key[0] + 1, NULL);
        ck_assert_uint_eq(pf_weak_table_count(table), 2);
    }
    pf_weak_table_destroy(table);
    fixture_close(&fixture);
}
END_TEST

/* Keys 0..count - 1 lie in a vector, of which a strong handle is made; the value of key i is key i / 2. */
static struct pf_handle *fill(struct fixture *fixture, struct pf_weak_table *table, size_t count) {
    struct pf_handle *keys = NULL;
    void *vector = pf_alloc_array(fixture->thread, &vector_type, count);
    ck_assert_int_eq(pf_handle_create(fixture->heap, PINFOLD_HANDLE_STRONG, vector, &keys), PINFOLD_OK);
    for (size_t i = 0; i < count; i++) {
        struct node *key = fixture_node(fixture->thread, i);
        pf_store(fixture->thread, place_slot(pf_handle_get(keys), i), key);
        insert(table, key, *place_slot(pf_handle_get(keys), i / 2));
    }
    return keys;
}

static void check_all(struct pf_weak_table *table, size_t count, const struct pf_handle *keys) {
    for (size_t i = 0; i < count; i++) {
        check_entry(table, *place_slot(pf_handle_get(keys), i), i / 2);
    }
    ck_assert_uint_eq(pf_weak_table_count(table), count);
}

START_TEST(ten_thousand_entries_survive_collections_of_every_kind) {
    enum { MANY = 10000 };
    struct fixture fixture = open_tiny();
    struct pf_weak_table *table = make_table(&fixture);
    struct pf_handle *keys = fill(&fixture, table, MANY);
    for (int round = 0; round < 9; round++) {
        pf_collect(fixture.thread, round % 3, (enum pf_collect_mode)(1 + round / 3));
        check_all(table, MANY, keys);
    }
    pf_weak_table_destroy(table);
    fixture_close(&fixture);
}
END_TEST

/* How many keys the next lookup hashes anew. */
static size_t rehashed_by_lookup(struct pf_weak_table *table, const void *key) {
    size_t before = pfi_weak_table_rehashed(table);
    ck_assert_int_eq(pf_weak_table_find(table, key, NULL), 1);
    return pfi_weak_table_rehashed(table) - before;
}

START_TEST(a_lookup_after_a_young_collection_hashes_young_keys_anew_and_no_old_ones) {
    enum { OLD = 5000, YOUNG = 30, ROUNDS = 4 };
    static const int generations[ROUNDS] = {0, 1, 1, 0};
    static const size_t expected[ROUNDS] = {YOUNG, YOUNG, 0, 0}; /* they grow old on the way */
    struct fixture fixture = open_tiny();
    struct pf_weak_table *table = make_table(&fixture);
    const struct pf_handle *keys = fill(&fixture, table, OLD);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    {
        PINFOLD_ROOTS(fixture.thread, young, YOUNG);
        (void)rehashed_by_lookup(table, *place_slot(pf_handle_get(keys), 0));
        for (size_t i = 0; i < YOUNG; i++) {
            young[i] = fixture_node(fixture.thread, i);
            insert(table, young[i], young[i]);
        }
        for (size_t round = 0; round < ROUNDS; round++) {
            pf_collect(fixture.thread, generations[round], PINFOLD_COLLECT_COMPACT);
            ck_assert_uint_eq(rehashed_by_lookup(table, *place_slot(pf_handle_get(keys), 1)), expected[round]);
            ck_assert_uint_eq(rehashed_by_lookup(table, young[round]), 0);
        }
    }
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_uint_eq(rehashed_by_lookup(table, *place_slot(pf_handle_get(keys), 2)), OLD);
    ck_assert_uint_eq(rehashed_by_lookup(table, *place_slot(pf_handle_get(keys), 2)), 0); /* once is enough */
    check_all(table, OLD, keys);
    pf_weak_table_destroy(table);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_table_grows_with_its_entries_and_shrinks_with_them) {
    enum { MANY = 20000, FEW = 10 };
    struct fixture fixture = open_tiny();
    struct pf_weak_table *table = make_table(&fixture);
    size_t smallest = pfi_weak_table_capacity(table);
    for (int round = 0; round < 2; round++) {
        struct pf_handle *keys = fill(&fixture, table, MANY);
        ck_assert_uint_ge(pfi_weak_table_capacity(table), MANY);
        ck_assert_uint_le(pfi_weak_table_capacity(table), 4 * MANY);
        void **slots = pf_elements(pf_handle_get(keys));
        for (size_t i = FEW; i < MANY && round == 0; i++) { /* first by removal, then by death */
            ck_assert_int_eq(pf_weak_table_remove(table, slots[i]), 1);
        }
        memset(&slots[FEW], 0, (MANY - FEW) * sizeof *slots);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        check_all(table, FEW, keys);
        ck_assert_uint_le(pfi_weak_table_capacity(table), 8 * smallest);
        pf_handle_destroy(fixture.heap, keys);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        ck_assert_uint_eq(pf_weak_table_count(table), 0);
        ck_assert_uint_eq(pfi_weak_table_capacity(table), smallest);
    }
    pf_weak_table_destroy(table);
    fixture_close(&fixture);
}
END_TEST

/* Entries of the dead give their room to new ones: a table of few living keys does not grow for ever. */
START_TEST(a_table_whose_keys_die_all_the_time_stays_small_without_being_asked) {
    struct fixture fixture = open_tiny();
    struct pf_weak_table *table = make_table(&fixture);
    for (uintptr_t i = 0; i < 200000; i++) {
        insert(table, fixture_node(fixture.thread, i), NULL);
    }
    ck_assert_uint_le(pfi_weak_table_capacity(table), 16384); /* a budget is at most 64 KB, 2000 nodes */
    pf_weak_table_destroy(table);
    fixture_close(&fixture);
}
END_TEST

struct visits {
    struct fixture *fixture;
    struct pf_weak_table *table;
    size_t count;
    uintptr_t sum;
};

static int visit_and_allocate(void *key, void *value, void *data) {
    struct visits *visits = data;
    visits->count++;
    visits->sum += ((struct node *)key)->key;
    ck_assert_uint_eq(((struct node *)value)->key, ((struct node *)key)->key / 2);
    (void)pf_alloc_array(visits->fixture->thread, &bytes_type, 1000);
    return 0;
}

static int stop_at_third(void *key, void *value, void *data) {
    struct visits *visits = data;
    (void)key;
    (void)value;
    return ++visits->count == 3 ? 42 : 0;
}

START_TEST(an_iteration_meets_every_entry_once_while_collections_go_on) {
    enum { COUNT = 1000 };
    struct fixture fixture = open_tiny();
    struct pf_weak_table *table = make_table(&fixture);
    struct visits visits = {&fixture, table, 0, 0};
    (void)fill(&fixture, table, COUNT);
    ck_assert_int_eq(pf_weak_table_iterate(table, visit_and_allocate, &visits), 0);
    ck_assert_uint_eq(visits.count, COUNT);
    ck_assert_uint_eq(visits.sum, (uintptr_t)COUNT * (COUNT - 1) / 2);
    visits.count = 0;
    ck_assert_int_eq(pf_weak_table_iterate(table, stop_at_third, &visits), 42);
    ck_assert_uint_eq(visits.count, 3);
    pf_weak_table_destroy(table);
    fixture_close(&fixture);
}
END_TEST

/* Against an array: random insertions, removals, lookups, deaths and collections. */
START_TEST(a_table_agrees_with_an_array_of_pairs) {
    enum { KEYS = 300, STEPS = 40000 };
    static bool has[KEYS];
    static uintptr_t number[KEYS];
    struct random random = {3};
    struct fixture fixture = open_tiny();
    struct pf_weak_table *table = make_table(&fixture);
    {
        PINFOLD_ROOTS(fixture.thread, key, KEYS);
        for (uintptr_t step = 0; step < STEPS; step++) {
            size_t i = random_below(&random, KEYS);
            if (key[i] == NULL || random_chance(&random, 10)) {
                key[i] = random_chance(&random, 90)
                             ? fixture_node(fixture.thread, i)
                             : pf_alloc_array(fixture.thread, &vector_type, random_chance(&random, 50) ? 1000 : 2);
                has[i] = false;
            } else if (random_chance(&random, 40)) {
                struct node *value = fixture_node(fixture.thread, step); /* before key[i] is read: that may move */
                insert(table, key[i], value);
                has[i] = true;
                number[i] = step;
            } else if (random_chance(&random, 30)) {
                if (pf_weak_table_remove(table, key[i]) != has[i]) {
                    ck_abort_msg("step %zu: key %zu is there or not", (size_t)step, i);
                }
                has[i] = false;
            } else if (random_chance(&random, 5)) {
                pf_collect(fixture.thread, (int)random_below(&random, 3),
                           (enum pf_collect_mode)random_below(&random, 4));
            }
            i = random_below(&random, KEYS);
            if (has[i]) {
                check_entry(table, key[i], number[i]);
            } else if (key[i] != NULL && pf_weak_table_find(table, key[i], NULL)) {
                ck_abort_msg("step %zu: key %zu was removed", (size_t)step, i);
            }
        }
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        size_t count = 0;
        for (size_t i = 0; i < KEYS; i++) {
            count += has[i];
        }
        ck_assert_uint_eq(pf_weak_table_count(table), count);
    }
    pf_weak_table_destroy(table);
    fixture_close(&fixture);
}
END_TEST

START_TEST(without_memory_an_insertion_is_refused_and_what_was_there_stays) {
    enum { MOST = 100000 };
    struct fixture fixture = open_tiny();
    struct pf_weak_table *table = make_table(&fixture);
    {
        PINFOLD_ROOTS(fixture.thread, key, 2);
        size_t count = 0;
        enum pf_status status = PINFOLD_OK;
        key[0] = fixture_node(fixture.thread, 1);
        key[1] = pf_alloc_array_pinned(fixture.thread, &bytes_type, 16, 8);
        insert(table, key[0], key[0]);
        if (!process_limit_writable_memory((size_t)4 << 20, 0)) {
            status = PINFOLD_OUT_OF_MEMORY; /* cannot be tried here */
        }
        static struct pf_weak_table *tables[MOST]; /* each takes memory for entries, buckets and a handle */
        while (status == PINFOLD_OK && count < MOST) {
            status = pf_weak_table_create(fixture.heap, &tables[count]);
            count += status == PINFOLD_OK;
            status = status == PINFOLD_OK ? pf_weak_table_insert(tables[count - 1], key[1], key[0]) : status;
        }
        ck_assert_int_eq(status, PINFOLD_OUT_OF_MEMORY);
        check_entry(table, key[0], 1);
        process_lift_limits();
        while (count > 0) {
            pf_weak_table_destroy(tables[--count]);
        }
        insert(table, key[1], key[0]);
        check_entry(table, key[1], 1);
    }
    pf_weak_table_destroy(table);
    fixture_close(&fixture);
}
END_TEST

START_TEST(bad_arguments_are_named) {
    struct fixture fixture = open_tiny();
    struct pf_weak_table *table = make_table(&fixture);
    int local = 0;
    ck_assert_refused((void)!pf_weak_table_create(NULL, &table), "pf_weak_table_create,heap,NULL");
    ck_assert_refused((void)!pf_weak_table_create(fixture.heap, NULL), "pf_weak_table_create,table,NULL");
    ck_assert_refused((void)!pf_weak_table_insert(NULL, &local, NULL), "pf_weak_table_insert,table,NULL");
    ck_assert_refused((void)!pf_weak_table_insert(table, &local, NULL), "pf_weak_table_insert,key,no object");
    ck_assert_refused((void)!pf_weak_table_insert(table, NULL, NULL), "pf_weak_table_insert,key,no object");
    ck_assert_refused(pf_weak_table_find(table, NULL, NULL), "pf_weak_table_find,key,no object");
    ck_assert_refused(pf_weak_table_remove(table, &local), "pf_weak_table_remove,key,no object");
    ck_assert_refused((void)pf_weak_table_count(NULL), "pf_weak_table_count,table,NULL");
    ck_assert_refused(pf_weak_table_iterate(table, NULL, NULL), "pf_weak_table_iterate,callback,NULL");
    pf_weak_table_destroy(NULL);
    pf_weak_table_destroy(table);
    fixture_close(&fixture);
}
END_TEST

static int use_the_table(void *key, void *value, void *data) {
    (void)value;
    return pf_weak_table_remove(data, key);
}

START_TEST(using_a_table_in_the_middle_of_its_iteration_is_refused) {
    static struct pf_weak_table *table; /* left behind */
    struct fixture fixture = open_tiny();
    table = make_table(&fixture);
    insert(table, fixture_node(fixture.thread, 1), NULL);
    ck_assert_refused(pf_weak_table_iterate(table, use_the_table, table), "pf_weak_table_remove,iterated");
}
END_TEST

SUITE("unit/weak_table", what_was_inserted_is_found_replaced_and_removed,
      a_value_may_be_nothing_and_the_entry_is_there_all_the_same, entries_follow_their_keys_wherever_those_lie_and_go,
      an_entry_goes_with_its_key_and_lets_its_value_go_even_if_that_refers_to_the_key,
      two_tags_of_one_object_are_two_keys, ten_thousand_entries_survive_collections_of_every_kind,
      a_lookup_after_a_young_collection_hashes_young_keys_anew_and_no_old_ones,
      a_table_grows_with_its_entries_and_shrinks_with_them,
      a_table_whose_keys_die_all_the_time_stays_small_without_being_asked,
      an_iteration_meets_every_entry_once_while_collections_go_on, a_table_agrees_with_an_array_of_pairs,
      without_memory_an_insertion_is_refused_and_what_was_there_stays, bad_arguments_are_named,
      using_a_table_in_the_middle_of_its_iteration_is_refused)
