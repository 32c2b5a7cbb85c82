/* SPDX-License-Identifier: MIT
 *
 * What allocation does about native memory that objects keep.
 */
#ifndef PINFOLD_GC_API_EXTERNAL_H
#define PINFOLD_GC_API_EXTERNAL_H

#include "alloc/platform/atomics.h"
#include "gc/heap.h"

void pfi_relieve_external_pressure_slow(struct pf_thread *thread);

/* Collects when the native memory that objects keep has grown enough for that. A safepoint. */
static inline void pfi_relieve_external_pressure(struct pf_thread *thread) {
    if (PINFOLD_UNLIKELY(pfi_word_load(&thread->heap->external.is_due) != 0)) {
        pfi_relieve_external_pressure_slow(thread);
    }
}

#endif
