/* SPDX-License-Identifier: MIT
 *
 * Pins come and go at random, between and during everything else. Two programs, more than a million operations:
 *   - the random program with its shadow, on heaps that drive the collector along the paths that pins take;
 *   - buffers as a server has them: each is made, pinned, filled, kept for a while and checked, among garbage.
 *     PINFOLD_TEST_SEED=n         one seed only
 *     PINFOLD_TEST_OPERATIONS=n   operations per seed of the first program, pins per run of the second
 */
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/mutator.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/shadow_check.h"
#include "tests/support/suite.h"

enum { SEEDS = 4, OPERATIONS = 25000 };

/* `per_mille` of the operations, because some heaps collect much more often than others. */
struct setup {
    const char *name;
    unsigned per_mille;
    const char *stress;
    const char *option;
    const char *text;
};

static const struct setup setups[] = {
    {"pins", 1000, NULL, NULL, NULL},
    {"pins, always compact", 1000, "compact", NULL, NULL},
    {"pins, always compact, poison", 500, "compact,poison", NULL, NULL},
    {"pins, always sweep", 1000, "sweep", NULL, NULL},
    {"pins, always expand", 1000, "expand", NULL, NULL},
    {"pins, compact and expand", 500, "compact,expand", NULL, NULL},
    {"pins, no demotion", 500, "compact", "demotion", "0"},
    {"pins, no segment reuse", 500, "expand", "segment_reuse", "0"},
    {"pins, one segment", 500, "compact", "segment_size", "16Mi"},
    {"pins, collect at each", 20, "collect=1,verify", NULL, NULL},
    {"pins, collect at each, compact", 20, "collect=1,compact,verify,poison", NULL, NULL},
    {"pins, collect at each, expand", 20, "collect=1,expand,verify", NULL, NULL},
    {"pins, collect every 5", 60, "collect=5,poison", NULL, NULL},
};
enum { SETUPS = sizeof(setups) / sizeof(setups[0]) };

static struct pf_options setup_options(const struct setup *setup) {
    struct pf_options options = fixture_tiny_options();
    if (setup->stress != NULL) {
        fixture_set(&options, "stress", setup->stress);
    }
    if (setup->option != NULL) {
        fixture_set(&options, setup->option, setup->text);
    }
    return options;
}

/* Little lives, so that checks are quick and most of the time goes into operations and collections. */
static struct mutator_limits pinning_limits(const struct pf_options *options, struct random *random) {
    static const size_t live_bytes[] = {20000, 60000, 60000, 200000};
    static const size_t pins[] = {3, 20, 100, SHADOW_PINS};
    struct mutator_limits limits = mutator_random_limits(options, random);
    limits.live_bytes = live_bytes[random_below(random, 4)];
    limits.pins = pins[random_below(random, 4)];
    limits.pin_per_mille = random_chance(random, 50) ? 150 : 400;
    return limits;
}

static void run_seed(const struct setup *setup, uint64_t seed, uint64_t operations) {
    struct pf_options options = setup_options(setup);
    struct random random = {seed};
    struct mutator_limits limits = pinning_limits(&options, &random);
    struct shadow shadow;
    replay_begin(setup->name, seed);
    shadow_open(&shadow, &options);
    mutator_run(&shadow, &random, &limits, 0, operations);
    shadow_check(&shadow);
    shadow_verify(&shadow);
    shadow_close(&shadow);
}

static void run_setups(size_t first, size_t end) {
    struct seed_range seeds = settings_seeds(SEEDS);
    for (size_t i = first; i < end; i++) {
        uint64_t operations = settings_operations(OPERATIONS) * setups[i].per_mille / 1000;
        for (uint64_t seed = 0; seed < seeds.count; seed++) {
            run_seed(&setups[i], seeds.first + seed, operations);
        }
    }
}

START_TEST(pinned_objects_stay_and_the_graph_is_whole) {
    run_setups(0, SETUPS / 2);
}
END_TEST

START_TEST(and_so_it_is_under_every_stress) {
    run_setups(SETUPS / 2, SETUPS);
}
END_TEST

/* --- buffers --- */

enum { BUFFERS = 300, PINNED_BUFFERS = 200000, LONGEST_BUFFER = 700 };

