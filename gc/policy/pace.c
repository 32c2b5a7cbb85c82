/* SPDX-License-Identifier: MIT */
#include "gc/policy/pace.h"

size_t pfi_pace_allowance(uint64_t since_ns, size_t step, uint64_t interval_ns) {
    if (since_ns >= interval_ns) {
        return step;
    }
    size_t allowance = (size_t)((double)since_ns / (double)interval_ns * (double)step);
    return allowance < step / 16 ? 0 : allowance;
}
