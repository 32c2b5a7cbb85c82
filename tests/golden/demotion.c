/* SPDX-License-Identifier: MIT
 *
 * Who grows old around pins: pins that nothing slides past stay in generation 0, with the holes before them, unless the
 * holes are a small part of what the pins take; the program allocates in the holes; and what older objects refer to is
 * found in spite of its youth.
 */
#include "tests/golden/golden.h"
#include "tests/support/suite.h"

START_TEST(pins_with_little_space_between_them_grow_old) {
    static const struct golden dense = {
        .before = "gen2 | gen1 | gen0 .[A*20]",
        .condemned = 0,
        .compacted = "gen2 | gen1 f[A*20] | gen0",
    };
    static const struct golden loose = {
        .before = "gen2 | gen1 | gen0 ..[A*20]",
        .condemned = 0,
        .compacted = "gen2 | gen1 | gen0 ff[A*20]",
    };
    static const struct golden dense_and_loose = {
        .before = "gen2 | gen1 | gen0 .[A*20].[B*20]..[C]",
        .condemned = 0,
        .compacted = "gen2 | gen1 f[A*20]f[B*20] | gen0 ff[C]",
    };
    golden_check(&dense);
    golden_check(&loose);
    golden_check(&dense_and_loose);
}
END_TEST

START_TEST(pins_at_the_start_of_every_generation) {
    static const struct golden golden = {
        .before = "gen2 A | gen1 [B].C | gen0 [D].E",
        .condemned = 1,
        .plan = "[B] gap 0, hole 0\n"
                "C   gap 1, by -1\n"
                "[D] gap 0, hole 0\n"
                "E   gap 1, by -3\n"
                "moved 2, gaps 2",
        .compacted = "gen2 A[B]C | gen1 E[D] | gen0",
        .swept = "gen2 A[B]fC | gen1 [D]fE | gen0",
    };
    static const struct golden young = {
        .before = "gen2 A | gen1 [B].C | gen0 [D].E",
        .condemned = 0,
        .compacted = "gen2 A | gen1 [B].C[D]E | gen0",
        .swept = "gen2 A | gen1 [B].C[D]fE | gen0",
    };
    static const struct golden full = {
        .before = "gen2 [A]. | gen1 [B].C | gen0 [D].E",
        .condemned = 2,
        .compacted = "gen2 [A]C[B] | gen1 E | gen0 f[D]",
        .swept = "gen2 [A]f[B]fC | gen1 [D]fE | gen0",
    };
    golden_check(&golden);
    golden_check(&young);
    golden_check(&full);
}
END_TEST

START_TEST(pins_at_the_end_of_every_generation) {
    static const struct golden golden = {
        .before = "gen2 A.[B] | gen1 C.[D] | gen0 E.[F]",
        .condemned = 1,
        .plan = "C!   gap 0, stays\n"
                "[D]  gap 1, hole 0\n"
                "E!   gap 0, by -2\n"
                "[F]  gap 1, hole 2\n"
                "moved 1, gaps 2",
        .compacted = "gen2 A.[B]C | gen1 E[D] | gen0 ff[F]",
        .swept = "gen2 A.[B]Cf[D] | gen1 Ef[F] | gen0",
    };
    golden_check(&golden);
}
END_TEST

/* B is not passed when generation 0's survivors begin: generation 1 starts before it. C then fits before it as well, so
 * generation 0 does. */
