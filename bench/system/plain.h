/* SPDX-License-Identifier: MIT
 *
 * What systems without object headers and without moving have in common (bdwgc, malloc, mimalloc): an object is its
 * fields, an array is its elements, a reference is an address for as long as the object lives. The including header
 * defines bench_zeroed(size, has_references) first.
 */
#ifndef BENCH_SYSTEM_PLAIN_H
#define BENCH_SYSTEM_PLAIN_H

#include <stddef.h>
#include <stdint.h>

struct bench_header {};

struct bench_type {
    size_t size;
    int has_references;
};

#define BENCH_REF(aggregate, field) ((uint64_t)1 << (offsetof(aggregate, field) / sizeof(void *)))
#define BENCH_TYPE(name, aggregate, bits) static const struct bench_type name = {sizeof(aggregate), (bits) != 0}
#define BENCH_STORE(mutator, object, field, value) ((void)(mutator), (void)((object)->field = (value)))

static inline void *bench_new(struct bench_mutator *mutator, const struct bench_type *type) {
    (void)mutator;
    return bench_zeroed(type->size, type->has_references);
}

static inline void *bench_new_bytes(struct bench_mutator *mutator, size_t length) {
    (void)mutator;
    return bench_zeroed(length, 0);
}

static inline void *bench_new_doubles(struct bench_mutator *mutator, size_t length) {
    (void)mutator;
    return bench_zeroed(length * sizeof(double), 0);
}

static inline void *bench_new_words(struct bench_mutator *mutator, size_t length) {
    (void)mutator;
    return bench_zeroed(length * sizeof(uint64_t), 0);
}

static inline void *bench_new_references(struct bench_mutator *mutator, size_t length) {
    (void)mutator;
    return bench_zeroed(length * sizeof(void *), 1);
}

static inline uint8_t *bench_bytes(void *array) {
    return array;
}

static inline double *bench_doubles(void *array) {
    return array;
}

static inline uint64_t *bench_words(void *array) {
    return array;
}

static inline void *bench_reference(void *array, size_t index) {
    return ((void **)array)[index];
}

static inline void bench_set_reference(struct bench_mutator *mutator, void *array, size_t index, void *value) {
    (void)mutator;
    ((void **)array)[index] = value;
}

/* One step for all threads: what another has exchanged in is complete, and nobody else gets it. */
static inline void *bench_exchange_reference(struct bench_mutator *mutator, void *array, size_t index, void *value) {
    (void)mutator;
    return __atomic_exchange_n((void **)array + index, value, __ATOMIC_ACQ_REL);
}

/* Threads are stopped by signals (bdwgc), or by nobody. */
static inline void bench_poll(struct bench_mutator *mutator) {
    (void)mutator;
}

static inline void bench_native_enter(struct bench_mutator *mutator) {
    (void)mutator;
}

static inline void bench_native_leave(struct bench_mutator *mutator) {
    (void)mutator;
}

typedef void *bench_local;

static inline bench_local bench_keep(struct bench_mutator *mutator, void *value) {
    (void)mutator;
    return value;
}

static inline void *bench_kept(bench_local local) {
    return local;
}

static inline void bench_set_local(bench_local *local, void *value) {
    *local = value;
}

static inline void bench_drop_from(struct bench_mutator *mutator, bench_local oldest) {
    (void)mutator;
    (void)oldest;
}

static inline void bench_drop(struct bench_mutator *mutator, size_t count) {
    (void)mutator;
    (void)count;
}

/* Nothing moves: a pin is the object's address, which keeps the object alive where the collector finds it. */
typedef void *bench_pin;

static inline bench_pin bench_pin_object(struct bench_mutator *mutator, void *object) {
    (void)mutator;
    return object;
}

static inline void *bench_pinned(bench_pin pin) {
    return pin;
}

static inline void bench_unpin(struct bench_mutator *mutator, bench_pin pin) {
    (void)mutator;
    (void)pin;
}

static inline bench_pin bench_hold_object(struct bench_mutator *mutator, void *object) {
    return bench_pin_object(mutator, object);
}

static inline void bench_end_hold(struct bench_mutator *mutator, bench_pin hold) {
    bench_unpin(mutator, hold);
}

#endif
