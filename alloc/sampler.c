/* SPDX-License-Identifier: MIT */
#include "alloc/sampler.h"

enum { SURE = 64 /* intervals that an object cannot slip through */ };

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static uint64_t next_random(struct pfi_sampler *sampler) {
    sampler->random += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t value = sampler->random;
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

/* Exponential by comparing uniform numbers only (von Neumann, Various techniques used in connection with random digits,
 * 1951): descending runs of odd length are taken, others count one each. */
int64_t pfi_sampler_draw(struct pfi_sampler *sampler) {
    for (uint64_t whole = 0;; ++whole) {
        uint64_t first = next_random(sampler) >> 11;
        uint64_t last = first;
        unsigned length = 1;
        for (uint64_t next; (next = next_random(sampler) >> 11) < last; last = next) {
            ++length;
        }
        if (length % 2 == 1) {
            double fraction = (double)first / (double)(UINT64_C(1) << 53);
            return (int64_t)(((double)whole + fraction) * (double)sampler->interval) + 1;
        }
    }
}

void pfi_sampler_init(struct pfi_sampler *sampler, struct pf_thread *thread, size_t interval, uint64_t seed) {
    *sampler = (struct pfi_sampler){interval, seed, PINFOLD_SAMPLE_NEVER};
    thread->sample_left = PINFOLD_SAMPLE_NEVER;
    if (interval != 0) {
        sampler->old_left = pfi_sampler_draw(sampler);
        thread->sample_left = pfi_sampler_draw(sampler);
    }
}

/* The weight of an object of `size` bytes, `left` being the distance from its end to the next point that is known. The
 * points of a very large object are not drawn one by one: it gets what it would have on average. */
static size_t pass_points(struct pfi_sampler *sampler, int64_t *left, size_t size) {
    size_t points = 0;
    if (*left < 0 && size / SURE >= sampler->interval) {
        *left = pfi_sampler_draw(sampler);
        return size;
    }
    for (; *left < 0; ++points) {
        *left += pfi_sampler_draw(sampler);
    }
    return points * sampler->interval;
}

size_t pfi_sampler_take_young(struct pfi_sampler *sampler, struct pf_thread *thread, size_t size) {
    int64_t unused = (int64_t)pfi_sampler_unused(thread);
    int64_t left = thread->sample_left + unused;
    size_t weight = pass_points(sampler, &left, size);
    thread->sample_left = left - unused;
    return weight;
}

size_t pfi_sampler_take_old(struct pfi_sampler *sampler, size_t size) {
    sampler->old_left -= (int64_t)size;
    return pass_points(sampler, &sampler->old_left, size);
}
