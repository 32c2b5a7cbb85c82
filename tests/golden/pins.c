/* SPDX-License-Identifier: MIT
 *
 * Planning around pins on one segment. Plugs slide down to where they fit: before a pin, when the room is theirs
 * exactly or leaves at least a cell; else the pin is passed, and the hole before it becomes a free object. Who grows
 * old is in demotion.c. A sweep leaves everything in place, and all of it grows older.
 */
#include "tests/golden/golden.h"
#include "tests/support/suite.h"

/* --- one pin and its neighbours --- */

START_TEST(a_gap_before_a_pin_stays_free_in_generation_0) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 ..[A]",
        .condemned = 0,
        .plan = "[A] gap 2, hole 2\n"
                "moved 0, gaps 2",
        .compacted = "gen2 | gen1 | gen0 ff[A]",
        .young_list_compacted = "bin 0: 0@0+2",
        .swept = "gen2 | gen1 ff[A] | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(a_plug_that_touches_a_pin_in_front_slides_away_from_it) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 ..BB[A]",
        .condemned = 0,
        .plan = "BB  gap 2, by -2\n"
                "[A] gap 0, hole 2\n"
                "moved 2, gaps 2",
        .compacted = "gen2 | gen1 BB | gen0 ff[A]",
        .young_list_compacted = "bin 0: 0@2+2",
        .swept = "gen2 | gen1 ffBB[A] | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(a_plug_that_touches_a_pin_from_behind_has_its_record_in_the_queue_and_fills_the_gap_before_it) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 ..[A]BB",
        .condemned = 0,
        .plan = "[A] gap 2, hole 0\n"
                "BB! gap 0, by -3\n"
                "moved 2, gaps 2",
        .compacted = "gen2 | gen1 BB[A] | gen0",
        .young_list_compacted = "",
        .swept = "gen2 | gen1 ff[A]BB | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(plugs_that_touch_a_pin_on_both_sides_close_up_before_it) {
    static const struct golden golden = {
        .links = "BC CD",
        .before = "gen2 | gen1 | gen0 ..BB[A]CC.D",
        .condemned = 0,
        .plan = "BB  gap 2, by -2\n"
                "[A] gap 0, hole 0\n"
                "CC! gap 0, by -3\n"
                "D   gap 1, by -3\n"
                "moved 5, gaps 3",
        .compacted = "gen2 | gen1 BBCC[A]D | gen0",
        .swept = "gen2 | gen1 ffBB[A]CCfD | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* C does not fit before the pin, passes it and stays. */
START_TEST(a_pin_inside_a_long_run_divides_it) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 .AAAA[B]CCCC.D",
        .links = "AC CD",
        .condemned = 0,
        .plan = "AAAA  gap 1, by -1\n"
                "[B]   gap 0, hole 1\n"
                "CCCC! gap 0, stays\n"
                "D     gap 1, by -1\n"
                "moved 5, gaps 2",
        .compacted = "gen2 | gen1 AAAAf[B]CCCCD | gen0",
        .swept = "gen2 | gen1 fAAAA[B]CCCCfD | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(room_before_a_pin_must_be_exact_or_leave_a_free_object) {
    static const struct golden exact = {
        .before = "gen2 | gen1 | gen0 ...[A].BBB",
        .condemned = 0,
        .compacted = "gen2 | gen1 BBB[A] | gen0",
    };
    static const struct golden a_cell_more = {
        .before = "gen2 | gen1 | gen0 ...[A*20].BB",
        .condemned = 0,
        .compacted = "gen2 | gen1 BBf[A*20] | gen0",
    };
    static const struct golden a_cell_less = {
        .before = "gen2 | gen1 | gen0 ..[A].BBB",
        .condemned = 0,
        .compacted = "gen2 | gen1 ff[A]BBB | gen0",
    };
    golden_check(&exact);
    golden_check(&a_cell_more);
    golden_check(&a_cell_less);
}
END_TEST

/* The slide never goes back: what a large plug passed stays passed. */
START_TEST(a_small_plug_behind_a_large_one_does_not_go_back_to_a_hole_that_was_passed) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 ..[A].BBB.C",
        .condemned = 0,
        .plan = "[A] gap 2, hole 2\n"
                "BBB gap 1, by -1\n"
                "C   gap 1, by -2\n"
                "moved 4, gaps 4",
        .compacted = "gen2 | gen1 ff[A]BBBC | gen0",
        .swept = "gen2 | gen1 ff[A]fBBBfC | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(pins_side_by_side_are_one_plug) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 ..[A][BB].C",
        .condemned = 0,
        .plan = "[A][BB] gap 2, hole 1\n"
                "C       gap 1, by -6\n"
                "moved 1, gaps 3",
        .compacted = "gen2 | gen1 C | gen0 f[A][BB]",
        .young_list_compacted = "",
        .swept = "gen2 | gen1 ff[A][BB]fC | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(the_first_and_the_last_object_of_a_segment_may_be_pinned) {
    static const struct golden first = {
        .before = "gen2 | gen1 | gen0 [A].B",
        .condemned = 0,
        .plan = "[A] gap 0, hole 0\n"
                "B   gap 1, by -1\n"
                "moved 1, gaps 1",
        .compacted = "gen2 | gen1 [A]B | gen0",
        .swept = "gen2 | gen1 [A]fB | gen0",
    };
    static const struct golden last = {
        .before = "gen2 | gen1 | gen0 A.[B]",
        .condemned = 0,
        .plan = "A   gap 0, stays\n"
                "[B] gap 1, hole 1\n"
                "moved 0, gaps 1",
        .compacted = "gen2 | gen1 A | gen0 f[B]",
        .swept = "gen2 | gen1 Af[B] | gen0",
    };
    static const struct golden only = {
        .before = "gen2 | gen1 | gen0 [A]..",
        .condemned = 0,
        .compacted = "gen2 | gen1 [A] | gen0",
        .swept = "gen2 | gen1 [A] | gen0",
    };
    golden_check(&first);
    golden_check(&last);
    golden_check(&only);
}
END_TEST

START_TEST(more_pins_than_plugs_stay_where_they_are) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 .[A].[B].[C].D",
        .condemned = 0,
        .plan = "[A] gap 1, hole 0\n"
                "[B] gap 1, hole 1\n"
                "[C] gap 1, hole 1\n"
                "D   gap 1, by -7\n"
                "moved 1, gaps 4",
        .compacted = "gen2 | gen1 D[A] | gen0 f[B]f[C]",
        .swept = "gen2 | gen1 f[A]f[B]f[C]fD | gen0",
    };
    golden_check(&golden);
}
END_TEST

SUITE("golden/pins", a_gap_before_a_pin_stays_free_in_generation_0,
      a_plug_that_touches_a_pin_in_front_slides_away_from_it,
      a_plug_that_touches_a_pin_from_behind_has_its_record_in_the_queue_and_fills_the_gap_before_it,
      plugs_that_touch_a_pin_on_both_sides_close_up_before_it, a_pin_inside_a_long_run_divides_it,
      room_before_a_pin_must_be_exact_or_leave_a_free_object,
      a_small_plug_behind_a_large_one_does_not_go_back_to_a_hole_that_was_passed, pins_side_by_side_are_one_plug,
      the_first_and_the_last_object_of_a_segment_may_be_pinned, more_pins_than_plugs_stay_where_they_are)
