/* SPDX-License-Identifier: MIT */
#include "gc/policy/decide.h"

/* By generation: compact when the gaps exceed both a number of bytes and a share of the generation. */
static const struct {
    size_t bytes;
    double share;
} fragmentation_limits[3] = {{40000, 0.5}, {80000, 0.5}, {200000, 0.25}};

static const double probe_limit = 0.1; /* the share for a full collection that was made for the memory's sake */

/* Compaction instead of sweeping gives the space between pins back to generation 0, where a sweep would promote it with
 * them. The figures are those of fragmentation, except that pins do not have to move for it. */
enum { HOLES_MIN = 40000, HOLES_SHARE = 8 };

enum {
    HIGH_MEMORY_LOAD = 90,
    HIGH_LOAD_GAIN = 1 << 20, /* bytes worth a compaction then; or */
    LIMIT_GAIN_SHARE = 64,    /* this part of a hard limit, if that is less */
    LARGE_GAIN_SHARE = 8,     /* ... and of free space between large objects */
};

static bool is_fragmented(const struct pfi_decide_input *input) {
    double share = input->is_probe ? probe_limit : fragmentation_limits[input->condemned].share;
    return input->moved != 0 && input->gaps >= fragmentation_limits[input->condemned].bytes &&
           (double)input->gaps >= share * (double)(input->gaps + input->survived);
}

bool pfi_decide_compacts_large(const struct pfi_decide_input *input) {
    return input->condemned == 2 && input->memory_load >= HIGH_MEMORY_LOAD &&
           input->large_free >= input->hard_limit / LARGE_GAIN_SHARE;
}

/* Memory is short, and there is some to be had. */
static bool gains_memory(const struct pfi_decide_input *input) {
    size_t part = input->hard_limit / LIMIT_GAIN_SHARE;
    size_t gain = part < HIGH_LOAD_GAIN ? part : HIGH_LOAD_GAIN;
    return (input->memory_load >= HIGH_MEMORY_LOAD && input->gaps >= gain) || pfi_decide_compacts_large(input);
}

static bool pins_hold_space(const struct pfi_decide_input *input) {
    return input->youngest_holes >= HOLES_MIN &&
           input->youngest_holes >= (input->youngest_holes + input->pinned) / HOLES_SHARE;
}

enum pf_decision pfi_decide(const struct pfi_decide_input *input) {
    if (input->must_not_move) {
        return PINFOLD_DECISION_SWEEP_NO_MEMORY;
    }
    if (input->is_last_chance) {
        return PINFOLD_DECISION_COMPACT_LAST_CHANCE;
    }
    if (input->stress_sweep) {
        return PINFOLD_DECISION_SWEEP_STRESS;
    }
    if (input->stress_compact || input->stress_expand) {
        return PINFOLD_DECISION_COMPACT_STRESS;
    }
    if (input->mode != PINFOLD_COLLECT_DEFAULT) {
        return input->mode == PINFOLD_COLLECT_SWEEP ? PINFOLD_DECISION_SWEEP_REQUESTED
                                                    : PINFOLD_DECISION_COMPACT_REQUESTED;
    }
    if (input->room_if_swept < input->room_needed) {
        return PINFOLD_DECISION_COMPACT_SEGMENT_LOW;
    }
    if (pins_hold_space(input)) {
        return PINFOLD_DECISION_COMPACT_PINS;
    }
    if (is_fragmented(input)) {
        return PINFOLD_DECISION_COMPACT_FRAGMENTED;
    }
    if (gains_memory(input)) {
        return PINFOLD_DECISION_COMPACT_MEMORY_LOAD;
    }
    return PINFOLD_DECISION_SWEEP_LITTLE_TO_GAIN;
}

bool pfi_decide_expands(int condemned, bool stress_expand, size_t room_if_compacted, size_t room_needed) {
    return condemned >= 1 && (stress_expand || room_if_compacted < room_needed);
}

size_t pfi_decide_room(size_t end_room, size_t holes, size_t largest_hole, size_t largest_object) {
    return end_room >= largest_object || largest_hole >= largest_object ? end_room + holes : 0;
}

bool pfi_decide_waits_for_reuse(int condemned, size_t gen2_free, size_t segment_size, bool last_full_was_futile) {
    return condemned == 1 && gen2_free >= segment_size / 3 && !last_full_was_futile;
}
