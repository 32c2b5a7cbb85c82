/* SPDX-License-Identifier: MIT
 *
 * Where the survivors of generation 1 go in a collection of generation 1: into generation 2's free list, then to the
 * ends of its segments, then they slide. And what becomes of these plans when the collection sweeps.
 *
 * Generation 2's first bin holds items below 16 cells, the next one items below 32, and so on; planning takes the first
 * item of the first bin in which everything fits.
 */
#include "tests/golden/golden.h"
#include "tests/support/suite.h"

START_TEST(survivors_of_generation_1_go_into_generation_2s_free_list) {
    static const struct golden golden = {
        .before = "gen2 Af*20B | gen1 .CC.D | gen0 .E",
        .condemned = 1,
        .plan = "CC gap 1, by -22\n"
                "D  gap 1, by -23\n"
                "E  gap 1, by -6\n"
                "moved 4, gaps 3",
        .compacted = "gen2 ACCDf*17B | gen1 E | gen0",
        .list_compacted = "bin 1: 0@4+17",
        .swept = "gen2 Af*20BfCCfD | gen1 fE | gen0",
        .list_swept = "bin 1: 0@1+20",
    };
    golden_check(&golden);
}
END_TEST

/* Items of the first bin (below 16 cells) might be too small, so planning passes them by even where they would fit. */
START_TEST(planning_begins_in_the_bin_in_which_everything_fits) {
    static const struct golden golden = {
        .before = "gen2 Af*15Bf*16Cf*40 | gen1 .DD | gen0",
        .condemned = 1,
        .plan = "DD gap 1, by -58\n"
                "moved 2, gaps 1",
        .compacted = "gen2 Af*15BDDf*14Cf*40 | gen1 | gen0",
        .list_compacted = "bin 0: 0@19+14 0@1+15\n"
                          "bin 2: 0@34+40",
        .swept = "gen2 Af*15Bf*16Cf*40,fDD | gen1 | gen0",
        .list_swept = "bin 0: 0@1+15\n"
                      "bin 1: 0@17+16\n"
                      "bin 2: 0@34+40",
    };
    golden_check(&golden);
}
END_TEST

/* C leaves one cell of the first item, which is formatted but too small to be threaded; E fits the second exactly. */
START_TEST(a_rest_of_one_cell_becomes_a_free_object_and_an_exact_fit_leaves_none) {
    static const struct golden golden = {
        .before = "gen2 Af*20Hf*20I | gen1 .BB.C*17.DD.E*18 | gen0",
        .condemned = 1,
        .plan = "BB   gap 1, by -43\n"
                "C*17 gap 1, by -44\n"
                "DD   gap 1, by -43\n"
                "E*18 gap 1, by -44\n"
                "moved 39, gaps 4",
        .compacted = "gen2 ABBC*17fHDDE*18I | gen1 | gen0",
        .list_compacted = "",
        .swept = "gen2 Af*20Hf*20IfBBfC*17fDDfE*18 | gen1 | gen0",
        .list_swept = "bin 1: 0@1+20 0@22+20",
    };
    golden_check(&golden);
}
END_TEST

/* D does not fit what B left of the first item; the region moves on, and the rest of the first item returns to the
 * front of its bin. */
START_TEST(what_is_left_of_an_item_returns_to_the_front_of_its_bin) {
    static const struct golden golden = {
        .before = "gen2 Af*20Hf*100If*9J | gen1 .BB.D*30 | gen0",
        .condemned = 1,
        .plan = "BB   gap 1, by -133\n"
                "D*30 gap 1, by -115\n"
                "moved 32, gaps 2",
        .compacted = "gen2 ABBf*18HD*30f*70IfffffffffJ | gen1 | gen0",
        .list_compacted = "bin 0: 0@123+9\n"
                          "bin 1: 0@3+18\n"
                          "bin 3: 0@52+70",
        .swept = "gen2 Af*20Hf*100IfffffffffJfBBfD*30 | gen1 | gen0",
        .list_swept = "bin 0: 0@123+9\n"
                      "bin 1: 0@1+20\n"
                      "bin 3: 0@22+100",
    };
    golden_check(&golden);
}
END_TEST

/* The first segment is full but for 3 cells, the second nearly empty. B fits the first one's end, CC does not; from
 * then on ends are taken from the second. */
START_TEST(without_a_free_item_survivors_go_to_the_ends_of_older_segments) {
    static const struct golden golden = {
        .before = "gen2 I*4000J*4000K*4000L*4000M*380\n"
                  "gen2 N\n"
                  "gen2 A | gen1 .B.CCC.D | gen0 .E",
        .condemned = 1,
        .plan = "B   gap 1, to 0@16380\n"
                "CCC gap 1, to 1@1\n"
                "D   gap 1, to 1@4\n"
                "E   gap 1, by -9\n"
                "moved 6, gaps 4",
        .compacted = "gen2 I*4000J*4000K*4000L*4000M*380B\n"
                     "gen2 NCCCD\n"
                     "gen2 A | gen1 E | gen0",
        .swept = "gen2 I*4000J*4000K*4000L*4000M*380\n"
                 "gen2 N\n"
                 "gen2 AfBfCCCfD | gen1 fE | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* The list first, then the ends, then the slide: C fits no item and no end. D still goes behind BB. */
START_TEST(what_fits_nowhere_else_slides) {
    static const struct golden golden = {
        .before = "gen2 I*4000J*4000K*4000L*4000M*380\n"
                  "gen2 Af*16 | gen1 .BB.C*30.D | gen0 .E",
        .condemned = 1,
        .plan = "BB   gap 1, by -17\n"
                "C*30 gap 1, by -4\n"
                "D    gap 1, by -49\n"
                "E    gap 1, by -7\n"
                "moved 34, gaps 4",
        .compacted = "gen2 I*4000J*4000K*4000L*4000M*380\n"
                     "gen2 ABBDf*13C*30 | gen1 E | gen0",
        .swept = "gen2 I*4000J*4000K*4000L*4000M*380\n"
                 "gen2 Af*16,fBBfC*30fD | gen1 fE | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* C goes to an old place, but its reference to the young E must be found by the next collection of generation 0. */
START_TEST(a_promoted_object_that_refers_to_a_young_one_has_a_dirty_card_at_its_new_place) {
    static struct drawing drawing;
    drawing_open(&drawing, "gen2 Af*20B | gen1 .CC.D | gen0 .EE.FF", "CE EF", NULL);
    pf_collect(drawing.fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "compacted", "gen2 ACCDf*17B | gen1 EEFF | gen0");
    pf_collect(drawing.fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "compacted again", "gen2 ACCDEEFFf*13B | gen1 | gen0");
    drawing_close(&drawing);
}
END_TEST

SUITE("golden/promotion", survivors_of_generation_1_go_into_generation_2s_free_list,
      planning_begins_in_the_bin_in_which_everything_fits,
      a_rest_of_one_cell_becomes_a_free_object_and_an_exact_fit_leaves_none,
      what_is_left_of_an_item_returns_to_the_front_of_its_bin,
      without_a_free_item_survivors_go_to_the_ends_of_older_segments, what_fits_nowhere_else_slides,
      a_promoted_object_that_refers_to_a_young_one_has_a_dirty_card_at_its_new_place)
