/* SPDX-License-Identifier: MIT
 *
 * Roots: where the collector finds the references that a program holds outside the heap, and writes them anew when
 * objects move.
 */
#ifndef PINFOLD_ROOT_H
#define PINFOLD_ROOT_H

#include "pinfold/thread.h"

#ifdef __cplusplus
extern "C" {
#endif

enum pf_frame_kind {
    PINFOLD_FRAME_EXACT,   /* slots hold references */
    PINFOLD_FRAME_PINNING, /* the same, and what they refer to stays (pf_frame_push_pinning) */
    PINFOLD_FRAME_INTERIOR /* slots hold addresses inside objects (pf_frame_push_interior) */
};

/* A frame: an array of slots on the C stack, linked on its thread, last in first out.
 *
 *     void *slot[2] = {NULL, NULL};
 *     struct pf_frame frame;
 *     pf_frame_push(thread, &frame, slot, 2);
 *     slot[0] = pf_alloc(thread, &node_type);     // survives, and is updated by, any number of collections
 *     slot[1] = pf_alloc(thread, &node_type);
 *     pf_frame_pop(thread, &frame);
 *
 * Slots hold NULL, references, or words that the heap's tags ignore. */
struct pf_frame {
    struct pf_frame *previous;
    void **slots;
    size_t count;
    size_t pins; /* slots of pinning frames, this one and all before it */
    enum pf_frame_kind kind;
};

static inline void pf_frame_link(struct pf_thread *thread, struct pf_frame *frame, void **slots, size_t count,
                                 enum pf_frame_kind kind) {
    frame->previous = thread->frames;
    frame->slots = slots;
    frame->count = count;
    frame->pins = thread->frames == NULL ? 0 : thread->frames->pins;
    frame->kind = kind;
    thread->frames = frame;
}

static inline void pf_frame_push(struct pf_thread *thread, struct pf_frame *frame, void **slots, size_t count) {
    pf_frame_link(thread, frame, slots, count, PINFOLD_FRAME_EXACT);
}

/* A frame whose slots may point anywhere inside objects: to an element, a field, a byte of a text. They keep the object
 * alive and move with it, by the same distance. The first byte of an object is inside, one past its end is not: that
 * is, if anything, the first byte of another object. NULL, and addresses outside the heap or in its free space, are
 * ignored; so are the heap's tags: every bit is part of the address. Popped and reset like any frame. A lookup for each
 * slot and collection: dearer than a reference, so not for addresses that a reference and an offset would do for. */
static inline void pf_frame_push_interior(struct pf_thread *thread, struct pf_frame *frame, void **slots,
                                          size_t count) {
    pf_frame_link(thread, frame, slots, count, PINFOLD_FRAME_INTERIOR);
}

PINFOLD_API void pf_frame_misuse(struct pf_thread *thread, const struct pf_frame *frame);

/* `frame` must be the newest one; anything else is a broken contract. */
static inline void pf_frame_pop(struct pf_thread *thread, struct pf_frame *frame) {
    if (PINFOLD_UNLIKELY(thread->frames != frame)) {
        pf_frame_misuse(thread, frame);
    }
    thread->frames = frame->previous;
}

/* The frames as they are now; resetting drops every frame pushed since in one assignment (after longjmp), or switches
 * to another chain (coroutines: keep one mark per coroutine; report the suspended ones with a root source). */
typedef struct pf_frame *pf_frame_mark;
static inline pf_frame_mark pf_frames_mark(struct pf_thread *thread) {
    return thread->frames;
}
static inline void pf_frames_reset(struct pf_thread *thread, pf_frame_mark mark) {
    thread->frames = mark;
}

/* A scope with n zeroed slots; works in C11 and C++ with gcc or clang:
 *     PINFOLD_ROOTS(thread, root, 2);
 *     root[0] = pf_alloc(...);
 */
struct pf_scope {
    struct pf_frame frame;
    struct pf_thread *thread;
};
static inline void pf_scope_leave(struct pf_scope *scope) {
    pf_frame_pop(scope->thread, &scope->frame);
}
#define PINFOLD_ROOTS(thread_, name, n)                                    \
    void *name[n] = {0};                                                   \
    __attribute__((cleanup(pf_scope_leave))) struct pf_scope name##_scope; \
    name##_scope.thread = (thread_);                                       \
    pf_frame_push((thread_), &name##_scope.frame, name, sizeof(name) / sizeof((name)[0]))

/* The same with slots for interior addresses:
 *     PINFOLD_INTERIORS(thread, cursor, 1);
 *     cursor[0] = (char *)pf_elements(text) + 5;
 */
#define PINFOLD_INTERIORS(thread_, name, n)                                \
    void *name[n] = {0};                                                   \
    __attribute__((cleanup(pf_scope_leave))) struct pf_scope name##_scope; \
    name##_scope.thread = (thread_);                                       \
    pf_frame_push_interior((thread_), &name##_scope.frame, name, sizeof(name) / sizeof((name)[0]))

/* A root source enumerates slots that the embedder keeps: a VM's stack, its globals, its symbol table. It is called
 * with the world stopped, twice per compacting collection, and must report the same slots both times, each slot once;
 * it must not allocate or store references. */
struct pf_visitor;
typedef void pf_enumerate_roots(struct pf_visitor *visitor, void *data);
struct pf_root_source {
    pf_enumerate_roots *enumerate;
    void *data;
    struct pf_root_source *next; /* the heap's */
};

/* Adds a source; `source` stays the embedder's memory and must live until it is removed or the heap is destroyed.
 * Adding one twice, and removing one that was not added, is a broken contract. Any thread, attached or not, which waits
 * for a collection that is going on; not safepoints. */
PINFOLD_API void pf_root_source_add(struct pf_heap *heap, struct pf_root_source *source);
PINFOLD_API void pf_root_source_remove(struct pf_heap *heap, struct pf_root_source *source);

/* For root sources and `visit` callbacks: reports one slot, or `count` neighbouring ones. */
PINFOLD_API void pf_visit_slot(struct pf_visitor *visitor, void *slot);
PINFOLD_API void pf_visit_slots(struct pf_visitor *visitor, void *slots, size_t count);

/* For root sources only: `count` neighbouring slots that hold addresses inside objects, as those of
 * pf_frame_push_interior do. A slot is reported in one way or the other. */
PINFOLD_API void pf_visit_interior_slots(struct pf_visitor *visitor, void *slots, size_t count);

#ifdef __cplusplus
}
#endif
#endif
