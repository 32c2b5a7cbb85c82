/* SPDX-License-Identifier: MIT
 *
 * Statistics: counters that agree with what was done and with each other.
 */
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"

static struct pf_statistics read_statistics(const struct fixture *fixture) {
    struct pf_statistics statistics;
    pf_heap_statistics(fixture->heap, &statistics);
    return statistics;
}

static struct fixture open_tiny(void) {
    struct pf_options options = fixture_tiny_options();
    return fixture_open(&options);
}

static struct fixture open_roomy(void) {
    struct pf_options options = fixture_options();
    return fixture_open(&options);
}

START_TEST(collections_are_counted_by_their_oldest_generation) {
    struct fixture fixture = open_roomy();
    static const int generations[] = {0, 1, 0, 2, 0, 1};
    for (size_t i = 0; i < sizeof(generations) / sizeof(generations[0]); i++) {
        pf_collect(fixture.thread, generations[i], PINFOLD_COLLECT_DEFAULT);
    }
    struct pf_statistics statistics = read_statistics(&fixture);
    ck_assert_uint_eq(statistics.collections[0], 3);
    ck_assert_uint_eq(statistics.collections[1], 2);
    ck_assert_uint_eq(statistics.collections[2], 1);
    fixture_close(&fixture);
}
END_TEST

START_TEST(allocated_bytes_count_what_was_allocated_and_never_fall) {
    struct fixture fixture = open_roomy();
    size_t allocated = 0;
    uint64_t before = read_statistics(&fixture).allocated_bytes;
    for (size_t i = 0; i < 2000; i++) {
        allocated += pf_size_of(pf_alloc_array(fixture.thread, &bytes_type, i));
    }
    allocated += pf_size_of(pf_alloc_array(fixture.thread, &bytes_type, 300000));
    uint64_t after = read_statistics(&fixture).allocated_bytes;
    /* Contexts are charged when they are filled, so up to one quantum may be charged ahead. */
    ck_assert_uint_ge(after - before, allocated);
    ck_assert_uint_le(after - before, allocated + allocated / 8 + 65536);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_uint_ge(read_statistics(&fixture).allocated_bytes, after);
    fixture_close(&fixture);
}
END_TEST

START_TEST(live_bytes_are_exact_after_a_full_collection) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 3);
        fixture_list(fixture.thread, &root[0], 1000);
        root[1] = pf_alloc_array(fixture.thread, &bytes_type, 1001);
        root[2] = pf_alloc_array(fixture.thread, &vector_type, 5000);
        size_t expected = (size_t)1000 * node_type.base_size + fixture_footprint(fixture.heap, root[1]) +
                          fixture_footprint(fixture.heap, root[2]);
        for (int mode = PINFOLD_COLLECT_DEFAULT; mode <= PINFOLD_COLLECT_SWEEP; mode++) {
            pf_collect(fixture.thread, 2, (enum pf_collect_mode)mode);
            ck_assert_uint_eq(read_statistics(&fixture).live_bytes, expected);
        }
    }
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_uint_eq(read_statistics(&fixture).live_bytes, 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_small_object_grows_old_generation_by_generation) {
    struct fixture fixture = open_roomy();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = fixture_node(fixture.thread, 1);
        ck_assert_int_eq(pf_generation_of(fixture.heap, root[0]), 0);
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        ck_assert_int_eq(pf_generation_of(fixture.heap, root[0]), 1);
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        ck_assert_int_eq(pf_generation_of(fixture.heap, root[0]), 1);
        pf_collect(fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
        ck_assert_int_eq(pf_generation_of(fixture.heap, root[0]), 2);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
        ck_assert_int_eq(pf_generation_of(fixture.heap, root[0]), 2);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(sweeping_promotes_as_compacting_does) {
    struct fixture fixture = open_roomy();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = fixture_node(fixture.thread, 1);
        const void *place = root[0];
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_SWEEP);
        ck_assert_int_eq(pf_generation_of(fixture.heap, root[0]), 1);
        pf_collect(fixture.thread, 1, PINFOLD_COLLECT_SWEEP);
        ck_assert_int_eq(pf_generation_of(fixture.heap, root[0]), 2);
        ck_assert_ptr_eq(root[0], place);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_figures_of_memory_are_ordered) {
    struct fixture fixture = open_tiny();
    for (size_t count = 10; count < 100000; count *= 4) {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], count);
        struct pf_statistics statistics = read_statistics(&fixture);
        ck_assert_uint_le(statistics.live_bytes, statistics.heap_bytes);
        ck_assert_uint_le(statistics.heap_bytes, statistics.committed_bytes);
        ck_assert_uint_lt(statistics.bookkeeping_bytes, statistics.committed_bytes);
        ck_assert_uint_le(statistics.committed_bytes, statistics.reserved_bytes);
        ck_assert_uint_ge(statistics.segments, 1);
    }
    fixture_close(&fixture);
}
END_TEST

