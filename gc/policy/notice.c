/* SPDX-License-Identifier: MIT */
#include "gc/policy/notice.h"

enum { ALL = 100 };

unsigned pfi_notice_spent(size_t budget, int64_t budget_left) {
    if (budget_left <= 0) {
        return ALL;
    }
    return (uint64_t)budget_left >= budget ? 0 : (unsigned)(ALL - (double)budget_left / (double)budget * ALL);
}

unsigned pfi_notice_grown(size_t live_after_full, size_t heap_bytes, size_t heap_limit) {
    if (heap_bytes <= live_after_full) {
        return 0;
    }
    if (heap_bytes >= heap_limit) {
        return ALL;
    }
    return (unsigned)((double)(heap_bytes - live_after_full) / (double)(heap_limit - live_after_full) * ALL);
}
