/* SPDX-License-Identifier: MIT
 *
 * How much of a range of memory the system really holds.
 */
#ifndef TESTS_UNIT_RESIDENT_H
#define TESTS_UNIT_RESIDENT_H

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Number of resident pages in [start, start + size), which begins at a page. */
static inline size_t resident_pages(uintptr_t start, size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t count = (size + page - 1) / page;
    unsigned char *flags = calloc(count, 1);
    ck_assert_ptr_nonnull(flags);
    ck_assert_int_eq(mincore((void *)start, size, flags), 0);
    size_t resident = 0;
    for (size_t index = 0; index < count; ++index) {
        resident += flags[index] & 1;
    }
    free(flags);
    return resident;
}

/* Whether [start, end) reads as zero. */
static inline int is_zero(uintptr_t start, uintptr_t end) {
    for (const char *byte = (const char *)start; byte < (const char *)end; ++byte) {
        if (*byte != 0) {
            return 0;
        }
    }
    return 1;
}

#endif
