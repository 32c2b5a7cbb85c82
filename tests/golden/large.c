/* SPDX-License-Identifier: MIT
 *
 * Sweeping large objects, as drawings (large_drawing.h).
 */
#include "gc/phase/large.h"

#include "tests/golden/large_drawing.h"
#include "tests/support/suite.h"

static struct large_drawing drawing;

/* Sweeps, with and without poison; the result must look like `after`, and `emptied` segments leave the chain. */
static void check_sweep(const char *before, const char *after, size_t emptied_wanted) {
    bool knows_clean = strchr(before, 'c') != NULL; /* poisoned heaps have no clean runs */
    for (int poison = 0; poison <= (knows_clean ? 0 : 1); ++poison) {
        struct pfi_segment *emptied = NULL;
        large_drawing_open(&drawing, before, poison ? "poison" : NULL);
        pfi_sweep_large(drawing.share, &emptied);
        large_drawing_expect(&drawing, after, emptied, emptied_wanted);
        large_drawing_close(&drawing);
    }
}

START_TEST(dead_objects_become_free_runs) {
    check_sweep("AA..B.CCC", "AAffBfCCC", 0);
}
END_TEST

START_TEST(neighbouring_dead_objects_and_free_runs_become_one_run) {
    check_sweep("A..,...,ff.B", "AffffffffB", 0);
    check_sweep("A..,...,ff.,.B", "AfffffffffB", 0);
}
END_TEST

START_TEST(what_is_dead_behind_the_last_object_is_cut_off) {
    check_sweep("AA..B...,ff", "AAffB", 0);
}
END_TEST

START_TEST(a_segment_without_live_objects_leaves_the_chain) {
    check_sweep("AA.\n...,ff\n.B", "AA\nfB", 1);
    check_sweep("...\n..", "", 2);
}
END_TEST

START_TEST(a_clean_run_between_live_objects_stays_clean) {
    check_sweep("AccccB", "AccccB", 0);
}
END_TEST

/* Clean pages are known at the end of a run only: what is in front or in the middle counts as committed again. */
START_TEST(a_clean_run_that_is_joined_with_a_dead_object_stays_clean_at_its_end_alone) {
    check_sweep("Acccc..B", "AffffffB", 0);
    check_sweep("A..ccccB", "AfffcccB", 0);
    check_sweep("AAcccc.", "AA", 0);
}
END_TEST

START_TEST(of_two_clean_runs_side_by_side_the_second_stays_clean) {
    check_sweep("Acc,cccB", "AfffccB", 0);
}
END_TEST

START_TEST(a_pinned_object_stays_and_its_neighbours_are_joined_around_it) {
    check_sweep("..,.PP..,ff.A", "fffPPfffffA", 0);
    check_sweep("PP..QQ", "PPffQQ", 0);
    check_sweep("A..P..", "AffP", 0);
    check_sweep("...\n..P", "ffP", 1);
}
END_TEST

SUITE("golden/large", a_pinned_object_stays_and_its_neighbours_are_joined_around_it, dead_objects_become_free_runs,
      neighbouring_dead_objects_and_free_runs_become_one_run, what_is_dead_behind_the_last_object_is_cut_off,
      a_segment_without_live_objects_leaves_the_chain, a_clean_run_between_live_objects_stays_clean,
      a_clean_run_that_is_joined_with_a_dead_object_stays_clean_at_its_end_alone,
      of_two_clean_runs_side_by_side_the_second_stays_clean)
