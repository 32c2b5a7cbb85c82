/* SPDX-License-Identifier: MIT */
#include "gc/world/worker.h"

#include <string.h>

#include "alloc/platform/check.h"

static void take_place_locked(struct pfi_workers *workers, unsigned number) PINFOLD_NEEDS(workers->mutex) {
    pfi_workers_function *function = workers->function;
    void *context = workers->context;
    --workers->places;
    ++workers->taken;
    ++workers->busy;
    pfi_mutex_unlock(&workers->mutex);
    function(context, number);
    pfi_mutex_lock(&workers->mutex);
    if (--workers->busy == 0) {
        pfi_condition_signal(&workers->done);
    }
}

static void run_worker(void *argument) {
    const struct pfi_worker *worker = argument;
    struct pfi_workers *workers = worker->workers;
    uint64_t served = 0;
    pfi_mutex_lock(&workers->mutex);
    while (!workers->is_ending) {
        if (workers->places == 0 || workers->call == served) {
            pfi_condition_wait(&workers->called, &workers->mutex);
        } else {
            served = workers->call;
            take_place_locked(workers, worker->number);
        }
    }
    pfi_mutex_unlock(&workers->mutex);
}

static void init_synchronization(struct pfi_workers *workers) {
    pfi_mutex_init(&workers->mutex);
    pfi_condition_init(&workers->called);
    pfi_condition_init(&workers->done);
}

void pfi_workers_init(struct pfi_workers *workers, unsigned most) {
    PINFOLD_REQUIRE(most >= 1 && most <= PINFOLD_MOST_WORKERS, "a pool of %u workers was asked for", most);
    memset(workers, 0, sizeof *workers);
    workers->most = most;
    init_synchronization(workers);
}

void pfi_workers_finish(struct pfi_workers *workers) {
    pfi_mutex_lock(&workers->mutex);
    PINFOLD_REQUIRE(workers->places == 0 && workers->busy == 0, "workers are ended while they work");
    workers->is_ending = true;
    pfi_condition_broadcast(&workers->called);
    pfi_mutex_unlock(&workers->mutex);
    for (unsigned index = 0; index < workers->started; ++index) {
        pfi_thread_join(&workers->workers[index].thread);
    }
    pfi_condition_finish(&workers->done);
    pfi_condition_finish(&workers->called);
    pfi_mutex_finish(&workers->mutex);
}

void pfi_workers_after_fork_in_child(struct pfi_workers *workers) {
    PINFOLD_REQUIRE(workers->places == 0 && workers->busy == 0, "a process was forked while workers work");
    /* A worker on its way back to its place may have held the mutex, so what it protected is made anew. */
    init_synchronization(workers);
    workers->started = 0;
}

static void start_threads(struct pfi_workers *workers, unsigned wanted) {
    while (workers->started < wanted) {
        struct pfi_worker *worker = &workers->workers[workers->started];
        worker->workers = workers;
        worker->number = workers->started + 1;
        if (!pfi_thread_start(&worker->thread, run_worker, worker)) {
            return;
        }
        ++workers->started;
    }
}

void pfi_workers_call(struct pfi_workers *workers, pfi_workers_function *function, void *context, unsigned wanted) {
    PINFOLD_REQUIRE(workers->places == 0 && workers->busy == 0, "workers are called while they work");
    wanted = (unsigned)pfi_min(wanted, workers->most - 1);
    start_threads(workers, wanted);
    pfi_mutex_lock(&workers->mutex);
    workers->function = function;
    workers->context = context;
    workers->places = wanted;
    workers->taken = 0;
    ++workers->call;
    pfi_condition_broadcast(&workers->called);
    pfi_mutex_unlock(&workers->mutex);
}

unsigned pfi_workers_dismiss(struct pfi_workers *workers) {
    pfi_mutex_lock(&workers->mutex);
    workers->places = 0;
    while (workers->busy != 0) {
        pfi_condition_wait(&workers->done, &workers->mutex);
    }
    unsigned taken = workers->taken;
    pfi_mutex_unlock(&workers->mutex);
    return taken;
}
