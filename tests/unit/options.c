/* SPDX-License-Identifier: MIT
 *
 * Options as text: every row of options.def parses, bad text is refused with a message and changes nothing, and what
 * is printed parses again to the same options.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

enum kind { KIND_SIZE, KIND_COUNT, KIND_PERCENT, KIND_FLAG, KIND_CHOICE, KIND_STRESS };

struct row {
    const char *name;
    enum kind kind;
    uint64_t initial;
    uint64_t min;
    uint64_t max;
    size_t offset;
};

static const struct row rows[] = {
#define OPTION(name, kind, initial, min, max, sentence) \
    {#name, KIND_##kind, initial, min, max, offsetof(struct pf_options, name)},
#include "pinfold/options.def"
#undef OPTION
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static uint64_t value_of(const struct pf_options *options, const struct row *row) {
    const char *field = (const char *)options + row->offset;
    if (row->kind == KIND_SIZE) {
        return *(const size_t *)(const void *)field;
    }
    return *(const uint32_t *)(const void *)field;
}

static enum pf_status set_number(struct pf_options *options, const struct row *row, uint64_t value) {
    char text[32];
    (void)snprintf(text, sizeof(text), "%" PRIu64, value);
    return pf_options_set(options, row->name, text, NULL);
}

static void check_equal(const struct pf_options *left, const struct pf_options *right) {
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].kind != KIND_STRESS) {
            ck_assert_msg(value_of(left, &rows[i]) == value_of(right, &rows[i]), "%s differs", rows[i].name);
        }
    }
    ck_assert_uint_eq(left->stress.collect_every, right->stress.collect_every);
    ck_assert_uint_eq(left->stress.compact, right->stress.compact);
    ck_assert_uint_eq(left->stress.sweep, right->stress.sweep);
    ck_assert_uint_eq(left->stress.expand, right->stress.expand);
    ck_assert_uint_eq(left->stress.poison, right->stress.poison);
    ck_assert_uint_eq(left->stress.verify, right->stress.verify);
    ck_assert_uint_eq(left->stress.parallel, right->stress.parallel);
}

/* The text must be refused, the message must name the option and show what was wrong, and nothing may change. */
static void check_refused_showing(const char *name, const char *text, const char *shown) {
    struct pf_options options = fixture_tiny_options();
    struct pf_options before = options;
    struct pf_message message = {""};
    enum pf_status status = pf_options_set(&options, name, text, &message);
    ck_assert_msg(status == PINFOLD_BAD_OPTION, "%s=%s gave status %d", name, text, (int)status);
    ck_assert_msg(strstr(message.text, name) != NULL, "'%s' does not name %s", message.text, name);
    ck_assert_msg(strstr(message.text, shown) != NULL, "'%s' does not show '%s'", message.text, shown);
    check_equal(&options, &before);
    ck_assert_int_eq(pf_options_set(&options, name, text, NULL), PINFOLD_BAD_OPTION);
}

static void check_refused(const char *name, const char *text) {
    check_refused_showing(name, text, text);
}

/* --- single options --- */

START_TEST(the_defaults_are_those_of_the_table) {
    struct pf_options options;
    memset(&options, 0xA5, sizeof(options));
    pf_options_init(&options);
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].kind != KIND_STRESS) {
            ck_assert_msg(value_of(&options, &rows[i]) == rows[i].initial, "%s", rows[i].name);
        }
    }
    ck_assert_uint_eq(options.stress.collect_every, 0);
    ck_assert_uint_eq(options.stress.compact | options.stress.sweep | options.stress.expand | options.stress.poison |
                          options.stress.verify | options.stress.parallel,
                      0);
}
END_TEST

START_TEST(every_option_accepts_both_ends_of_its_range) {
    struct pf_options options = fixture_options();
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].kind == KIND_STRESS || rows[i].kind == KIND_CHOICE) {
            continue;
        }
        ck_assert_msg(set_number(&options, &rows[i], rows[i].min) == PINFOLD_OK, "%s", rows[i].name);
        ck_assert_uint_eq(value_of(&options, &rows[i]), rows[i].min);
        ck_assert_msg(set_number(&options, &rows[i], rows[i].max) == PINFOLD_OK, "%s", rows[i].name);
        ck_assert_uint_eq(value_of(&options, &rows[i]), rows[i].max);
    }
}
END_TEST

