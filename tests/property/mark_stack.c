/* SPDX-License-Identifier: MIT
 *
 * Graphs that are hard on a mark stack, with the smallest one that options allow: marking must fall back on passes over
 * the heap and still find everything. The same graphs with the default stack take the ordinary path.
 */
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

enum { MANY = 1000000, TREE_DEPTH = 17, CHAINS = 2000, CHAIN_LENGTH = 100 };

static struct pf_options stack_options(const char *mark_stack_size) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "mark_stack_size", mark_stack_size);
    return options;
}

static size_t live_bytes_after_full_collection(struct fixture *fixture, enum pf_collect_mode mode) {
    struct pf_statistics statistics;
    pf_collect(fixture->thread, 2, mode);
    pf_heap_statistics(fixture->heap, &statistics);
    return statistics.live_bytes;
}

/* Compacts and sweeps; both must keep exactly `bytes`. */
static void check_live(struct fixture *fixture, size_t bytes) {
    ck_assert_uint_eq(live_bytes_after_full_collection(fixture, PINFOLD_COLLECT_COMPACT), bytes);
    ck_assert_uint_eq(live_bytes_after_full_collection(fixture, PINFOLD_COLLECT_SWEEP), bytes);
    fixture_verify(fixture);
}

static void run_deep_list(const char *mark_stack_size) {
    struct pf_options options = stack_options(mark_stack_size);
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], MANY);
        check_live(&fixture, (size_t)MANY * node_type.base_size);
        fixture_check_list(root[0], MANY);
    }
    fixture_close(&fixture);
}

/* Built top down through a frame per level, so that parents are older than children. */
static void grow_tree(struct pf_thread *thread, void **slot, int depth, uintptr_t key) {
    PINFOLD_ROOTS(thread, child, 2);
    struct node *node = fixture_node(thread, key);
    *slot = node;
    if (depth > 0) {
        grow_tree(thread, &child[0], depth - 1, key * 2);
        grow_tree(thread, &child[1], depth - 1, key * 2 + 1);
        node = *slot;
        pf_store(thread, &node->left, child[0]);
        pf_store(thread, &node->right, child[1]);
    }
}

static size_t check_tree(const struct node *node, int depth, uintptr_t key) {
    if (node == NULL || node->key != key) {
        ck_abort_msg("the tree has no node with key %zu", (size_t)key);
    }
    if (depth == 0) {
        ck_assert_msg(node->left == NULL && node->right == NULL, "a leaf has children");
        return 1;
    }
    return 1 + check_tree(node->left, depth - 1, key * 2) + check_tree(node->right, depth - 1, key * 2 + 1);
}

static void run_tree(const char *mark_stack_size) {
    struct pf_options options = stack_options(mark_stack_size);
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        grow_tree(fixture.thread, &root[0], TREE_DEPTH, 1);
        size_t nodes = ((size_t)2 << TREE_DEPTH) - 1;
        check_live(&fixture, nodes * node_type.base_size);
        ck_assert_uint_eq(check_tree(root[0], TREE_DEPTH, 1), nodes);
    }
    fixture_close(&fixture);
}

/* Every element of a long array refers to an object of its own, each of which refers on to a list. */
static void run_wide_array(const char *mark_stack_size) {
    struct pf_options options = stack_options(mark_stack_size);
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = pf_alloc_array(fixture.thread, &vector_type, MANY);
        for (size_t i = 0; i < MANY; i++) {
            struct node *node = fixture_node(fixture.thread, i);
            pf_store(fixture.thread, &((void **)pf_elements(root[0]))[i], node);
        }
        check_live(&fixture, (size_t)MANY * node_type.base_size + fixture_footprint(fixture.heap, root[0]));
        struct node **elements = pf_elements(root[0]);
        for (size_t i = 0; i < MANY; i++) {
            if (elements[i]->key != i) {
                ck_abort_msg("element %zu has key %zu", i, (size_t)elements[i]->key);
            }
        }
    }
    fixture_close(&fixture);
}

/* A wide array of lists: wide and deep at once, so that the stack runs over again while it is being repaired. */
static void run_array_of_lists(const char *mark_stack_size) {
    struct pf_options options = stack_options(mark_stack_size);
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = pf_alloc_array(fixture.thread, &vector_type, CHAINS);
        for (size_t i = 0; i < CHAINS; i++) {
            fixture_list(fixture.thread, &root[1], CHAIN_LENGTH);
            pf_store(fixture.thread, &((void **)pf_elements(root[0]))[i], root[1]);
        }
        root[1] = NULL;
        check_live(&fixture,
                   (size_t)CHAINS * CHAIN_LENGTH * node_type.base_size + fixture_footprint(fixture.heap, root[0]));
        for (size_t i = 0; i < CHAINS; i++) {
            fixture_check_list(((void **)pf_elements(root[0]))[i], CHAIN_LENGTH);
        }
    }
    fixture_close(&fixture);
}

START_TEST(a_list_of_a_million_nodes_survives_with_the_smallest_mark_stack) {
    run_deep_list("4096");
}
END_TEST

START_TEST(a_list_of_a_million_nodes_survives_with_the_default_mark_stack) {
    run_deep_list("64Mi");
}
END_TEST

START_TEST(a_wide_tree_survives_with_the_smallest_mark_stack) {
    run_tree("4096");
}
END_TEST

START_TEST(a_wide_tree_survives_with_the_default_mark_stack) {
    run_tree("64Mi");
}
END_TEST

START_TEST(an_array_of_a_million_references_survives_with_the_smallest_mark_stack) {
    run_wide_array("4096");
}
END_TEST

START_TEST(an_array_of_a_million_references_survives_with_the_default_mark_stack) {
    run_wide_array("64Mi");
}
END_TEST

START_TEST(an_array_of_lists_survives_with_the_smallest_mark_stack) {
    run_array_of_lists("4096");
}
END_TEST

SUITE("property/mark_stack", a_list_of_a_million_nodes_survives_with_the_smallest_mark_stack,
      a_list_of_a_million_nodes_survives_with_the_default_mark_stack, a_wide_tree_survives_with_the_smallest_mark_stack,
      a_wide_tree_survives_with_the_default_mark_stack,
      an_array_of_a_million_references_survives_with_the_smallest_mark_stack,
      an_array_of_a_million_references_survives_with_the_default_mark_stack,
      an_array_of_lists_survives_with_the_smallest_mark_stack)
