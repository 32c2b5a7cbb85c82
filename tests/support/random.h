/* SPDX-License-Identifier: MIT
 *
 * Reproducible random numbers: splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
 */
#ifndef TESTS_SUPPORT_RANDOM_H
#define TESTS_SUPPORT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

/* The finalizer of splitmix64: a bijection that spreads every bit of `value`. */
static inline uint64_t random_mix(uint64_t value) {
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

static inline uint64_t random_next(struct random *random) {
    random->state += UINT64_C(0x9E3779B97F4A7C15);
    return random_mix(random->state);
}

/* 0 <= result < limit; limit must not be 0. The bias is below limit / 2^64. */
static inline size_t random_below(struct random *random, size_t limit) {
    return (size_t)(random_next(random) % limit);
}

/* Both ends included. */
static inline size_t random_between(struct random *random, size_t low, size_t high) {
    return low + random_below(random, high - low + 1);
}

static inline int random_chance(struct random *random, unsigned percent) {
    return random_below(random, 100) < percent;
}

#endif