START_TEST(every_option_refuses_what_lies_outside_its_range) {
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].kind == KIND_STRESS || rows[i].kind == KIND_CHOICE) {
            continue;
        }
        char text[32];
        (void)snprintf(text, sizeof(text), "%" PRIu64, rows[i].max + 1);
        check_refused(rows[i].name, text);
        if (rows[i].min > 1) {
            (void)snprintf(text, sizeof(text), "%" PRIu64, rows[i].min - 1);
            check_refused(rows[i].name, text);
        }
    }
}
END_TEST

START_TEST(sizes_have_decimal_and_binary_units) {
    static const struct {
        const char *text;
        size_t bytes;
    } cases[] = {{"64K", 64000},     {"64Ki", 65536},          {"3M", 3000000},    {"3Mi", (size_t)3 << 20},
                 {"1G", 1000000000}, {"1Gi", (size_t)1 << 30}, {"123456", 123456}, {"0064K", 64000}};
    struct pf_options options = fixture_options();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture_set(&options, "mark_stack_size", cases[i].text);
        ck_assert_uint_eq(options.mark_stack_size, cases[i].bytes);
    }
}
END_TEST

START_TEST(malformed_sizes_are_refused) {
    static const char *const texts[] = {"1.5M", "",   " 64K",    "64K ",   "64KB", "64Kib", "64 K", "-64K",
                                        "K",    "Ki", "0x10000", "64Ki64", "M64",  "64KK",  "many", "64k,"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        check_refused("gen0_size", texts[i]);
    }
}
END_TEST

START_TEST(numbers_that_overflow_are_refused) {
    static const char *const texts[] = {"18446744073709551616",   "99999999999999999999999", "18446744073709551615K",
                                        "18446744073709551615Gi", "18014398509481985Ki",     "36893488147419103233"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        check_refused("gen0_size", texts[i]);
        check_refused("reserve_size", texts[i]);
    }
    check_refused("ref_tags", "4294967297"); /* 1 if it were cut to 32 bits */
    check_refused("ref_tags", "18446744073709551617");
}
END_TEST

START_TEST(counts_percentages_and_flags_take_no_units) {
    check_refused("ref_tag_mask", "1K");
    check_refused("large_growth_percent", "10%");
    check_refused("large_growth_percent", "10K");
    check_refused("verify", "yes");
    check_refused("verify", "2");
    check_refused("verify", "");
}
END_TEST

START_TEST(an_unknown_option_is_refused_by_name) {
    check_refused_showing("gen3_size", "64K", "gen3_size");
    check_refused_showing("GEN0_SIZE", "64K", "GEN0_SIZE");
    check_refused_showing("gen0_siz", "64K", "gen0_siz");
    check_refused_showing("gen0_size_", "64K", "gen0_size_");
    check_refused_showing("", "64K", "option");
}
END_TEST

/* --- the stress list --- */

START_TEST(a_stress_list_sets_each_mode) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "stress", "collect=10,compact,expand,poison,verify,parallel");
    ck_assert_uint_eq(options.stress.collect_every, 10);
    ck_assert_uint_eq(options.stress.compact, 1);
    ck_assert_uint_eq(options.stress.expand, 1);
    ck_assert_uint_eq(options.stress.poison, 1);
    ck_assert_uint_eq(options.stress.verify, 1);
    ck_assert_uint_eq(options.stress.parallel, 1);
    ck_assert_uint_eq(options.stress.sweep, 0);
}
END_TEST

START_TEST(a_stress_list_replaces_the_one_before) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "stress", "collect=10,compact");
    fixture_set(&options, "stress", "sweep,poison");
    ck_assert_uint_eq(options.stress.collect_every, 0);
    ck_assert_uint_eq(options.stress.compact, 0);
    ck_assert_uint_eq(options.stress.sweep, 1);
    ck_assert_uint_eq(options.stress.poison, 1);
}
END_TEST

START_TEST(stress_lists_that_contradict_themselves_are_refused) {
    check_refused_showing("stress", "compact,sweep", "compact");
    check_refused_showing("stress", "sweep,compact", "compact");
    check_refused_showing("stress", "sweep,expand", "expand");
    check_refused_showing("stress", "expand,verify,sweep", "expand");
}
END_TEST

