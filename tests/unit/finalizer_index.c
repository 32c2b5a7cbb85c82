/* SPDX-License-Identifier: MIT
 *
 * The table that finds the registrations of an object: against a plain search, while the list grows and changes.
 */
#include "gc/state/finalizer_index.h"

#include <stdlib.h>

#include "tests/support/account.h"
#include "tests/support/random.h"
#include "tests/support/suite.h"

enum { MOST = 20000, VALUES = 3000 };

static struct pfi_finalizer nodes[MOST];
static struct pfi_finalizer_list list;
static struct pfi_finalizer_index index_;

static void append(size_t node, uintptr_t value) {
    nodes[node].value = value;
    pfi_finalizer_list_append(&list, &nodes[node]);
}

static void reset(void) {
    list = (struct pfi_finalizer_list){NULL, NULL, 0};
    pfi_finalizer_index_finish(&index_);
    index_ = (struct pfi_finalizer_index){.account = test_account()};
}

static size_t occurrences(uintptr_t value) {
    size_t count = 0;
    for (const struct pfi_finalizer *node = list.first; node != NULL; node = node->next) {
        count += node->value == value;
    }
    return count;
}

static void suppress(uintptr_t value) {
    size_t before = list.count;
    size_t expected = occurrences(value);
    size_t count = pfi_finalizer_index_suppress(&index_, &list, value);
    if (count != expected || occurrences(value) != 0 || list.count != before - expected) {
        ck_abort_msg("%zu of %zu suppressed", count, expected);
    }
}

START_TEST(all_nodes_of_a_value_are_suppressed_in_lists_of_any_length) {
    struct random random = {1};
    for (size_t length = 0; length < 2000; length = length * 2 + 7) {
        reset();
        for (size_t i = 0; i < length; i++) {
            append(i, 8 * random_between(&random, 1, length));
        }
        for (uintptr_t value = 8; value <= 8 * length + 8; value += 8) {
            suppress(value);
        }
        ck_assert_uint_eq(list.count, 0);
    }
    reset();
}
END_TEST

START_TEST(the_table_follows_a_list_that_grows_between_suppressions) {
    struct random random = {2};
    reset();
    for (size_t i = 0; i < MOST; i++) {
        append(i, 8 * random_between(&random, 1, VALUES));
        if (i % 7 == 0) {
            suppress(8 * random_between(&random, 1, VALUES));
        }
    }
    ck_assert_uint_ge(index_.capacity, 2 * index_.used);
    reset();
}
END_TEST

START_TEST(a_table_that_was_told_to_forget_knows_the_new_values) {
    struct random random = {3};
    reset();
    for (size_t i = 0; i < 1000; i++) {
        append(i, 8 * (i + 1));
    }
    suppress(8);
    const struct pfi_finalizer *const *table = (const struct pfi_finalizer *const *)index_.table;
    for (size_t i = 1; i < 1000; i++) {
        nodes[i].value = 800000 + 16 * random_below(&random, 500); /* the objects have moved */
    }
    pfi_finalizer_index_forget(&index_);
    for (uintptr_t value = 800000; value < 808000; value += 16) {
        suppress(value);
    }
    ck_assert_uint_eq(list.count, 0);
    ck_assert_ptr_eq(index_.table, table);
    reset();
}
END_TEST

START_TEST(suppressed_nodes_are_not_found_again_though_they_are_in_the_table) {
    reset();
    for (size_t i = 0; i < 200; i++) {
        append(i, 8 * (i + 1));
    }
    suppress(80);
    ck_assert_ptr_nonnull(index_.last);
    ck_assert_uint_eq(pfi_finalizer_index_suppress(&index_, &list, 80), 0);
    append(200, 80);
    ck_assert_uint_eq(pfi_finalizer_index_suppress(&index_, &list, 80), 1);
    reset();
}
END_TEST

SUITE("unit/finalizer_index", all_nodes_of_a_value_are_suppressed_in_lists_of_any_length,
      the_table_follows_a_list_that_grows_between_suppressions, a_table_that_was_told_to_forget_knows_the_new_values,
      suppressed_nodes_are_not_found_again_though_they_are_in_the_table)
