/* SPDX-License-Identifier: MIT
 *
 * One heap, marked again and again by different numbers of workers: the same bits, the same pins, whoever did what.
 *     PINFOLD_TEST_SEED=n         one seed only
 */
#include <stdlib.h>
#include <string.h>

#include "alloc/context.h"
#include "gc/heap.h"
#include "gc/phase/mark.h"
#include "gc/phase/plan.h"
#include "tests/support/account.h"
#include "tests/support/fixture.h"
#include "tests/support/mutator.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/shadow_check.h"
#include "tests/support/suite.h"
#include "tests/support/variant.h"

enum { PATIENT = 100 /* some entries alone, the rest together */, SMALLEST_STACK = 4096, LARGE_STACK = 1 << 20 };

/* All mark and pin bits of a heap, and what marking told the plan. */
struct outcome {
    uint64_t *bits;
    size_t words;
    size_t pinned_objects;
    size_t pinned_holders;
    size_t pinned_bytes;
    unsigned workers;
};

static size_t words_of(const struct pfi_segment *segment) {
    return ((segment->allocated + PINFOLD_CARD - 1) >> PINFOLD_CARD_SHIFT) - (segment->base >> PINFOLD_CARD_SHIFT);
}

/* Moves the bits of one kind into the outcome, so that the heap has none again. */
static void take_bits(struct outcome *outcome, const struct pfi_segment *segment, uint64_t *words) {
    for (; segment != NULL; segment = segment->next) {
        size_t count = words_of(segment);
        uint64_t *from = &words[segment->base >> PINFOLD_CARD_SHIFT];
        outcome->bits = realloc(outcome->bits, (outcome->words + count) * sizeof *words);
        ck_assert_ptr_nonnull(outcome->bits);
        memcpy(outcome->bits + outcome->words, from, count * sizeof *words);
        memset(from, 0, count * sizeof *words);
        outcome->words += count;
    }
}

static void take_all_bits(struct outcome *outcome, const struct pfi_share *share) {
    uint64_t *const kinds[] = {share->arena->mark_words, share->arena->pin_words};
    for (size_t kind = 0; kind < 2; ++kind) {
        take_bits(outcome, share->segments, kinds[kind]);
        take_bits(outcome, share->large_segments, kinds[kind]);
        take_bits(outcome, share->pinned_segments, kinds[kind]);
    }
}

/* A team of `most` workers; they are called when `patience` entries have been followed. */
struct team {
    struct pfi_workers workers;
    struct pfi_mark_team marking;
    size_t patience;
};

static void open_team(struct team *team, unsigned most, size_t stack_size, size_t patience) {
    pfi_workers_init(&team->workers, most);
    ck_assert(pfi_mark_team_init(&team->marking, test_account(), stack_size, true, most));
    team->patience = most == 1 ? SIZE_MAX : patience;
}

static void close_team(struct team *team) {
    pfi_mark_team_finish(&team->marking);
    pfi_workers_finish(&team->workers);
}

static struct outcome mark(struct pf_heap *heap, int condemned, struct team *team) {
    struct outcome outcome = {0};
    struct pfi_move_plan plan;
    struct pfi_marker marker;
    pfi_plan_open(&plan, &heap->share, &heap->pin_queue, &heap->plug_list, condemned);
    pfi_mark_open(&marker, &plan, &team->marking, &team->workers, heap->tags);
    marker.patience = team->patience;
    pfi_mark_roots(&marker, &heap->roots);
    pfi_mark_drain(&marker);
    pfi_mark_close(&marker, &plan);
    take_all_bits(&outcome, &heap->share);
    outcome.pinned_objects = plan.pinned_objects;
    outcome.pinned_holders = plan.pinned_holders;
    outcome.pinned_bytes = plan.pinned_bytes;
    outcome.workers = plan.mark_workers;
    return outcome;
}

static void check_same(const struct outcome *one, const struct outcome *other, const char *what) {
    if (one->words != other->words || memcmp(one->bits, other->bits, one->words * sizeof *one->bits) != 0) {
        replay_fail("%s: other bits than those of one worker", what);
    }
    if (one->pinned_objects != other->pinned_objects || one->pinned_holders != other->pinned_holders ||
        one->pinned_bytes != other->pinned_bytes) {
        replay_fail("%s: other pins than one worker found", what);
    }
}

struct crew {
    unsigned most;
    size_t stack_size;
    size_t patience;
    const char *name;
};

static const struct crew crews[] = {
    {1, SMALLEST_STACK, 0, "one worker with the smallest stack"},
    {2, LARGE_STACK, 0, "two workers"},
    {2, SMALLEST_STACK, PATIENT, "two with the smallest stacks, the second called late"},
    {4, LARGE_STACK, PATIENT, "four, called late"},
    {4, SMALLEST_STACK, 0, "four with the smallest stacks"},
    {7, LARGE_STACK, 0, "seven"},
    {7, SMALLEST_STACK, 0, "seven with the smallest stacks"},
};

