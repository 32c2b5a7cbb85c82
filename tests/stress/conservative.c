/* SPDX-License-Identifier: MIT
 *
 * Programs without a single frame: their references are in locals and registers, as an optimizing compiler has left
 * them, and conservative stacks have to find all of them.
 */
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { KEYS = 400, DEPTH = 7 };

struct program {
    struct pf_thread *thread;
    struct random random;
};

/* A copy of a search tree with one more key: every node on the way is new, and the recursion holds the parts. */
static struct node *insert(struct program *program, struct node *tree, uintptr_t key) {
    struct pf_thread *thread = program->thread;
    if (tree == NULL) {
        return fixture_node(thread, key);
    }
    if (key == tree->key) {
        return tree;
    }
    int goes_left = key < tree->key;
    struct node *below = insert(program, goes_left ? tree->left : tree->right, key);
    if (random_chance(&program->random, 20)) {
        (void)pf_alloc_array(thread, &bytes_type, random_below(&program->random, 300));
    }
    struct node *copy = fixture_node(thread, tree->key);
    pf_store(thread, &copy->left, goes_left ? below : tree->left);
    pf_store(thread, &copy->right, goes_left ? tree->right : below);
    return copy;
}

static size_t count_between(const struct node *tree, uintptr_t low, uintptr_t high) {
    if (tree == NULL) {
        return 0;
    }
    if (tree->type != &node_type || tree->key < low || tree->key >= high) {
        ck_abort_msg("the node at %p has key %zu outside [%zu, %zu)", (const void *)tree, (size_t)tree->key,
                     (size_t)low, (size_t)high);
    }
    return 1 + count_between(tree->left, low, tree->key) + count_between(tree->right, tree->key + 1, high);
}

static void grow_tree(struct program *program) {
    static unsigned char is_in[KEYS];
    struct node *tree = NULL;
    size_t count = 0;
    memset(is_in, 0, sizeof is_in);
    for (int i = 0; i < KEYS; i++) {
        uintptr_t key = random_below(&program->random, KEYS);
        count += !is_in[key];
        is_in[key] = 1;
        tree = insert(program, tree, key);
    }
    ck_assert_uint_eq(count_between(tree, 0, KEYS), count);
}

/* A complete tree, its two halves held across the calls that make them. */
static struct node *build(struct program *program, unsigned depth, uintptr_t key) {
    if (depth == 0) {
        return NULL;
    }
    struct node *left = build(program, depth - 1, 2 * key);
    struct node *right = build(program, depth - 1, 2 * key + 1);
    struct node *node = fixture_node(program->thread, key);
    pf_store(program->thread, &node->left, left);
    pf_store(program->thread, &node->right, right);
    return node;
}

static void check_built(const struct node *node, unsigned depth, uintptr_t key) {
    if (depth == 0) {
        ck_assert_ptr_null(node);
        return;
    }
    if (node->type != &node_type || node->key != key) {
        ck_abort_msg("the node at %p should have key %zu", (const void *)node, (size_t)key);
    }
    check_built(node->left, depth - 1, 2 * key);
    check_built(node->right, depth - 1, 2 * key + 1);
}

/* Walks an array by an interior pointer while the rest of the heap turns over. */
static void fill_by_cursor(struct program *program) {
    size_t length = random_between(&program->random, 1, 900);
    void **slots = pf_elements(pf_alloc_array(program->thread, &vector_type, length));
    for (size_t i = 0; i < length; i++) {
        struct node *node = fixture_node(program->thread, i);
        pf_store(program->thread, &slots[i], node);
    }
    for (size_t i = 0; i < length; i++) {
        if (((const struct node *)slots[i])->key != i) {
            ck_abort_msg("element %zu of %zu has key %zu", i, length, (size_t)((const struct node *)slots[i])->key);
        }
    }
}

static void run(const char *stress, uint64_t seed) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "conservative_stacks", "1");
    fixture_set(&options, "stress", stress);
    struct fixture fixture = fixture_open(&options);
    struct program program = {fixture.thread, {seed}};
    struct node *kept = build(&program, DEPTH, 1);
    grow_tree(&program);
    struct node *second = build(&program, DEPTH, 1);
    fill_by_cursor(&program);
    check_built(kept, DEPTH, 1);
    check_built(second, DEPTH, 1);
    fixture_close(&fixture);
}

START_TEST(programs_without_frames_keep_all_that_they_hold) {
    static const char *const stress[] = {"collect=1,compact", "collect=1,expand", "collect=3,sweep,verify",
                                         "collect=5,compact,verify,poison", "compact,verify"};
    struct seed_range seeds = settings_seeds(4);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; seed++) {
        for (size_t variant = 0; variant < sizeof stress / sizeof stress[0]; variant++) {
            run(stress[variant], seed);
        }
    }
}
END_TEST

SUITE("stress/conservative", programs_without_frames_keep_all_that_they_hold)
