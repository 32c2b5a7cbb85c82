/* SPDX-License-Identifier: MIT
 *
 * The account of native memory that objects keep, as the program tells it.
 *
 * Invariant: low <= last <= bytes. Changed by any thread under `lock`; `is_due` is read without it by every allocation
 * that needs more than a context has, and is only a hint to take the lock and look.
 */
#ifndef PINFOLD_GC_EXTERNAL_MEMORY_H
#define PINFOLD_GC_EXTERNAL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alloc/platform/mutex.h"

struct pfi_external_memory {
    struct pfi_mutex lock;
    size_t bytes;
    size_t low;         /* least since the last full collection */
    size_t last;        /* after the last collection of any generation, or less if there has been less since */
    size_t removed;     /* since the last full collection for its sake */
    unsigned futile;    /* such collections that did not help, one after the other */
    bool has_collected; /* there was such a collection */
    uintptr_t is_due;   /* 0 or 1 */
};

void pfi_external_memory_init(struct pfi_external_memory *external);
void pfi_external_memory_finish(struct pfi_external_memory *external);

/* false: the sum would overflow, and nothing has changed. */
bool pfi_external_memory_add_locked(struct pfi_external_memory *external, size_t bytes) PINFOLD_NEEDS(external->lock);
/* false: so much was never added, and nothing has changed. */
bool pfi_external_memory_remove_locked(struct pfi_external_memory *external, size_t bytes)
    PINFOLD_NEEDS(external->lock);

/* A collection of generations 0..generation has ended. */
void pfi_external_memory_note_collection(struct pfi_external_memory *external, int generation);

#endif
