/* SPDX-License-Identifier: MIT
 *
 * A golden case: a heap, what is condemned, the plan, and the heap after each of the two ends that a collection may
 * take. Expectations that are NULL are not looked at. Bins are drawn with the figures of 64-bit systems; on others
 * there is nothing to compare with.
 */
#ifndef TESTS_GOLDEN_GOLDEN_H
#define TESTS_GOLDEN_GOLDEN_H

#include "tests/golden/plan_drawing.h"

struct golden {
    const char *before;
    const char *links;  /* drawing.h; NULL: roots hold everything */
    const char *stress; /* stress modes of the heap; NULL: none */
    int condemned;
    bool arena_is_full; /* no segment can be had */
    const char *plan;
    const char *compacted;
    const char *swept;
    const char *list_compacted; /* generation 2's free list afterwards */
    const char *list_swept;
    const char *young_list_compacted; /* generation 0's free list afterwards: holes between demoted pins */
};

static inline void golden_open(struct drawing *drawing, const struct golden *golden) {
    drawing_open(drawing, golden->before, golden->links, golden->stress);
    while (golden->arena_is_full && pfi_arena_carve(drawing->share->arena, PINFOLD_UNIT) != NULL) {
    }
}

static inline void expect_list(const struct drawing *drawing, int generation, const char *what, const char *expected) {
    static struct text actual;
    if (expected != NULL) {
        drawing_show_free_list(drawing, generation, &actual);
        text_expect(what, expected, &actual);
    }
}

/* The plan, drawn; then the same collection ends as a sweep, which must find the heap as marking left it. */
static inline void golden_check_plan(const struct golden *golden) {
    static struct drawing drawing;
    static struct text actual;
    struct pfi_move_plan plan;
    golden_open(&drawing, golden);
    drawing_plan(&drawing, golden->condemned, &plan);
    if (golden->plan != NULL) {
        plan_show(&plan, &actual);
        text_expect("the plan", golden->plan, &actual);
    }
    drawing_sweep(&drawing, &plan);
    drawing_expect(&drawing, "the same plan, swept", golden->swept);
    expect_list(&drawing, 2, "generation 2's free list after the same plan was swept", golden->list_swept);
    drawing_close(&drawing);
}

static inline void golden_check_collection(const struct golden *golden, enum pf_collect_mode mode) {
    static struct drawing drawing;
    bool compacts = mode == PINFOLD_COLLECT_COMPACT;
    golden_open(&drawing, golden);
    pf_collect(drawing.fixture.thread, golden->condemned, mode);
    drawing_expect(&drawing, compacts ? "compacted" : "swept", compacts ? golden->compacted : golden->swept);
    expect_list(&drawing, 2, "generation 2's free list", compacts ? golden->list_compacted : golden->list_swept);
    expect_list(&drawing, 0, "generation 0's free list", compacts ? golden->young_list_compacted : NULL);
    drawing_close(&drawing);
}

static inline void golden_check(const struct golden *golden) {
    if (PINFOLD_WORD_BITS != 64) {
        return;
    }
    if (golden->swept != NULL) {
        golden_check_plan(golden);
        golden_check_collection(golden, PINFOLD_COLLECT_SWEEP);
    }
    if (golden->compacted != NULL) {
        golden_check_collection(golden, PINFOLD_COLLECT_COMPACT);
    }
}

#endif
