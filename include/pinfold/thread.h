/* SPDX-License-Identifier: MIT
 *
 * An attached thread: the state that the inline allocation and barrier need. The first fields are part of the binary
 * interface, so that a JIT may use their offsets.
 *
 * Collections stop all attached threads by agreement; there are no signals. A thread is either
 *
 *     managed   it may touch objects, and holds collections up until it comes to a safepoint: a call that allocates or
 *               collects, pf_safepoint, pf_native_enter, pf_thread_detach
 *     native    it promises not to touch objects, nor its frames' slots, and no collection waits for it;
 * pf_native_leave waits for one that is going on. For everything that may block: input and output, locks, sleep.
 *
 * A managed thread that waits for something which another attached thread of the heap has to do must be native
 * meanwhile, or both wait for ever. A thread may be attached to several heaps. Where two threads share two heaps, each
 * must be native in one while it works in the other: one that collects in the first waits for all that are managed
 * there, and the one that collects in the second may be among them.
 *
 * A thread must not be cancelled (pthread_cancel) inside a call of the library, which may hold locks.
 */
#ifndef PINFOLD_THREAD_H
#define PINFOLD_THREAD_H

#include <stddef.h>
#include <stdint.h>

#include "pinfold/heap.h"
#include "pinfold/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pf_frame;
struct pfi_stack;

struct pf_thread {
    char *alloc_ptr;     /* next free byte of the allocation context; memory up to alloc_limit is zero */
    char *alloc_limit;   /* one smallest object below the end of what the context owns */
    uintptr_t young_low; /* generations 1 and 0 lie in [young_low, young_low + young_size) */
    uintptr_t young_size;
    uintptr_t cards; /* the card byte of address a is at cards + (a >> PINFOLD_CARD_SHIFT) */
    struct pf_frame *frames;
    struct pf_heap *heap;
    uintptr_t state;         /* PINFOLD_MANAGED, or a union of the other two; a word of its own to poll */
    struct pf_thread *next;  /* the heap's */
    int64_t sample_left;     /* bytes from the end of the context to the next sample; the library's */
    struct pfi_stack *stack; /* what the library knows of the C stack; NULL without the option conservative_stacks */
};

enum { PINFOLD_MANAGED = 0, PINFOLD_NATIVE = 1, PINFOLD_STOP = 2 /* a collection waits, or is going on */ };

/* Attaches the calling thread, managed; waits for a collection that is going on. When a thread exits without having
 * detached, its frames are dropped and it is detached then; one that exits in a native region must have popped them, as
 * a collection may look at them up to then, on a stack that is gone. ALREADY_ATTACHED, OUT_OF_MEMORY. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_thread_attach(struct pf_heap *heap, struct pf_thread **thread);

/* Ends the attachment of the calling thread. A safepoint. The thread's frames must be popped. */
PINFOLD_API void pf_thread_detach(struct pf_thread *thread);

/* What events call this thread, which is the calling one and managed: at most 15 bytes are kept. Without it, the name
 * that the system had for the thread when it was attached. Not a safepoint. */
PINFOLD_API void pf_thread_set_name(struct pf_thread *thread, const char *name);
PINFOLD_API const char *pf_thread_name(const struct pf_thread *thread);

PINFOLD_COLD PINFOLD_API void pf_safepoint_slow(struct pf_thread *thread);
PINFOLD_COLD PINFOLD_API void pf_native_enter_slow(struct pf_thread *thread);
PINFOLD_COLD PINFOLD_API void pf_native_leave_slow(struct pf_thread *thread);

/* Lets a collection that another thread wants happen. A loop that neither allocates nor calls anything that is a
 * safepoint must poll, or every other thread waits for its end. One load and a branch. */
static inline void pf_safepoint(struct pf_thread *thread) {
    if (PINFOLD_UNLIKELY(__atomic_load_n(&thread->state, __ATOMIC_RELAXED) != PINFOLD_MANAGED)) {
        pf_safepoint_slow(thread);
    }
}

/* From here on the thread is native. A safepoint. Not nested: entering twice is a broken contract. */
static inline void pf_native_enter(struct pf_thread *thread) {
    uintptr_t managed = PINFOLD_MANAGED;
    if (PINFOLD_UNLIKELY(thread->stack != NULL ||
                         !__atomic_compare_exchange_n(&thread->state, &managed, PINFOLD_NATIVE, 0, __ATOMIC_RELEASE,
                                                      __ATOMIC_RELAXED))) {
        pf_native_enter_slow(thread);
    }
}

/* The thread is managed again. Objects may have moved: what it knew of their addresses is worth nothing but for what
 * its frames, handles and other roots hold. */
static inline void pf_native_leave(struct pf_thread *thread) {
    uintptr_t native = PINFOLD_NATIVE;
    if (PINFOLD_UNLIKELY(!__atomic_compare_exchange_n(&thread->state, &native, PINFOLD_MANAGED, 0, __ATOMIC_ACQUIRE,
                                                      __ATOMIC_RELAXED))) {
        pf_native_leave_slow(thread);
    }
}

static inline int pf_thread_is_native(const struct pf_thread *thread) {
    return (__atomic_load_n(&thread->state, __ATOMIC_RELAXED) & PINFOLD_NATIVE) != 0;
}

/* A scope in which the thread is native; works in C11 and C++ with gcc or clang:
 *     {
 *         PINFOLD_NATIVE_SCOPE(thread);
 *         length = read(file, buffer, size);
 *     }
 */
static inline void pf_native_scope_leave(struct pf_thread **thread) {
    pf_native_leave(*thread);
}
#define PINFOLD_NATIVE_SCOPE(thread_)                                                                          \
    __attribute__((cleanup(pf_native_scope_leave))) struct pf_thread *pinfold_native_scope_thread = (thread_); \
    pf_native_enter(pinfold_native_scope_thread)

/* Why a pf_try_alloc... of this thread has just returned NULL: OUT_OF_MEMORY or BAD_LENGTH. Says nothing after a call
 * that succeeded. */
PINFOLD_API enum pf_status pf_thread_status(const struct pf_thread *thread);

#ifdef __cplusplus
}
#endif
#endif
