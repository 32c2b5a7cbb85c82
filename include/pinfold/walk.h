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
 * returned. A safepoint: all threads are stopped meanwhile. The callback must not call the library but for
 * pf_generation_of and what looks at one object (pf_size_of and its like). */
typedef int pf_walk_visit(void *object, size_t size, int generation, int is_free, void *data);
PINFOLD_API int pf_heap_walk(struct pf_thread *thread, pf_walk_visit *visit, void *data);

/* The generation in which `object` lies: 0, 1 or 2; 3 for a large object; 4 for one that was born pinned; -1 when the
 * address is not in the heap. For managed threads; not a safepoint. */
PINFOLD_API int pf_generation_of(const struct pf_heap *heap, const void *object);

/* The object that contains the byte at `address`; NULL when that is free space, not yet allocated, or outside the heap.
 * An object's first byte is inside, one past its end is not. Tags are not looked at. Dead objects that no collection
 * has found yet count as objects. Walks over the objects before it on its card, or in the same chunk of an allocation
 * context (allocation_quantum): some ten nanoseconds to some microseconds,
 * under the locks of the allocator.
 *
 * `thread` is the calling one, managed; not a safepoint. While other threads allocate, an address in an object that
 * nobody has told this thread of may or may not have its answer yet. */
PINFOLD_API void *pf_object_containing(const struct pf_thread *thread, const void *address);

/* Checks the heap now. 0 = clean; 1 = damaged, and the message names object, slot, holder, segment and generation; -1 =
 * not checked for want of memory. A safepoint: all threads are stopped meanwhile. */
PINFOLD_API int pf_heap_verify(struct pf_thread *thread, struct pf_message *message);

#ifdef __cplusplus
}
#endif
#endif
