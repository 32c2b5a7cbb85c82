/* SPDX-License-Identifier: MIT
 *
 * Handles, for those who have checked their arguments.
 */
#ifndef PINFOLD_GC_API_HANDLE_H
#define PINFOLD_GC_API_HANDLE_H

#include "gc/heap.h"

/* A new handle; NULL: no memory. */
struct pf_handle *pfi_handle_make(struct pf_heap *heap, enum pf_handle_kind kind, void *object);

/* Destroys a handle of `block`, which belongs to the heap. */
void pfi_handle_unmake(struct pf_heap *heap, struct pfi_handle_block *block, struct pf_handle *handle);

#endif
