/* SPDX-License-Identifier: MIT
 *
 * Compacting large objects around pinned ones, as drawings (large_drawing.h). A segment is 64 pages.
 */
#include "gc/phase/large.h"
#include "tests/golden/large_drawing.h"
#include "tests/support/suite.h"

static struct large_drawing drawing;

/* Plans and compacts, with and without poison; the result must look like `after`. */
static void check_compaction(const char *before, const char *after, size_t moved_pages, size_t emptied_wanted) {
    bool knows_clean = strchr(before, 'c') != NULL; /* poisoned heaps have no clean runs */
    for (int poison = 0; poison <= (knows_clean ? 0 : 1); ++poison) {
        struct pfi_segment *emptied = NULL;
        large_drawing_open(&drawing, before, poison ? "poison" : NULL);
        ck_assert_uint_eq(pfi_plan_large(drawing.share), moved_pages * PINFOLD_PAGE);
        pfi_compact_large(drawing.share, &emptied);
        large_drawing_expect(&drawing, after, emptied, emptied_wanted);
        large_drawing_close(&drawing);
    }
}

START_TEST(objects_slide_down_over_what_is_dead_or_free) {
    check_compaction("..A.BBff.CCC", "ABBCCC", 6, 0);
    check_compaction("AA..,.ccccB", "AAB", 1, 0);
}
END_TEST

/* Where a place overlaps the object itself, its bytes must be copied in the right order. */
START_TEST(an_object_slides_over_itself) {
    check_compaction(".AAAAA", "AAAAA", 5, 0);
    check_compaction(".A*20.BBB", "A*20BBB", 23, 0);
}
END_TEST

START_TEST(what_has_nothing_dead_before_it_stays) {
    check_compaction("AABBB..", "AABBB", 0, 0);
    check_compaction("AAPP", "AAPP", 0, 0);
    check_compaction("", "", 0, 0);
}
END_TEST

START_TEST(a_hole_before_a_pinned_object_is_filled_from_behind_it) {
    check_compaction("A..PPBB", "ABBPP", 2, 0);
    check_compaction("A...PPBB", "ABBfPP", 2, 0);
}
END_TEST

START_TEST(a_hole_behind_a_pinned_object_is_closed_by_sliding) {
    check_compaction("APP..BB", "APPBB", 2, 0);
    check_compaction("PP..BB.C", "PPBBC", 3, 0);
}
END_TEST

START_TEST(holes_on_both_sides_of_a_pinned_object) {
    check_compaction("A..PP..BBBCC", "ACCPPBBB", 5, 0);
    check_compaction("A.PP..BBBCC", "AfPPBBBCC", 5, 0);
}
END_TEST

START_TEST(a_pinned_object_that_is_the_first_or_the_last) {
    check_compaction("PP.A.B", "PPAB", 2, 0);
    check_compaction("..A.PP", "AfffPP", 1, 0);
    check_compaction("...,PP..", "fffPP", 0, 0);
}
END_TEST

START_TEST(pinned_objects_side_by_side) {
    check_compaction("..PPQQ.RA", "AfPPQQfR", 1, 0);
    check_compaction("PP.QQ.R", "PPfQQfR", 0, 0);
}
END_TEST

START_TEST(dead_and_free_pages_around_a_pinned_object_become_one_run_on_each_side) {
    check_compaction("A..,ff.PP..,fffQ", "AfffffPPfffffQ", 0, 0);
}
END_TEST

/* B fits nowhere before P; what is behind B still does. */
START_TEST(an_object_too_long_for_a_hole_does_not_keep_others_from_it) {
    check_compaction("A..PBBBBCD", "ACDPBBBB", 2, 0);
    check_compaction("..P.QBBBBCD", "CDPfQBBBB", 2, 0);
}
END_TEST

/* The first hole of the object's own class that holds it; holes of 1 to 15 pages are one class. */
START_TEST(the_lowest_hole_that_is_long_enough_is_taken) {
    check_compaction(".P...Q..RAA", "fPAAfQffR", 2, 0);
    check_compaction("...P..QAABB", "AAfPBBQ", 4, 0);
}
END_TEST

