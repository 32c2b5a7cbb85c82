/* SPDX-License-Identifier: MIT */
#include "gc/state/plug_tree.h"

#include "alloc/platform/bitmap.h"
#include "alloc/platform/check.h"

enum { FARTHEST_LINK = 32767 };

struct pfi_plug_record *pfi_plug_tree_record(const struct pfi_pin_queue *queue, uintptr_t brick, unsigned node) {
    uintptr_t plug = pfi_plug_tree_plug(brick, node);
    return node & PINFOLD_NODE_QUEUED ? &pfi_pin_queue_find(queue, 0, queue->count, plug)->record
                                      : pfi_plug_record_before(plug);
}

static unsigned node_of(const struct pfi_plug *plug) {
    unsigned granule = (unsigned)((plug->start & (PINFOLD_BRICK - 1)) >> PINFOLD_GRANULE_SHIFT);
    return (granule + 1) | (plug->record == pfi_plug_record_before(plug->start) ? 0 : PINFOLD_NODE_QUEUED);
}

static void splice(const struct pfi_plug_tree *tree, const struct pfi_pin_queue *queue, const struct pfi_plug *plug,
                   unsigned node) {
    struct pfi_plug_record *parent = pfi_plug_tree_record(queue, tree->brick, tree->root);
    for (unsigned steps = pfi_bits_count(tree->count) - 2; steps > 0; --steps) {
        parent = pfi_plug_tree_record(queue, tree->brick, pfi_plug_record_right(parent));
    }
    pfi_plug_record_set_left(plug->record, pfi_plug_record_right(parent));
    pfi_plug_record_set_right(parent, node);
}

/* Bricks that begin inside the plug point back to the brick of its start. */
static void link_covered_bricks(int16_t *plug_roots, uintptr_t brick, uintptr_t last) {
    for (uintptr_t covered = brick + 1; covered <= last; ++covered) {
        uintptr_t back = covered - brick;
        plug_roots[covered] = (int16_t)(back < FARTHEST_LINK ? -(int)back : -FARTHEST_LINK);
    }
}

void pfi_plug_tree_insert(struct pfi_plug_tree *tree, int16_t *plug_roots, const struct pfi_pin_queue *queue,
                          const struct pfi_plug *plug) {
    uintptr_t brick = plug->start >> PINFOLD_BRICK_SHIFT;
    unsigned node = node_of(plug);
    if (brick != tree->brick) {
        *tree = (struct pfi_plug_tree){.brick = brick};
    }
    ++tree->count;
    pfi_plug_record_set_left(plug->record, 0);
    pfi_plug_record_set_right(plug->record, 0);
    if ((tree->count & (tree->count - 1)) == 0) {
        pfi_plug_record_set_left(plug->record, tree->root);
        tree->root = node;
        plug_roots[brick] = (int16_t)node;
    } else if (tree->count % 2 == 1) {
        pfi_plug_record_set_right(pfi_plug_tree_record(queue, brick, tree->last), node);
    } else {
        splice(tree, queue, plug, node);
    }
    tree->last = node;
    link_covered_bricks(plug_roots, brick, (plug->end - 1) >> PINFOLD_BRICK_SHIFT);
}

struct pfi_plug_record *pfi_plug_tree_find(const int16_t *plug_roots, const struct pfi_pin_queue *queue,
                                           uintptr_t address) {
    for (uintptr_t brick = address >> PINFOLD_BRICK_SHIFT;;) {
        int entry = plug_roots[brick];
        if (entry == 0) {
            return NULL;
        }
        if (entry < 0) {
            brick -= (uintptr_t)-entry;
            continue;
        }
        struct pfi_plug_record *found = NULL;
        for (unsigned node = (unsigned)entry; node != 0;) {
            struct pfi_plug_record *record = pfi_plug_tree_record(queue, brick, node);
            if (pfi_plug_tree_plug(brick, node) <= address) {
                found = record;
                node = pfi_plug_record_right(record);
            } else {
                node = pfi_plug_record_left(record);
            }
        }
        if (found != NULL) {
            return found;
        }
        --brick;
    }
}
