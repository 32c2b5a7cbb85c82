/* SPDX-License-Identifier: MIT
 *
 * A population: objects of known size and content in a heap, each held by a slot of its own, and the sum of what they
 * must take there. The model for questions of room: what the heap cannot serve is compared with what is alive.
 *
 * An object has a reference to itself, so each of them also tells that references follow moves; its bytes are a
 * function of its number.
 */
#ifndef TESTS_SUPPORT_POPULATION_H
#define TESTS_SUPPORT_POPULATION_H

#include "pinfold/pinfold.h"
#include "tests/support/random.h"

enum item_kind { ITEM_PLAIN, ITEM_FINALIZABLE, ITEM_BORN_PINNED };

struct item {
    uint64_t id;
    size_t size; /* of the object */
    size_t takes;
    enum item_kind kind;
    struct pf_handle *pin;  /* NULL: none */
    struct pf_handle *weak; /* NULL: none */
    void *pinned_at;        /* where it must stay; NULL: it may move */
};

struct population {
    struct pf_heap *heap;
    struct pf_thread *thread;
    struct pf_root_source source;
    void **slots;
    struct item *items;
    size_t count;
    size_t capacity;
    size_t live_bytes; /* what the items take: large ones whole pages */
    uint64_t ids;
};

void population_open(struct population *population, const struct pf_options *options);
/* Verifies, and destroys the heap. */
void population_close(struct population *population);

/* What an object of `size` bytes takes. */
size_t population_footprint(const struct population *population, size_t size, enum item_kind kind);

/* Adds an object of `size` bytes (at least POPULATION_SMALLEST, a multiple of 8), zeroed as it must be, and fills it.
 * Returns 0 when the heap refuses. `alignment` is for objects that are born pinned. */
enum { POPULATION_SMALLEST = 32 };
int population_add(struct population *population, size_t size, enum item_kind kind, size_t alignment);

/* An object that is dead at once; 0 when the heap refuses. */
int population_waste(struct population *population, size_t size);

/* Pins item `index` until it is dropped; or holds it by a weak handle, too. */
void population_pin(struct population *population, size_t index);
void population_watch(struct population *population, size_t index);

/* Lets item `index` go: the last one takes its place. */
void population_drop(struct population *population, size_t index);

/* Takes the finalizable objects that a collection has found dead, so that they can go. */
void population_finalize(struct population *population);

/* Fails the test unless each object is where and what it must be. */
void population_check(const struct population *population);

/* Bytes of the pages in which objects lie that cannot move, and the headers of what is free behind them; beyond what
 * live_bytes has counted. */
size_t population_pinned_waste(const struct population *population);

#endif
