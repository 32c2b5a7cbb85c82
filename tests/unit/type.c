/* SPDX-License-Identifier: MIT
 *
 * Types: which layouts are refused and why, and how references will be looked for in those that are accepted.
 */
#include <string.h>

#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

#define WORD ((uint32_t)sizeof(void *))

struct layout {
    size_t base_size;
    size_t element_size;
    struct pf_run runs[3];
    size_t run_count;
    struct pf_run element_runs[3];
    size_t element_run_count;
};

static enum pf_status init(struct pf_type *type, const struct layout *layout, char *message, size_t message_size) {
    return pf_type_init(type, "sample", layout->base_size, layout->element_size, layout->runs, layout->run_count,
                        layout->element_runs, layout->element_run_count, message, message_size);
}

/* Must be refused with all the words, and the type must stay as it was. */
static void check_refused(const struct layout *layout, const char *words) {
    struct pf_type type;
    struct pf_type before;
    char message[256] = "";
    memset(&type, 0x5A, sizeof(type));
    before = type;
    ck_assert_int_eq(init(&type, layout, message, sizeof(message)), PINFOLD_BAD_TYPE);
    ck_assert_msg(fatal_says(message, words), "'%s' lacks one of: %s", message, words);
    ck_assert_msg(fatal_says(message, "sample"), "'%s' does not name the type", message);
    ck_assert_int_eq(memcmp(&type, &before, sizeof(type)), 0);
    ck_assert_int_eq(init(&type, layout, NULL, 0), PINFOLD_BAD_TYPE);
}

static struct pf_type check_accepted(const struct layout *layout, enum pf_scan scan) {
    struct pf_type type;
    char message[256] = "";
    ck_assert_msg(init(&type, layout, message, sizeof(message)) == PINFOLD_OK, "%s", message);
    ck_assert_int_eq(type.scan, scan);
    ck_assert_msg(pf_type_check(&type, message, sizeof(message)) == PINFOLD_OK, "%s", message);
    return type;
}

/* --- refused --- */

START_TEST(a_run_that_covers_the_header_is_refused) {
    struct layout fixed = {4 * WORD, 0, {{0, 1}}, 1, {{0, 0}}, 0};
    check_refused(&fixed, "run,outside");
    struct layout array = {4 * WORD, WORD, {{WORD, 1}}, 1, {{0, 0}}, 0};
    check_refused(&array, "run,outside");
}
END_TEST

START_TEST(a_run_outside_the_fixed_part_is_refused) {
    struct layout behind = {4 * WORD, 0, {{4 * WORD, 1}}, 1, {{0, 0}}, 0};
    check_refused(&behind, "run");
    struct layout across = {4 * WORD, 0, {{3 * WORD, 2}}, 1, {{0, 0}}, 0};
    check_refused(&across, "run");
    struct layout far_away = {4 * WORD, 0, {{UINT32_MAX - WORD + 1, 1}}, 1, {{0, 0}}, 0};
    check_refused(&far_away, "run");
    struct layout long_run = {4 * WORD, 0, {{WORD, UINT32_MAX}}, 1, {{0, 0}}, 0};
    check_refused(&long_run, "run");
    struct layout wraps_around = {4 * WORD, 0, {{WORD, (uint32_t)1 << 29}}, 1, {{0, 0}}, 0};
    check_refused(&wraps_around, "run");
}
END_TEST

START_TEST(a_run_that_is_not_word_aligned_is_refused) {
    struct layout fixed = {6 * WORD, 0, {{WORD + 1, 1}}, 1, {{0, 0}}, 0};
    check_refused(&fixed, "aligned");
    struct layout half = {6 * WORD, 0, {{WORD + WORD / 2, 1}}, 1, {{0, 0}}, 0};
    check_refused(&half, "aligned");
    struct layout element = {4 * WORD, 2 * WORD, {{0, 0}}, 0, {{WORD / 2, 1}}, 1};
    check_refused(&element, "aligned");
}
END_TEST

