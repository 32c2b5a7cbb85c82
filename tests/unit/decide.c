/* SPDX-License-Identifier: MIT
 *
 * Compact or sweep, and whether the ephemeral segment is left: one test a rule, from a collection that would sweep.
 */
#include "gc/policy/decide.h"

#include "tests/support/suite.h"

/* Room enough, few gaps, memory to spare. */
static struct pfi_decide_input content(int condemned) {
    return (struct pfi_decide_input){
        .condemned = condemned,
        .mode = PINFOLD_COLLECT_DEFAULT,
        .room_if_swept = 1000000,
        .room_needed = 100000,
        .gaps = 1000,
        .survived = 1000000,
        .moved = 1000,
        .memory_load = 50,
        .hard_limit = SIZE_MAX,
    };
}

START_TEST(with_little_to_gain_it_sweeps) {
    for (int condemned = 0; condemned <= 2; ++condemned) {
        struct pfi_decide_input input = content(condemned);
        ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_SWEEP_LITTLE_TO_GAIN);
    }
}
END_TEST

START_TEST(the_program_gets_what_it_asks_for) {
    struct pfi_decide_input input = content(1);
    input.mode = PINFOLD_COLLECT_COMPACT;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_COMPACT_REQUESTED);
    input.mode = PINFOLD_COLLECT_COMPACT_LARGE;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_COMPACT_REQUESTED);
    input.mode = PINFOLD_COLLECT_SWEEP;
    input.gaps = 100 * input.survived;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_SWEEP_REQUESTED);
}
END_TEST

START_TEST(stress_modes_come_before_requests) {
    struct pfi_decide_input input = content(1);
    input.mode = PINFOLD_COLLECT_SWEEP;
    input.stress_compact = true;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_COMPACT_STRESS);
    input.stress_compact = false;
    input.stress_expand = true;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_COMPACT_STRESS);
    input.stress_expand = false;
    input.stress_sweep = true;
    input.mode = PINFOLD_COLLECT_COMPACT;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_SWEEP_STRESS);
}
END_TEST

START_TEST(the_last_chance_compacts_whatever_else_was_asked_for) {
    struct pfi_decide_input input = content(2);
    input.is_last_chance = true;
    input.stress_sweep = true;
    input.mode = PINFOLD_COLLECT_SWEEP;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_COMPACT_LAST_CHANCE);
}
END_TEST

START_TEST(a_segment_that_would_not_hold_the_next_budget_is_compacted) {
    struct pfi_decide_input input = content(0);
    input.room_if_swept = input.room_needed;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_SWEEP_LITTLE_TO_GAIN);
    input.room_if_swept = input.room_needed - 1;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_COMPACT_SEGMENT_LOW);
}
END_TEST

/* Both limits at once: bytes and share of what is condemned. */
static void check_fragmentation(int condemned, size_t bytes, double share) {
    struct pfi_decide_input input = content(condemned);
    input.gaps = bytes;
    input.survived = (size_t)((double)bytes / share) - bytes;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_COMPACT_FRAGMENTED);
    input.survived += 1000;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_SWEEP_LITTLE_TO_GAIN);
    input.gaps = bytes - 8;
    input.survived = 8;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_SWEEP_LITTLE_TO_GAIN);
}

START_TEST(fragmentation_is_a_number_of_bytes_and_a_share_of_the_generation) {
    check_fragmentation(0, 40000, 0.5);
    check_fragmentation(1, 80000, 0.5);
    check_fragmentation(2, 200000, 0.25);
}
END_TEST

START_TEST(gaps_are_no_reason_to_compact_when_nothing_would_move) {
    struct pfi_decide_input input = content(2);
    input.gaps = (size_t)100 << 20;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_COMPACT_FRAGMENTED);
    input.moved = 0;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_SWEEP_LITTLE_TO_GAIN);
}
END_TEST

START_TEST(under_memory_load_a_gain_of_a_mebibyte_is_worth_it) {
    struct pfi_decide_input input = content(2);
    input.survived = (size_t)99 << 20;
    input.gaps = (size_t)1 << 20;
    input.memory_load = 90;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_COMPACT_MEMORY_LOAD);
    input.memory_load = 89;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_SWEEP_LITTLE_TO_GAIN);
    input.memory_load = 90;
    input.gaps -= 8;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_SWEEP_LITTLE_TO_GAIN);
}
END_TEST

START_TEST(a_decision_compacts_exactly_when_its_name_says_so) {
    static const struct {
        enum pf_decision decision;
        bool compacts;
    } names[] = {
#define NAMED(name, sentence) {PINFOLD_DECISION_##name, #name[0] == 'C'},
        PINFOLD_DECISION_TABLE(NAMED)
#undef NAMED
    };
    for (size_t index = 0; index < sizeof names / sizeof names[0]; ++index) {
        ck_assert_int_eq(pfi_decision_compacts(names[index].decision), names[index].compacts);
    }
}
END_TEST

