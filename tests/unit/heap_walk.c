/* SPDX-License-Identifier: MIT
 *
 * The walk accounts for every byte: the sizes that it reports add up, generation by generation, to the statistics.
 */
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/mutator.h"
#include "tests/support/replay.h"
#include "tests/support/shadow_check.h"
#include "tests/support/suite.h"

struct sums {
    const struct pf_heap *heap;
    size_t bytes[PINFOLD_GENERATIONS];
    size_t free_bytes[PINFOLD_GENERATIONS];
    size_t objects;
    const char *problem;
};

static int add_up(void *object, size_t size, int generation, int is_free, void *data) {
    struct sums *sums = data;
    if (generation < 0 || generation >= PINFOLD_GENERATIONS) {
        sums->problem = "a generation that does not exist";
        return 1;
    }
    if (size < 16 || size % 8 != 0 || ((uintptr_t)object & 7) != 0) {
        sums->problem = "a size or address that is no multiple of a granule";
        return 1;
    }
    if (pf_generation_of(sums->heap, object) != generation) {
        sums->problem = "walk and pf_generation_of disagree";
        return 1;
    }
    if (!is_free && fixture_footprint(sums->heap, object) != size) {
        sums->problem = "the walk reports another size than the object has";
        return 1;
    }
    sums->bytes[generation] += size;
    sums->free_bytes[generation] += is_free ? size : 0;
    sums->objects += !is_free;
    return 0;
}

static struct sums walk(struct pf_thread *thread) {
    struct sums sums;
    memset(&sums, 0, sizeof(sums));
    sums.heap = thread->heap;
    ck_assert_int_eq(pf_heap_walk(thread, add_up, &sums), 0);
    ck_assert_msg(sums.problem == NULL, "%s", sums.problem);
    return sums;
}

static void check_sums(struct pf_thread *thread) {
    struct sums sums = walk(thread);
    struct pf_statistics statistics;
    size_t total = 0;
    size_t total_free = 0;
    pf_heap_statistics(thread->heap, &statistics);
    for (int generation = 0; generation < PINFOLD_GENERATIONS; generation++) {
        ck_assert_msg(sums.bytes[generation] == statistics.generation_bytes[generation],
                      "generation %d: the walk met %zu bytes, the statistics say %zu", generation,
                      sums.bytes[generation], statistics.generation_bytes[generation]);
        total += sums.bytes[generation];
        total_free += sums.free_bytes[generation];
    }
    ck_assert_uint_eq(statistics.heap_bytes, total);
    ck_assert_uint_eq(statistics.live_bytes, total - total_free);
}

START_TEST(an_empty_heap_holds_no_object) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    ck_assert_uint_eq(walk(fixture.thread).objects, 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(every_object_allocated_since_the_last_collection_is_met_dead_or_alive) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    for (uintptr_t i = 0; i < 1000; i++) {
        (void)fixture_node(fixture.thread, i);
    }
    ck_assert_uint_eq(walk(fixture.thread).objects, 1000);
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    ck_assert_uint_eq(walk(fixture.thread).objects, 0);
    fixture_close(&fixture);
}
END_TEST

static void check_random_heap(const char *variant, const struct pf_options *options) {
    struct mutator_limits limits = mutator_default_limits(options);
    struct random random = {5};
    struct shadow shadow;
    replay_begin(variant, 5);
    shadow_open(&shadow, options);
    for (uint64_t round = 0; round < 40; round++) {
        mutator_run(&shadow, &random, &limits, round * 100, 100);
        check_sums(shadow.thread);
        pf_collect(shadow.thread, (int)(round % 3), (enum pf_collect_mode)(round / 3 % 3));
        check_sums(shadow.thread);
    }
    shadow_close(&shadow);
}

START_TEST(in_tiny_segments_every_byte_belongs_to_one_generation_of_the_statistics) {
    struct pf_options options = fixture_tiny_options();
    check_random_heap("tiny", &options);
}
END_TEST

START_TEST(in_large_segments_every_byte_belongs_to_one_generation_of_the_statistics) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "gen0_size", "64K");
    fixture_set(&options, "large_threshold", "10000");
    check_random_heap("large segments", &options);
}
END_TEST

static int stop_at_third(void *object, size_t size, int generation, int is_free, void *data) {
    int *calls = data;
    (void)object;
    (void)size;
    (void)generation;
    (void)is_free;
    return ++*calls == 3 ? 77 : 0;
}

START_TEST(a_visit_that_returns_a_number_stops_the_walk_with_it) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    int calls = 0;
    for (uintptr_t i = 0; i < 10; i++) {
        (void)fixture_node(fixture.thread, i);
    }
    ck_assert_int_eq(pf_heap_walk(fixture.thread, stop_at_third, &calls), 77);
    ck_assert_int_eq(calls, 3);
    fixture_close(&fixture);
}
END_TEST

static int check_order(void *object, size_t size, int generation, int is_free, void *data) {
    uintptr_t *end = data;
    (void)generation;
    (void)is_free;
    if (*end != 0 && *end != (uintptr_t)object) {
        return 1;
    }
    *end = (uintptr_t)object + size;
    return 0;
}

START_TEST(in_one_segment_each_object_begins_where_the_last_one_ended) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    uintptr_t end = 0;
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 5000);
        ck_assert_int_eq(pf_heap_walk(fixture.thread, check_order, &end), 0);
        pf_collect(fixture.thread, 1, PINFOLD_COLLECT_SWEEP);
        fixture_list(fixture.thread, &root[0], 5000);
        end = 0;
        ck_assert_int_eq(pf_heap_walk(fixture.thread, check_order, &end), 0);
        ck_assert_uint_ne(end, 0);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(addresses_outside_the_heap_have_no_generation) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    int local = 0;
    ck_assert_int_eq(pf_generation_of(fixture.heap, NULL), -1);
    ck_assert_int_eq(pf_generation_of(fixture.heap, &local), -1);
    ck_assert_int_eq(pf_generation_of(fixture.heap, &node_type), -1);
    ck_assert_int_eq(pf_generation_of(fixture.heap, (const void *)(UINTPTR_MAX - 15)), -1);
    const char *object = (const char *)fixture_node(fixture.thread, 1);
    ck_assert_int_eq(pf_generation_of(fixture.heap, object), 0);
    ck_assert_int_eq(pf_generation_of(fixture.heap, object + ((size_t)64 << 20)), -1); /* reserved, in no segment */
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/heap_walk", an_empty_heap_holds_no_object,
      every_object_allocated_since_the_last_collection_is_met_dead_or_alive,
      in_tiny_segments_every_byte_belongs_to_one_generation_of_the_statistics,
      in_large_segments_every_byte_belongs_to_one_generation_of_the_statistics,
      a_visit_that_returns_a_number_stops_the_walk_with_it, in_one_segment_each_object_begins_where_the_last_one_ended,
      addresses_outside_the_heap_have_no_generation)
