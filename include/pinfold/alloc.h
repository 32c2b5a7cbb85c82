/* SPDX-License-Identifier: MIT
 *
 * Allocation. Every call here is a safepoint: objects may move, and only references in roots (frames, root sources,
 * handles) are updated. Objects are zeroed behind the type and length words. The result is young; a store into it
 * before the next safepoint needs no barrier.
 *
 * Objects that are born pinned never move and are old from the start; the same holds for stores into them. They lie in
 * segments of their own, the pinned object heap, which is collected with generation 2. Two ways lead there: every
 * object of a type with the flag PINFOLD_TYPE_PINNED, whichever of these calls makes it, and pf_alloc_pinned and its
 * like for objects of any type.
 *
 * Objects of a type with the flag PINFOLD_TYPE_FINALIZABLE are registered for finalization by each of these calls; no
 * memory for the registration is out of memory.
 */
#ifndef PINFOLD_ALLOC_H
#define PINFOLD_ALLOC_H

#include "pinfold/thread.h"
#include "pinfold/type.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What pf_alloc passes as the length of an object that is no array. */
#define PINFOLD_NO_LENGTH SIZE_MAX

/* Slow paths; `size` is a multiple of 8. The first never returns NULL: out of memory ends in the handler. The second
 * returns NULL, and pf_thread_status says why. */
PINFOLD_COLD PINFOLD_API void *pf_alloc_slow(struct pf_thread *thread, const struct pf_type *type, size_t size,
                                             size_t length);
PINFOLD_COLD PINFOLD_API void *pf_try_alloc_slow(struct pf_thread *thread, const struct pf_type *type, size_t size,
                                                 size_t length);
PINFOLD_COLD PINFOLD_API void *pf_bad_length(struct pf_thread *thread, const struct pf_type *type, size_t length,
                                             int may_fail);

/* Largest length of an array of this type whose size can be represented. */
static inline size_t pf_max_length(const struct pf_type *type) {
    return type->element_size == 0 ? 0 : (SIZE_MAX / 4 - type->base_size) / type->element_size;
}

/* Takes `size` bytes from the thread's context; 0 when it has not got them, or when the type's objects are born pinned
 * or registered, which needs more than a context. */
static inline int pf_bump(struct pf_thread *thread, const struct pf_type *type, size_t size, void **object) {
    char *start = thread->alloc_ptr;
    if (PINFOLD_UNLIKELY(size > (size_t)(thread->alloc_limit - start) || (type->flags & PINFOLD_TYPE_SLOW) != 0)) {
        return 0;
    }
    thread->alloc_ptr = start + size;
    *(const struct pf_type **)(void *)start = type;
    *object = start;
    return 1;
}

/* An object of a fixed-size type. */
static inline void *pf_alloc(struct pf_thread *thread, const struct pf_type *type) {
    void *object;
    if (PINFOLD_LIKELY(pf_bump(thread, type, type->base_size, &object))) {
        return object;
    }
    return pf_alloc_slow(thread, type, type->base_size, PINFOLD_NO_LENGTH);
}

/* An array of `length` elements. A length above pf_max_length (a negative number, converted) is a broken contract. */
static inline void *pf_alloc_array(struct pf_thread *thread, const struct pf_type *type, size_t length) {
    void *array;
    if (PINFOLD_UNLIKELY(length > pf_max_length(type))) {
        return pf_bad_length(thread, type, length, 0);
    }
    if (PINFOLD_LIKELY(pf_bump(thread, type, pf_array_size(type, length), &array))) {
        ((size_t *)array)[1] = length;
        return array;
    }
    return pf_alloc_slow(thread, type, pf_array_size(type, length), length);
}

/* The same, but NULL instead of the out-of-memory handler; pf_thread_status tells why. */
static inline void *pf_try_alloc(struct pf_thread *thread, const struct pf_type *type) {
    void *object;
    if (PINFOLD_LIKELY(pf_bump(thread, type, type->base_size, &object))) {
        return object;
    }
    return pf_try_alloc_slow(thread, type, type->base_size, PINFOLD_NO_LENGTH);
}

static inline void *pf_try_alloc_array(struct pf_thread *thread, const struct pf_type *type, size_t length) {
    void *array;
    if (PINFOLD_UNLIKELY(length > pf_max_length(type))) {
        return pf_bad_length(thread, type, length, 1);
    }
    if (PINFOLD_LIKELY(pf_bump(thread, type, pf_array_size(type, length), &array))) {
        ((size_t *)array)[1] = length;
        return array;
    }
    return pf_try_alloc_slow(thread, type, pf_array_size(type, length), length);
}

/* Objects that are born pinned. `alignment` is 0 (none but that of every object, 8) or a power of two from 8 up;
 * anything else is a broken contract. What is aligned is the address of the first element (pf_elements) of an array,
 * and that of the object itself otherwise. An alignment that the heap has no room for is out of memory; one for an
 * array whose elements begin at no multiple of 8 (type.h) is a broken contract. */
PINFOLD_API void *pf_alloc_pinned(struct pf_thread *thread, const struct pf_type *type, size_t alignment);
PINFOLD_API void *pf_alloc_array_pinned(struct pf_thread *thread, const struct pf_type *type, size_t length,
                                        size_t alignment);
/* The same, but NULL instead of the out-of-memory handler; pf_thread_status tells why. */
PINFOLD_API void *pf_try_alloc_pinned(struct pf_thread *thread, const struct pf_type *type, size_t alignment);
PINFOLD_API void *pf_try_alloc_array_pinned(struct pf_thread *thread, const struct pf_type *type, size_t length,
                                            size_t alignment);

#ifdef __cplusplus
}
#endif
#endif