START_TEST(runs_that_overlap_are_refused) {
    struct layout same = {6 * WORD, 0, {{2 * WORD, 1}, {2 * WORD, 1}}, 2, {{0, 0}}, 0};
    check_refused(&same, "overlap");
    struct layout across = {8 * WORD, 0, {{2 * WORD, 3}, {4 * WORD, 2}}, 2, {{0, 0}}, 0};
    check_refused(&across, "overlap");
    struct layout not_neighbours = {8 * WORD, 0, {{2 * WORD, 3}, {6 * WORD, 1}, {WORD, 2}}, 3, {{0, 0}}, 0};
    check_refused(&not_neighbours, "overlap");
    struct layout elements = {4 * WORD, 4 * WORD, {{0, 0}}, 0, {{0, 2}, {WORD, 1}}, 2};
    check_refused(&elements, "overlap");
}
END_TEST

START_TEST(an_element_run_outside_the_element_is_refused) {
    struct layout behind = {4 * WORD, 2 * WORD, {{0, 0}}, 0, {{2 * WORD, 1}}, 1};
    check_refused(&behind, "element");
    struct layout across = {4 * WORD, 2 * WORD, {{0, 0}}, 0, {{WORD, 2}}, 1};
    check_refused(&across, "element");
}
END_TEST

START_TEST(element_runs_without_elements_are_refused) {
    struct layout layout = {4 * WORD, 0, {{0, 0}}, 0, {{0, 1}}, 1};
    check_refused(&layout, "element");
}
END_TEST

START_TEST(elements_that_would_put_references_off_their_alignment_are_refused) {
    struct layout layout = {4 * WORD, 2 * WORD + 1, {{0, 0}}, 0, {{0, 1}}, 1};
    check_refused(&layout, "element");
}
END_TEST

START_TEST(a_base_size_that_does_not_hold_the_header_is_refused) {
    struct layout fixed = {0, 0, {{0, 0}}, 0, {{0, 0}}, 0};
    check_refused(&fixed, "size");
    struct layout below_header = {WORD - 1, 0, {{0, 0}}, 0, {{0, 0}}, 0};
    check_refused(&below_header, "size");
    struct layout array = {2 * WORD - 1, 1, {{0, 0}}, 0, {{0, 0}}, 0};
    check_refused(&array, "size");
}
END_TEST

START_TEST(sizes_that_do_not_fit_the_type_are_refused) {
#if PINFOLD_WORD_BITS == 64
    struct layout base = {(size_t)1 << 32, 0, {{0, 0}}, 0, {{0, 0}}, 0};
    check_refused(&base, "size");
    struct layout element = {16, ((size_t)1 << 32) + 8, {{0, 0}}, 0, {{0, 0}}, 0};
    check_refused(&element, "size");
#else
    struct layout base = {UINT32_MAX - 2, 0, {{0, 0}}, 0, {{0, 0}}, 0}; /* rounding up would overflow */
    check_refused(&base, "size");
#endif
}
END_TEST

START_TEST(a_callback_type_without_a_function_is_refused) {
    struct pf_type type;
    char message[256] = "";
    ck_assert_int_eq(pf_type_init_callback(&type, "sample", 32, 0, NULL, message, sizeof(message)), PINFOLD_BAD_TYPE);
    ck_assert_msg(fatal_says(message, "visit,sample"), "%s", message);
}
END_TEST

START_TEST(a_static_type_that_contradicts_itself_is_found_by_the_check) {
    char message[256] = "";
    struct pf_type type = node_type;
    ck_assert_int_eq(pf_type_check(&type, message, sizeof(message)), PINFOLD_OK);
    type.word_bitmap = 1; /* the type word itself */
    ck_assert_int_eq(pf_type_check(&type, message, sizeof(message)), PINFOLD_BAD_TYPE);
    type = node_type;
    type.word_bitmap |= (uint64_t)1 << 40; /* beyond the object */
    ck_assert_int_eq(pf_type_check(&type, message, sizeof(message)), PINFOLD_BAD_TYPE);
    type = node_type;
    type.base_size += 1;
    ck_assert_int_eq(pf_type_check(&type, message, sizeof(message)), PINFOLD_BAD_TYPE);
    type = node_type;
    type.scan = 77;
    ck_assert_int_eq(pf_type_check(&type, message, sizeof(message)), PINFOLD_BAD_TYPE);
    type = vector_type;
    type.element_size = 0;
    ck_assert_int_eq(pf_type_check(&type, message, sizeof(message)), PINFOLD_BAD_TYPE);
}
END_TEST

