/* SPDX-License-Identifier: MIT
 *
 * Sliding inside the ephemeral segment: gaps, records, boundaries between generations; and the same plans swept.
 */
#include "tests/golden/golden.h"
#include "tests/support/suite.h"

START_TEST(when_everything_is_dead_nothing_is_left_of_the_condemned) {
    static const struct golden golden = {
        .before = "gen2 AA | gen1 BB | gen0 ..,...,.",
        .condemned = 0,
        .plan = "moved 0, gaps 0",
        .compacted = "gen2 AA | gen1 BB | gen0",
        .swept = "gen2 AA | gen1 BB | gen0",
    };
    static const struct golden whole_heap = {
        .before = "gen2 ... | gen1 .,.. | gen0 ....",
        .condemned = 2,
        .plan = "moved 0, gaps 0",
        .compacted = "gen2 | gen1 | gen0",
        .swept = "gen2 | gen1 | gen0",
    };
    golden_check(&golden);
    golden_check(&whole_heap);
}
END_TEST

START_TEST(when_everything_lives_nothing_moves) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 AAABCC",
        .condemned = 0,
        .plan = "AAABCC gap 0, stays\n"
                "moved 0, gaps 0",
        .compacted = "gen2 | gen1 AAABCC | gen0",
        .swept = "gen2 | gen1 AAABCC | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(plugs_slide_down_over_gaps_and_a_sweep_makes_the_gaps_free) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 ..AAA.BB...C.",
        .condemned = 0,
        .plan = "AAA gap 2, by -2\n"
                "BB  gap 1, by -3\n"
                "C   gap 3, by -6\n"
                "moved 6, gaps 6",
        .compacted = "gen2 | gen1 AAABBC | gen0",
        .swept = "gen2 | gen1 ffAAAfBBfffC | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* The segment's own 16 bytes before its first object take the record: nothing needs the pin queue. */
START_TEST(the_first_object_of_a_segment_has_its_record_in_the_segments_own_gap) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 AA..B",
        .condemned = 0,
        .plan = "AA gap 0, stays\n"
                "B  gap 2, by -2\n"
                "moved 1, gaps 2",
        .compacted = "gen2 | gen1 AAB | gen0",
        .swept = "gen2 | gen1 AAffB | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* One dead cell is 16 bytes: the record takes all of the gap. */
START_TEST(the_smallest_gap_holds_a_record) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 .A.B.C",
        .condemned = 0,
        .plan = "A gap 1, by -1\n"
                "B gap 1, by -2\n"
                "C gap 1, by -3\n"
                "moved 3, gaps 3",
        .compacted = "gen2 | gen1 ABC | gen0",
        .swept = "gen2 | gen1 fAfBfC | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* There are no dead bytes before C: its record must not be written into B. */
START_TEST(a_plug_right_behind_a_live_older_object_has_its_record_in_the_pin_queue) {
    static const struct golden golden = {
        .before = "gen2 A | gen1 BB | gen0 CC.D",
        .condemned = 0,
        .plan = "CC! gap 0, stays\n"
                "D   gap 1, by -1\n"
                "moved 1, gaps 1",
        .compacted = "gen2 A | gen1 BBCCD | gen0",
        .swept = "gen2 A | gen1 BBCCfD | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(a_run_across_the_boundary_of_generations_is_two_plugs) {
    static const struct golden golden = {
        .before = "gen2 | gen1 .AABB | gen0 CC.D",
        .condemned = 1,
        .plan = "AABB gap 1, by -1\n"
                "CC!  gap 0, by -1\n"
                "D    gap 1, by -2\n"
                "moved 7, gaps 2",
        .compacted = "gen2 AABB | gen1 CCD | gen0",
        .swept = "gen2 fAABB | gen1 CCfD | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* Generation 1's and generation 0's first plugs both have no dead bytes before them, and gen2's part is untouched. */
START_TEST(both_young_generations_may_have_their_first_record_in_the_pin_queue) {
    static const struct golden golden = {
        .before = "gen2 .AA | gen1 B.C | gen0 DD.E",
        .condemned = 1,
        .plan = "B!  gap 0, stays\n"
                "C   gap 1, by -1\n"
                "DD! gap 0, by -1\n"
                "E   gap 1, by -2\n"
                "moved 4, gaps 2",
        .compacted = "gen2 .AABC | gen1 DDE | gen0",
        .swept = "gen2 .AABfC | gen1 DDfE | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* A gap may begin in an older generation; swept, all of it belongs to the generation that the plug rises to. */
START_TEST(a_gap_across_the_boundary_of_generations_is_one_gap) {
    static const struct golden golden = {
        .before = "gen2 AA | gen1 B.. | gen0 .,C..D",
        .condemned = 1,
        .plan = "B! gap 0, stays\n"
                "C  gap 3, by -3\n"
                "D  gap 2, by -5\n"
                "moved 2, gaps 5",
        .compacted = "gen2 AAB | gen1 CD | gen0",
        .swept = "gen2 AAB | gen1 fffCffD | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(what_is_dead_behind_the_last_plug_is_cut_off) {
    static const struct golden golden = {
        .before = "gen2 | gen1 A | gen0 .*40B.*500",
        .condemned = 0,
        .plan = "B gap 40, by -40\n"
                "moved 1, gaps 40",
        .compacted = "gen2 | gen1 AB | gen0",
        .swept = "gen2 | gen1 Af*40B | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(references_from_old_objects_survivors_and_roots_follow_the_move) {
    static const struct golden golden = {
        .before = "gen2 AA | gen1 .BBB. | gen0 .C..DD..EE",
        .links = "AC AB BD DE EB",
        .condemned = 0,
        .plan = "C  gap 1, by -1\n"
                "DD gap 2, by -3\n"
                "EE gap 2, by -5\n"
                "moved 5, gaps 5",
        .compacted = "gen2 AA | gen1 .BBB.CDDEE | gen0",
        .swept = "gen2 AA | gen1 .BBB.fCffDDffEE | gen0",
    };
    golden_check(&golden);
}
END_TEST

SUITE("golden/slide", when_everything_is_dead_nothing_is_left_of_the_condemned, when_everything_lives_nothing_moves,
      plugs_slide_down_over_gaps_and_a_sweep_makes_the_gaps_free,
      the_first_object_of_a_segment_has_its_record_in_the_segments_own_gap, the_smallest_gap_holds_a_record,
      a_plug_right_behind_a_live_older_object_has_its_record_in_the_pin_queue,
      a_run_across_the_boundary_of_generations_is_two_plugs,
      both_young_generations_may_have_their_first_record_in_the_pin_queue,
      a_gap_across_the_boundary_of_generations_is_one_gap, what_is_dead_behind_the_last_plug_is_cut_off,
      references_from_old_objects_survivors_and_roots_follow_the_move)
