/* SPDX-License-Identifier: MIT
 *
 * Telling the listener of sampled allocations.
 */
#ifndef PINFOLD_GC_API_SAMPLING_H
#define PINFOLD_GC_API_SAMPLING_H

#include "gc/heap.h"

/* `thread`, the calling one, has allocated an object through the slow path, which returns to `caller`; `is_old`: a
 * large one, or one that was born pinned. */
void pfi_sample_allocation(struct pf_thread *thread, const struct pf_type *type, size_t size, bool is_old,
                           uintptr_t caller);

#endif
