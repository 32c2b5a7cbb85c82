/* SPDX-License-Identifier: MIT
 *
 * gcbench, after Ellis, Kovac and Boehm: a stretch tree, a long-lived tree and an array that stay, and many short-lived
 * trees of every second depth, half of them built from the root down, half from the leaves up. Young objects die in
 * bursts while a structure of 19 MiB or so has to be kept.
 *
 * Scale multiplies the number of short-lived trees; the live data are those of --depth and --array.
 */
#include <stdlib.h>

#include "system/adapter.h"

enum { OPTION_DEPTH, OPTION_ARRAY, MIN_DEPTH = 4 };

static const struct bench_option options[] = {
    BENCH_NUMBER("depth", 20, MIN_DEPTH + 2, 24, "depth of the stretch tree; the long-lived one is two less"),
    BENCH_NUMBER("array", 4000000, 1001, 100000000, "length of the long-lived array"),
};

struct node {
    struct bench_header header;
    struct node *left;
    struct node *right;
    int32_t i;
    int32_t j;
};

BENCH_TYPE(node_type, struct node, BENCH_REF(struct node, left) | BENCH_REF(struct node, right));

static uint64_t tree_size(unsigned depth) {
    return ((uint64_t)2 << depth) - 1;
}

static struct node *build_bottom_up(struct bench_mutator *mutator, unsigned depth) {
    if (depth == 0) {
        return bench_new(mutator, &node_type);
    }
    bench_local left = bench_keep(mutator, NULL);
    bench_local right = bench_keep(mutator, NULL);
    bench_set_local(&left, build_bottom_up(mutator, depth - 1));
    bench_set_local(&right, build_bottom_up(mutator, depth - 1));
    struct node *node = bench_new(mutator, &node_type);
    node->left = bench_kept(left);
    node->right = bench_kept(right);
    bench_drop_from(mutator, left);
    return node;
}

static void populate(struct bench_mutator *mutator, unsigned depth, struct node *parent) {
    if (depth == 0) {
        return;
    }
    bench_local local = bench_keep(mutator, parent);
    struct node *child = bench_new(mutator, &node_type);
    parent = bench_kept(local);
    BENCH_STORE(mutator, parent, left, child);
    child = bench_new(mutator, &node_type);
    parent = bench_kept(local);
    BENCH_STORE(mutator, parent, right, child);
    populate(mutator, depth - 1, parent->left);
    parent = bench_kept(local);
    populate(mutator, depth - 1, parent->right);
    bench_drop_from(mutator, local);
}

static struct node *build_top_down(struct bench_mutator *mutator, unsigned depth) {
    bench_local root = bench_keep(mutator, bench_new(mutator, &node_type));
    populate(mutator, depth, bench_kept(root));
    struct node *node = bench_kept(root);
    bench_drop(mutator, 1);
    return node;
}

static void release_tree(struct bench_mutator *mutator, struct node *node) {
    if (!BENCH_RELEASES || node == NULL) {
        return;
    }
    release_tree(mutator, node->left);
    release_tree(mutator, node->right);
    bench_release(mutator, node);
}

static uint64_t count_nodes(const struct node *node) {
    return node == NULL ? 0 : 1 + count_nodes(node->left) + count_nodes(node->right);
}

static void fill_array(double *element, size_t length) {
    for (size_t i = 1; i < length; i++) {
        element[i] = 1.0 / (double)i;
    }
}

static void short_lived_trees(struct bench_run *run, struct bench_mutator *mutator, unsigned depth, unsigned max) {
    uint64_t trees = bench_scaled(run, 2 * tree_size(max) / tree_size(depth));
    for (uint64_t i = 0; i < trees; i++) {
        release_tree(mutator, build_top_down(mutator, depth));
    }
    for (uint64_t i = 0; i < trees; i++) {
        release_tree(mutator, build_bottom_up(mutator, depth));
    }
    bench_count(run, 2 * trees * tree_size(depth), 2 * trees * tree_size(depth) * BENCH_PAYLOAD(struct node));
}

static uint64_t run_gcbench(struct bench_run *run, struct bench_mutator *mutator) {
    unsigned depth = (unsigned)run->option[OPTION_DEPTH];
    size_t length = (size_t)run->option[OPTION_ARRAY];
    uint64_t kept_nodes = tree_size(depth) + tree_size(depth - 2);
    bench_count(run, kept_nodes + 1, kept_nodes * BENCH_PAYLOAD(struct node) + length * sizeof(double));

    release_tree(mutator, build_bottom_up(mutator, depth));
    bench_local tree = bench_keep(mutator, build_top_down(mutator, depth - 2));
    bench_local array = bench_keep(mutator, bench_new_doubles(mutator, length));
    fill_array(bench_doubles(bench_kept(array)), length);
    for (unsigned d = MIN_DEPTH; d <= depth - 2; d += 2) {
        short_lived_trees(run, mutator, d, depth);
    }
    if (bench_doubles(bench_kept(array))[1000] != 1.0 / 1000) {
        bench_fail(EXIT_FAILURE, "gcbench: the long-lived array has lost its contents");
    }
    uint64_t checksum = count_nodes(bench_kept(tree));
    bench_stop(run, mutator);

    release_tree(mutator, bench_kept(tree));
    bench_release(mutator, bench_kept(array));
    bench_drop(mutator, 2);
    return checksum;
}

const struct bench_workload bench_workload_gcbench = {
    .name = "gcbench",
    .sentence = "many short-lived trees beside a long-lived one",
    .run = run_gcbench,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = 1,
};
