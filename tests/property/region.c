/* SPDX-License-Identifier: MIT
 *
 * Regions without collections on heaps in any state: whatever lives and is pinned, and however the bytes that were
 * asked for are cut into objects and spread over threads, none of them collects.
 */
#include <pthread.h>

#include "pinfold/pinfold.h"
#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { SEEDS = 6, ROUNDS = 60, ROOTS = 60, PINS = 30, MOST_THREADS = 4, HEADER = 16 };

struct world {
    struct fixture fixture;
    struct random random;
    struct pf_root_source source;
    void *table[ROOTS];
    struct pf_handle *pins[PINS];
};

static uint64_t collections;

static void count_collection(void *data, const struct pf_collection *record) {
    (void)data;
    (void)record;
    collections++;
}

static void enumerate(struct pf_visitor *visitor, void *data) {
    struct world *world = data;
    pf_visit_slots(visitor, world->table, ROOTS);
}

/* Objects of many sizes come and go; some are pinned, some large, some born pinned. */
static void churn(struct world *world) {
    struct pf_thread *thread = world->fixture.thread;
    for (size_t i = random_below(&world->random, 600); i > 0; i--) {
        size_t length = random_below(&world->random, random_below(&world->random, 10) == 0 ? 12000 : 900);
        void **root = &world->table[random_below(&world->random, ROOTS)];
        *root = random_below(&world->random, 30) == 0 ? pf_alloc_array_pinned(thread, &bytes_type, length, 0)
                                                      : pf_alloc_array(thread, &bytes_type, length);
        struct pf_handle **pin = &world->pins[random_below(&world->random, PINS)];
        if (random_below(&world->random, 15) == 0) {
            pf_unpin(world->fixture.heap, *pin);
            if (pf_pin(world->fixture.heap, *root, pin) != PINFOLD_OK) {
                replay_fail("no memory for a pin");
            }
        }
    }
}

/* Exactly `bytes`, in objects of up to `most` bytes. */
static void spend(struct pf_thread *thread, struct random *random, size_t bytes, size_t least, size_t most) {
    while (bytes >= least) {
        size_t size = random_between(random, least, bytes < most ? bytes : most) & ~(size_t)7;
        (void)pf_alloc_array(thread, &bytes_type, size - HEADER);
        bytes -= size;
    }
}

struct spender {
    pthread_t thread;
    struct pf_heap *heap;
    struct random random;
    size_t bytes;
    size_t most;
};

static pthread_barrier_t barrier;

static void meet(struct pf_thread *thread) {
    pf_native_enter(thread);
    (void)pthread_barrier_wait(&barrier);
    pf_native_leave(thread);
}

/* Attached before the region begins, since it counts threads. */
static void *spend_on_a_thread(void *data) {
    struct spender *spender = data;
    struct pf_thread *thread = NULL;
    ck_assert_int_eq(pf_thread_attach(spender->heap, &thread), PINFOLD_OK);
    meet(thread);
    meet(thread);
    spend(thread, &spender->random, spender->bytes, HEADER, spender->most);
    pf_thread_detach(thread);
    return NULL;
}

static void start_spenders(struct world *world, struct spender *spenders, size_t count, size_t bytes) {
    for (size_t i = 0; i < count; i++) {
        spenders[i] = (struct spender){.heap = world->fixture.heap,
                                       .random = {random_next(&world->random)},
                                       .bytes = bytes / count,
                                       .most = random_between(&world->random, 64, 4000)};
        ck_assert_int_eq(pthread_create(&spenders[i].thread, NULL, spend_on_a_thread, &spenders[i]), 0);
    }
}

static void join_spenders(struct world *world, struct spender *spenders, size_t count) {
    pf_native_enter(world->fixture.thread);
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(pthread_join(spenders[i].thread, NULL), 0);
    }
    pf_native_leave(world->fixture.thread);
}

static void begin(struct world *world, size_t small_bytes, size_t large_bytes) {
    enum pf_status status = pf_no_collection_begin(world->fixture.thread, small_bytes, large_bytes);
    if (status != PINFOLD_OK) {
        replay_fail("no region of %zu and %zu bytes: %s", small_bytes, large_bytes, pf_status_text(status));
    }
    collections = 0;
}

static void end(struct world *world, const char *what) {
    uint64_t count = collections;
    enum pf_status status = pf_no_collection_end(world->fixture.thread);
    if (count != 0 || status != PINFOLD_OK) {
        replay_fail("%llu collections in a region for %s: %s", (unsigned long long)count, what, pf_status_text(status));
    }
}

static void run_alone(struct world *world) {
    size_t small_bytes = random_below(&world->random, 700000);
    size_t large_bytes = random_chance(&world->random, 50) ? random_below(&world->random, 3000000) : 0;
    size_t most = random_between(&world->random, 64, 4000);
    begin(world, small_bytes, large_bytes);
    spend(world->fixture.thread, &world->random, small_bytes, HEADER, most);
    spend(world->fixture.thread, &world->random, large_bytes, 4096, random_between(&world->random, 5000, 1000000));
    end(world, "one thread");
}

static void run_together(struct world *world) {
    struct spender spenders[MOST_THREADS];
    size_t count = random_between(&world->random, 1, MOST_THREADS);
    size_t bytes = random_below(&world->random, 350000);
    ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, (unsigned)count + 1), 0);
    start_spenders(world, spenders, count, bytes);
    meet(world->fixture.thread);
    begin(world, bytes, 0);
    meet(world->fixture.thread);
    join_spenders(world, spenders, count);
    end(world, "several threads");
    ck_assert_int_eq(pthread_barrier_destroy(&barrier), 0);
}

static void run_seed(const char *name, const char *stress, uint64_t seed, uint64_t rounds) {
    static const struct pf_listener listener = {.collection_end = count_collection};
    static struct world world;
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "segment_size", "1Mi");
    if (stress != NULL) {
        fixture_set(&options, "stress", stress);
    }
    replay_begin(name, seed);
    world = (struct world){.fixture = fixture_open(&options), .random = {seed}};
    world.source = (struct pf_root_source){enumerate, &world, NULL};
    pf_root_source_add(world.fixture.heap, &world.source);
    pf_heap_set_listener(world.fixture.heap, &listener, NULL);
    for (uint64_t round = 0; round < rounds; round++) {
        replay_operation(round);
        churn(&world);
        (random_chance(&world.random, 70) ? run_alone : run_together)(&world);
    }
    for (size_t i = 0; i < PINS; i++) {
        pf_unpin(world.fixture.heap, world.pins[i]);
    }
    pf_heap_set_listener(world.fixture.heap, NULL, NULL);
    fixture_close(&world.fixture);
}

static void run(const char *name, const char *stress) {
    struct seed_range seeds = settings_seeds(SEEDS);
    for (uint64_t i = 0; i < seeds.count; i++) {
        run_seed(name, stress, seeds.first + i, settings_operations(ROUNDS));
    }
}

START_TEST(what_was_asked_for_never_collects) {
    run("plain", NULL);
}
END_TEST

START_TEST(nor_does_it_under_stress) {
    run("always compact", "compact,verify");
    run("always expand", "expand,poison");
}
END_TEST

SUITE("property/region", what_was_asked_for_never_collects, nor_does_it_under_stress)
