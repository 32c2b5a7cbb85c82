/* SPDX-License-Identifier: MIT
 *
 * Handles: references that native data structures may keep for as long as they like. A strong handle keeps its object
 * alive; its slot is updated when the object moves. A pinned handle keeps it alive and where it is (pin.h).
 */
#ifndef PINFOLD_HANDLE_H
#define PINFOLD_HANDLE_H

#include "pinfold/thread.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pf_handle; /* opaque; one slot of the heap's handle table */

enum pf_handle_kind { PINFOLD_HANDLE_STRONG, PINFOLD_HANDLE_PINNED };

/* Creates a handle on `object` (NULL allowed). OUT_OF_MEMORY when the table cannot grow. Not a safepoint. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_handle_create(struct pf_heap *heap, enum pf_handle_kind kind,
                                                               void *object, struct pf_handle **handle);

/* Destroying NULL does nothing; destroying twice is a broken contract. */
PINFOLD_API void pf_handle_destroy(struct pf_heap *heap, struct pf_handle *handle);
PINFOLD_API void *pf_handle_get(const struct pf_handle *handle);
PINFOLD_API void pf_handle_set(struct pf_heap *heap, struct pf_handle *handle, void *object);

#ifdef __cplusplus
}
#endif
#endif