START_TEST(malformed_stress_lists_are_refused) {
    static const char *const single[] = {"collect=0",          "collect=x",   "collect=",     "collect",
                                         "collect=-1",         "bogus",       "compact=1",    "COMPACT",
                                         "collect=4294967296", "collect=10K", "verify poison"};
    for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
        check_refused("stress", single[i]);
    }
    check_refused_showing("stress", "poison,bogus,verify", "bogus");
    check_refused_showing("stress", "compact,,expand", "stress");
    check_refused_showing("stress", "compact,", "stress");
    check_refused_showing("stress", ",compact", "stress");
    check_refused_showing("stress", ",", "stress");
}
END_TEST

/* --- the environment --- */

START_TEST(the_environment_sets_options_by_their_capital_names) {
    struct pf_options options = fixture_options();
    struct pf_message message = {""};
    (void)setenv("PINFOLD_GEN0_SIZE", "32M", 1);
    (void)setenv("PINFOLD_STRESS", "collect=5,sweep", 1);
    ck_assert_msg(pf_options_from_environment(&options, &message) == PINFOLD_OK, "%s", message.text);
    ck_assert_uint_eq(options.gen0_size, 32000000);
    ck_assert_uint_eq(options.stress.collect_every, 5);
    ck_assert_uint_eq(options.stress.sweep, 1);
}
END_TEST

static void check_environment_refused(const char *words) {
    struct pf_options options = fixture_tiny_options();
    struct pf_options before = options;
    struct pf_message message = {""};
    ck_assert_int_eq(pf_options_from_environment(&options, &message), PINFOLD_BAD_OPTION);
    ck_assert_msg(fatal_says(message.text, words), "'%s' lacks one of %s", message.text, words);
    check_equal(&options, &before);
}

START_TEST(a_misspelt_variable_is_refused_by_name) {
    (void)setenv("PINFOLD_GENO_SIZE", "32M", 1);
    check_environment_refused("PINFOLD_GENO_SIZE");
}
END_TEST

START_TEST(a_bad_value_in_the_environment_is_refused_and_no_other_variable_applied) {
    (void)setenv("PINFOLD_GEN0_SIZE", "1M", 1);
    (void)setenv("PINFOLD_SEGMENT_SIZE", "big", 1);
    (void)setenv("PINFOLD_VERIFY", "1", 1);
    check_environment_refused("SEGMENT_SIZE,big");
}
END_TEST

START_TEST(a_heap_created_without_options_heeds_the_environment) {
    (void)setenv("PINFOLD_LARGE_THRESHOLD", "5000", 1);
    struct fixture fixture = fixture_open(NULL);
    ck_assert_uint_eq(pf_heap_options(fixture.heap)->large_threshold, 5000);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_heap_created_without_options_refuses_a_misspelt_variable) {
    struct pf_heap *heap = NULL;
    struct pf_message message = {""};
    (void)setenv("PINFOLD_NO_SUCH_OPTION", "1", 1);
    ck_assert_int_eq(pf_heap_create(NULL, &heap, &message), PINFOLD_BAD_OPTION);
    ck_assert_ptr_null(heap);
    ck_assert_msg(strstr(message.text, "PINFOLD_NO_SUCH_OPTION") != NULL, "%s", message.text);
}
END_TEST

/* --- options that contradict each other --- */

static void check_creation_refused(const struct pf_options *options, const char *words) {
    struct pf_heap *heap = NULL;
    struct pf_message message = {""};
    ck_assert_int_eq(pf_heap_create(options, &heap, &message), PINFOLD_BAD_OPTION);
    ck_assert_ptr_null(heap);
    ck_assert_msg(fatal_says(message.text, words), "'%s' lacks one of %s", message.text, words);
}

START_TEST(a_heap_whose_stress_modes_contradict_is_refused) {
    struct pf_options options = fixture_tiny_options();
    options.stress.sweep = 1;
    options.stress.compact = 1;
    check_creation_refused(&options, "stress,sweep,compact");
}
END_TEST

START_TEST(a_heap_with_a_tag_mask_that_has_holes_is_refused) {
    struct pf_options options = fixture_tiny_options();
    options.ref_tag_mask = 2;
    check_creation_refused(&options, "ref_tag_mask");
    options.ref_tag_mask = 5;
    check_creation_refused(&options, "ref_tag_mask");
}
END_TEST

START_TEST(a_heap_in_which_no_possible_tag_is_a_reference_is_refused) {
    struct pf_options options = fixture_tiny_options();
    options.ref_tag_mask = 1;
    options.ref_tags = 1u << 2;
    check_creation_refused(&options, "ref_tags");
}
END_TEST

