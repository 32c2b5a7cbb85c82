/* SPDX-License-Identifier: MIT
 *
 * Handles: references that native data structures may keep for as long as they like. The handle's address never
 * changes; what it holds follows the object when that moves.
 *
 *     strong      keeps its object alive
 *     pinned      keeps it alive and where it is (pin.h)
 *     weak        does not keep it alive: reads NULL once a collection has found the object dead. Cleared before
 *                 finalization, so an object that is being finalized cannot be reached through it any more, even if its
 *                 finalizer makes it reachable again
 *     weak long   the same, but cleared after finalization: it follows its object through finalization and
 *                 resurrection, for as long as the object exists
 *     dependent   a pair of a key, held like weak long, and a value, which is alive while the key is, as if the key
 *                 referred to it (an ephemeron). The value does not keep the key alive, whatever it refers to. When
 *                 the key is found dead, both words are cleared
 *
 * A collection finds dead only objects of the generations that it collects. Words that the heap's tags say are no
 * references are kept as they are, and count as alive.
 *
 * Threads: making, reading and setting handles is for managed threads, because a native or unattached thread cannot
 * know an object's address; it may make handles on NULL, and set them to NULL. Destroying is for any thread, at
 * any time, attached or not, also during a collection. Two threads must not use one handle at the same time, unless
 * both only read it. None of these calls is a safepoint.
 */
#ifndef PINFOLD_HANDLE_H
#define PINFOLD_HANDLE_H

#include "pinfold/thread.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pf_handle; /* opaque; one slot of the heap's handle table */

enum pf_handle_kind {
    PINFOLD_HANDLE_STRONG,
    PINFOLD_HANDLE_PINNED,
    PINFOLD_HANDLE_WEAK,
    PINFOLD_HANDLE_WEAK_LONG,
    PINFOLD_HANDLE_DEPENDENT
};

/* Creates a handle on `object` (NULL allowed); of a dependent one it is the key, and the value is NULL. OUT_OF_MEMORY
 * when the table cannot grow. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_handle_create(struct pf_heap *heap, enum pf_handle_kind kind,
                                                               void *object, struct pf_handle **handle);

/* Destroying NULL does nothing; destroying twice is a broken contract. */
PINFOLD_API void pf_handle_destroy(struct pf_heap *heap, struct pf_handle *handle);

/* What the handle holds: of a dependent one, the key. NULL when it was cleared. */
PINFOLD_API void *pf_handle_get(const struct pf_handle *handle);

/* Exchanges it. A dependent handle keeps its value, unless the new key is NULL: then the value becomes NULL, too. */
PINFOLD_API void pf_handle_set(struct pf_heap *heap, struct pf_handle *handle, void *object);

/* A dependent handle. With a key that is NULL the value is not kept: it reads NULL at once. OUT_OF_MEMORY. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_dependent_create(struct pf_heap *heap, void *key, void *value,
                                                                  struct pf_handle **handle);

/* The value; NULL when the key is. A handle of another kind is a broken contract, here and below. */
PINFOLD_API void *pf_dependent_value(const struct pf_handle *handle);

/* Exchanges the value. Does nothing when the key is NULL. */
PINFOLD_API void pf_dependent_set_value(struct pf_heap *heap, struct pf_handle *handle, void *value);

#ifdef __cplusplus
}
#endif
#endif