/* --- accepted --- */

START_TEST(an_object_without_references_is_never_scanned) {
    struct layout fixed = {4 * WORD, 0, {{0, 0}}, 0, {{0, 0}}, 0};
    (void)check_accepted(&fixed, PINFOLD_SCAN_NONE);
    struct layout bytes = {16, 3, {{0, 0}}, 0, {{0, 0}}, 0};
    (void)check_accepted(&bytes, PINFOLD_SCAN_NONE);
}
END_TEST

START_TEST(references_in_the_first_64_words_make_a_bitmap) {
    struct layout layout = {64 * WORD, 0, {{WORD, 2}, {5 * WORD, 1}, {63 * WORD, 1}}, 3, {{0, 0}}, 0};
    struct pf_type type = check_accepted(&layout, PINFOLD_SCAN_BITMAP);
    ck_assert_uint_eq(type.word_bitmap, 0x6 | 0x20 | (uint64_t)1 << 63);
}
END_TEST

START_TEST(an_array_with_references_in_the_fixed_part_only_makes_a_bitmap) {
    struct layout layout = {4 * WORD, 1, {{3 * WORD, 1}}, 1, {{0, 0}}, 0};
    struct pf_type type = check_accepted(&layout, PINFOLD_SCAN_BITMAP);
    ck_assert_uint_eq(type.word_bitmap, 0x8);
}
END_TEST

START_TEST(references_beyond_the_64th_word_make_runs) {
    struct layout layout = {66 * WORD, 0, {{64 * WORD, 1}}, 1, {{0, 0}}, 0};
    (void)check_accepted(&layout, PINFOLD_SCAN_RUNS);
}
END_TEST

START_TEST(an_array_of_nothing_but_references_is_a_vector) {
    struct layout layout = {16, WORD, {{0, 0}}, 0, {{0, 1}}, 1};
    (void)check_accepted(&layout, PINFOLD_SCAN_VECTOR);
}
END_TEST

START_TEST(references_in_elements_beside_other_fields_make_runs) {
    struct layout layout = {16, 3 * WORD, {{0, 0}}, 0, {{WORD, 1}}, 1};
    (void)check_accepted(&layout, PINFOLD_SCAN_RUNS);
    struct layout both = {4 * WORD, WORD, {{2 * WORD, 1}}, 1, {{0, 1}}, 1};
    (void)check_accepted(&both, PINFOLD_SCAN_RUNS);
}
END_TEST

START_TEST(runs_may_touch_and_stand_in_any_order) {
    struct layout layout = {6 * WORD, 0, {{4 * WORD, 2}, {WORD, 1}, {2 * WORD, 2}}, 3, {{0, 0}}, 0};
    struct pf_type type = check_accepted(&layout, PINFOLD_SCAN_BITMAP);
    ck_assert_uint_eq(type.word_bitmap, 0x3E);
}
END_TEST

START_TEST(base_sizes_of_objects_without_elements_are_rounded_up_to_a_granule) {
    struct layout odd = {17, 0, {{0, 0}}, 0, {{0, 0}}, 0};
    ck_assert_uint_eq(check_accepted(&odd, PINFOLD_SCAN_NONE).base_size, 24);
    struct layout smallest = {WORD, 0, {{0, 0}}, 0, {{0, 0}}, 0};
    ck_assert_uint_eq(check_accepted(&smallest, PINFOLD_SCAN_NONE).base_size, 16);
}
END_TEST

START_TEST(elements_begin_where_the_structure_before_them_ends) {
    struct layout header = {2 * WORD, 1, {{0, 0}}, 0, {{0, 0}}, 0};
    ck_assert_uint_eq(check_accepted(&header, PINFOLD_SCAN_NONE).base_size, 2 * WORD);
    struct layout label = {3 * WORD, WORD, {{0, 0}}, 0, {{0, 1}}, 1};
    ck_assert_uint_eq(check_accepted(&label, PINFOLD_SCAN_VECTOR).base_size, 3 * WORD);
    struct layout odd = {2 * WORD + 1, 1, {{0, 0}}, 0, {{0, 0}}, 0};
    ck_assert_uint_eq(check_accepted(&odd, PINFOLD_SCAN_NONE).base_size, 3 * WORD);
}
END_TEST

