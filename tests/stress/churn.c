/* SPDX-License-Identifier: MIT
 *
 * The random program for as long as one likes: every variant of a heap, crossed with every combination of stress modes
 * that do not contradict each other, seed after seed.
 *     PINFOLD_TEST_SECONDS=n   time to spend (default 6)
 *     PINFOLD_TEST_SEED=n      first seed; later ones follow it
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/support/mutator.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/shadow_check.h"
#include "tests/support/suite.h"
#include "tests/support/variant.h"

enum { SECONDS = 6, OPERATIONS = 3000 };

static const char *const decisions[] = {"", "compact", "sweep", "expand", "compact,expand"};
static const char *const extras[] = {"", "poison", "verify", "poison,verify"};
static const char *const frequencies[] = {"", "collect=1", "collect=5", "collect=50"};
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
enum { COMBINATIONS = COUNT_OF(decisions) * COUNT_OF(extras) * COUNT_OF(frequencies) };

static uint64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Joins the three parts with commas, leaving out empty ones. */
static void stress_text(char *text, size_t size, size_t combination) {
    const char *parts[] = {decisions[combination % COUNT_OF(decisions)],
                           extras[combination / COUNT_OF(decisions) % COUNT_OF(extras)],
                           frequencies[combination / COUNT_OF(decisions) / COUNT_OF(extras)]};
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (parts[i][0] != '\0') {
            int written = snprintf(text + length, size - length, "%s%s", length > 0 ? "," : "", parts[i]);
            length += (size_t)written;
        }
    }
}

static void run(size_t variant, size_t combination, uint64_t seed) {
    static char name[200];
    char stress[100];
    struct pf_options options = variant_options(variant);
    stress_text(stress, sizeof(stress), combination);
    if (stress[0] != '\0') {
        enum pf_status status = pf_options_set(&options, "stress", stress, NULL);
        ck_assert_msg(status == PINFOLD_OK, "stress=%s refused", stress);
    }
    (void)snprintf(name, sizeof(name), "%s, stress=%s", variant_name(variant), stress);
    struct random random = {seed};
    struct mutator_limits limits = variant_limits(variant, &options, &random);
    struct shadow shadow;
    replay_begin(name, seed);
    shadow_open(&shadow, &options);
    uint64_t operations = settings_operations(OPERATIONS);
    mutator_run(&shadow, &random, &limits, 0, strstr(stress, "collect=") != NULL ? operations / 10 : operations);
    shadow_check(&shadow);
    shadow_verify(&shadow);
    shadow_close(&shadow);
}

/* The order of variants and combinations is itself drawn from the seed, so a short run is a fair sample. */
START_TEST(random_programs_agree_with_their_shadows_under_every_combination_of_stress) {
    uint64_t end = now_ms() + settings_seconds(SECONDS) * 1000;
    uint64_t seed = settings_seeds(1).first;
    uint64_t runs = 0;
    while (runs == 0 || now_ms() < end) {
        struct random random = {seed};
        size_t variant = random_below(&random, variant_count());
        run(variant, random_below(&random, COMBINATIONS), seed);
        seed++;
        runs++;
    }
}
END_TEST

SUITE("stress/churn", random_programs_agree_with_their_shadows_under_every_combination_of_stress)
