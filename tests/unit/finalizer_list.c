/* SPDX-License-Identifier: MIT
 *
 * Lists of registrations: first in, first out, and sorting by number.
 */
#include "gc/state/finalizer_list.h"

#include "tests/support/random.h"
#include "tests/support/suite.h"

enum { MOST = 2000 };

static struct pfi_finalizer nodes[MOST];

static void append(struct pfi_finalizer_list *list, size_t index, uint64_t number) {
    nodes[index].number = number;
    pfi_finalizer_list_append(list, &nodes[index]);
}

START_TEST(nodes_are_taken_in_the_order_in_which_they_came) {
    struct pfi_finalizer_list list = {NULL, NULL, 0};
    ck_assert_ptr_null(pfi_finalizer_list_take(&list));
    for (size_t round = 0; round < 3; round++) {
        append(&list, 0, 0);
        append(&list, 1, 1);
        ck_assert_ptr_eq(pfi_finalizer_list_take(&list), &nodes[0]);
        append(&list, 2, 2);
        ck_assert_uint_eq(list.count, 2);
        ck_assert_ptr_eq(pfi_finalizer_list_take(&list), &nodes[1]);
        ck_assert_ptr_eq(pfi_finalizer_list_take(&list), &nodes[2]);
        ck_assert_ptr_null(pfi_finalizer_list_take(&list));
        ck_assert_uint_eq(list.count, 0);
    }
}
END_TEST

START_TEST(joining_puts_one_list_behind_the_other_and_empties_it) {
    struct pfi_finalizer_list list = {NULL, NULL, 0};
    struct pfi_finalizer_list tail = {NULL, NULL, 0};
    pfi_finalizer_list_join(&list, &tail);
    ck_assert_ptr_null(list.first);
    append(&tail, 0, 0);
    append(&tail, 1, 1);
    pfi_finalizer_list_join(&list, &tail);
    ck_assert_ptr_null(tail.first);
    ck_assert_uint_eq(tail.count, 0);
    append(&tail, 2, 2);
    pfi_finalizer_list_join(&list, &tail);
    append(&list, 3, 3);
    ck_assert_uint_eq(list.count, 4);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_ptr_eq(pfi_finalizer_list_take(&list), &nodes[i]);
    }
}
END_TEST

START_TEST(sorting_leaves_the_same_nodes_in_rising_order) {
    struct random random = {1};
    for (size_t count = 0; count < MOST; count = count * 5 / 4 + 1) {
        struct pfi_finalizer_list list = {NULL, NULL, 0};
        for (size_t i = 0; i < count; i++) {
            append(&list, i, random_next(&random));
        }
        pfi_finalizer_list_sort(&list);
        ck_assert_uint_eq(list.count, count);
        size_t met = 0;
        const struct pfi_finalizer *before = NULL;
        for (const struct pfi_finalizer *node = list.first; node != NULL; node = node->next, met++) {
            if (before != NULL && before->number >= node->number) {
                ck_abort_msg("not in order at %zu of %zu", met, count);
            }
            before = node;
        }
        ck_assert_uint_eq(met, count);
        ck_assert(count == 0 || list.last == before);
    }
}
END_TEST

START_TEST(runs_that_are_in_order_are_merged) {
    struct pfi_finalizer_list list = {NULL, NULL, 0};
    for (size_t i = 0; i < 300; i++) {
        append(&list, i, i < 100 ? 3 * i : i < 200 ? 3 * (i - 100) + 1 : 3 * (i - 200) + 2);
    }
    pfi_finalizer_list_sort(&list);
    for (uint64_t i = 0; i < 300; i++) {
        ck_assert_uint_eq(pfi_finalizer_list_take(&list)->number, i);
    }
}
END_TEST

SUITE("unit/finalizer_list", nodes_are_taken_in_the_order_in_which_they_came,
      joining_puts_one_list_behind_the_other_and_empties_it, sorting_leaves_the_same_nodes_in_rising_order,
      runs_that_are_in_order_are_merged)