START_TEST(the_macros_make_types_that_pass_the_check) {
    char message[256] = "";
    ck_assert_msg(pf_type_check(&node_type, message, sizeof(message)) == PINFOLD_OK, "%s", message);
    ck_assert_msg(pf_type_check(&vector_type, message, sizeof(message)) == PINFOLD_OK, "%s", message);
    ck_assert_msg(pf_type_check(&bytes_type, message, sizeof(message)) == PINFOLD_OK, "%s", message);
    ck_assert_int_eq(node_type.scan, PINFOLD_SCAN_BITMAP);
    ck_assert_uint_eq(node_type.word_bitmap, 0x6);
    ck_assert_uint_eq(node_type.base_size, sizeof(struct node));
}
END_TEST

START_TEST(a_type_may_be_pinned_by_birth_and_has_no_other_flags) {
    static const struct pf_type made = PINFOLD_BYTES_TYPE_WITH("buffer", 1, PINFOLD_TYPE_PINNED);
    struct layout layout = {16, WORD, {{0, 0}}, 0, {{0, 1}}, 1};
    struct pf_type type = check_accepted(&layout, PINFOLD_SCAN_VECTOR);
    char message[256] = "";
    ck_assert_int_eq(made.flags, PINFOLD_TYPE_PINNED);
    ck_assert_int_eq(pf_type_check(&made, message, sizeof(message)), PINFOLD_OK);
    ck_assert_int_eq(type.flags, PINFOLD_TYPE_PLAIN);
    type.flags = PINFOLD_TYPE_PINNED;
    ck_assert_int_eq(pf_type_check(&type, message, sizeof(message)), PINFOLD_OK);
    type.flags = 0x40;
    ck_assert_int_eq(pf_type_check(&type, message, sizeof(message)), PINFOLD_BAD_TYPE);
    ck_assert_msg(strstr(message, "flags 0x40") != NULL, "%s", message);
}
END_TEST

START_TEST(a_message_that_does_not_fit_is_cut_and_terminated) {
    struct layout layout = {4 * WORD, 0, {{0, 1}}, 1, {{0, 0}}, 0};
    struct pf_type type;
    char message[12];
    memset(message, '#', sizeof(message));
    ck_assert_int_eq(init(&type, &layout, message, 8), PINFOLD_BAD_TYPE);
    ck_assert_uint_eq(strlen(message), 7);
    ck_assert_int_eq(message[8], '#');
}
END_TEST

SUITE("unit/type", a_run_that_covers_the_header_is_refused, a_run_outside_the_fixed_part_is_refused,
      a_run_that_is_not_word_aligned_is_refused, runs_that_overlap_are_refused,
      an_element_run_outside_the_element_is_refused, element_runs_without_elements_are_refused,
      elements_that_would_put_references_off_their_alignment_are_refused,
      a_base_size_that_does_not_hold_the_header_is_refused, sizes_that_do_not_fit_the_type_are_refused,
      a_callback_type_without_a_function_is_refused, a_static_type_that_contradicts_itself_is_found_by_the_check,
      an_object_without_references_is_never_scanned, references_in_the_first_64_words_make_a_bitmap,
      an_array_with_references_in_the_fixed_part_only_makes_a_bitmap, references_beyond_the_64th_word_make_runs,
      an_array_of_nothing_but_references_is_a_vector, references_in_elements_beside_other_fields_make_runs,
      runs_may_touch_and_stand_in_any_order, base_sizes_of_objects_without_elements_are_rounded_up_to_a_granule,
      elements_begin_where_the_structure_before_them_ends, the_macros_make_types_that_pass_the_check,
      a_type_may_be_pinned_by_birth_and_has_no_other_flags, a_message_that_does_not_fit_is_cut_and_terminated)