static void check_segments_come_and_go(enum pf_collect_mode mode) {
    struct fixture fixture = open_tiny();
    size_t at_first = read_statistics(&fixture).segments;
    size_t committed_at_first = read_statistics(&fixture).committed_bytes;
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 200000); /* some 6 MB in segments of 256 KiB */
        ck_assert_uint_ge(read_statistics(&fixture).segments, at_first + 10);
    }
    pf_collect(fixture.thread, 2, mode);
    pf_collect(fixture.thread, 2, mode);
    ck_assert_uint_le(read_statistics(&fixture).segments, at_first + 2);
    ck_assert_uint_le(read_statistics(&fixture).committed_bytes, committed_at_first + ((size_t)2 << 20));
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 200000);
        fixture_check_list(root[0], 200000);
    }
    fixture_close(&fixture);
}

START_TEST(segments_come_and_go_with_what_the_heap_holds) {
    check_segments_come_and_go(PINFOLD_COLLECT_COMPACT);
}
END_TEST

START_TEST(sweeping_lets_empty_segments_go_too) {
    check_segments_come_and_go(PINFOLD_COLLECT_SWEEP);
}
END_TEST

/* 48 MB of small and 48 MB of large objects; they are dead when this returns. */
static size_t fill_memory(struct fixture *fixture) {
    enum { NODES = 48000000 / sizeof(struct node), BLOCKS = 48, BLOCK_SIZE = 1000000 };
    PINFOLD_ROOTS(fixture->thread, root, BLOCKS + 1);
    fixture_list(fixture->thread, &root[BLOCKS], NODES);
    for (size_t i = 0; i < BLOCKS; i++) {
        root[i] = pf_alloc_array(fixture->thread, &bytes_type, BLOCK_SIZE);
        memset(pf_elements(root[i]), 1, BLOCK_SIZE);
    }
    return process_resident_memory();
}

START_TEST(memory_goes_back_to_the_system_when_the_heap_is_empty) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "gen0_size", "1M");
    fixture_set(&options, "gen0_max_size", "4M");
    struct fixture fixture = fixture_open(&options);
    size_t before = process_resident_memory();
    size_t full = fill_memory(&fixture);
    ck_assert_uint_ge(full, before + ((size_t)80 << 20));
    size_t committed = read_statistics(&fixture).committed_bytes;
    for (int i = 0; i < 4; i++) {
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    }
    /* Half of it at least; the rest may be kept for the budgets to come. */
    ck_assert_uint_le(process_resident_memory(), full - ((size_t)40 << 20));
    ck_assert_uint_le(read_statistics(&fixture).committed_bytes, committed - ((size_t)40 << 20));
    fixture_close(&fixture);
}
END_TEST

START_TEST(large_segments_come_and_go_with_the_large_objects) {
    struct fixture fixture = open_tiny();
    size_t at_first = read_statistics(&fixture).large_segments;
    {
        PINFOLD_ROOTS(fixture.thread, root, 20);
        for (size_t i = 0; i < 20; i++) {
            root[i] = pf_alloc_array(fixture.thread, &bytes_type, 200000);
            ck_assert_int_eq(pf_generation_of(fixture.heap, root[i]), PINFOLD_LARGE);
        }
        ck_assert_uint_ge(read_statistics(&fixture).large_segments, 20);
    }
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_DEFAULT);
    ck_assert_uint_le(read_statistics(&fixture).large_segments, at_first + 1);
    ck_assert_uint_eq(read_statistics(&fixture).live_bytes, 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(pauses_add_up_to_their_histogram) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 50000);
    }
    struct pf_statistics statistics = read_statistics(&fixture);
    uint64_t collections = statistics.collections[0] + statistics.collections[1] + statistics.collections[2];
    uint64_t in_histogram = 0;
    uint64_t least = 0;
    for (int i = 0; i < 64; i++) {
        in_histogram += statistics.pause_histogram[i];
        least += i > 0 ? statistics.pause_histogram[i] << i : 0;
    }
    ck_assert_uint_gt(collections, 10);
    ck_assert_uint_eq(in_histogram, collections);
    ck_assert_uint_ge(statistics.pause_total_ns, least);
    ck_assert_uint_lt(statistics.pause_total_ns, 2 * least + collections * 2);
    ck_assert_uint_ge(statistics.pause_total_ns, statistics.pause_max_ns);
    ck_assert_uint_ge(statistics.pause_max_ns * collections, statistics.pause_total_ns);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/statistics", collections_are_counted_by_their_oldest_generation,
      allocated_bytes_count_what_was_allocated_and_never_fall, live_bytes_are_exact_after_a_full_collection,
      a_small_object_grows_old_generation_by_generation, sweeping_promotes_as_compacting_does,
      the_figures_of_memory_are_ordered, segments_come_and_go_with_what_the_heap_holds,
      sweeping_lets_empty_segments_go_too, memory_goes_back_to_the_system_when_the_heap_is_empty,
      large_segments_come_and_go_with_the_large_objects, pauses_add_up_to_their_histogram)