struct buffer {
    struct pf_handle *pin;
    unsigned char *bytes;
    size_t length;
    unsigned char fill;
};

static void check_buffer(const struct buffer *buffer, const struct pf_heap *heap) {
    void *object = pf_handle_get(buffer->pin);
    if (pf_elements(object) != buffer->bytes || pf_length(object) != buffer->length ||
        pf_generation_of(heap, object) < 0) {
        replay_fail("a pinned buffer of %zu bytes is not where it was", buffer->length);
    }
    for (size_t i = 0; i < buffer->length; i++) {
        if (buffer->bytes[i] != buffer->fill) {
            replay_fail("byte %zu of a pinned buffer was changed", i);
        }
    }
}

static void pin_buffer(struct fixture *fixture, struct buffer *buffer, struct random *random) {
    buffer->length = random_below(random, LONGEST_BUFFER);
    buffer->fill = (unsigned char)random_next(random);
    void *object = pf_alloc_array(fixture->thread, &bytes_type, buffer->length);
    if (pf_pin(fixture->heap, object, &buffer->pin) != PINFOLD_OK) {
        replay_fail("no memory for a pin");
    }
    buffer->bytes = pf_elements(object);
    memset(buffer->bytes, buffer->fill, buffer->length);
}

/* A list that is dropped and begun anew: garbage of all ages between the buffers. */
static void litter(struct fixture *fixture, void **list, struct random *random) {
    size_t count = random_below(random, 6);
    for (size_t i = 0; i < count; i++) {
        struct node *node = fixture_node(fixture->thread, 0);
        pf_store(fixture->thread, &node->left, *list);
        *list = node;
    }
    if (random_below(random, 500) == 0) {
        *list = NULL;
    }
}

static void release_buffer(struct fixture *fixture, struct buffer *buffer) {
    if (buffer->pin != NULL) {
        check_buffer(buffer, fixture->heap);
        pf_unpin(fixture->heap, buffer->pin);
        buffer->pin = NULL;
    }
}

static void exchange_buffers(struct fixture *fixture, struct buffer *buffers, struct random *random, uint64_t count) {
    PINFOLD_ROOTS(fixture->thread, list, 1);
    for (uint64_t i = 0; i < count; i++) {
        struct buffer *buffer = &buffers[random_below(random, BUFFERS)];
        replay_operation(i);
        release_buffer(fixture, buffer);
        pin_buffer(fixture, buffer, random);
        litter(fixture, &list[0], random);
    }
}

static void run_buffers(const char *name, const char *stress, uint64_t seed, uint64_t count) {
    static struct buffer buffers[BUFFERS];
    struct pf_options options = fixture_tiny_options();
    if (stress != NULL) {
        fixture_set(&options, "stress", stress);
    }
    struct random random = {seed};
    replay_begin(name, seed);
    struct fixture fixture = fixture_open(&options);
    exchange_buffers(&fixture, buffers, &random, count);
    for (size_t i = 0; i < BUFFERS; i++) {
        release_buffer(&fixture, &buffers[i]);
    }
    fixture_close(&fixture);
}

START_TEST(buffers_that_are_pinned_for_a_while_keep_their_place_and_their_bytes) {
    uint64_t count = settings_operations(PINNED_BUFFERS);
    run_buffers("buffers", NULL, settings_seeds(1).first, count);
    run_buffers("buffers, always compact", "compact", settings_seeds(1).first, count);
}
END_TEST

START_TEST(and_so_do_buffers_under_every_stress) {
    uint64_t count = settings_operations(PINNED_BUFFERS);
    run_buffers("buffers, always sweep", "sweep", settings_seeds(1).first, count / 3);
    run_buffers("buffers, always expand", "expand,poison", settings_seeds(1).first, count / 3);
    run_buffers("buffers, collect every 40", "collect=40,compact", settings_seeds(1).first, count / 30);
    run_buffers("buffers, verified", "compact,verify", settings_seeds(1).first, count / 10);
    run_buffers("buffers, verified, always sweep", "sweep,verify", settings_seeds(1).first, count / 10);
}
END_TEST

SUITE("property/pins", pinned_objects_stay_and_the_graph_is_whole, and_so_it_is_under_every_stress,
      buffers_that_are_pinned_for_a_while_keep_their_place_and_their_bytes, and_so_do_buffers_under_every_stress)
