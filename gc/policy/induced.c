/* SPDX-License-Identifier: MIT */
#include "gc/policy/induced.h"

enum {
    HIGH_MEMORY_LOAD = 90, /* percent */
    DUE_PERCENT_LEFT = 30,
    DUE_PERCENT_LEFT_AT_HIGH_LOAD = 70,
    BYTES_PER_NS = 2, /* giving memory back is faster than that where pages were touched, much faster where not */
};

bool pfi_induced_is_due(const struct pfi_due_input *input) {
    unsigned percent = input->memory_load >= HIGH_MEMORY_LOAD ? DUE_PERCENT_LEFT_AT_HIGH_LOAD : DUE_PERCENT_LEFT;
    int oldest = input->generation == 2 ? PINFOLD_GENERATIONS - 1 : input->generation;
    for (int generation = 0; generation <= oldest; ++generation) {
        if ((double)input->budget_left[generation] < (double)input->budget[generation] * percent / 100) {
            return true;
        }
    }
    return false;
}

enum pfi_idle_step pfi_idle_decide(const struct pfi_idle_input *input) {
    if (input->budget_left > (int64_t)(input->budget / 2)) {
        return PINFOLD_IDLE_GIVE_BACK;
    }
    bool fits = input->expected_pause_ns != 0 && input->expected_pause_ns <= input->available_ns;
    return fits ? PINFOLD_IDLE_COLLECT : PINFOLD_IDLE_TOO_SHORT;
}

size_t pfi_idle_bytes(uint64_t available_ns) {
    return available_ns < SIZE_MAX / BYTES_PER_NS ? (size_t)available_ns * BYTES_PER_NS : SIZE_MAX;
}
