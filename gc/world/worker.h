/* SPDX-License-Identifier: MIT
 *
 * Workers: threads of a heap's own that take part in the work of a collection. The collecting thread is worker 0 and
 * calls the others, 1 and up, when the work has turned out to be worth it:
 *
 *     pfi_workers_call     places are open; whoever wakes takes one and runs the function
 *        ... worker 0 does its own part ...
 *     pfi_workers_dismiss  places that nobody took are withdrawn; waits for those that were taken
 *
 * So nobody waits for a thread that wakes late. Threads are started by the first call that wants them, and parked in
 * between: a program that never calls has none. They touch no heap outside a call, never run the program's code but the
 * visit callbacks of its types, and are no attached threads: stopping the world is not their affair.
 *
 * Invariant under the mutex: served <= call for every thread; busy = threads inside the function; places > 0 only
 * between call and dismiss. Owner: one heap; called by the thread that collects.
 */
#ifndef PINFOLD_GC_WORKER_H
#define PINFOLD_GC_WORKER_H

#include <stdint.h>

#include "alloc/layout.h"
#include "alloc/platform/mutex.h"
#include "alloc/platform/thread.h"

/* `worker` is 1 or more, and no two that run at the same time have the same. */
typedef void pfi_workers_function(void *context, unsigned worker);

struct pfi_workers;

struct pfi_worker {
    struct pfi_workers *workers;
    unsigned number;
    struct pfi_thread_handle thread;
};

struct pfi_workers {
    struct pfi_mutex mutex;
    struct pfi_condition called;
    struct pfi_condition done;
    pfi_workers_function *function;
    void *context;
    uint64_t call;    /* number of the last call; a thread takes one place in each */
    unsigned places;  /* that may still be taken */
    unsigned taken;   /* in the present call */
    unsigned busy;    /* threads in the function */
    unsigned most;    /* workers, worker 0 included */
    unsigned started; /* threads that run: workers 1 to `started` */
    bool is_ending;
    struct pfi_worker workers[PINFOLD_MOST_WORKERS - 1];
};

/* At most `most` workers, of 1 to PINFOLD_MOST_WORKERS, the caller included. Starts no thread. */
void pfi_workers_init(struct pfi_workers *workers, unsigned most);

/* Ends and joins the threads. */
void pfi_workers_finish(struct pfi_workers *workers);

/* In the child of a fork, where only the forking thread goes on: forgets the threads, so that they are started anew by
 * the next call. The fork must not have happened inside a call. */
void pfi_workers_after_fork_in_child(struct pfi_workers *workers);

/* Lets up to `wanted` workers besides the caller run `function(context, worker)`. A thread that cannot be started means
 * fewer of them. */
void pfi_workers_call(struct pfi_workers *workers, pfi_workers_function *function, void *context, unsigned wanted);

/* After it no worker runs the function any more. Returns how many did. */
unsigned pfi_workers_dismiss(struct pfi_workers *workers);

#endif
