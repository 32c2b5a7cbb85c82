/* SPDX-License-Identifier: MIT
 *
 * Part of a segment that a test writes into, zeroed first as allocation does it.
 */
#ifndef TESTS_SUPPORT_SEGMENT_CLEAR_H
#define TESTS_SUPPORT_SEGMENT_CLEAR_H

#include <string.h>

#include "alloc/segment.h"

static inline void segment_clear(struct pfi_segment *segment, uintptr_t start, uintptr_t end) {
    memset((void *)start, 0, pfi_segment_use(segment, start, end));
}

#endif
