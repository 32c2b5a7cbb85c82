/* SPDX-License-Identifier: MIT */
#include "gc/state/finalizer_index.h"

#include <string.h>

#include "alloc/layout.h"

enum {
    SHORT = 64, /* nodes: a list up to this long gets no table */
    SMALLEST_CAPACITY = 256,
};

void pfi_finalizer_index_finish(struct pfi_finalizer_index *index) {
    pfi_bookkeeping_give(index->account, index->table, pfi_finalizer_index_bytes(index));
}

/* Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4) of the value in granules. */
static size_t place_of(const struct pfi_finalizer_index *index, uintptr_t value) {
    uint64_t product = (uint64_t)(value >> PINFOLD_GRANULE_SHIFT) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(product >> 32) & (index->capacity - 1);
}

static size_t next_place(const struct pfi_finalizer_index *index, size_t place) {
    return (place + 1) & (index->capacity - 1);
}

static void enter(struct pfi_finalizer_index *index, struct pfi_finalizer *node) {
    size_t place = place_of(index, node->value);
    while (index->table[place] != NULL) {
        place = next_place(index, place);
    }
    index->table[place] = node;
    ++index->used;
}

/* An empty table for twice as many nodes as the list has, and `index->last` is NULL. */
static bool make_table(struct pfi_finalizer_index *index, const struct pfi_finalizer_list *list) {
    size_t capacity = SMALLEST_CAPACITY;
    while (capacity < 4 * list->count) {
        capacity *= 2;
    }
    index->last = NULL;
    index->used = 0;
    if (capacity == index->capacity) {
        memset(index->table, 0, capacity * sizeof(*index->table));
        return true;
    }
    pfi_finalizer_index_finish(index);
    index->table = pfi_bookkeeping_take_zeroed(index->account, capacity * sizeof(*index->table));
    index->capacity = index->table == NULL ? 0 : capacity;
    return index->table != NULL;
}

/* Enters the nodes behind `index->last`; false when they are too many for the table. */
static bool follow_list(struct pfi_finalizer_index *index, const struct pfi_finalizer_list *list) {
    struct pfi_finalizer *node = index->last == NULL ? list->first : index->last->next;
    for (; node != NULL; node = node->next) {
        if (2 * (index->used + 1) > index->capacity) {
            return false;
        }
        if (node->value != 0) {
            enter(index, node);
        }
        index->last = node;
    }
    return true;
}

static bool bring_up_to_date(struct pfi_finalizer_index *index, const struct pfi_finalizer_list *list) {
    if (index->last != NULL && follow_list(index, list)) {
        return true;
    }
    return make_table(index, list) && follow_list(index, list);
}

static size_t suppress_node(struct pfi_finalizer_list *list, struct pfi_finalizer *node, uintptr_t value) {
    if (node->value != value) {
        return 0;
    }
    node->value = 0;
    --list->count;
    return 1;
}

size_t pfi_finalizer_index_suppress(struct pfi_finalizer_index *index, struct pfi_finalizer_list *list,
                                    uintptr_t value) {
    size_t count = 0;
    if ((index->last == NULL && list->count <= SHORT) || !bring_up_to_date(index, list)) {
        for (struct pfi_finalizer *node = list->first; node != NULL && list->count != 0; node = node->next) {
            count += suppress_node(list, node, value);
        }
        return count;
    }
    for (size_t place = place_of(index, value); index->table[place] != NULL; place = next_place(index, place)) {
        count += suppress_node(list, index->table[place], value);
    }
    return count;
}
