/* SPDX-License-Identifier: MIT
 *
 * Pins: objects that must stay where they are for a while, because native code has their address: a buffer that the
 * kernel reads into, an array that a foreign function works on. A pinned object is alive, does not move, and not one
 * of its bytes is written by the collector, so a device may write to it during a collection.
 *
 *     struct pf_handle *pin;
 *     if (pf_pin(heap, buffer, &pin) == PINFOLD_OK) {
 *         start_read(file, pf_elements(pf_handle_get(pin)), length);      // any number of collections may come
 *         ...                                                             // the read is complete
 *         pf_unpin(heap, pin);
 *     }
 *
 * Pins are counted by being many: an object may have any number of them and may move when the last one is gone.
 * Making a pin takes the memory that a collection will need for it, so a collection never fails because of pins.
 */
#ifndef PINFOLD_PIN_H
#define PINFOLD_PIN_H

#include "pinfold/handle.h"
#include "pinfold/root.h"
#include "pinfold/type.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Pins `object`, which must be an object of the heap, without tag bits: a handle of kind PINFOLD_HANDLE_PINNED on it,
 * for pf_handle_get and pf_unpin. Where references have tags (option ref_tags), the handle holds it with the lowest of
 * them. OUT_OF_MEMORY: nothing is pinned. Not a safepoint. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_pin(struct pf_heap *heap, void *object, struct pf_handle **pin);

/* Ends one pin. NULL does nothing; a handle of another kind, or one destroyed before, is a broken contract. Any thread,
 * at any time, as pf_handle_destroy. */
PINFOLD_API void pf_unpin(struct pf_heap *heap, struct pf_handle *pin);

/* Whether `object` may not move now: it has a pin, or lies in a pinning frame of the calling thread, or was born
 * pinned. (Frames of other threads change while they run; pf_pin_report stops them and tells of those, too.) Takes time
 * in proportion to the number of pins: for assertions and tools. For managed threads; not a safepoint. */
PINFOLD_API int pf_is_pinned(struct pf_heap *heap, const void *object);

/* A frame whose slots pin what they hold, for as long as they hold it. Slots are stored into like those of any frame.
 * Popped by pf_frame_pop and dropped by pf_frames_reset. While its chain is suspended (coroutines) it pins nothing:
 * what a device may write to meanwhile needs pf_pin. OUT_OF_MEMORY: the frame was not pushed. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_frame_push_pinning(struct pf_thread *thread, struct pf_frame *frame,
                                                                    void **slots, size_t count);

/* The same for callers that have no answer to a failure: no memory is the end of the process. */
PINFOLD_API void pf_frame_must_push_pinning(struct pf_thread *thread, struct pf_frame *frame, void **slots,
                                            size_t count);

/* A scope with n zeroed slots that pin, for C11 and C++ with gcc or clang:
 *     PINFOLD_PINS(thread, pinned, 1);
 *     pinned[0] = pf_alloc_array(thread, &bytes_type, 4096);
 *     read(file, pf_elements(pinned[0]), 4096);
 */
#define PINFOLD_PINS(thread_, name, n)                                     \
    void *name[n] = {0};                                                   \
    __attribute__((cleanup(pf_scope_leave))) struct pf_scope name##_scope; \
    name##_scope.thread = (thread_);                                       \
    pf_frame_must_push_pinning((thread_), &name##_scope.frame, name, sizeof(name) / sizeof((name)[0]))

/* One pin, as pf_pin_report tells of it. */
struct pf_pin_info {
    void *object;
    const struct pf_type *type;
    size_t size;                    /* bytes, header included */
    int generation;                 /* as pf_generation_of */
    const struct pf_handle *handle; /* NULL: a slot of a pinning frame */
    uint64_t age;                   /* collections since the pin was made; 0 for frames, which keep no such figure */
    size_t held_bytes; /* free bytes right before the object, which nothing can slide into while it stays */
};

/* Calls `visit` for every pin, handles first; a nonzero result ends the report and is returned. A safepoint: all
 * threads are stopped meanwhile. The callback must not call the library. */
typedef int pf_pin_visit(const struct pf_pin_info *pin, void *data);
PINFOLD_API int pf_pin_report(struct pf_thread *thread, pf_pin_visit *visit, void *data);

#ifdef __cplusplus
}
#endif
#endif
