/* SPDX-License-Identifier: MIT
 *
 * How a process ends on a broken contract: with the sentence on standard error and an abort, unless a handler leaves by
 * other means. Also the two endings that are no misuse of a single call: a full heap that nobody handles, and a heap
 * found corrupted in the middle of a collection.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static struct fixture fixture; /* static: what a refused call leaves behind stays reachable */

static void open_with(const char *name, const char *text) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, name, text);
    fixture = fixture_open(&options);
}

static void break_a_contract(void) {
    open_with("verify", "0");
    pf_collect(fixture.thread, 17, PINFOLD_COLLECT_DEFAULT);
}

static void announce(const char *sentence) {
    (void)fprintf(stderr, "handler was told: %s\n", sentence);
}

static void break_a_contract_with_a_handler_that_returns(void) {
    pf_set_fatal_handler(announce);
    break_a_contract();
}

static void leave(const char *sentence) {
    (void)sentence;
    _exit(42);
}

static void break_a_contract_with_a_handler_that_exits(void) {
    pf_set_fatal_handler(leave);
    break_a_contract();
}

START_TEST(a_broken_contract_prints_its_sentence_and_aborts) {
    struct child_result result = child_run(break_a_contract);
    ck_assert_int_eq(result.exited, 0);
    ck_assert_int_eq(result.code, SIGABRT);
    ck_assert_msg(fatal_says(result.text, "generation,17"), "%s", result.text);
}
END_TEST

START_TEST(a_handler_that_returns_is_followed_by_the_abort) {
    struct child_result result = child_run(break_a_contract_with_a_handler_that_returns);
    ck_assert_int_eq(result.exited, 0);
    ck_assert_int_eq(result.code, SIGABRT);
    ck_assert_msg(fatal_says(result.text, "handler was told,generation,17"), "%s", result.text);
}
END_TEST

START_TEST(a_handler_may_exit_and_then_nothing_is_printed) {
    struct child_result result = child_run(break_a_contract_with_a_handler_that_exits);
    ck_assert_int_eq(result.exited, 1);
    ck_assert_int_eq(result.code, 42);
    ck_assert_str_eq(result.text, "");
}
END_TEST

static void fill_the_heap(void) {
    PINFOLD_ROOTS(fixture.thread, root, 1);
    for (;;) {
        struct node *node = pf_alloc(fixture.thread, &node_type);
        pf_store(fixture.thread, &node->left, root[0]);
        root[0] = node;
    }
}

START_TEST(a_full_heap_without_a_handler_ends_with_a_sentence_about_memory) {
    open_with("reserve_size", "8Mi");
    ck_assert_refused(fill_the_heap(), "memory");
}
END_TEST

/* A holder in generation 2 with a reference to a fresh object that no barrier has seen. */
static void hide_a_store(void **root) {
    root[0] = fixture_node(fixture.thread, 1);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_int_eq(pf_generation_of(fixture.heap, root[0]), 2);
    struct node *young = fixture_node(fixture.thread, 2);
    ((struct node *)root[0])->left = young;
}

START_TEST(with_the_verify_option_a_missing_barrier_ends_the_next_collection) {
    open_with("verify", "1");
    PINFOLD_ROOTS(fixture.thread, root, 1);
    hide_a_store(root);
    ck_assert_refused(pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT), "card,node");
}
END_TEST

START_TEST(with_the_verify_option_a_corrupted_type_word_ends_the_next_collection) {
    open_with("verify", "1");
    PINFOLD_ROOTS(fixture.thread, root, 1);
    struct node *node = fixture_node(fixture.thread, 1);
    root[0] = node;
    node->type = NULL;
    ck_assert_refused(pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT), "type");
}
END_TEST

SUITE("death/ending", a_broken_contract_prints_its_sentence_and_aborts, a_handler_that_returns_is_followed_by_the_abort,
      a_handler_may_exit_and_then_nothing_is_printed, a_full_heap_without_a_handler_ends_with_a_sentence_about_memory,
      with_the_verify_option_a_missing_barrier_ends_the_next_collection,
      with_the_verify_option_a_corrupted_type_word_ends_the_next_collection)