START_TEST(a_heap_with_an_option_outside_its_range_is_refused) {
    struct pf_options options = fixture_tiny_options();
    options.allocation_quantum = 1;
    check_creation_refused(&options, "allocation_quantum");
}
END_TEST

/* --- printing --- */

/* Applies every printed "name=value" line to `options`. */
static void parse_lines(struct pf_options *options, char *text) {
    size_t lines = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char *equals = strchr(line, '=');
        ck_assert_msg(equals != NULL, "no '=' in: %s", line);
        *equals = '\0';
        fixture_set(options, line, equals + 1);
        lines++;
    }
    ck_assert_uint_eq(lines, ROWS);
}

static void check_round_trip(const struct pf_options *options) {
    char text[4096];
    struct pf_options parsed = fixture_options();
    size_t length = pf_options_print(options, text, sizeof(text));
    ck_assert_uint_lt(length, sizeof(text));
    ck_assert_uint_eq(length, strlen(text));
    parse_lines(&parsed, text);
    check_equal(&parsed, options);
}

START_TEST(printed_defaults_parse_to_the_same_options) {
    struct pf_options options = fixture_options();
    check_round_trip(&options);
}
END_TEST

START_TEST(printed_settings_parse_to_the_same_options) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "ref_tag_mask", "3");
    fixture_set(&options, "ref_tags", "6");
    fixture_set(&options, "stress", "collect=123,compact,expand,poison,verify");
    check_round_trip(&options);
    fixture_set(&options, "stress", "sweep");
    check_round_trip(&options);
}
END_TEST

START_TEST(the_options_in_force_parse_to_the_same_options) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    check_round_trip(pf_heap_options(fixture.heap));
    fixture_close(&fixture);
}
END_TEST

START_TEST(printing_reports_the_length_needed_and_stays_within_the_size) {
    struct pf_options options = fixture_options();
    char whole[4096];
    char part[64];
    size_t length = pf_options_print(&options, NULL, 0);
    ck_assert_uint_eq(length, pf_options_print(&options, whole, sizeof(whole)));
    memset(part, '#', sizeof(part));
    ck_assert_uint_eq(length, pf_options_print(&options, part, 40));
    ck_assert_uint_eq(strlen(part), 39);
    ck_assert_int_eq(strncmp(part, whole, 39), 0);
    ck_assert_int_eq(part[40], '#');
}
END_TEST

START_TEST(the_reference_has_a_line_for_every_option) {
    static char text[32768];
    size_t length = pf_options_reference(text, sizeof(text));
    ck_assert_uint_lt(length, sizeof(text));
    ck_assert_uint_eq(length, pf_options_reference(NULL, 0));
    for (size_t i = 0; i < ROWS; i++) {
        ck_assert_msg(strstr(text, rows[i].name) != NULL, "%s is missing", rows[i].name);
    }
    size_t lines = 0;
    for (const char *at = text; *at != '\0'; at++) {
        lines += *at == '\n';
    }
    ck_assert_uint_ge(lines, ROWS);
}
END_TEST

SUITE("unit/options", the_defaults_are_those_of_the_table, every_option_accepts_both_ends_of_its_range,
      every_option_refuses_what_lies_outside_its_range, sizes_have_decimal_and_binary_units,
      malformed_sizes_are_refused, numbers_that_overflow_are_refused, counts_percentages_and_flags_take_no_units,
      an_unknown_option_is_refused_by_name, a_stress_list_sets_each_mode, a_stress_list_replaces_the_one_before,
      stress_lists_that_contradict_themselves_are_refused, malformed_stress_lists_are_refused,
      the_environment_sets_options_by_their_capital_names, a_misspelt_variable_is_refused_by_name,
      a_bad_value_in_the_environment_is_refused_and_no_other_variable_applied,
      a_heap_created_without_options_heeds_the_environment, a_heap_created_without_options_refuses_a_misspelt_variable,
      a_heap_whose_stress_modes_contradict_is_refused, a_heap_with_a_tag_mask_that_has_holes_is_refused,
      a_heap_in_which_no_possible_tag_is_a_reference_is_refused, a_heap_with_an_option_outside_its_range_is_refused,
      printed_defaults_parse_to_the_same_options, printed_settings_parse_to_the_same_options,
      the_options_in_force_parse_to_the_same_options, printing_reports_the_length_needed_and_stays_within_the_size,
      the_reference_has_a_line_for_every_option)
