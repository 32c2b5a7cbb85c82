/* SPDX-License-Identifier: MIT
 *
 * Threads of a workload. The records of the threads lie in malloc's memory, where no collector looks: they hold no
 * references, and `data` points to something that its owner keeps alive.
 */
#include "harness/parallel.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "system/adapter.h"

struct worker {
    pthread_t thread;
    struct bench_run run;
    struct bench_mutator *opened; /* the starting thread's */
    bench_thread_function *function;
    void *data;
    uint64_t index;
    uint64_t result;
};

static void *work(void *argument) {
    struct worker *worker = argument;
    struct bench_mutator *mutator = bench_system_attach(worker->opened);
    worker->result = worker->function(&worker->run, mutator, worker->index, worker->data);
    bench_system_detach(mutator);
    return NULL;
}

static void start(struct worker *worker) {
    int error = pthread_create(&worker->thread, NULL, work, worker);
    if (error != 0) {
        bench_fail(EXIT_FAILURE, "thread %llu cannot be started: %s", (unsigned long long)worker->index,
                   strerror(error));
    }
}

static uint64_t join(struct worker *worker, struct bench_run *run) {
    int error = pthread_join(worker->thread, NULL);
    if (error != 0) {
        bench_fail(EXIT_FAILURE, "thread %llu cannot be waited for: %s", (unsigned long long)worker->index,
                   strerror(error));
    }
    bench_count(run, worker->run.objects, worker->run.bytes);
    return worker->result;
}

uint64_t bench_parallel(struct bench_run *run, struct bench_mutator *mutator, uint64_t threads,
                        bench_thread_function *function, void *data) {
    struct worker *workers = calloc((size_t)threads, sizeof *workers);
    if (workers == NULL) {
        bench_out_of_memory((size_t)threads * sizeof *workers);
    }
    for (uint64_t i = 0; i < threads; i++) {
        workers[i] = (struct worker){.run = *run, .opened = mutator, .function = function, .data = data, .index = i};
        workers[i].run.objects = 0;
        workers[i].run.bytes = 0;
        start(&workers[i]);
    }
    uint64_t sum = 0;
    bench_native_enter(mutator);
    for (uint64_t i = 0; i < threads; i++) {
        sum += join(&workers[i], run);
    }
    bench_native_leave(mutator);
    free(workers);
    return sum;
}
