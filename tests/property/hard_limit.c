/* SPDX-License-Identifier: MIT
 *
 * The random program under random hard limits, whole and by space: no operation and no collection ever leaves more
 * committed than a limit allows, the account agrees with its parts, and the graph is unharmed by what is refused.
 */
#include "alloc/account.h"
#include "gc/heap.h"
#include "tests/support/fixture.h"
#include "tests/support/mutator.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/shadow_check.h"
#include "tests/support/suite.h"

enum { SEEDS = 5, OPERATIONS = 1500, CHECKED_EVERY = 100 };

static size_t random_limit(struct random *random, size_t low, size_t high) {
    return random_between(random, low, high) & ~(size_t)7;
}

/* Tiny segments or derived ones, which hold all that the limit allows; some limits bind one space alone. */
static struct pf_options random_options(struct random *random) {
    struct pf_options options = random_chance(random, 50) ? fixture_tiny_options() : fixture_options();
    options.hard_limit = random_limit(random, 2000000, 12000000);
    if (random_chance(random, 30)) {
        options.small_hard_limit = random_limit(random, 1000000, options.hard_limit);
    }
    if (random_chance(random, 30)) {
        options.large_hard_limit_percent = (uint32_t)random_between(random, 10, 90);
    }
    if (random_chance(random, 30)) {
        options.pinned_hard_limit = random_limit(random, 1000000, options.hard_limit);
    }
    options.stress.verify = (uint8_t)random_chance(random, 20);
    options.stress.expand = (uint8_t)random_chance(random, 20);
    return options;
}

static void check_limits(const struct pf_heap *heap) {
    const struct pfi_account *account = &heap->arena.account;
    if (pfi_account_is_above_limit(account)) {
        replay_fail("%zu bytes are committed under a limit of %zu: %zu small, %zu large, %zu pinned",
                    pfi_account_total(account), heap->limits.whole.bytes,
                    pfi_account_space(account, PINFOLD_SPACE_SMALL), pfi_account_space(account, PINFOLD_SPACE_LARGE),
                    pfi_account_space(account, PINFOLD_SPACE_PINNED));
    }
}

static void run_seed(uint64_t seed, uint64_t operations) {
    struct random random = {seed};
    struct pf_options options = random_options(&random);
    struct mutator_limits limits = mutator_random_limits(&options, &random);
    struct shadow shadow;
    limits.live_bytes = (size_t)1 << 30; /* until the heap refuses */
    limits.may_fill = 1;
    replay_begin("hard limit", seed);
    shadow_open(&shadow, &options);
    for (uint64_t operation = 0; operation < operations; ++operation) {
        mutator_run(&shadow, &random, &limits, operation, 1);
        check_limits(shadow.heap);
        if (operation % CHECKED_EVERY == 0) {
            shadow_verify(&shadow);
        }
    }
    shadow_check(&shadow);
    shadow_verify(&shadow);
    shadow_close(&shadow);
}

START_TEST(a_random_program_never_makes_a_heap_commit_more_than_its_limits) {
    struct seed_range seeds = settings_seeds(SEEDS);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        run_seed(seed, settings_operations(OPERATIONS));
    }
}
END_TEST

SUITE("property/hard_limit", a_random_program_never_makes_a_heap_commit_more_than_its_limits)
