/* SPDX-License-Identifier: MIT
 *
 * A bounded queue of references between threads.
 */
#include "workload/batch_queue.h"

void batch_queue_open(struct batch_queue *queue, struct bench_mutator *mutator, size_t capacity, uint64_t producers) {
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->has_batch, NULL);
    pthread_cond_init(&queue->has_room, NULL);
    queue->ring = bench_keep(mutator, bench_new_references(mutator, capacity));
    queue->capacity = capacity;
    queue->first = 0;
    queue->count = 0;
    queue->producers = producers;
}

void batch_queue_close(struct batch_queue *queue, struct bench_mutator *mutator) {
    bench_release(mutator, bench_kept(queue->ring));
    bench_drop_from(mutator, queue->ring);
    pthread_cond_destroy(&queue->has_room);
    pthread_cond_destroy(&queue->has_batch);
    pthread_mutex_destroy(&queue->lock);
}

static void lock(struct batch_queue *queue, struct bench_mutator *mutator) {
    if (pthread_mutex_trylock(&queue->lock) != 0) {
        bench_native_enter(mutator);
        pthread_mutex_lock(&queue->lock);
        bench_native_leave(mutator);
    }
}

static void wait_locked(struct batch_queue *queue, struct bench_mutator *mutator, pthread_cond_t *condition) {
    bench_native_enter(mutator);
    pthread_cond_wait(condition, &queue->lock);
    bench_native_leave(mutator);
}

void batch_queue_put(struct batch_queue *queue, struct bench_mutator *mutator, bench_local batch) {
    lock(queue, mutator);
    while (queue->count == queue->capacity) {
        wait_locked(queue, mutator, &queue->has_room);
    }
    size_t at = (queue->first + queue->count) % queue->capacity;
    bench_set_reference(mutator, bench_kept(queue->ring), at, bench_kept(batch));
    queue->count++;
    pthread_cond_signal(&queue->has_batch);
    pthread_mutex_unlock(&queue->lock);
}

void batch_queue_end(struct batch_queue *queue, struct bench_mutator *mutator) {
    lock(queue, mutator);
    queue->producers--;
    pthread_cond_broadcast(&queue->has_batch);
    pthread_mutex_unlock(&queue->lock);
}

static void *take_first_locked(struct batch_queue *queue, struct bench_mutator *mutator) {
    void *ring = bench_kept(queue->ring);
    void *batch = bench_reference(ring, queue->first);
    bench_set_reference(mutator, ring, queue->first, NULL);
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    return batch;
}

void *batch_queue_take(struct batch_queue *queue, struct bench_mutator *mutator) {
    void *batch = NULL;
    lock(queue, mutator);
    while (queue->count == 0 && queue->producers != 0) {
        wait_locked(queue, mutator, &queue->has_batch);
    }
    if (queue->count != 0) {
        batch = take_first_locked(queue, mutator);
        pthread_cond_signal(&queue->has_room);
    }
    pthread_mutex_unlock(&queue->lock);
    return batch;
}
