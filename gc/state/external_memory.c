/* SPDX-License-Identifier: MIT */
#include "gc/state/external_memory.h"

#include <string.h>

#include "alloc/layout.h"

void pfi_external_memory_init(struct pfi_external_memory *external) {
    memset(external, 0, sizeof *external);
    pfi_mutex_init(&external->lock);
}

void pfi_external_memory_finish(struct pfi_external_memory *external) {
    pfi_mutex_finish(&external->lock);
}

bool pfi_external_memory_add_locked(struct pfi_external_memory *external, size_t bytes) {
    if (bytes > SIZE_MAX - external->bytes) {
        return false;
    }
    external->bytes += bytes;
    return true;
}

bool pfi_external_memory_remove_locked(struct pfi_external_memory *external, size_t bytes) {
    if (bytes > external->bytes) {
        return false;
    }
    external->bytes -= bytes;
    external->removed += bytes;
    external->low = pfi_min(external->low, external->bytes);
    external->last = pfi_min(external->last, external->bytes);
    return true;
}

void pfi_external_memory_note_collection(struct pfi_external_memory *external, int generation) {
    pfi_mutex_lock(&external->lock);
    external->last = external->bytes;
    if (generation == 2) {
        external->low = external->bytes;
    }
    pfi_mutex_unlock(&external->lock);
}
