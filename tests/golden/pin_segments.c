/* SPDX-License-Identifier: MIT
 *
 * Pins and several segments: full collections around them, plugs and pins nearly as large as a segment, leaving the
 * ephemeral segment with pins on it, and a segment of generation 2 that becomes the ephemeral one again. A segment has
 * 16383 cells.
 */
#include "gc/collect.h"
#include "tests/golden/golden.h"
#include "tests/support/suite.h"

/* --- full collections --- */

START_TEST(generation_2_slides_through_its_segments_around_pins) {
    static const struct golden golden = {
        .before = "gen2 .AA.[B].C\n"
                  "gen2 ...[D].E\n"
                  "gen2 F. | gen1 .G | gen0 .H",
        .links = "AH",
        .condemned = 2,
        .plan = "AA  gap 1, by -1\n"
                "[B] gap 1, hole 0\n"
                "C   gap 1, by -4\n"
                "[D] gap 3, hole 3\n"
                "E   gap 1, to 0@3\n"
                "F   gap 0, to 0@5\n"
                "G   gap 2, to 0@6\n"
                "H   gap 1, by -5\n"
                "moved 7, gaps 10",
        .compacted = "gen2 AACE[B]FG\n"
                     "gen2 fff[D]\n"
                     "gen2 | gen1 H | gen0",
        .swept = "gen2 fAAf[B]fC\n"
                 "gen2 fff[D]fE\n"
                 "gen2 FffG | gen1 fH | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(a_segment_with_nothing_but_a_pin_is_kept_and_goes_when_the_pin_is_gone) {
    static struct drawing drawing;
    drawing_open(&drawing,
                 "gen2 ..[A]..\n"
                 "gen2 B | gen1 | gen0",
                 NULL, NULL);
    pf_collect(drawing.fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "compacted",
                   "gen2 Bf[A]\n"
                   "gen2 | gen1 | gen0");
    drawing_close(&drawing);
    drawing_open(&drawing,
                 "gen2 ..[A]..\n"
                 "gen2 [B]C | gen1 | gen0",
                 NULL, NULL);
    drawing_unpin(&drawing, 'A');
    drawing.roots[0] = 0;
    drawing.cells[0] = 0;
    pf_collect(drawing.fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
    drawing_expect(&drawing, "swept", "gen2 [B]C | gen1 | gen0");
    drawing_close(&drawing);
}
END_TEST

/* --- large plugs and pins --- */

START_TEST(a_pin_almost_as_large_as_the_segment) {
    static const struct golden before_it = {
        .before = "gen2 | gen1 | gen0 .*100[A*4000][B*4000][C*4000][D*4000].*200E*60",
        .condemned = 0,
        .plan = "[A*4000][B*4000][C*4000][D*4000] gap 100, hole 40\n"
                "E*60 gap 200, by -16300\n"
                "moved 60, gaps 300",
        .compacted = "gen2 | gen1 E*60f*40[A*4000][B*4000][C*4000][D*4000] | gen0",
        .swept = "gen2 | gen1 f*100[A*4000][B*4000][C*4000][D*4000]f*200E*60 | gen0",
    };
    static const struct golden behind_it = {
        .before = "gen2 | gen1 | gen0 .*100[A*4000][B*4000][C*4000][D*4000].*50E*120",
        .condemned = 0,
        .compacted = "gen2 | gen1 f*100[A*4000][B*4000][C*4000][D*4000]E*120 | gen0",
        .young_list_compacted = "",
    };
    golden_check(&before_it);
    golden_check(&behind_it);
}
END_TEST

/* 3 cells are left on the first segment; the giant fits neither there nor before the pin. */
START_TEST(planning_ends_for_a_giant_plug_next_to_an_almost_full_segment) {
    static const struct golden golden = {
        .before = "gen2 I*4000J*4000K*4000L*4000M*380\n"
                  "gen2 ..[P]A*4000B*4000C*4000D*4000\n"
                  "gen2 | gen1 .E | gen0 .F",
        .condemned = 2,
        .compacted = "gen2 I*4000J*4000K*4000L*4000M*380\n"
                     "gen2 ff[P]A*4000B*4000C*4000D*4000E\n"
                     "gen2 | gen1 F | gen0",
        .swept = "gen2 I*4000J*4000K*4000L*4000M*380\n"
                 "gen2 ff[P]A*4000B*4000C*4000D*4000\n"
                 "gen2 fE | gen1 fF | gen0",
    };
    static const struct golden pinned_end = {
        .before = "gen2 I*4000J*4000K*4000L*4000[M*380]\n"
                  "gen2 .A*4000B*4000C*4000D*4000[P]\n"
                  "gen2 .E | gen1 | gen0",
        .condemned = 2,
        .compacted = "gen2 I*4000J*4000K*4000L*4000[M*380]\n"
                     "gen2 A*4000B*4000C*4000D*4000E[P]\n"
                     "gen2 | gen1 | gen0",
    };
    golden_check(&golden);
    golden_check(&pinned_end);
}
END_TEST

/* Nothing is put before a plug when it moves, so one as large as a segment moves to an empty one; a pin there is in
 * its way. */
START_TEST(a_plug_as_large_as_a_segment_moves_without_anything_put_before_it) {
    static const struct golden moves = {
        .before = "gen2 .*20\n"
                  "gen2 A*4000B*4000C*4000D*4000E*383\n"
                  "gen2 | gen1 | gen0",
        .condemned = 2,
        .compacted = "gen2 A*4000B*4000C*4000D*4000E*383\n"
                     "gen2 | gen1 | gen0",
    };
    static const struct golden stays = {
        .before = "gen2 .*20[P]\n"
                  "gen2 A*4000B*4000C*4000D*4000E*383\n"
                  "gen2 | gen1 | gen0",
        .condemned = 2,
        .compacted = "gen2 f*20[P]\n"
                     "gen2 A*4000B*4000C*4000D*4000E*383\n"
                     "gen2 | gen1 | gen0",
    };
    static const struct golden touches = {
        .before = "gen2 [P].\n"
                  "gen2 .A*4000B*4000C*4000D*4000E*382\n"
                  "gen2 | gen1 | gen0",
        .condemned = 2,
        .compacted = "gen2 [P]A*4000B*4000C*4000D*4000E*382\n"
                     "gen2 | gen1 | gen0",
    };
    golden_check(&moves);
    golden_check(&stays);
    golden_check(&touches);
}
END_TEST

/* --- leaving the ephemeral segment --- */

START_TEST(pins_are_left_behind_by_an_expansion_and_belong_to_generation_2) {
    static const struct golden golden = {
        .before = "gen2 A | gen1 .B | gen0 .CC[D].EE",
        .stress = "expand",
        .condemned = 1,
        .compacted = "gen2 ABffff[D]\n"
                     "gen2 | gen1 CCEE | gen0",
        .list_compacted = "bin 0: 0@2+4",
        .young_list_compacted = "",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(a_pin_of_generation_1_that_was_not_passed_is_left_behind_as_well) {
    static const struct golden golden = {
        .before = "gen2 A | gen1 ...[B] | gen0 .[C].DD.[E]",
        .stress = "expand",
        .condemned = 1,
        .compacted = "gen2 Afff[B]f[C]ffff[E]\n"
                     "gen2 | gen1 DD | gen0",
        .list_compacted = "bin 0: 0@1+3 0@7+4",
    };
    golden_check(&golden);
}
END_TEST

/* Cell 31 begins a card: D leaves, and C on the same card does not. */
START_TEST(a_card_that_begins_with_a_plug_that_leaves_still_tells_where_a_pin_on_it_stays) {
    static const struct golden golden = {
        .before = "gen2 A | gen1 .B | gen0 .*28DD[C]",
        .stress = "expand",
        .condemned = 1,
        .compacted = "gen2 ABf*31[C]\n"
                     "gen2 | gen1 DD | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* D is in generation 2 now and C in generation 1: D's card must be remembered. */
START_TEST(what_a_pin_left_behind_refers_to_is_kept) {
    static struct drawing drawing;
    drawing_open(&drawing, "gen2 A | gen1 .B | gen0 .CC[DD].EE", "DC EC", "expand");
    pf_collect(drawing.fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "expanded",
                   "gen2 ABffff[DD]\n"
                   "gen2 | gen1 CCEE | gen0");
    pf_collect(drawing.fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    pf_collect(drawing.fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "expanded again",
                   "gen2 ABffff[DD]CCEE\n"
                   "gen2 | gen1 | gen0");
    drawing_close(&drawing);
}
END_TEST

/* Plugs that share a card with pins keep the places that sliding gave them. */
START_TEST(without_a_segment_to_go_to_plugs_and_pins_are_promoted_in_place) {
    static const struct golden passed = {
        .before = "gen2 | gen1 .Z | gen0 .[A].BB.[C].D",
        .stress = "expand",
        .arena_is_full = true,
        .condemned = 1,
        .compacted = "gen2 ZBB[A]D | gen1 | gen0 fff[C]",
    };
    static const struct golden not_passed = {
        .before = "gen2 | gen1 .Z | gen0 ..[A].B",
        .stress = "expand",
        .arena_is_full = true,
        .condemned = 1,
        .compacted = "gen2 ZB | gen1 | gen0 ff[A]",
    };
    golden_check(&passed);
    golden_check(&not_passed);
}
END_TEST

/* --- a segment of generation 2 becomes the ephemeral one --- */

static const char reusable[] = "gen2 [A]f*6000[B]\n"
                               "gen2 C | gen1 D | gen0 .[F].E";

START_TEST(a_segment_with_holes_between_pins_is_used_again) {
    static const struct golden golden = {
        .before = reusable,
        .stress = "expand",
        .condemned = 2,
        .compacted = "gen2 fff[F]\n"
                     "gen2 [A]CD | gen1 E | gen0 f*5997[B]",
        .list_compacted = "bin 0: 0@0+3",
        .young_list_compacted = "bin 9: 1@4+5997",
    };
    static struct drawing drawing;
    golden_check(&golden);

    struct pf_collection record;
    golden_open(&drawing, &golden);
    uintptr_t base = drawing.share->segments->base;
    pf_collect(drawing.fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_uint_eq(drawing.share->ephemeral->base, base);
    ck_assert_uint_eq(pf_heap_history(drawing.fixture.heap, &record, 1), 1);
    ck_assert_int_eq(record.reused, 1);
    drawing_close(&drawing);
}
END_TEST

START_TEST(the_program_allocates_in_the_holes_of_a_segment_that_is_used_again) {
    static struct drawing drawing;
    drawing_open(&drawing, reusable, NULL, "expand");
    pf_collect(drawing.fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    uintptr_t hole = drawing.roots[4] + CELL; /* behind E */
    void *object = pf_alloc_array(drawing.fixture.thread, &letter_types[6], 0);
    ck_assert_uint_eq((uintptr_t)object, hole);
    drawing.roots[6] = hole;
    drawing.cells[6] = 1;
    pf_collect(drawing.fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "the hole is smaller by one cell",
                   "gen2 fff[F]\n"
                   "gen2 [A]CD | gen1 EG | gen0 f*5996[B]");
    drawing_close(&drawing);
}
END_TEST

START_TEST(with_the_option_off_an_expansion_always_takes_a_new_segment) {
    static struct drawing drawing;
    drawing_open(&drawing, reusable, NULL, "expand");
    drawing.fixture.heap->options.segment_reuse = 0;
    pf_collect(drawing.fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "expanded",
                   "gen2 [A]CDf*5998[B]\n"
                   "gen2 fff[F]\n"
                   "gen2 | gen1 E | gen0");
    drawing_close(&drawing);
}
END_TEST

/* Four thousand cells at its end are needed for what is left and the largest object: the holes alone do not do. */
START_TEST(a_segment_without_room_at_its_end_is_not_used_again) {
    static const struct golden golden = {
        .before = "gen2 [A]f*12500[B]\n"
                  "gen2 C | gen1 D | gen0 .E",
        .stress = "expand",
        .condemned = 2,
        .compacted = "gen2 [A]CDf*12498[B]\n"
                     "gen2 | gen1 E | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* E refers to F, left behind in generation 2, and C, old, to E, young on the segment that is used again. */
START_TEST(references_across_a_reuse_are_found_by_the_next_collections) {
    static struct drawing drawing;
    drawing_open(&drawing,
                 "gen2 [A]f*6000[B]\n"
                 "gen2 CC | gen1 DD | gen0 .[FF].EE",
                 "CE EF FD", "expand");
    pf_collect(drawing.fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "reused",
                   "gen2 fffff[FF]\n"
                   "gen2 [A]CCDD | gen1 EE | gen0 f*5994[B]");
    drawing_unpin(&drawing, 'F');
    drawing_unpin(&drawing, 'B');
    pf_collect(drawing.fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "a collection of generation 0",
                   "gen2 fffffFF\n"
                   "gen2 [A]CCDD | gen1 EEB | gen0");
    pf_collect(drawing.fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "generation 1 goes to the end of the first segment, and the ephemeral one is left",
                   "gen2 fffffFFEEB\n"
                   "gen2 [A]CCDD\n"
                   "gen2 | gen1 | gen0");
    drawing_close(&drawing);
}
END_TEST

/* Two plugs of eight cells ask for two runs as far as can be told beforehand: the first hole is counted for one of
 * them, and yet takes both. The hole behind B, offered for nothing, is generation 0's, and so are B and the rest before
 * it. */
START_TEST(behind_the_last_survivor_on_a_segment_that_is_used_again_everything_is_generation_0) {
    static const struct golden golden = {
        .before = "gen2 [A]Gf*31[B]f*6000[C]\n"
                  "gen2 | gen1 | gen0 .[F].D*8.E*8",
        .stress = "expand",
        .condemned = 2,
        .compacted = "gen2 f[F]\n"
                     "gen2 [A]G | gen1 DDDDDDDDEEEEEEEE | gen0 f*15[B]f*6000[C]",
    };
    golden_check(&golden);
}
END_TEST

/* Generation 1 waits for a full collection, because generation 2 has free space for a third of a segment. That one
 * sweeps, and the ephemeral segment is as full as before. */
START_TEST(after_a_full_collection_nothing_waits_for_a_segment_to_use_again) {
    static struct drawing drawing;
    struct pfi_request low = {1, PINFOLD_REASON_OUT_OF_SPACE, PINFOLD_COLLECT_DEFAULT, 0};
    drawing_open(&drawing,
                 "gen2 Af*6000B\n"
                 "gen2 C*3900D*3900E*3900F*3700 | gen1 | gen0 .G",
                 NULL, NULL);
    struct pf_heap *heap = drawing.fixture.heap;
    pf_collect(drawing.fixture.thread, 1, PINFOLD_COLLECT_DEFAULT);
    ck_assert_int_eq(heap->wants_reuse, true);
    pf_collect(drawing.fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
    ck_assert_int_eq(heap->last_full_was_futile, false);
    ck_assert_int_eq(heap->wants_reuse, false);
    ck_assert_int_eq(pfi_collect(heap, &low), 1);
    drawing_close(&drawing);
}
END_TEST

/* --- an empty queue --- */

/* There was a pin, so the queue has room, but this collection has no entry to look at. */
START_TEST(a_collection_that_finds_no_pin_looks_at_no_entry_of_the_queue) {
    static const char *const stresses[] = {"compact", "expand", "sweep"};
    for (size_t stress = 0; stress < 3; ++stress) {
        for (int generation = 0; generation <= 2; ++generation) {
            static struct drawing drawing;
            drawing_open(&drawing, "gen2 ..[A]..B | gen1 ..C | gen0 ..D.", NULL, stresses[stress]);
            for (size_t letter = 0; letter < 4; ++letter) {
                drawing.roots[letter] = 0;
                drawing.cells[letter] = 0;
            }
            drawing_unpin(&drawing, 'A');
            pf_collect(drawing.fixture.thread, generation, PINFOLD_COLLECT_DEFAULT);
            ck_assert_uint_eq(drawing.fixture.heap->pin_queue.count, 0);
            pf_collect(drawing.fixture.thread, 2, PINFOLD_COLLECT_DEFAULT);
            drawing_expect(&drawing, "nothing is left", "gen2 | gen1 | gen0");
            drawing_close(&drawing);
        }
    }
}
END_TEST

SUITE("golden/pin_segments", generation_2_slides_through_its_segments_around_pins,
      a_segment_with_nothing_but_a_pin_is_kept_and_goes_when_the_pin_is_gone, a_pin_almost_as_large_as_the_segment,
      planning_ends_for_a_giant_plug_next_to_an_almost_full_segment,
      a_plug_as_large_as_a_segment_moves_without_anything_put_before_it,
      pins_are_left_behind_by_an_expansion_and_belong_to_generation_2,
      a_card_that_begins_with_a_plug_that_leaves_still_tells_where_a_pin_on_it_stays,
      a_pin_of_generation_1_that_was_not_passed_is_left_behind_as_well, what_a_pin_left_behind_refers_to_is_kept,
      without_a_segment_to_go_to_plugs_and_pins_are_promoted_in_place, a_segment_with_holes_between_pins_is_used_again,
      the_program_allocates_in_the_holes_of_a_segment_that_is_used_again,
      with_the_option_off_an_expansion_always_takes_a_new_segment, a_segment_without_room_at_its_end_is_not_used_again,
      references_across_a_reuse_are_found_by_the_next_collections,
      behind_the_last_survivor_on_a_segment_that_is_used_again_everything_is_generation_0,
      after_a_full_collection_nothing_waits_for_a_segment_to_use_again,
      a_collection_that_finds_no_pin_looks_at_no_entry_of_the_queue)
