/* SPDX-License-Identifier: MIT
 *
 * Saying when to collect, and when not: what a program knows of its work and the collector does not. pf_collect itself
 * is in heap.h; none of this is needed for a heap to work well.
 */
#ifndef PINFOLD_COLLECT_H
#define PINFOLD_COLLECT_H

#include "pinfold/thread.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Collects generations 0..generation if most of a budget of theirs is spent (seven tenths; three, where the machine is
 * short of memory); returns whether it did. A safepoint if so. */
PINFOLD_API int pf_collect_if_due(struct pf_thread *thread, int generation);

/* Does something useful that takes about `nanoseconds`: a collection of generation 0 when half of its budget is spent
 * and past pauses say that it fits; then gives free memory back to the system, as far as the time reaches. Returns
 * nonzero when more time would be useful now. A safepoint. */
PINFOLD_API int pf_heap_idle(struct pf_thread *thread, uint64_t nanoseconds);

/* Gives all memory that holds no object back to the system at once, without a collection: ends of segments and whole
 * pages inside free space, emptied segments that wait for it, address ranges on standby, mark stacks. `keep_bytes` stay
 * behind the youngest objects for the allocations to come. Returns how many bytes of segments went; 0 in a region
 * without collections, whose room stays. It takes about 50 ms for each gigabyte that was in use, and whoever needs a
 * collection meanwhile waits. What dead objects hold takes a collection first: PINFOLD_COLLECT_AGGRESSIVE does both.
 * The thread is the calling one, and managed. Not a safepoint. */
PINFOLD_API size_t pf_heap_trim(struct pf_thread *thread, size_t keep_bytes);

/* --- a region without collections ---
 *
 *     if (pf_no_collection_begin(thread, 4 << 20, 0) == PINFOLD_OK) {
 *         answer(request);                              // allocates less than 4 MiB
 *         status = pf_no_collection_end(thread);
 *     }
 *
 * Makes room, by a full compacting collection and new segments if need be, so that all threads together can allocate
 * `small_bytes` in objects below the large-object threshold, headers included, and `large_bytes` in larger ones before
 * anything collects. The memory is committed, so the system cannot refuse it either. Objects that are born pinned are
 * not covered, and threads that are attached later may lose more between their chunks than was reckoned. A safepoint.
 * Beginning again before the end, from whichever thread, is a broken contract.
 *
 * TOO_LARGE: more than a segment (option segment_size) or the address space of the heap holds, at any time.
 * OUT_OF_MEMORY: there is no room for it beside what is alive. CANNOT_COMMIT: the system refuses memory. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_no_collection_begin(struct pf_thread *thread, size_t small_bytes,
                                                                     size_t large_bytes);

/* Ends it. OK: no collection has come. EXCEEDED: one came because more was allocated. INDUCED: the program asked for
 * one, or a stress mode did. A safepoint; the next allocation may collect. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_no_collection_end(struct pf_thread *thread);

/* --- native memory that objects keep ---
 *
 * An object of 32 bytes may stand for an image of 10 MB in native memory, which a finalizer frees: then collections
 * that look at the heap alone come far too late. The program tells when such memory comes and goes. When it has grown
 * by half since the last full collection (but by external_size, an option, at least), allocation collects everything; a
 * quarter of that growth leads to a collection of generation 1. Where that frees nothing, it comes less often. It does
 * not come in a region without collections. Not safepoints: the next allocation collects. Any thread, attached or not;
 * removing more than was added is a broken contract. */
PINFOLD_API void pf_external_memory_add(struct pf_heap *heap, size_t bytes);
PINFOLD_API void pf_external_memory_remove(struct pf_heap *heap, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