/* Returns how many workers took part at most. */
static unsigned check_crews(struct pf_heap *heap, int condemned, int rounds) {
    unsigned most = 0;
    struct team alone;
    open_team(&alone, 1, LARGE_STACK, 0);
    struct outcome wanted = mark(heap, condemned, &alone);
    ck_assert_uint_eq(wanted.workers, 1);
    for (size_t index = 0; index < sizeof crews / sizeof crews[0]; ++index) {
        const struct crew *crew = &crews[index];
        struct team team;
        open_team(&team, crew->most, crew->stack_size, crew->patience);
        for (int round = 0; round < rounds; ++round) {
            struct outcome outcome = mark(heap, condemned, &team);
            check_same(&wanted, &outcome, crew->name);
            ck_assert_uint_le(outcome.workers, crew->most);
            most = outcome.workers > most ? outcome.workers : most;
            free(outcome.bits);
        }
        close_team(&team);
    }
    free(wanted.bits);
    close_team(&alone);
    return most;
}

START_TEST(random_heaps_get_the_same_bits_from_any_number_of_workers) {
    enum { OPERATIONS = 1500, STOPS = 3 };
    struct seed_range seeds = settings_seeds(2);
    for (size_t variant = 0; variant < variant_count(); variant += 3) {
        for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
            struct pf_options options = variant_options(variant);
            struct random random = {seed};
            struct mutator_limits limits = variant_limits(variant, &options, &random);
            struct shadow shadow;
            replay_begin(variant_name(variant), seed);
            shadow_open(&shadow, &options);
            uint64_t operations = OPERATIONS * variant_operations_per_mille(variant) / 1000;
            for (uint64_t stop = 0; stop < STOPS; ++stop) {
                mutator_run(&shadow, &random, &limits, stop * operations, operations);
                pfi_context_close(&shadow.heap->share, shadow.thread);
                check_crews(shadow.heap, (int)stop, 1);
            }
            shadow_check(&shadow);
            shadow_close(&shadow);
        }
    }
}
END_TEST

/* Builds a graph below root[0]; root[1] is for whatever it takes. */
typedef void build_graph(struct fixture *fixture, void **root);

static void check_graph(build_graph *build) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    replay_begin("graph", 0);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        build(&fixture, root);
        root[1] = NULL;
        pfi_context_close(&fixture.heap->share, fixture.thread);
        ck_assert_uint_gt(check_crews(fixture.heap, 2, 2), 1);
    }
    fixture_close(&fixture);
}

static void build_deep_list(struct fixture *fixture, void **root) {
    fixture_list(fixture->thread, &root[0], 200000);
}

static void build_wide_array(struct fixture *fixture, void **root) {
    enum { WIDTH = 300000 };
    root[0] = pf_alloc_array(fixture->thread, &vector_type, WIDTH);
    for (size_t index = 0; index < WIDTH; ++index) {
        struct node *node = fixture_node(fixture->thread, index);
        pf_store(fixture->thread, &((void **)pf_elements(root[0]))[index], node);
    }
}

static void build_array_of_lists(struct fixture *fixture, void **root) {
    enum { LISTS = 3000, LENGTH = 60 };
    root[0] = pf_alloc_array(fixture->thread, &vector_type, LISTS);
    for (size_t index = 0; index < LISTS; ++index) {
        fixture_list(fixture->thread, &root[1], LENGTH);
        pf_store(fixture->thread, &((void **)pf_elements(root[0]))[index], root[1]);
    }
}

/* Every node refers to two that were made before, so that most are reached on many ways, by many workers at once. */
static void build_tangle(struct fixture *fixture, void **root) {
    enum { NODES = 200000, NEAR = 400 };
    struct random random = {42};
    root[0] = pf_alloc_array(fixture->thread, &vector_type, NODES);
    for (size_t index = 0; index < NODES; ++index) {
        struct node *node = fixture_node(fixture->thread, index);
        void **nodes = pf_elements(root[0]);
        pf_store(fixture->thread, &nodes[index], node);
        pf_store(fixture->thread, &node->left, nodes[random_below(&random, index + 1)]);
        pf_store(fixture->thread, &node->right, nodes[index - random_below(&random, index < NEAR ? index + 1 : NEAR)]);
    }
    root[0] = ((void **)pf_elements(root[0]))[NODES - 1];
}

START_TEST(a_deep_list_gets_the_same_bits) {
    check_graph(build_deep_list);
}
END_TEST

START_TEST(a_wide_array_gets_the_same_bits) {
    check_graph(build_wide_array);
}
END_TEST

START_TEST(an_array_of_lists_gets_the_same_bits) {
    check_graph(build_array_of_lists);
}
END_TEST

START_TEST(a_tangle_gets_the_same_bits) {
    check_graph(build_tangle);
}
END_TEST

SUITE("property/parallel_mark", random_heaps_get_the_same_bits_from_any_number_of_workers,
      a_deep_list_gets_the_same_bits, a_wide_array_gets_the_same_bits, an_array_of_lists_gets_the_same_bits,
      a_tangle_gets_the_same_bits)
