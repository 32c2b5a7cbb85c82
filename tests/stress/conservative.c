/* SPDX-License-Identifier: MIT
 *
 * Programs without a single frame: their references are in locals and registers, as an optimizing compiler has left
 * them, and conservative stacks have to find all of them.
 */
#include <pthread.h>

#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

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
    unsigned char is_in[KEYS] = {0};
    struct node *tree = NULL;
    size_t count = 0;
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

static struct fixture open_conservative(const char *stress) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "conservative_stacks", "1");
    fixture_set(&options, "stress", stress);
    return fixture_open(&options);
}

static void run(const char *stress, uint64_t seed) {
    struct fixture fixture = open_conservative(stress);
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
    struct seed_range seeds = settings_seeds(2);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; seed++) {
        for (size_t variant = 0; variant < sizeof stress / sizeof stress[0]; variant++) {
            run(stress[variant], seed);
        }
    }
}
END_TEST

/* --- several threads --- */

enum { THREADS = 4, ROUNDS = 15, MOST_MS = 5000 /* for slow builds: the round after that is the last */ };

struct worker {
    struct pf_heap *heap;
    uint64_t seed;
};

/* Native code that uses all registers and a good deal of stack, and knows nothing of objects. */
__attribute__((noinline)) static uint64_t wait_natively(uint64_t seed) {
    volatile uint64_t words[64];
    struct random random = {seed};
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < 64; i++) {
            words[i] = random_next(&random);
        }
    }
    return words[63];
}

/* References in locals across a native region: in registers, or wherever the compiler has put them. */
static void hold_natively(struct program *program) {
    struct pf_thread *thread = program->thread;
    struct node *first = fixture_node(thread, 1);
    struct node *second = fixture_node(thread, 2);
    uintptr_t *words = pf_elements(pf_alloc_array(thread, &bytes_type, 80));
    struct node *third = fixture_node(thread, 3);
    words[3] = 33;
    pf_native_enter(thread);
    uint64_t result = wait_natively(program->random.state);
    pf_native_leave(thread);
    for (int i = 0; i < 1000; i++) {
        pf_safepoint(thread);
    }
    pf_store(thread, &first->left, second);
    pf_store(thread, &first->right, third);
    (void)fixture_node(thread, (uintptr_t)result);
    if (first->key != 1 || first->left->key != 2 || first->right->key != 3 || words[3] != 33) {
        ck_abort_msg("what a thread held in a native region is gone");
    }
    if (pf_object_containing(thread, &words[3]) != (char *)words - 16 ||
        pf_object_containing(thread, &first->right->key) != third) {
        ck_abort_msg("an object is not where this thread holds it");
    }
}

static void *work(void *data) {
    struct worker *worker = data;
    struct program program = {NULL, {worker->seed}};
    if (pf_thread_attach(worker->heap, &program.thread) != PINFOLD_OK) {
        ck_abort_msg("a thread could not attach");
    }
    uint64_t end_ms = team_now_ms() + MOST_MS;
    for (int round = 0; round < ROUNDS && (round == 0 || team_now_ms() < end_ms); round++) {
        struct node *kept = build(&program, DEPTH - 2, 1);
        grow_tree(&program);
        hold_natively(&program);
        check_built(kept, DEPTH - 2, 1);
    }
    pf_thread_detach(program.thread);
    return NULL;
}

static void run_threads(const char *stress) {
    struct fixture fixture = open_conservative(stress);
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){fixture.heap, i + 1};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    pf_native_enter(fixture.thread);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    pf_native_leave(fixture.thread);
    fixture_close(&fixture);
}

START_TEST(threads_without_frames_keep_what_they_hold_in_native_regions_and_at_safepoints) {
    run_threads("compact");
    run_threads("collect=11,compact");
    run_threads("collect=50,expand,verify,poison");
}
END_TEST

SUITE("stress/conservative", programs_without_frames_keep_all_that_they_hold,
      threads_without_frames_keep_what_they_hold_in_native_regions_and_at_safepoints)
