/* SPDX-License-Identifier: MIT
 *
 * The event listener: one struct of callbacks that statistics, tracing and tests share. Callbacks run on the thread
 * that collects or allocates; they must not call the library but for pf_thread_name, pf_function_name and what
 * describes records. Those about collections, phases and pins run with the world stopped; the others may run on several
 * threads at once. NULL members are skipped.
 */
#ifndef PINFOLD_EVENT_H
#define PINFOLD_EVENT_H

#include "pinfold/handle.h"
#include "pinfold/stats.h"
#include "pinfold/thread.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pf_oom_record; /* oom.h */

/* What lies in a segment. */
enum pf_segment_kind {
    PINFOLD_SEGMENT_SMALL, /* objects below the large-object threshold */
    PINFOLD_SEGMENT_LARGE,
    PINFOLD_SEGMENT_PINNED, /* objects that were born pinned, of any size */
    PINFOLD_SEGMENT_KINDS
};

/* An allocation that was chosen at random: every allocated byte is as likely to choose as any other, and the weight is
 * the number of bytes that this sample stands for: sums of weights, by type or by frame, estimate the bytes allocated.
 */
struct pf_sample {
    const struct pf_thread *thread;
    const struct pf_type *type;
    size_t size;
    size_t weight;
    void *const *frames; /* return addresses, the function that allocates first; pf_function_name tells names */
    size_t frame_count;
};
enum { PINFOLD_SAMPLE_FRAMES = 32 /* most of them */ };

struct pf_listener {
    /* All threads have stopped, so many nanoseconds after they were asked to; they go on in a moment. For collections,
     * and for whatever else needs a heap at rest. When that is a fork, both sides are told that they go on. */
    void (*world_stopped)(void *data, uint64_t stop_ns);
    void (*world_resumes)(void *data);
    /* `thread` has kept others waiting for a stop for longer than the option slow_stop_us allows; told once a stop, and
     * while the wait goes on. */
    void (*slow_thread)(void *data, const struct pf_thread *thread, uint64_t waited_ns);
    void (*collection_begin)(void *data, uint64_t number, int generation, enum pf_reason reason);
    void (*collection_end)(void *data, const struct pf_collection *record);
    void (*phase_begin)(void *data, enum pf_phase phase);
    void (*phase_end)(void *data, enum pf_phase phase);
    /* Between plan and the next phase, for each pinned object that the collection found (large ones in full collections
     * only), and for each row of adjacent pinned objects with the free bytes that it leaves before them. */
    void (*pin_found)(void *data, void *object, size_t size);
    void (*pinned_plug)(void *data, void *start, size_t size, size_t hole);
    /* Also from the standby list, and to it. */
    void (*segment_created)(void *data, void *base, size_t size, enum pf_segment_kind kind);
    void (*segment_freed)(void *data, void *base, size_t size, enum pf_segment_kind kind);
    /* On the thread that makes or destroys it, whichever that is, and maybe during a collection. */
    void (*handle_created)(void *data, const struct pf_handle *handle, enum pf_handle_kind kind);
    void (*handle_destroyed)(void *data, const struct pf_handle *handle, enum pf_handle_kind kind);
    /* An allocation has failed (oom.h), before the handler is asked; the record stays the thread's own. */
    void (*out_of_memory)(void *data, const struct pf_oom_record *record);
    /* Under the option sample_interval; `sample` and its frames are gone after the call. */
    void (*allocation_sampled)(void *data, const struct pf_sample *sample);
    /* A full collection is near: so many percent of a budget that asks for one are spent (option full_notice_percent).
     * Told once; and again, when there was one, that it is over. Time to divert load, or to call pf_collect at a moment
     * that suits the program. Comes from collections, with the world stopped, and from allocations of old objects. */
    void (*full_collection_near)(void *data, unsigned spent_percent);
    void (*full_collection_over)(void *data);
};

/* The function around the instruction before `address`, as a return address has it, cut to `size` bytes, and how far
 * behind its start the address lies. 0: nobody knows; `name` is empty then. For any thread. */
PINFOLD_API int pf_function_name(const void *address, char *name, size_t size, size_t *offset);

/* `listener` and `data` stay the embedder's and must outlive the heap or the next call. NULL removes it. While no other
 * thread uses the heap. */
PINFOLD_API void pf_heap_set_listener(struct pf_heap *heap, const struct pf_listener *listener, void *data);

#ifdef __cplusplus
}
#endif
#endif
