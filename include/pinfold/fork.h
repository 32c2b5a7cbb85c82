/* SPDX-License-Identifier: MIT
 *
 * fork in a process that has heaps. The child gets a copy of each heap, and of its threads the calling one alone:
 *
 *     pf_fork_prepare(heap);
 *     pid_t child = fork();
 *     if (child == 0) {
 *         pf_fork_child(heap);        // may allocate and collect at once
 *     } else {
 *         pf_fork_parent(heap);       // also when fork has failed
 *     }
 *
 * A process with several heaps prepares each of them before, and frees each of them after; its other threads must not
 * be managed in two of them at a time (thread.h). The three fit pthread_atfork. Without them the child must not touch
 * the heap: its locks may be held by threads that are gone. A child that calls exec at once needs none of this.
 */
#ifndef PINFOLD_FORK_H
#define PINFOLD_FORK_H

#include "pinfold/heap.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Stops all other threads of the heap and takes its locks. For any thread, attached or not. A safepoint. Until one of
 * the other two is called, the calling thread must not use the heap. */
PINFOLD_API void pf_fork_prepare(struct pf_heap *heap);

/* In the parent: all threads go on. */
PINFOLD_API void pf_fork_parent(struct pf_heap *heap);

/* In the child: the calling thread, if it was attached, is as it was before; all other threads are detached, and their
 * frames dropped. Handles, root sources and what they hold stay: root sources that report what other threads had are
 * the embedder's to remove. */
PINFOLD_API void pf_fork_child(struct pf_heap *heap);

#ifdef __cplusplus
}
#endif
#endif