START_TEST(a_pin_of_generation_1_may_become_generation_0) {
    static const struct golden golden = {
        .before = "gen2 A | gen1 ...[B] | gen0 ..C",
        .condemned = 1,
        .plan = "[B] gap 3, hole 2\n"
                "C   gap 2, by -6\n"
                "moved 1, gaps 5",
        .compacted = "gen2 A | gen1 C | gen0 ff[B]",
        .young_list_compacted = "bin 0: 0@2+2",
        .list_compacted = "",
        .swept = "gen2 Afff[B] | gen1 ffC | gen0",
        .list_swept = "bin 0: 0@1+3",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(a_pin_of_generation_1_that_only_a_survivor_of_generation_0_passes_stays_in_generation_1) {
    static const struct golden golden = {
        .before = "gen2 A | gen1 ...[B] | gen0 ..CCCC",
        .condemned = 1,
        .compacted = "gen2 A | gen1 fff[B]CCCC | gen0",
        .list_compacted = "",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(a_pin_of_generation_2_may_become_generation_0) {
    static const struct golden golden = {
        .before = "gen2 ...[A] | gen1 ..B | gen0 .C",
        .condemned = 2,
        .plan = "[A] gap 3, hole 1\n"
                "B   gap 2, by -6\n"
                "C   gap 1, by -7\n"
                "moved 2, gaps 6",
        .compacted = "gen2 B | gen1 C | gen0 f[A]",
        .swept = "gen2 fff[A]ffB | gen1 fC | gen0",
    };
    golden_check(&golden);
}
END_TEST

START_TEST(without_demotion_pins_grow_old_with_everything_else) {
    static struct drawing drawing;
    drawing_open(&drawing, "gen2 A | gen1 ...[B] | gen0 ..C...[D]", NULL, NULL);
    drawing.fixture.heap->options.demotion = 0;
    pf_collect(drawing.fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "compacted", "gen2 Afff[B] | gen1 Cfffff[D] | gen0");
    pf_collect(drawing.fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "compacted again: a bin of small items is not searched",
                   "gen2 Afff[B]Cfffff[D] | gen1 | gen0");
    drawing_close(&drawing);
}
END_TEST

/* --- demotion step by step --- */

/* A fresh object of one cell, whose letter gets a root. */
static void allocate_letter(struct drawing *drawing, char character) {
    size_t letter = (size_t)(character - 'A');
    void *object = pf_alloc_array(drawing->fixture.thread, &letter_types[letter], 0);
    drawing->roots[letter] = (uintptr_t)object;
    drawing->cells[letter] = 1;
}

START_TEST(a_hole_before_a_young_pin_is_where_the_program_allocates_next) {
    static struct drawing drawing;
    struct pf_thread *thread;
    drawing_open(&drawing, "gen2 | gen1 | gen0 ...[A]..[B]", NULL, NULL);
    thread = drawing.fixture.thread;
    pf_collect(thread, 0, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "the pins stay young", "gen2 | gen1 | gen0 fff[A]ff[B]");
    allocate_letter(&drawing, 'C');
    ck_assert_ptr_eq((void *)drawing.roots[2], (void *)drawing.share->ephemeral->first);
    pf_collect(thread, 0, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "what was allocated in a hole has grown", "gen2 | gen1 C | gen0 ff[A]ff[B]");
    drawing_unpin(&drawing, 'A');
    pf_collect(thread, 0, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "A moves, and B alone is young", "gen2 | gen1 CA | gen0 ffff[B]");
    pf_collect(thread, 1, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "what is old grows older", "gen2 CA | gen1 | gen0 ffff[B]");
    drawing_unpin(&drawing, 'B');
    pf_collect(thread, 0, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "no pin, no hole", "gen2 CA | gen1 B | gen0");
    drawing_close(&drawing);
}
END_TEST

/* The pin is gone, and nothing refers to B but A, whose card must be dirty, or the collection would not see it. */
static void check_that_the_holder_keeps(const char *before, int condemned, const char *demoted, const char *kept) {
    static struct drawing drawing;
    drawing_open(&drawing, before, "AB", NULL);
    pf_collect(drawing.fixture.thread, condemned, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "demoted", demoted);
    pf_collect(drawing.fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "demoted once more", demoted);
    drawing_unpin(&drawing, 'B');
    pf_collect(drawing.fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "kept by an older object", kept);
    drawing_close(&drawing);
}

START_TEST(an_object_demoted_from_generation_2_to_0_is_kept_by_an_old_object_alone) {
    check_that_the_holder_keeps("gen2 AA...[B] | gen1 | gen0", 2, "gen2 AA | gen1 | gen0 fff[B]",
                                "gen2 AA | gen1 B | gen0");
}
END_TEST

START_TEST(an_object_demoted_from_generation_1_to_0_is_kept_by_an_old_object_alone) {
    check_that_the_holder_keeps("gen2 AA | gen1 ...[B] | gen0", 1, "gen2 AA | gen1 | gen0 fff[B]",
                                "gen2 AA | gen1 B | gen0");
}
END_TEST

START_TEST(an_object_demoted_together_with_its_holders_promotion_is_kept_by_it) {
    check_that_the_holder_keeps("gen2 | gen1 .AA...[B] | gen0", 1, "gen2 AA | gen1 | gen0 ffff[B]",
                                "gen2 AA | gen1 B | gen0");
}
END_TEST

START_TEST(an_object_that_stays_in_generation_0_is_kept_by_one_of_generation_1_alone) {
    check_that_the_holder_keeps("gen2 | gen1 AA | gen0 ...[B]", 0, "gen2 | gen1 AA | gen0 fff[B]",
                                "gen2 | gen1 AAB | gen0");
}
END_TEST

START_TEST(a_sweep_after_a_demotion_finds_what_older_objects_keep) {
    static struct drawing drawing;
    drawing_open(&drawing, "gen2 AA...[B] | gen1 | gen0", "AB", NULL);
    pf_collect(drawing.fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    drawing_unpin(&drawing, 'B');
    pf_collect(drawing.fixture.thread, 0, PINFOLD_COLLECT_SWEEP);
    drawing_expect(&drawing, "swept", "gen2 AA | gen1 fffB | gen0");
    pf_collect(drawing.fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "compacted", "gen2 AAB | gen1 | gen0");
    drawing_close(&drawing);
}
END_TEST

/* --- what pins that stay young mean for the next collections --- */

/* The budget's smallest value is 16000 bytes, its largest 64000: the pins' 40000 and a sixteenth are what counts. */
START_TEST(the_budget_after_a_demotion_follows_from_what_the_pins_take) {
    static struct drawing drawing;
    struct pf_collection record;
    drawing_open(&drawing, "gen2 | gen1 | gen0 .*4000[A*1500].*1000[B*1000]", NULL, NULL);
    pf_collect(drawing.fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "demoted", "gen2 | gen1 | gen0 f*4000[A*1500]f*1000[B*1000]");
    ck_assert_uint_eq(pf_heap_history(drawing.fixture.heap, &record, 1), 1);
    ck_assert_uint_eq(record.demoted_bytes, 40000);
    ck_assert_uint_eq(record.budget_bytes[0], 42500);
    drawing_close(&drawing);
}
END_TEST

/* 982 cells behind the pin are less than the 16000 bytes below which the segment is low; the hole is more. */
START_TEST(at_the_end_of_a_segment_holes_between_pins_keep_collections_young) {
    static struct drawing drawing;
    struct pf_collection record;
    drawing_open(&drawing, "gen2 A*4000B*4000C*3200 | gen1 | gen0 .*4200[D]", NULL, NULL);
    pf_collect(drawing.fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    drawing_expect(&drawing, "the pin stays young", "gen2 A*4000B*4000C*3200 | gen1 | gen0 f*4200[D]");
    ck_assert_uint_lt(drawing.share->ephemeral->end - drawing.share->ephemeral->allocated,
                      drawing.fixture.heap->options.gen0_size);
    do {
        (void)pf_alloc_array(drawing.fixture.thread, &dead_type, 1000);
        ck_assert_uint_eq(pf_heap_history(drawing.fixture.heap, &record, 1), 1);
    } while (record.number == 1);
    ck_assert_int_eq(record.reason, PINFOLD_REASON_BUDGET);
    ck_assert_int_eq(record.generation, 0);
    drawing_close(&drawing);
}
END_TEST

SUITE("golden/demotion", pins_with_little_space_between_them_grow_old, pins_at_the_start_of_every_generation,
      pins_at_the_end_of_every_generation, a_pin_of_generation_1_may_become_generation_0,
      a_pin_of_generation_1_that_only_a_survivor_of_generation_0_passes_stays_in_generation_1,
      a_pin_of_generation_2_may_become_generation_0, without_demotion_pins_grow_old_with_everything_else,
      a_hole_before_a_young_pin_is_where_the_program_allocates_next,
      an_object_demoted_from_generation_2_to_0_is_kept_by_an_old_object_alone,
      an_object_demoted_from_generation_1_to_0_is_kept_by_an_old_object_alone,
      an_object_demoted_together_with_its_holders_promotion_is_kept_by_it,
      an_object_that_stays_in_generation_0_is_kept_by_one_of_generation_1_alone,
      a_sweep_after_a_demotion_finds_what_older_objects_keep,
      the_budget_after_a_demotion_follows_from_what_the_pins_take,
      at_the_end_of_a_segment_holes_between_pins_keep_collections_young)
