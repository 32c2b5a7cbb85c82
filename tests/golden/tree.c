/* SPDX-License-Identifier: MIT
 *
 * Plug trees as plan builds them: 1 to 7 plugs in a brick, plugs that cover bricks, plugs around the edge of a brick.
 * A brick has 256 cells; the first one of a segment begins with the segment's own cell.
 */
#include "tests/golden/golden.h"
#include "tests/support/suite.h"

/* Plans a collection of generation 0 whose plugs are the first `count` letters, and compares the one tree. */
static void check_tree(size_t count, const char *expected) {
    static const char *const letters[] = {".A", ".B", ".C", ".D", ".E", ".F", ".G"};
    static struct drawing drawing;
    static struct text actual;
    char before[64] = "gen2 | gen1 | gen0 ";
    for (size_t index = 0; index < count; ++index) {
        strcat(before, letters[index]);
    }
    struct pfi_move_plan plan;
    drawing_open(&drawing, before, NULL, NULL);
    drawing_plan(&drawing, 0, &plan);
    actual.length = 0;
    show_bricks(&actual, &plan, drawing.share->ephemeral);
    text_expect("the tree", expected, &actual);
    drawing_sweep(&drawing, &plan);
    drawing_close(&drawing);
}

START_TEST(trees_of_one_to_seven_plugs_are_balanced_by_counting) {
    check_tree(1, "brick 0: A");
    check_tree(2, "brick 0: (A B -)");
    check_tree(3, "brick 0: (A B C)");
    check_tree(4, "brick 0: ((A B C) D -)");
    check_tree(5, "brick 0: ((A B C) D E)");
    check_tree(6, "brick 0: ((A B C) D (E F -))");
    check_tree(7, "brick 0: ((A B C) D (E F G))");
}
END_TEST

START_TEST(seven_plugs_of_one_brick_go_where_their_tree_says) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 .A..BB.CCC...D.EE....F.G",
        .links = "BA CB ED",
        .condemned = 0,
        .plan = "A   gap 1, by -1\n"
                "BB  gap 2, by -3\n"
                "CCC gap 1, by -4\n"
                "D   gap 3, by -7\n"
                "EE  gap 1, by -8\n"
                "F   gap 4, by -12\n"
                "G   gap 1, by -13\n"
                "brick 0: ((A B C) D (E F G))\n"
                "moved 11, gaps 13",
        .compacted = "gen2 | gen1 ABBCCCDEEFG | gen0",
        .swept = "gen2 | gen1 fAffBBfCCCfffDfEEffffFfG | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* A starts in brick 0 and covers bricks 1 and 2; B and C start in brick 3, which A does not reach. */
START_TEST(bricks_that_a_plug_covers_point_back_to_its_brick) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 .*9A*700.*100BB.C",
        .condemned = 0,
        .plan = "A*700 gap 9, by -9\n"
                "BB gap 100, by -109\n"
                "C gap 1, by -110\n"
                "brick 0: A\n"
                "brick 1: back 1\n"
                "brick 2: back 2\n"
                "brick 3: (B C -)\n"
                "moved 703, gaps 110",
        .compacted = "gen2 | gen1 A*700BBC | gen0",
        .swept = "gen2 | gen1 fffffffffA*700f*100BBfC | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* A reaches into brick 2, where B and C start: its link gives way to their tree, and the lookup of A's end in brick 2
 * finds no node before it and goes on in brick 1, which points back to brick 0. */
START_TEST(a_brick_with_plugs_of_its_own_keeps_its_tree_although_a_longer_plug_reaches_into_it) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 ....A*600.B.C",
        .condemned = 0,
        .plan = "A*600 gap 4, by -4\n"
                "B gap 1, by -5\n"
                "C gap 1, by -6\n"
                "brick 0: A\n"
                "brick 1: back 1\n"
                "brick 2: (B C -)\n"
                "moved 602, gaps 6",
        .compacted = "gen2 | gen1 A*600BC | gen0",
        .swept = "gen2 | gen1 ffffA*600fBfC | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* Cell 255 is the first of brick 1, behind the segment's own cell. A's record lies in brick 0, its plug in brick 1. */
START_TEST(a_plug_belongs_to_the_brick_of_its_start_even_when_its_record_lies_in_another) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 .*253Z.A.B",
        .condemned = 0,
        .plan = "Z gap 253, by -253\n"
                "A gap 1, by -254\n"
                "B gap 1, by -255\n"
                "brick 0: Z\n"
                "brick 1: (A B -)\n"
                "moved 3, gaps 255",
        .compacted = "gen2 | gen1 ZAB | gen0",
        .swept = "gen2 | gen1 f*253ZfAfB | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(a_plug_that_ends_with_its_brick_covers_no_other) {
    static const struct golden golden = {
        .before = "gen2 | gen1 | gen0 .*10A*245.B",
        .condemned = 0,
        .plan = "A*245 gap 10, by -10\n"
                "B gap 1, by -11\n"
                "brick 0: A\n"
                "brick 1: B\n"
                "moved 246, gaps 11",
        .compacted = "gen2 | gen1 A*245B | gen0",
        .swept = "gen2 | gen1 f*10A*245fB | gen0",
    };
    golden_check(&golden);
}
END_TEST

SUITE("golden/tree", trees_of_one_to_seven_plugs_are_balanced_by_counting,
      seven_plugs_of_one_brick_go_where_their_tree_says, bricks_that_a_plug_covers_point_back_to_its_brick,
      a_brick_with_plugs_of_its_own_keeps_its_tree_although_a_longer_plug_reaches_into_it,
      a_plug_belongs_to_the_brick_of_its_start_even_when_its_record_lies_in_another,
      a_plug_that_ends_with_its_brick_covers_no_other)
