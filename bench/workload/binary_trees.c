/* SPDX-License-Identifier: MIT
 *
 * binary-trees, after the benchmarks game: a stretch tree, a long-lived tree, and many trees of each second depth that
 * are built from the leaves up, counted and dropped. Nodes are two references: as small as objects come, so headers and
 * rounding show.
 *
 * Scale multiplies the number of trees of each depth; the live data are those of --depth.
 */
#include "system/adapter.h"

enum { OPTION_DEPTH, MIN_DEPTH = 4 };

static const struct bench_option options[] = {
    BENCH_NUMBER("depth", 20, MIN_DEPTH + 2, 24, "depth of the long-lived tree; the stretch tree is one more"),
};

struct node {
    struct bench_header header;
    struct node *left;
    struct node *right;
};

BENCH_TYPE(node_type, struct node, BENCH_REF(struct node, left) | BENCH_REF(struct node, right));

static struct node *build(struct bench_mutator *mutator, unsigned depth) {
    if (depth == 0) {
        return bench_new(mutator, &node_type);
    }
    bench_local left = bench_keep(mutator, NULL);
    bench_local right = bench_keep(mutator, NULL);
    bench_set_local(&left, build(mutator, depth - 1));
    bench_set_local(&right, build(mutator, depth - 1));
    struct node *node = bench_new(mutator, &node_type);
    node->left = bench_kept(left);
    node->right = bench_kept(right);
    bench_drop_from(mutator, left);
    return node;
}

static uint64_t count_nodes(const struct node *node) {
    return node->left == NULL ? 1 : 1 + count_nodes(node->left) + count_nodes(node->right);
}

static void release_tree(struct bench_mutator *mutator, struct node *node) {
    if (!BENCH_RELEASES) {
        return;
    }
    if (node->left != NULL) {
        release_tree(mutator, node->left);
        release_tree(mutator, node->right);
    }
    bench_release(mutator, node);
}

static uint64_t build_count_release(struct bench_mutator *mutator, unsigned depth) {
    struct node *node = build(mutator, depth);
    uint64_t nodes = count_nodes(node);
    release_tree(mutator, node);
    return nodes;
}

static uint64_t run_binary_trees(struct bench_run *run, struct bench_mutator *mutator) {
    unsigned depth = (unsigned)run->option[OPTION_DEPTH];
    uint64_t checksum = build_count_release(mutator, depth + 1);
    bench_local tree = bench_keep(mutator, build(mutator, depth));
    for (unsigned d = MIN_DEPTH; d <= depth; d += 2) {
        uint64_t trees = bench_scaled(run, (uint64_t)1 << (depth - d + MIN_DEPTH));
        for (uint64_t i = 0; i < trees; i++) {
            checksum += build_count_release(mutator, d);
        }
    }
    checksum += count_nodes(bench_kept(tree));
    bench_count(run, checksum, checksum * BENCH_PAYLOAD(struct node)); /* every node is counted exactly once */
    bench_stop(run, mutator);

    release_tree(mutator, bench_kept(tree));
    bench_drop(mutator, 1);
    return checksum;
}

const struct bench_workload bench_workload_binary_trees = {
    .name = "binary-trees",
    .sentence = "trees of the smallest nodes, built, counted and dropped",
    .run = run_binary_trees,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = 1,
};
