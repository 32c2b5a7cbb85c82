/* SPDX-License-Identifier: MIT
 *
 * Full collections over a chain of segments: generation 2 slides through its segments in chain order, generation 1
 * follows, generation 0 stays on the ephemeral segment, and segments that become empty are freed.
 */
#include "tests/golden/golden.h"
#include "tests/support/suite.h"

START_TEST(generation_2_slides_through_its_segments_and_generation_1_follows) {
    static const struct golden golden = {
        .before = "gen2 .AA.B\n"
                  "gen2 ..C.D\n"
                  "gen2 E. | gen1 .F | gen0 .GG.HH",
        .links = "AG GH HC",
        .condemned = 2,
        .plan = "AA  gap 1, by -1\n"
                "B   gap 1, by -2\n"
                "C   gap 2, to 0@3\n"
                "D   gap 1, to 0@4\n"
                "E   gap 0, to 0@5\n"
                "F   gap 2, to 0@6\n"
                "GG  gap 1, by -5\n"
                "HH  gap 1, by -6\n"
                "moved 11, gaps 9",
        .compacted = "gen2 AABCDEF\n"
                     "gen2 | gen1 GGHH | gen0",
        .swept = "gen2 fAAfB\n"
                 "gen2 ffCfD\n"
                 "gen2 EffF | gen1 fGGfHH | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* Segment 0 has 16383 cells: 13000 are taken when C comes with 4000, so C begins segment 1. D would still fit segment 0
 * but follows C: the slide never goes back. */
START_TEST(what_does_not_fit_a_segment_begins_the_next) {
    static const struct golden golden = {
        .before = "gen2 A*4000E*4000F*4000.*400B*1000\n"
                  "gen2 .*20C*4000.D\n"
                  "gen2 | gen1 | gen0 G",
        .condemned = 2,
        .compacted = "gen2 A*4000E*4000F*4000B*1000\n"
                     "gen2 C*4000D\n"
                     "gen2 | gen1 G | gen0",
        .swept = "gen2 A*4000E*4000F*4000f*400B*1000\n"
                 "gen2 f*20C*4000fD\n"
                 "gen2 | gen1 G | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(a_plug_may_move_up_into_an_older_segment_at_a_higher_address) {
    static const struct golden golden = {
        .before = "gen2 .A\n"
                  "gen2 .B*300 | gen1 .C | gen0",
        .links = "BA",
        .condemned = 2,
        .plan = "A gap 1, by -1\n"
                "B*300 gap 1, to 0@1\n"
                "C gap 1, to 0@301\n"
                "moved 302, gaps 3",
        .compacted = "gen2 AB*300C\n"
                     "gen2 | gen1 | gen0",
        .swept = "gen2 fA\n"
                 "gen2 fB*300fC | gen1 | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* Nothing lives on the first segment: compaction fills it from the second; a sweep frees it. Nor does it on the third:
 * both free that one. */
START_TEST(segments_without_objects_are_freed) {
    static struct drawing drawing;
    static const char before[] = "gen2 ...\n"
                                 "gen2 A.B\n"
                                 "gen2 ..\n"
                                 "gen2 C | gen1 | gen0";
    drawing_open(&drawing, before, NULL, NULL);
    pf_collect(drawing.fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "compacted",
                   "gen2 ABC\n"
                   "gen2 | gen1 | gen0");
    size_t one_unit = drawing.share->segments->end - drawing.share->segments->base;
    ck_assert_uint_eq(one_unit, PINFOLD_UNIT);
    ck_assert_ptr_null(pfi_arena_segment_of(drawing.share->arena, drawing.share->segments->base + PINFOLD_UNIT));
    ck_assert_ptr_null(pfi_arena_segment_of(drawing.share->arena, drawing.share->segments->base + 2 * PINFOLD_UNIT));
    drawing_close(&drawing);

    drawing_open(&drawing, before, NULL, NULL);
    pf_collect(drawing.fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
    drawing_expect(&drawing, "swept",
                   "gen2 AfB\n"
                   "gen2 C | gen1 | gen0");
    drawing_close(&drawing);
}
END_TEST

START_TEST(a_collection_of_generation_0_leaves_older_segments_alone) {
    static const struct golden golden = {
        .before = "gen2 .A.\n"
                  "gen2 .B | gen1 .C | gen0 .D",
        .condemned = 0,
        .plan = "D gap 1, by -1\n"
                "moved 1, gaps 1",
        .compacted = "gen2 .A.\n"
                     "gen2 .B | gen1 .CD | gen0",
        .swept = "gen2 .A.\n"
                 "gen2 .B | gen1 .CfD | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(a_full_collection_joins_free_objects_with_the_dead_between_them) {
    static const struct golden golden = {
        .before = "gen2 ff.fffA | gen1 f.,.B | gen0",
        .condemned = 2,
        .plan = "A gap 6, by -6\n"
                "B gap 3, by -9\n"
                "moved 2, gaps 9",
        .compacted = "gen2 AB | gen1 | gen0",
        .list_compacted = "",
        .swept = "gen2 ffffffAfffB | gen1 | gen0",
        .list_swept = "bin 0: 0@0+6 0@7+3",
    };
    golden_check(&golden);
}
END_TEST

SUITE("golden/full", generation_2_slides_through_its_segments_and_generation_1_follows,
      what_does_not_fit_a_segment_begins_the_next, a_plug_may_move_up_into_an_older_segment_at_a_higher_address,
      segments_without_objects_are_freed, a_collection_of_generation_0_leaves_older_segments_alone,
      a_full_collection_joins_free_objects_with_the_dead_between_them)
