/* SPDX-License-Identifier: MIT
 *
 * xmalloc, after Lever and Boreham's test ("malloc() performance in a multithreaded Linux environment", 2000): half of
 * the threads allocate, the other half lets die. A producer fills a batch with objects of random sizes and puts it into
 * a bounded queue; a consumer takes it, reads every object and drops it. No object dies on the thread that made it.
 *
 *     producer \                                / consumer
 *     producer  ---> [ batch | batch | .. ] --->  consumer          --threads of each
 *
 * Scale multiplies the batches of each producer; --batch and --queue set the live data. The checksum is the sum of the
 * stamps of all objects, read by the consumers.
 */
#include "harness/parallel.h"
#include "workload/batch_queue.h"
#include "workload/item.h"

enum { OPTION_BATCH, OPTION_QUEUE, THREADS_MAX = 32, BATCHES = 8000, MAX_WORDS = 64 };

static const struct bench_option options[] = {
    BENCH_NUMBER("batch", 1000, 1, 10000000, "objects of a batch"),
    BENCH_NUMBER("queue", 16, 1, 1000000, "batches that wait at most"),
};

static uint64_t produce(struct bench_run *run, struct bench_mutator *mutator, uint64_t index,
                        struct batch_queue *queue) {
    struct bench_random random = {run->seed + index};
    struct item_count count = {0, 0};
    size_t length = (size_t)run->option[OPTION_BATCH];
    uint64_t batches = bench_scaled(run, BATCHES);
    bench_local batch = bench_keep(mutator, NULL);
    for (uint64_t i = 0; i < batches; i++) {
        bench_set_local(&batch, bench_new_references(mutator, length));
        for (size_t j = 0; j < length; j++) {
            size_t words = ITEM_MIN_WORDS + (size_t)bench_random_below(&random, MAX_WORDS - ITEM_MIN_WORDS + 1);
            void *item = item_new(mutator, words, &random, &count);
            bench_set_reference(mutator, bench_kept(batch), j, item);
        }
        batch_queue_put(queue, mutator, batch);
    }
    bench_drop(mutator, 1);
    batch_queue_end(queue, mutator);
    item_report(run, &count);
    bench_count(run, batches, batches * length * sizeof(void *));
    return 0;
}

static uint64_t consume(struct bench_run *run, struct bench_mutator *mutator, struct batch_queue *queue) {
    size_t length = (size_t)run->option[OPTION_BATCH];
    uint64_t sum = 0;
    bench_local batch = bench_keep(mutator, batch_queue_take(queue, mutator));
    while (bench_kept(batch) != NULL) {
        sum += item_end_all(mutator, batch, length);
        bench_release(mutator, bench_kept(batch));
        bench_set_local(&batch, batch_queue_take(queue, mutator));
    }
    bench_drop(mutator, 1);
    return sum;
}

static uint64_t run_thread(struct bench_run *run, struct bench_mutator *mutator, uint64_t index, void *data) {
    return index < run->threads ? produce(run, mutator, index, data) : consume(run, mutator, data);
}

static uint64_t run_xmalloc(struct bench_run *run, struct bench_mutator *mutator) {
    struct batch_queue queue;
    batch_queue_open(&queue, mutator, (size_t)run->option[OPTION_QUEUE], run->threads);
    bench_count(run, 1, run->option[OPTION_QUEUE] * sizeof(void *));
    uint64_t checksum = bench_parallel(run, mutator, 2 * run->threads, run_thread, &queue);
    bench_stop(run, mutator);
    batch_queue_close(&queue, mutator);
    return checksum;
}

const struct bench_workload bench_workload_xmalloc = {
    .name = "xmalloc",
    .sentence = "batches allocated by some threads and dropped by others (--threads of each)",
    .run = run_xmalloc,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = THREADS_MAX,
    .threads_initial = 2,
};
