/* SPDX-License-Identifier: MIT
 *
 * A bounded queue of references between threads. The references lie in a ring, an array in the heap that a local of the
 * queue's owner holds; the rest is plain C and guarded by the lock.
 *
 *     ring  [ . . b b b b . . . ]     `count` references from `first` on, modulo `capacity`
 *                 ^ first
 *
 * A thread is native whenever it waits, for the lock too. It may then get the lock and still have to wait for a
 * collection before it is managed: whoever wants the lock meanwhile waits natively and holds no collection up. With the
 * lock in hand and managed, a thread comes to no safepoint.
 */
#ifndef BENCH_WORKLOAD_BATCH_QUEUE_H
#define BENCH_WORKLOAD_BATCH_QUEUE_H

#include <pthread.h>

#include "system/adapter.h"

struct batch_queue {
    pthread_mutex_t lock;
    pthread_cond_t has_batch; /* or no producer any more */
    pthread_cond_t has_room;
    bench_local ring;
    size_t capacity;
    size_t first;
    size_t count;
    uint64_t producers; /* that may still put */
};

/* Keeps one local until batch_queue_close. */
void batch_queue_open(struct batch_queue *queue, struct bench_mutator *mutator, size_t capacity, uint64_t producers);
void batch_queue_close(struct batch_queue *queue, struct bench_mutator *mutator);

/* Waits for room. A safepoint. */
void batch_queue_put(struct batch_queue *queue, struct bench_mutator *mutator, bench_local batch);

/* Says that one of the producers has put its last. A safepoint. */
void batch_queue_end(struct batch_queue *queue, struct bench_mutator *mutator);

/* Waits for a batch; NULL when there will be no more. A safepoint. */
void *batch_queue_take(struct batch_queue *queue, struct bench_mutator *mutator);

#endif
