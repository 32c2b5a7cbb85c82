/* SPDX-License-Identifier: MIT
 *
 * The work of gcbench. The long-lived tree and array are left to the caller, who may want to measure before they die.
 */
#include "workload/gcbench_trees.h"

#include <stdlib.h>

enum { FILL_STEP = 4096 };

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

/* In steps, with a poll between them: another thread may want to collect. */
static void fill_array(struct bench_mutator *mutator, bench_local array, size_t length) {
    for (size_t begin = 1; begin < length; begin += FILL_STEP) {
        size_t end = length - begin < FILL_STEP ? length : begin + FILL_STEP;
        double *element = bench_doubles(bench_kept(array));
        for (size_t i = begin; i < end; i++) {
            element[i] = 1.0 / (double)i;
        }
        bench_poll(mutator);
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

uint64_t gcbench_trees(struct bench_run *run, struct bench_mutator *mutator, unsigned depth, size_t length,
                       struct gcbench_kept *kept) {
    uint64_t kept_nodes = tree_size(depth) + tree_size(depth - 2);
    bench_count(run, kept_nodes + 1, kept_nodes * BENCH_PAYLOAD(struct node) + length * sizeof(double));

    release_tree(mutator, build_bottom_up(mutator, depth));
    kept->tree = bench_keep(mutator, build_top_down(mutator, depth - 2));
    kept->array = bench_keep(mutator, bench_new_doubles(mutator, length));
    fill_array(mutator, kept->array, length);
    for (unsigned d = GCBENCH_MIN_DEPTH; d <= depth - 2; d += 2) {
        short_lived_trees(run, mutator, d, depth);
    }
    if (bench_doubles(bench_kept(kept->array))[1000] != 1.0 / 1000) {
        bench_fail(EXIT_FAILURE, "%s: the long-lived array has lost its contents", run->workload->name);
    }
    return count_nodes(bench_kept(kept->tree));
}

void gcbench_release(struct bench_mutator *mutator, void *tree, void *array) {
    release_tree(mutator, tree);
    bench_release(mutator, array);
}
