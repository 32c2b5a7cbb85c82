/* SPDX-License-Identifier: MIT
 *
 * Leaving the ephemeral segment: generation 0's survivors go to a new one and become generation 1 there; the old one
 * belongs to generation 2. When no segment can be had, everything stays and becomes generation 2.
 */
#include "tests/golden/golden.h"
#include "tests/support/suite.h"

START_TEST(survivors_of_generation_0_go_to_a_new_segment) {
    static const struct golden golden = {
        .before = "gen2 AAA | gen1 .B | gen0 .CC.DD",
        .links = "AD DC CB",
        .stress = "expand",
        .condemned = 1,
        .compacted = "gen2 AAAB\n"
                     "gen2 | gen1 CCDD | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* 16 KB of budget do not fit behind what 16000 cells of survivors leave of 16383. */
START_TEST(a_segment_without_room_for_the_next_budget_is_left) {
    static const struct golden golden = {
        .before = "gen2 A*4000B*4000C*4000D*3000 | gen1 .E | gen0 .F*500.G",
        .condemned = 1,
        .compacted = "gen2 A*4000B*4000C*4000D*3000E\n"
                     "gen2 | gen1 F*500G | gen0",
        .swept = "gen2 A*4000B*4000C*4000D*3000fE | gen1 fF*500fG | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(a_collection_of_generation_0_never_leaves_its_segment) {
    static const struct golden golden = {
        .before = "gen2 A*4000B*4000C*4000D*3000 | gen1 .E | gen0 .F*500.G",
        .condemned = 0,
        .compacted = "gen2 A*4000B*4000C*4000D*3000 | gen1 .EF*500G | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* Generation 2 slides into the first segment, which has room for the young, too; the old ephemeral segment becomes
 * empty and goes. */
START_TEST(a_full_collection_that_expands_frees_the_old_segment_when_nothing_is_left_on_it) {
    static const struct golden golden = {
        .before = "gen2 A.\n"
                  "gen2 BB | gen1 .CC | gen0 .DD",
        .links = "BD DC CA",
        .stress = "expand",
        .condemned = 2,
        .compacted = "gen2 ABBCC | gen1 DD | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(nothing_alive_in_generation_0_still_gives_a_new_segment) {
    static const struct golden golden = {
        .before = "gen2 A | gen1 .B | gen0 ..",
        .stress = "expand",
        .condemned = 1,
        .compacted = "gen2 AB\n"
                     "gen2 | gen1 | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(without_a_segment_everything_is_promoted_in_place) {
    static const struct golden golden = {
        .before = "gen2 AAA | gen1 .B | gen0 .CC.DD",
        .links = "AD DC CB",
        .stress = "expand",
        .arena_is_full = true,
        .condemned = 1,
        .compacted = "gen2 AAABCCDD | gen1 | gen0",
    };
    static struct drawing drawing;
    golden_check(&golden);

    struct pf_collection record;
    golden_open(&drawing, &golden);
    pf_collect(drawing.fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
    ck_assert_uint_eq(pf_heap_history(drawing.fixture.heap, &record, 1), 1);
    ck_assert_int_eq(record.promoted_in_place, 1);
    ck_assert_int_eq(record.expanded, 0);
    drawing_close(&drawing);
}
END_TEST

/* D refers to the young C from the old segment: its card must be dirty, or the next collection of generation 0 would
 * not see it. */
START_TEST(references_from_the_old_segment_to_the_new_one_have_dirty_cards) {
    static struct drawing drawing;
    drawing_open(&drawing, "gen2 AAA | gen1 .DD | gen0 .CC.EE", "AE DC", "expand");
    pf_collect(drawing.fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "expanded",
                   "gen2 AAADD\n"
                   "gen2 | gen1 CCEE | gen0");
    pf_collect(drawing.fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "expanded again, and the survivors went to the end of the first",
                   "gen2 AAADDCCEE\n"
                   "gen2 | gen1 | gen0");
    drawing_close(&drawing);
}
END_TEST

SUITE("golden/expansion", survivors_of_generation_0_go_to_a_new_segment,
      a_segment_without_room_for_the_next_budget_is_left, a_collection_of_generation_0_never_leaves_its_segment,
      a_full_collection_that_expands_frees_the_old_segment_when_nothing_is_left_on_it,
      nothing_alive_in_generation_0_still_gives_a_new_segment, without_a_segment_everything_is_promoted_in_place,
      references_from_the_old_segment_to_the_new_one_have_dirty_cards)
