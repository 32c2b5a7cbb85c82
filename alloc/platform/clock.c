/* SPDX-License-Identifier: MIT */
#include "alloc/platform/clock.h"

#include <time.h>

static uint64_t read_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t pfi_clock_now_ns(void) {
    return read_ns(CLOCK_MONOTONIC);
}

uint64_t pfi_clock_wall_ns(void) {
    return read_ns(CLOCK_REALTIME);
}

uint64_t pfi_clock_deadline(uint64_t duration_ns) {
    uint64_t now = pfi_clock_now_ns();
    return duration_ns < UINT64_MAX - now ? now + duration_ns : UINT64_MAX;
}
