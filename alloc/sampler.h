/* SPDX-License-Identifier: MIT
 *
 * Which allocations are sampled: those that cover a sample point. Points lie along all the bytes that a thread
 * allocates, at distances that are drawn from an exponential distribution, so that each byte is as likely to be hit as
 * any other whatever the program's rhythm. A point stands for `interval` bytes: an object that covers n of them has the
 * weight n * interval, and the sum of weights over anything is an unbiased estimate of the bytes allocated.
 *
 * There are two rows of points: one for small objects, one for large ones and those born pinned. A context never gets
 * more than the bytes before the next point of its row, so that the allocation that covers it comes through the slow
 * path; pf_thread.sample_left is the distance from the context's end to the point. Where an object is sampled must not
 * depend on how it came to its place: a gap of its own moves the point nearer, perhaps into the context, which is
 * closed then.
 *
 * Owner: the thread. Contexts are closed by stopped collections, too.
 */
#ifndef PINFOLD_ALLOC_SAMPLER_H
#define PINFOLD_ALLOC_SAMPLER_H

#include <stdbool.h>

#include "alloc/layout.h"
#include "pinfold/thread.h"

static const int64_t PINFOLD_SAMPLE_NEVER = INT64_MAX / 2;

struct pfi_sampler {
    size_t interval; /* mean distance of points; 0: no samples */
    uint64_t random;
    int64_t old_left; /* of the other row */
};

void pfi_sampler_init(struct pfi_sampler *sampler, struct pf_thread *thread, size_t interval, uint64_t seed);

/* A distance between two points. */
int64_t pfi_sampler_draw(struct pfi_sampler *sampler);

/* The thread has allocated a small object of `size` bytes through the slow path, and sample_left takes account of it;
 * returns its weight, 0: not sampled. Where sample_left is negative afterwards, the context is to be closed. */
size_t pfi_sampler_take_young(struct pfi_sampler *sampler, struct pf_thread *thread, size_t size);

/* The same for a large object or one that was born pinned. */
size_t pfi_sampler_take_old(struct pfi_sampler *sampler, size_t size);

/* Bytes that the context has and will not give back. */
static inline size_t pfi_sampler_unused(const struct pf_thread *thread) {
    return (size_t)(thread->alloc_limit - thread->alloc_ptr);
}

/* Bytes from what is allocated now to the next point of the context's row, in whole granules. */
static inline size_t pfi_sampler_room(const struct pf_thread *thread) {
    int64_t room = thread->sample_left + (int64_t)pfi_sampler_unused(thread);
    return room <= 0 ? 0 : pfi_align_down((size_t)room, PINFOLD_GRANULE);
}

#endif
