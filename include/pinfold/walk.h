/* SPDX-License-Identifier: MIT
 *
 * Looking at the whole heap.
 */
#ifndef PINFOLD_WALK_H
#define PINFOLD_WALK_H

#include "pinfold/thread.h"
#include "pinfold/type.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Calls `visit` for every object of the heap, dead ones that no collection has found yet included, in address order
 * within a segment. `size` is what the object takes: pf_size_of, for large
 * objects rounded up to whole pages. `generation` is 0, 1, 2, 3 for large objects, or 4 for what was born pinned;
 * `is_free` tells free space, of which only address and size mean anything. Return nonzero to stop; that value is
 * returned. The callback must not allocate or collect. A safepoint: all threads are stopped meanwhile. */
typedef int pf_walk_visit(void *object, size_t size, int generation, int is_free, void *data);
PINFOLD_API int pf_heap_walk(struct pf_thread *thread, pf_walk_visit *visit, void *data);

/* The generation in which `object` lies: 0, 1 or 2; 3 for a large object; 4 for one that was born pinned; -1 when the
 * address is not in the heap. */
PINFOLD_API int pf_generation_of(const struct pf_heap *heap, const void *object);

/* Checks the heap now. 0 = clean; 1 = damaged, and the message names object, slot, holder, segment and generation; -1 =
 * not checked for want of memory. A safepoint: all threads are stopped meanwhile. */
PINFOLD_API int pf_heap_verify(struct pf_thread *thread, struct pf_message *message);

#ifdef __cplusplus
}
#endif
#endif
