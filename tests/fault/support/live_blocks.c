/* SPDX-License-Identifier: MIT */
#include "tests/fault/support/live_blocks.h"

#include <stddef.h>

#if PINFOLD_TEST_SANITIZED

/* AddressSanitizer's; ThreadSanitizer has none. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

long live_blocks(void) {
    return 0;
}

int live_blocks_are_lost(void) {
    return __lsan_do_recoverable_leak_check != NULL && __lsan_do_recoverable_leak_check() != 0;
}

#else

#include <errno.h>

static long live; /* atomic */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);
void free(void *block);

static void *count_in(void *block) {
    if (block != NULL) {
        __atomic_add_fetch(&live, 1, __ATOMIC_RELAXED);
    }
    return block;
}

void *malloc(size_t size) {
    return count_in(__libc_malloc(size));
}

void *calloc(size_t count, size_t size) {
    return count_in(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size) {
    void *moved = __libc_realloc(block, size);
    return block == NULL ? count_in(moved) : moved;
}

void *aligned_alloc(size_t alignment, size_t size) {
    return count_in(__libc_memalign(alignment, size));
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    *block = count_in(__libc_memalign(alignment, size));
    return *block == NULL ? ENOMEM : 0;
}

void free(void *block) {
    if (block != NULL) {
        __atomic_sub_fetch(&live, 1, __ATOMIC_RELAXED);
    }
    __libc_free(block);
}

long live_blocks(void) {
    return __atomic_load_n(&live, __ATOMIC_RELAXED);
}

int live_blocks_are_lost(void) {
    return 0;
}

#endif
