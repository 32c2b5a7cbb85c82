/* SPDX-License-Identifier: MIT
 *
 * The random numbers of every workload: splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", 2014). The checksums of the suite depend on this sequence.
 */
#ifndef BENCH_HARNESS_RANDOM_H
#define BENCH_HARNESS_RANDOM_H

#include <stdint.h>

struct bench_random {
    uint64_t state;
};

static inline uint64_t bench_random_next(struct bench_random *random) {
    uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static inline uint64_t bench_random_below(struct bench_random *random, uint64_t limit) {
    return bench_random_next(random) % limit;
}

#endif