START_TEST(a_longer_class_serves_when_the_own_one_has_nothing) {
    check_compaction("f*20P..QAAAB", "AAAf*17PBfQ", 4, 0);
}
END_TEST

START_TEST(segments_are_filled_in_chain_order_and_emptied_ones_leave) {
    check_compaction("AA.\nBB.C\n.DD", "AABBCDD", 5, 2);
    check_compaction("...\nA\nB", "AB", 2, 2);
}
END_TEST

START_TEST(a_pinned_object_holds_its_segment_and_no_more) {
    check_compaction("AA\n..PP.BB\nCC", "AACC\nBBPP", 4, 1);
    check_compaction("P*60\nA.Q*50B", "P*60AB\nffQ*50", 2, 0);
}
END_TEST

START_TEST(an_object_that_does_not_fit_into_the_segment_before_slides_in_its_own) {
    check_compaction("A*50\n.B*20CC", "A*50CC\nB*20", 22, 0);
    check_compaction("A*40..\nB*30\nC*20", "A*40C*20\nB*30", 20, 1);
}
END_TEST

START_TEST(an_object_as_long_as_a_segment_stays_and_others_pass_it) {
    check_compaction("A*10\nB*64\nCC", "A*10CC\nB*64", 2, 1);
    check_compaction("....\nB*64\nCC", "B*64\nCC", 66, 1);
}
END_TEST

START_TEST(pins_everywhere_leave_a_heap_as_a_sweep_does) {
    check_compaction("P.Q..R\n.S.T", "PfQffR\nfSfT", 0, 0);
    check_compaction("P", "P", 0, 0);
    check_compaction("..\n...", "", 0, 2);
}
END_TEST

START_TEST(a_clean_run_that_objects_move_into_counts_as_committed_again) {
    check_compaction("AccccPB", "ABfffP", 1, 0);
    check_compaction("AccccP", "AffffP", 0, 0);
    check_compaction("cc\nA", "A", 1, 1);
}
END_TEST

/* What a commit refuses is a hole that is too short. */
START_TEST(ends_of_segments_that_cannot_be_committed_are_left_alone) {
    large_drawing_open(&drawing, "AA\nB*3\nC", NULL);
    struct pfi_segment *first = drawing.share->large_segments;
    struct pfi_segment *emptied = NULL;
    pfi_segment_trim(drawing.share->arena, first, first->allocated);
    uintptr_t end = first->end;
    first->end = first->committed; /* as if no more could be had */
    ck_assert_uint_eq(pfi_plan_large(drawing.share), PINFOLD_PAGE);
    pfi_compact_large(drawing.share, &emptied);
    first->end = end;
    large_drawing_expect(&drawing, "AA\nBBBC", emptied, 1);
    large_drawing_close(&drawing);
}
END_TEST

SUITE("golden/large_compaction", objects_slide_down_over_what_is_dead_or_free, an_object_slides_over_itself,
      what_has_nothing_dead_before_it_stays, a_hole_before_a_pinned_object_is_filled_from_behind_it,
      a_hole_behind_a_pinned_object_is_closed_by_sliding, holes_on_both_sides_of_a_pinned_object,
      a_pinned_object_that_is_the_first_or_the_last, pinned_objects_side_by_side,
      dead_and_free_pages_around_a_pinned_object_become_one_run_on_each_side,
      an_object_too_long_for_a_hole_does_not_keep_others_from_it, the_lowest_hole_that_is_long_enough_is_taken,
      a_longer_class_serves_when_the_own_one_has_nothing, segments_are_filled_in_chain_order_and_emptied_ones_leave,
      a_pinned_object_holds_its_segment_and_no_more,
      an_object_that_does_not_fit_into_the_segment_before_slides_in_its_own,
      an_object_as_long_as_a_segment_stays_and_others_pass_it, pins_everywhere_leave_a_heap_as_a_sweep_does,
      a_clean_run_that_objects_move_into_counts_as_committed_again,
      ends_of_segments_that_cannot_be_committed_are_left_alone)