START_TEST(the_segment_is_left_when_a_compacted_one_would_not_hold_the_next_budget) {
    ck_assert(!pfi_decide_expands(1, false, 100, 100));
    ck_assert(pfi_decide_expands(1, false, 99, 100));
    ck_assert(pfi_decide_expands(2, false, 99, 100));
}
END_TEST

/* Generation 1 would stay behind on the old segment without being generation 2. */
START_TEST(a_collection_of_generation_0_never_leaves_the_segment) {
    ck_assert(!pfi_decide_expands(0, false, 0, 100));
    ck_assert(!pfi_decide_expands(0, true, 0, 100));
}
END_TEST

START_TEST(the_stress_mode_leaves_the_segment_always) {
    ck_assert(pfi_decide_expands(1, true, 1000, 100));
    ck_assert(pfi_decide_expands(2, true, 1000, 100));
}
END_TEST

/* Room between pins that a sweep would promote with them: a number of bytes, and an eighth of it and the pins together.
 * Pins do not have to move for it. */
START_TEST(space_between_pins_is_given_back_when_it_is_a_number_of_bytes_and_a_share) {
    for (int condemned = 0; condemned <= 2; ++condemned) {
        struct pfi_decide_input input = content(condemned);
        input.moved = 0;
        input.youngest_holes = 40000;
        input.pinned = 7 * input.youngest_holes;
        ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_COMPACT_PINS);
        input.pinned += 8;
        ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_SWEEP_LITTLE_TO_GAIN);
        input.pinned = 8;
        input.youngest_holes -= 8;
        ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_SWEEP_LITTLE_TO_GAIN);
    }
}
END_TEST

START_TEST(pins_without_space_between_them_are_no_reason_to_compact) {
    struct pfi_decide_input input = content(1);
    input.pinned = input.survived;
    input.youngest_holes = 0;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_SWEEP_LITTLE_TO_GAIN);
}
END_TEST

/* A segment that is low must be compacted whatever lies between pins; and where both would do, the pins are named. */
START_TEST(space_between_pins_is_named_before_fragmentation_and_after_a_segment_that_is_low) {
    struct pfi_decide_input input = content(1);
    input.youngest_holes = 1000000;
    input.pinned = 1000;
    input.gaps = 100 * input.survived;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_COMPACT_PINS);
    input.room_if_swept = input.room_needed - 1;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_COMPACT_SEGMENT_LOW);
    input.mode = PINFOLD_COLLECT_SWEEP;
    ck_assert_int_eq(pfi_decide(&input), PINFOLD_DECISION_SWEEP_REQUESTED);
}
END_TEST

START_TEST(room_is_the_end_of_the_segment_and_the_holes_together) {
    ck_assert_uint_eq(pfi_decide_room(1000, 0, 0, 1000), 1000);
    ck_assert_uint_eq(pfi_decide_room(1000, 500, 400, 1000), 1500);
    ck_assert_uint_eq(pfi_decide_room(0, 0, 0, 0), 0);
}
END_TEST

/* However much the holes come to: an allocation that fits into none of them must not be left without room. */
START_TEST(room_that_does_not_take_a_largest_object_in_one_piece_is_none) {
    ck_assert_uint_eq(pfi_decide_room(999, 1000000, 999, 1000), 0);
    ck_assert_uint_eq(pfi_decide_room(999, 1000000, 1000, 1000), 1000999);
    ck_assert_uint_eq(pfi_decide_room(1000, 1000000, 8, 1000), 1001000);
}
END_TEST

SUITE("unit/decide", with_little_to_gain_it_sweeps, the_program_gets_what_it_asks_for,
      stress_modes_come_before_requests, the_last_chance_compacts_whatever_else_was_asked_for,
      a_segment_that_would_not_hold_the_next_budget_is_compacted,
      fragmentation_is_a_number_of_bytes_and_a_share_of_the_generation,
      gaps_are_no_reason_to_compact_when_nothing_would_move, under_memory_load_a_gain_of_a_mebibyte_is_worth_it,
      a_decision_compacts_exactly_when_its_name_says_so,
      the_segment_is_left_when_a_compacted_one_would_not_hold_the_next_budget,
      a_collection_of_generation_0_never_leaves_the_segment, the_stress_mode_leaves_the_segment_always,
      space_between_pins_is_given_back_when_it_is_a_number_of_bytes_and_a_share,
      pins_without_space_between_them_are_no_reason_to_compact,
      space_between_pins_is_named_before_fragmentation_and_after_a_segment_that_is_low,
      room_is_the_end_of_the_segment_and_the_holes_together,
      room_that_does_not_take_a_largest_object_in_one_piece_is_none)
