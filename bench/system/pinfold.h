/* SPDX-License-Identifier: MIT
 *
 * Pinfold as a language implementation would use it: inline allocation, inline write barrier, and a shadow stack for
 * each thread, reported by a root source, so that keeping a local is a store and a bump. (A struct pf_frame per
 * activation, the form for C written by hand, was measured and is slower in recursions; see README.md.)
 *
 *     slots  [ a b c d . . . . ]      [slots, top) is visited and updated by every collection
 *                      ^ top
 */
#ifndef BENCH_SYSTEM_PINFOLD_H
#define BENCH_SYSTEM_PINFOLD_H

#include <pinfold/pinfold.h>
#include <stdlib.h>

#include "harness/bench.h"

/* The deepest recursion of a workload is a tree of depth 25 with two locals a level; perfsim has 64 lanes with three.
 */
enum { BENCH_RELEASES = 0, BENCH_PINFOLD_LOCALS = 256 };

struct bench_instance; /* a heap and what is recorded of it */

struct bench_mutator {
    struct pf_thread *thread;
    struct pf_heap *heap;
    void **top; /* first free slot */
    struct bench_instance *instance;
    struct bench_mutator *next; /* the instance's */
    void *slots[BENCH_PINFOLD_LOCALS];
};

struct bench_header {
    const struct pf_type *type;
};

#define BENCH_REF(aggregate, field) PINFOLD_REF(aggregate, field)
#define BENCH_TYPE(name, aggregate, bits) \
    static const struct pf_type name = PINFOLD_FIXED_TYPE(#aggregate, aggregate, bits)
#define BENCH_STORE(mutator, object, field, value) pf_store((mutator)->thread, &(object)->field, (value))

static const struct pf_type bench_bytes_type = PINFOLD_BYTES_TYPE("bytes", 1);
static const struct pf_type bench_doubles_type = PINFOLD_BYTES_TYPE("doubles", sizeof(double));
static const struct pf_type bench_words_type = PINFOLD_BYTES_TYPE("words", sizeof(uint64_t));
static const struct pf_type bench_references_type = PINFOLD_VECTOR_TYPE("references");

/* What the array types have in common; the elements follow. */
struct bench_array {
    const struct pf_type *type;
    size_t length;
};

static inline void *bench_new(struct bench_mutator *mutator, const struct pf_type *type) {
    return pf_alloc(mutator->thread, type);
}

static inline void *bench_new_bytes(struct bench_mutator *mutator, size_t length) {
    return pf_alloc_array(mutator->thread, &bench_bytes_type, length);
}

static inline void *bench_new_doubles(struct bench_mutator *mutator, size_t length) {
    return pf_alloc_array(mutator->thread, &bench_doubles_type, length);
}

static inline void *bench_new_words(struct bench_mutator *mutator, size_t length) {
    return pf_alloc_array(mutator->thread, &bench_words_type, length);
}

static inline void *bench_new_references(struct bench_mutator *mutator, size_t length) {
    return pf_alloc_array(mutator->thread, &bench_references_type, length);
}

static inline uint8_t *bench_bytes(void *array) {
    return (uint8_t *)((struct bench_array *)array + 1);
}

static inline double *bench_doubles(void *array) {
    return (double *)((struct bench_array *)array + 1);
}

static inline uint64_t *bench_words(void *array) {
    return (uint64_t *)((struct bench_array *)array + 1);
}

static inline void *bench_reference(void *array, size_t index) {
    return ((void **)((struct bench_array *)array + 1))[index];
}

static inline void bench_set_reference(struct bench_mutator *mutator, void *array, size_t index, void *value) {
    pf_store(mutator->thread, (void **)((struct bench_array *)array + 1) + index, value);
}

/* The barrier follows the exchange: there is no safepoint between the two. */
static inline void *bench_exchange_reference(struct bench_mutator *mutator, void *array, size_t index, void *value) {
    void **slot = (void **)((struct bench_array *)array + 1) + index;
    void *old = __atomic_exchange_n(slot, value, __ATOMIC_ACQ_REL);
    pf_store_range(mutator->thread, slot, 1);
    return old;
}

static inline void bench_poll(struct bench_mutator *mutator) {
    pf_safepoint(mutator->thread);
}

static inline void bench_native_enter(struct bench_mutator *mutator) {
    pf_native_enter(mutator->thread);
}

static inline void bench_native_leave(struct bench_mutator *mutator) {
    pf_native_leave(mutator->thread);
}

typedef void **bench_local;

static inline bench_local bench_keep(struct bench_mutator *mutator, void *value) {
    bench_local local = mutator->top;
    *local = value;
    mutator->top = local + 1;
    return local;
}

static inline void *bench_kept(bench_local local) {
    return *local;
}

static inline void bench_set_local(bench_local *local, void *value) {
    **local = value;
}

/* Ends `oldest` and all kept after it: a store, where counting down would wait for the callee's last store to top. */
static inline void bench_drop_from(struct bench_mutator *mutator, bench_local oldest) {
    mutator->top = oldest;
}

static inline void bench_drop(struct bench_mutator *mutator, size_t count) {
    mutator->top -= count;
}

typedef struct pf_handle *bench_pin;

static inline bench_pin bench_pin_object(struct bench_mutator *mutator, void *object) {
    bench_pin pin = NULL;
    if (__builtin_expect(pf_pin(mutator->heap, object, &pin) != PINFOLD_OK, 0)) {
        bench_out_of_memory(sizeof(void *));
    }
    return pin;
}

static inline void *bench_pinned(bench_pin pin) {
    return pf_handle_get(pin);
}

static inline void bench_unpin(struct bench_mutator *mutator, bench_pin pin) {
    pf_unpin(mutator->heap, pin);
}

static inline bench_pin bench_hold_object(struct bench_mutator *mutator, void *object) {
    bench_pin hold = NULL;
    if (__builtin_expect(pf_handle_create(mutator->heap, PINFOLD_HANDLE_STRONG, object, &hold) != PINFOLD_OK, 0)) {
        bench_out_of_memory(sizeof(void *));
    }
    return hold;
}

static inline void bench_end_hold(struct bench_mutator *mutator, bench_pin hold) {
    pf_handle_destroy(mutator->heap, hold);
}

static inline bench_pin *bench_new_pins(struct bench_mutator *mutator, size_t count) {
    (void)mutator;
    bench_pin *pins = calloc(count, sizeof *pins);
    if (pins == NULL) {
        bench_out_of_memory(count * sizeof *pins);
    }
    return pins;
}

static inline void bench_free_pins(struct bench_mutator *mutator, bench_pin *pins) {
    (void)mutator;
    free(pins);
}

static inline void bench_release(struct bench_mutator *mutator, void *object) {
    (void)mutator;
    (void)object;
}

static inline void bench_collect(struct bench_mutator *mutator, int generation) {
    pf_collect(mutator->thread, generation, PINFOLD_COLLECT_DEFAULT);
}

#endif
