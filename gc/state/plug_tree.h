/* SPDX-License-Identifier: MIT
 *
 * One binary tree of plugs per brick, built in address order, balanced by counting: depth floor(log2 n) + 1.
 *
 *     node number s in its brick:   a power of two   -> new root, the old tree is its left child
 *                                   odd              -> right child of the last node
 *                                   else             -> walk right (bits set in s) - 2 times, splice in there
 *
 *     after 1..7:        4              brick b:   plug_roots[b] =  root node
 *                      /   \            brick b+1: covered by b's last plug: -1, then -2, ...
 *                     2     6           nothing known: 0
 *                    / \   / \
 *                   1   3 5   7
 *
 * A tree never leaves its brick; a plug belongs to the brick of its start.
 */
#ifndef PINFOLD_GC_PLUG_TREE_H
#define PINFOLD_GC_PLUG_TREE_H

#include "alloc/arena.h"
#include "gc/state/pin_queue.h"

/* The tree under construction. Zero-initialize before a plan. */
struct pfi_plug_tree {
    uintptr_t brick;
    unsigned count;
    unsigned root;
    unsigned last;
};

struct pfi_plug {
    uintptr_t start;
    uintptr_t end;
    struct pfi_plug_record *record;
};

/* Adds a plug behind all earlier ones of its segment and links the bricks that it covers back to its own.
 * plug->record must be writable; whether it lies in the queue is seen from its address. */
void pfi_plug_tree_insert(struct pfi_plug_tree *tree, int16_t *plug_roots, const struct pfi_pin_queue *queue,
                          const struct pfi_plug *plug);

/* The record of the plug that contains `address`, which must be live and condemned; NULL where no plug is (large
 * objects). */
struct pfi_plug_record *pfi_plug_tree_find(const int16_t *plug_roots, const struct pfi_pin_queue *queue,
                                           uintptr_t address);

/* The record of the plug that a node of `brick` names. */
struct pfi_plug_record *pfi_plug_tree_record(const struct pfi_pin_queue *queue, uintptr_t brick, unsigned node);

static inline uintptr_t pfi_plug_tree_plug(uintptr_t brick, unsigned node) {
    unsigned granule = (node & (PINFOLD_NODE_QUEUED - 1u)) - 1;
    return (brick << PINFOLD_BRICK_SHIFT) + ((uintptr_t)granule << PINFOLD_GRANULE_SHIFT);
}

#endif
