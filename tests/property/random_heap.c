/* SPDX-License-Identifier: MIT
 *
 * The random program on every variant of a heap, compared with its shadow after every collection.
 *     PINFOLD_TEST_SEED=n         one seed only
 *     PINFOLD_TEST_OPERATIONS=n   operations per seed (before a variant's own share)
 */
#include "tests/support/mutator.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/shadow_check.h"
#include "tests/support/suite.h"
#include "tests/support/variant.h"

enum { SEEDS = 4, OPERATIONS = 9000 };

static void run_seed(size_t variant, uint64_t seed, uint64_t operations) {
    struct pf_options options = variant_options(variant);
    struct random random = {seed};
    struct mutator_limits limits = variant_limits(variant, &options, &random);
    struct shadow shadow;
    replay_begin(variant_name(variant), seed);
    shadow_open(&shadow, &options);
    mutator_run(&shadow, &random, &limits, 0, operations);
    shadow_check(&shadow);
    shadow_verify(&shadow);
    shadow_close(&shadow);
}

/* A variant's share of the operations; fewer when the environment makes every variant collect all the time. */
static uint64_t operations_of(size_t variant) {
    enum { COLLECTING_PER_MILLE = 60 };
    struct pf_options options = variant_options(variant);
    unsigned per_mille = variant_operations_per_mille(variant);
    if (options.stress.collect_every != 0 && per_mille > COLLECTING_PER_MILLE) {
        per_mille = COLLECTING_PER_MILLE;
    }
    return settings_operations(OPERATIONS) * per_mille / 1000;
}

static void run_variants(size_t first, size_t end) {
    struct seed_range seeds = settings_seeds(SEEDS);
    for (size_t variant = first; variant < end; variant++) {
        uint64_t operations = operations_of(variant);
        for (uint64_t i = 0; i < seeds.count; i++) {
            run_seed(variant, seeds.first + i, operations);
        }
    }
}

START_TEST(a_random_program_sees_the_same_graph_before_and_after_collections) {
    run_variants(0, variant_count() / 2);
}
END_TEST

START_TEST(and_so_it_does_in_the_other_half_of_the_variants) {
    run_variants(variant_count() / 2, variant_count());
}
END_TEST

SUITE("property/random_heap", a_random_program_sees_the_same_graph_before_and_after_collections,
      and_so_it_does_in_the_other_half_of_the_variants)
