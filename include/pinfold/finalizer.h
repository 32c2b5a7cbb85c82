/* SPDX-License-Identifier: MIT
 *
 * Finalizers: being told of objects that nothing refers to any more, while they can still be looked at, to close what
 * they stand for outside the heap. The collector never calls user code: an object that is registered and found dead
 * becomes *ready*, and a thread of the program takes it.
 *
 *     struct file *file = pf_alloc(thread, &file_type);    // file_type has the flag PINFOLD_TYPE_FINALIZABLE
 *     ...
 *     while (pf_finalizer_next(thread, &object)) {          // now and then, or pf_finalizer_wait on a thread for it
 *         close_file(object);
 *     }
 *
 *     registered --found dead--> ready --taken--> an object like any other, without this registration
 *         ^                                          |
 *         +-------------- pf_finalizer_register -----+
 *
 * Ready objects are alive, with all that they refer to, until they are taken; then they live on for as long as
 * something refers to them, and may be registered again. An object becomes ready in the first collection of its
 * generation that finds it dead: an old one not before the next full collection, perhaps never.
 *
 * Order: what became ready in one collection is handed out in the order of registration, and before what becomes ready
 * later. The order knows nothing of references: two objects that refer to each other become ready together, and either
 * may find the other finalized already.
 *
 * Weak handles: short ones are cleared when the object becomes ready, long ones when it is dead afterwards.
 *
 * All but pf_finalizer_stop_waiting are for managed threads. None is called by the collector, so a finalizer may
 * allocate, collect, register. Destroying a heap delivers nothing: see pf_finalizer_all_ready.
 */
#ifndef PINFOLD_FINALIZER_H
#define PINFOLD_FINALIZER_H

#include "pinfold/thread.h"
#include "pinfold/type.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Registers `object`, of any generation and type and without tag bits. One registered several times is handed out as
 * many times. Objects of a type with the flag PINFOLD_TYPE_FINALIZABLE are registered by the call that allocates them.
 * OUT_OF_MEMORY: nothing was registered. Not a safepoint. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_finalizer_register(struct pf_thread *thread, void *object);

/* Takes all registrations of `object` away, for what was closed in time; returns how many there were. What is ready
 * already is handed out all the same. Takes constant time on average, but for the first call after a collection: that
 * one looks at all registrations of the generations that were collected, or, where there is no memory for a table of
 * them, each call does. Not a safepoint. */
PINFOLD_API size_t pf_finalizer_suppress(struct pf_thread *thread, void *object);

/* Takes the object that has been ready longest. 0: none is, and *object is as before. The object has no other root than
 * the caller's. Several threads may take; each gets another registration. Not a safepoint. */
PINFOLD_API int pf_finalizer_next(struct pf_thread *thread, void **object);

/* The same, but waits, as a native thread that no collection waits for, until there is one. 0: `timeout_ns` (or more)
 * have passed, or pf_finalizer_stop_waiting was called, and none is ready. A safepoint. */
#define PINFOLD_FOREVER UINT64_MAX
PINFOLD_API int pf_finalizer_wait(struct pf_thread *thread, uint64_t timeout_ns, void **object);

/* From now on pf_finalizer_wait does not wait: threads that do return when nothing is ready any more. For the end of
 * the program; any thread, attached or not. */
PINFOLD_API void pf_finalizer_stop_waiting(struct pf_heap *heap);

/* Makes all registered objects ready, whether something refers to them or not, in the order of registration: before a
 * heap is destroyed. What is registered later is not affected. Weak handles stay as they are. Not a safepoint. */
PINFOLD_API void pf_finalizer_all_ready(struct pf_thread *thread);

#ifdef __cplusplus
}
#endif
#endif
