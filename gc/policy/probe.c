/* SPDX-License-Identifier: MIT */
#include "gc/policy/probe.h"

enum {
    SMALLEST_OLD = 4 << 20,
    SMALLEST_GROWTH = 16 << 20,
    FIRST_FACTOR = 2,  /* of the last full collection's time */
    GROWN_FACTOR = 25, /* 4 % of the time, for a heap that has something new in it */
    LAST_FACTOR = 100, /* 1 % */
    FOLLOW_UP_FACTOR = 10,
    MOST_DOUBLINGS = 20,
};

static const uint64_t longest_interval_ns = (uint64_t)300 * 1000000000;

static uint64_t longer(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static uint64_t shorter(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

uint64_t pfi_probe_interval(const struct pfi_probe_input *input) {
    uint64_t full_ns = shorter(input->full_ns, longest_interval_ns);
    if (input->follow_ups != 0) {
        return longer(input->first_ns / FOLLOW_UP_FACTOR, FOLLOW_UP_FACTOR * full_ns);
    }
    uint64_t first_ns = longer(input->first_ns, FIRST_FACTOR * full_ns);
    uint64_t last_ns = longer(first_ns, shorter(LAST_FACTOR * full_ns, longest_interval_ns));
    unsigned doublings = input->futile < MOST_DOUBLINGS ? input->futile : MOST_DOUBLINGS;
    return first_ns > last_ns >> doublings ? last_ns : first_ns << doublings;
}

static bool has_grown(const struct pfi_probe_input *input) {
    size_t growth = input->live_after_full / 8;
    growth = growth < SMALLEST_GROWTH ? SMALLEST_GROWTH : growth;
    return input->old_bytes > input->live_after_full && input->old_bytes - input->live_after_full >= growth;
}

bool pfi_probe_is_due(const struct pfi_probe_input *input) {
    if (input->first_ns == 0 || (input->old_bytes < SMALLEST_OLD && input->follow_ups == 0)) {
        return false;
    }
    uint64_t interval_ns = pfi_probe_interval(input);
    if (has_grown(input)) {
        uint64_t grown_ns = GROWN_FACTOR * shorter(input->full_ns, longest_interval_ns);
        interval_ns = shorter(interval_ns, longer(grown_ns, FIRST_FACTOR * input->first_ns));
    }
    return input->since_full_ns >= interval_ns;
}

bool pfi_probe_found_death(size_t old_before, size_t old_after) {
    return old_after < old_before / 2 && old_before - old_after >= SMALLEST_GROWTH;
}

bool pfi_probe_starts_anew(size_t live_then, size_t live_now) {
    return live_now > live_then && live_now - live_then >= live_then / 4 && live_now - live_then >= SMALLEST_GROWTH;
}
