/* SPDX-License-Identifier: MIT
 *
 * Stopping the world: the handshake between a thread that wants to collect and all others that are attached.
 *
 *                 pf_native_enter                      stop                       last one arrives
 *     managed  <=================>  native     -->     STOP bits set, the     -->  world stopped, the
 *        |        pf_native_leave     ^                managed are awaited         stopper works
 *        +--- STOP seen at a poll ----+                                               |  resume
 *             (arrives, waits)                         STOP bits cleared, all wake  <-+
 *
 * Each thread has one atomic word of state. Setting STOP by fetch-or tells in the same instant whether the thread was
 * native: then it cannot become managed before the stop is over, because that is a compare-and-swap from NATIVE alone;
 * otherwise it is awaited, and sees the bit at its next poll. So there is no window between looking at a thread and
 * asking it. tests/model/stop_world.pml is checked for all interleavings.
 *
 * Invariant, under the mutex: a thread's STOP bit is set if and only if is_stopping and it is not the stopper; awaited
 * = number of threads with STOP and without NATIVE. The list of threads does not change while is_stopping.
 */
#ifndef PINFOLD_GC_WORLD_STOP_WORLD_H
#define PINFOLD_GC_WORLD_STOP_WORLD_H

#include <stdbool.h>

#include "alloc/platform/atomics.h"
#include "alloc/platform/mutex.h"
#include "pinfold/thread.h"

/* Told about a thread that keeps the world waiting; with the mutex held. */
typedef void pfi_slow_thread_function(void *context, const struct pf_thread *thread, uint64_t waited_ns);

struct pfi_world {
    struct pfi_mutex mutex;
    struct pfi_condition stopped; /* the last awaited thread has arrived */
    struct pfi_condition resumed; /* nobody is stopping the world any more */
    struct pf_thread **threads;   /* the list of attached threads, linked by `next` */
    size_t thread_count;
    pfi_counter awaited; /* changed under the mutex, looked at without it */
    bool is_stopping;    /* from the request to the end of resumption */
    const void *stopper; /* pfi_thread_identity of who stops; NULL: nobody */
    uint64_t stop_began_ns;
    uint64_t stop_ns; /* from the request of the last stop until all had arrived */
    uint64_t slow_ns; /* waiting longer than this is reported */
    pfi_slow_thread_function *report_slow;
    void *report_context;
};

/* The list stays the caller's memory: it is a set of roots as well. */
void pfi_world_init(struct pfi_world *world, struct pf_thread **threads, uint64_t slow_ns,
                    pfi_slow_thread_function *report_slow, void *report_context);
void pfi_world_finish(struct pfi_world *world);

/* Stops all attached threads but `self`: the calling thread, managed, or NULL when that is not attached or native.
 * true: they have stopped, and the caller must resume them. false: another thread was stopping the world, and is done;
 * `self` was stopped by it, so that objects may have moved. A safepoint of `self`. With NULL the answer is always true.
 */
bool pfi_world_stop(struct pfi_world *world, struct pf_thread *self);
void pfi_world_resume(struct pfi_world *world);

/* Locks the mutex at a moment when nobody is stopping the world: no collection begins until it is unlocked. A safepoint
 * of `self`, which is as above. For short work on what collections change. */
void pfi_world_hold(struct pfi_world *world, struct pf_thread *self) PINFOLD_ACQUIRES(world->mutex);
/* The same for a managed thread at a place that is no safepoint: no collection goes on, since it would wait for it. */
void pfi_world_hold_managed(struct pfi_world *world) PINFOLD_ACQUIRES(world->mutex);
void pfi_world_release(struct pfi_world *world) PINFOLD_RELEASES(world->mutex);

/* While held. */
void pfi_world_add(struct pfi_world *world, struct pf_thread *thread) PINFOLD_NEEDS(world->mutex);
void pfi_world_remove(struct pfi_world *world, struct pf_thread *thread) PINFOLD_NEEDS(world->mutex);

/* What threads do that find their STOP bit set. */
void pfi_world_arrive(struct pfi_world *world, struct pf_thread *thread);
void pfi_world_enter_native(struct pfi_world *world, struct pf_thread *thread);
void pfi_world_leave_native(struct pfi_world *world, struct pf_thread *thread);

/* In the child of a fork that was made with the world stopped: only `self` (NULL: none) is left, and everything is as
 * after resumption. */
void pfi_world_restart_alone(struct pfi_world *world, struct pf_thread *self);

#endif
