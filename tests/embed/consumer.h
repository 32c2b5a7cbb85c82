/* SPDX-License-Identifier: MIT
 *
 * The program that every packaging test builds: a list of numbers that must survive collections. It is a header of
 * C and C++ alike, so that the C and the C++ consumer do the same work.
 */
#ifndef PINFOLD_TESTS_EMBED_CONSUMER_H
#define PINFOLD_TESTS_EMBED_CONSUMER_H

#include <stdint.h>
#include <stdio.h>

#include <pinfold/pinfold.h>

enum { CONSUMER_CELLS = 10000 };

struct cell {
    const struct pf_type *type;
    struct cell *next;
    int64_t number;
};

static const struct pf_type cell_type = PINFOLD_FIXED_TYPE("cell", struct cell, PINFOLD_REF(struct cell, next));

static inline struct cell *cell_create(struct pf_thread *thread, int64_t number) {
    struct cell *cell = (struct cell *)pf_alloc(thread, &cell_type);
    cell->number = number;
    return cell;
}

/* Appends at the end, so that old cells come to refer to young ones and the barrier has work to do. */
static inline void list_build(struct pf_thread *thread, void **first, void **last) {
    *first = *last = cell_create(thread, 0);
    for (int64_t number = 1; number < CONSUMER_CELLS; number++) {
        struct cell *cell = cell_create(thread, number);
        pf_store(thread, &((struct cell *)*last)->next, cell);
        *last = cell;
    }
}

/* Whether the list holds 0, 1, 2, ... */
static inline int list_is_whole(const void *first) {
    int64_t expected = 0;
    for (const struct cell *cell = (const struct cell *)first; cell != NULL; cell = cell->next) {
        if (cell->type != &cell_type || cell->number != expected++) {
            return 0;
        }
    }
    return expected == CONSUMER_CELLS;
}

/* One cell pinned by a scope, another by a handle: both must stay while the list moves. */
static inline int pins_hold(struct pf_heap *heap, struct pf_thread *thread) {
    PINFOLD_PINS(thread, pinned, 1);
    struct pf_handle *pin;
    struct cell *first = cell_create(thread, 1);
    pinned[0] = first;
    struct cell *second = cell_create(thread, 2);
    if (pf_pin(heap, second, &pin) != PINFOLD_OK) {
        fprintf(stderr, "no memory for a pin\n");
        return 0;
    }
    pf_collect(thread, 2, PINFOLD_COLLECT_COMPACT);
    int hold = pinned[0] == first && first->number == 1 && pf_handle_get(pin) == second && second->number == 2 &&
               pf_is_pinned(heap, first) && pf_is_pinned(heap, second);
    pf_unpin(heap, pin);
    return hold && !pf_is_pinned(heap, second);
}

static inline int consumer_check(struct pf_heap *heap, struct pf_thread *thread) {
    PINFOLD_ROOTS(thread, root, 2);
    list_build(thread, &root[0], &root[1]);
    for (int generation = 0; generation <= 2; generation++) {
        pf_collect(thread, generation, PINFOLD_COLLECT_COMPACT);
        if (!list_is_whole(root[0])) {
            fprintf(stderr, "the list is damaged after a collection of generation %d\n", generation);
            return 1;
        }
    }
    if (!pins_hold(heap, thread)) {
        fprintf(stderr, "a pinned cell has moved\n");
        return 1;
    }
    struct pf_statistics statistics;
    pf_heap_statistics(heap, &statistics);
    if (statistics.live_bytes < CONSUMER_CELLS * sizeof(struct cell)) {
        fprintf(stderr, "%zu live bytes cannot hold the list\n", statistics.live_bytes);
        return 1;
    }
    return 0;
}

static inline int consumer_run(void) {
    struct pf_heap *heap;
    struct pf_thread *thread;
    struct pf_message message;
    if (pf_heap_create(NULL, &heap, &message) != PINFOLD_OK) {
        fprintf(stderr, "no heap: %s\n", message.text);
        return 1;
    }
    enum pf_status status = pf_thread_attach(heap, &thread);
    if (status != PINFOLD_OK) {
        fprintf(stderr, "no thread: %s\n", pf_status_text(status));
        pf_heap_destroy(heap);
        return 1;
    }
    int result = consumer_check(heap, thread);
    pf_thread_detach(thread);
    pf_heap_destroy(heap);
    return result;
}

#endif
