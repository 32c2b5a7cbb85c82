/* SPDX-License-Identifier: MIT
 *
 * A table of settings as text, so that a variant can be repeated from the environment of any program.
 */
#include "tests/support/variant.h"

#include <check.h>

#include "tests/support/shadow.h"

enum { SETTINGS = 9 }; /* the last one stays NULL */

struct setting {
    const char *name;
    const char *text;
};

struct variant {
    const char *name;
    unsigned operations_per_mille;
    size_t pins; /* most at a time; 0: drawn like the other limits */
    struct setting settings[SETTINGS];
};

/* What every variant but the first shares: collections come often, and most objects can become large. */
#define SMALL_BUDGETS                                  \
    {"gen0_size", "32K"}, {"gen0_max_size", "128K"}, { \
        "large_threshold", "4096"                      \
    }
#define TINY_SEGMENTS                 \
    {"segment_size", "256Ki"}, {      \
        "large_segment_size", "256Ki" \
    }

static const struct variant variants[] = {
    {"default", 1000, 0, {{NULL, NULL}}},
    {"small budgets", 1000, 0, {SMALL_BUDGETS}},
    {"tiny segments", 1000, 0, {SMALL_BUDGETS, TINY_SEGMENTS}},
    {"tiny segments and budgets",
     700,
     0,
     {{"gen0_size", "16K"},
      {"gen1_size", "16K"},
      {"gen2_size", "16K"},
      {"large_size", "16K"},
      {"large_threshold", "4096"},
      TINY_SEGMENTS}},
    {"always compact", 700, 0, {SMALL_BUDGETS, {"stress", "compact"}}},
    {"always sweep", 700, 0, {SMALL_BUDGETS, {"stress", "sweep"}}},
    {"always sweep, tiny segments", 700, 0, {SMALL_BUDGETS, TINY_SEGMENTS, {"stress", "sweep"}}},
    {"always expand", 500, 0, {SMALL_BUDGETS, {"stress", "expand"}}},
    {"always expand, tiny segments", 500, 0, {SMALL_BUDGETS, TINY_SEGMENTS, {"stress", "expand"}}},
    {"poison", 700, 0, {SMALL_BUDGETS, TINY_SEGMENTS, {"stress", "poison"}}},
    {"collect every 20", 200, 0, {SMALL_BUDGETS, {"stress", "collect=20,verify,poison"}}},
    {"collect every 7, tiny segments", 100, 0, {SMALL_BUDGETS, TINY_SEGMENTS, {"stress", "collect=7,poison"}}},
    {"collect at each, compact", 50, 0, {SMALL_BUDGETS, TINY_SEGMENTS, {"stress", "collect=1,compact,poison,verify"}}},
    {"collect at each, sweep", 50, 0, {SMALL_BUDGETS, TINY_SEGMENTS, {"stress", "collect=1,sweep,poison,verify"}}},
    {"tag in one bit, 0 refers", 500, 0, {SMALL_BUDGETS, {"ref_tag_mask", "1"}, {"ref_tags", "1"}}},
    {"tag in one bit, 1 refers", 500, 0, {SMALL_BUDGETS, {"ref_tag_mask", "1"}, {"ref_tags", "2"}}},
    {"tags in two bits, 1 and 2 refer",
     500,
     0,
     {SMALL_BUDGETS, TINY_SEGMENTS, {"ref_tag_mask", "3"}, {"ref_tags", "6"}}},
    {"tags in three bits, 0, 3 and 7 refer",
     500,
     0,
     {SMALL_BUDGETS, TINY_SEGMENTS, {"ref_tag_mask", "7"}, {"ref_tags", "137"}}},
    {"tags in three bits, all refer", 300, 0, {SMALL_BUDGETS, {"ref_tag_mask", "7"}, {"ref_tags", "255"}}},
    {"small mark stack", 500, 0, {SMALL_BUDGETS, TINY_SEGMENTS, {"mark_stack_size", "4096"}}},
    {"several workers", 500, 0, {SMALL_BUDGETS, {"mark_workers", "4"}, {"stress", "parallel"}}},
    {"several workers, small mark stacks, many pins",
     300,
     SHADOW_PINS,
     {SMALL_BUDGETS, TINY_SEGMENTS, {"mark_stack_size", "4096"}, {"mark_workers", "7"}, {"stress", "parallel"}}},
    {"nearly full", 150, 0, {SMALL_BUDGETS, TINY_SEGMENTS, {"reserve_size", "4Mi"}}},
    {"nearly full, always expand",
     150,
     0,
     {SMALL_BUDGETS, TINY_SEGMENTS, {"reserve_size", "4Mi"}, {"stress", "expand,poison"}}},
    {"nearly full, always sweep",
     150,
     0,
     {SMALL_BUDGETS, TINY_SEGMENTS, {"reserve_size", "4Mi"}, {"stress", "sweep,poison"}}},
    {"smallest quantum", 500, 0, {SMALL_BUDGETS, TINY_SEGMENTS, {"allocation_quantum", "64"}}},
    {"many pins", 500, SHADOW_PINS, {SMALL_BUDGETS}},
    {"many pins, tiny segments", 500, SHADOW_PINS, {SMALL_BUDGETS, TINY_SEGMENTS}},
    {"many pins, always compact", 300, SHADOW_PINS, {SMALL_BUDGETS, TINY_SEGMENTS, {"stress", "compact,poison"}}},
    {"many pins, always expand", 300, SHADOW_PINS, {SMALL_BUDGETS, TINY_SEGMENTS, {"stress", "expand,poison"}}},
    {"many pins, collect every 20", 100, SHADOW_PINS, {SMALL_BUDGETS, TINY_SEGMENTS, {"stress", "collect=20,verify"}}},
    {"no demotion", 300, 40, {SMALL_BUDGETS, TINY_SEGMENTS, {"demotion", "0"}}},
    {"no demotion, always compact",
     300,
     SHADOW_PINS,
     {SMALL_BUDGETS, TINY_SEGMENTS, {"demotion", "0"}, {"stress", "compact"}}},
    {"no segment reuse", 300, 40, {SMALL_BUDGETS, TINY_SEGMENTS, {"segment_reuse", "0"}}},
    {"no segment reuse, always expand",
     300,
     40,
     {SMALL_BUDGETS, TINY_SEGMENTS, {"segment_reuse", "0"}, {"stress", "expand"}}},
    {"nearly full, many pins", 150, SHADOW_PINS, {SMALL_BUDGETS, TINY_SEGMENTS, {"reserve_size", "4Mi"}}},
    {"standby", 500, 40, {SMALL_BUDGETS, TINY_SEGMENTS, {"retain_vm", "1"}, {"stress", "expand,poison"}}},
    {"nearly full, standby",
     150,
     40,
     {SMALL_BUDGETS, TINY_SEGMENTS, {"reserve_size", "4Mi"}, {"retain_vm", "1"}, {"stress", "expand"}}},
};

size_t variant_count(void) {
    return sizeof(variants) / sizeof(variants[0]);
}

const char *variant_name(size_t index) {
    return variants[index].name;
}

unsigned variant_operations_per_mille(size_t index) {
    return variants[index].operations_per_mille;
}

struct mutator_limits variant_limits(size_t index, const struct pf_options *options, struct random *random) {
    static const unsigned pin_per_mille = 100;
    struct mutator_limits limits = mutator_random_limits(options, random);
    if (variants[index].pins != 0) {
        limits.pins = variants[index].pins;
        limits.pin_per_mille = pin_per_mille;
    }
    return limits;
}

struct pf_options variant_options(size_t index) {
    struct pf_options options;
    struct pf_message message = {""};
    pf_options_init(&options);
    enum pf_status status = pf_options_from_environment(&options, &message);
    ck_assert_msg(status == PINFOLD_OK, "%s", message.text);
    for (const struct setting *setting = variants[index].settings; setting->name != NULL; setting++) {
        status = pf_options_set(&options, setting->name, setting->text, &message);
        ck_assert_msg(status == PINFOLD_OK, "%s", message.text);
    }
    return options;
}
