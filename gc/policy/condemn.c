/* SPDX-License-Identifier: MIT */
#include "gc/policy/condemn.h"

enum {
    HIGH_MEMORY_LOAD = 90, /* percent */
    GEN2_UNUSABLE_LIMIT = 200000,
    FUTILE_FULL_INTERVAL = 5, /* collections for each wished-for full one, when the last did not help */
};

/* Budgets: a spent budget of an older generation raises the collection to it, as long as there is no gap. The budgets
 * of the generations do not see what the younger ones hold back from them; the limit on their sum does. */
static int raise_by_budgets(const struct pfi_condemn_input *input, int generation) {
    if (input->budget_left[3] <= 0 || input->budget_left[4] <= 0 || input->heap_bytes > input->heap_limit) {
        return 2;
    }
    while (generation < 2 && input->budget_left[generation + 1] <= 0) {
        ++generation;
    }
    return generation;
}

/* Reasons to wish for a full collection that budgets do not know about. */
static bool wishes_full(const struct pfi_condemn_input *input) {
    if (input->wants_reuse && input->segment_room < input->segment_need) {
        return true;
    }
    bool fragmented = input->gen2_unusable > GEN2_UNUSABLE_LIMIT && input->gen2_unusable > input->gen2_bytes / 2;
    return fragmented || input->memory_load >= HIGH_MEMORY_LOAD || input->limit_is_near;
}

int pfi_condemn(const struct pfi_condemn_input *input) {
    if (input->is_induced) {
        return input->requested;
    }
    int generation = raise_by_budgets(input, input->requested);
    if (input->segment_room < input->segment_need && generation < 1) {
        generation = raise_by_budgets(input, 1);
    }
    bool may_wish = !input->last_full_was_futile || input->since_full >= FUTILE_FULL_INTERVAL;
    if (generation == 1 && may_wish && wishes_full(input)) {
        generation = 2;
    }
    return generation;
}

bool pfi_condemn_prefers_full(size_t dirty_bytes, size_t gen2_bytes, size_t beside_gen2_bytes, size_t young_bytes) {
    return dirty_bytes > gen2_bytes / 2 && gen2_bytes + beside_gen2_bytes < 2 * young_bytes;
}
