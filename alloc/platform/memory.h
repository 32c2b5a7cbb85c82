/* SPDX-License-Identifier: MIT
 *
 * Memory of the C library, for what lies beside a heap: NULL when there is none, and errno stays as it was. `free` is
 * called as it is.
 */
#ifndef PINFOLD_PLATFORM_MEMORY_H
#define PINFOLD_PLATFORM_MEMORY_H

#include <errno.h>
#include <stdlib.h>

#include "alloc/platform/fault.h"

static inline void *pfi_malloc(size_t size) {
    int saved_errno = errno;
    void *memory = pfi_fault(PINFOLD_FAULT_ALLOCATE, size) ? NULL : malloc(size);
    errno = saved_errno;
    return memory;
}

static inline void *pfi_calloc(size_t count, size_t size) {
    int saved_errno = errno;
    void *memory = pfi_fault(PINFOLD_FAULT_ALLOCATE, count * size) ? NULL : calloc(count, size);
    errno = saved_errno;
    return memory;
}

/* NULL: `memory` is still there. */
static inline void *pfi_realloc(void *memory, size_t size) {
    int saved_errno = errno;
    void *moved = pfi_fault(PINFOLD_FAULT_REALLOCATE, size) ? NULL : realloc(memory, size);
    errno = saved_errno;
    return moved;
}

static inline void *pfi_aligned_alloc(size_t alignment, size_t size) {
    int saved_errno = errno;
    void *memory = pfi_fault(PINFOLD_FAULT_ALLOCATE, size) ? NULL : aligned_alloc(alignment, size);
    errno = saved_errno;
    return memory;
}

#endif
