/* SPDX-License-Identifier: MIT
 *
 * Heaps where address space is limited (RLIMIT_AS; 32-bit systems behave like that without a limit): nothing is taken
 * before it is needed, the program keeps the rest, segments are as long as can be had, and a heap that is full says so.
 */
#include <string.h>
#include <sys/mman.h>

#include "gc/heap.h"
#include "tests/support/fixture.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"

static const size_t mebibyte = (size_t)1 << 20;

static void *map_memory(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static struct fixture open_with(const char *layout, const char *segment_size) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "initial_layout", layout);
    fixture_set(&options, "mark_workers", "1");
    if (segment_size != NULL) {
        fixture_set(&options, "segment_size", segment_size);
        fixture_set(&options, "large_segment_size", segment_size);
    }
    return fixture_open(&options);
}

static struct pf_statistics statistics_of(const struct fixture *fixture) {
    struct pf_statistics statistics;
    pf_heap_statistics(fixture->heap, &statistics);
    return statistics;
}

static void verify(const struct fixture *fixture) {
    struct pf_message message;
    ck_assert_msg(pf_heap_verify(fixture->thread, &message) == 0, "%s", message.text);
}

/* ---- The layouts ------------------------------------------------------------------------------------------------ */

/* What stays beside the first segments: tables, marking, the list of plugs. */
enum { BESIDE_MIB = 10, SEGMENT_MIB = 16 };

static size_t grown_by(const char *layout, struct fixture *fixture) {
    size_t before = process_address_space();
    *fixture = open_with(layout, "16Mi");
    return process_address_space() - before;
}

START_TEST(one_by_one_takes_the_first_segment_and_no_more) {
    struct fixture fixture;
    size_t taken = grown_by("one_by_one", &fixture);
    ck_assert_uint_lt(taken, (SEGMENT_MIB + BESIDE_MIB) * mebibyte);
    ck_assert(!fixture.heap->arena.is_reserved);
    ck_assert_uint_eq(statistics_of(&fixture).segments, 1);
    ck_assert_uint_eq(statistics_of(&fixture).large_segments, 0);
    ck_assert_uint_le(statistics_of(&fixture).reserved_bytes, taken + mebibyte);
    ck_assert_ptr_nonnull(pf_alloc_array(fixture.thread, &bytes_type, mebibyte));
    ck_assert_uint_eq(statistics_of(&fixture).large_segments, 1);
    fixture_close(&fixture);
}
END_TEST

START_TEST(two_blocks_are_a_small_and_a_large_segment) {
    struct fixture fixture;
    size_t taken = grown_by("two_blocks", &fixture);
    ck_assert_uint_ge(taken, 2 * SEGMENT_MIB * mebibyte);
    ck_assert_uint_lt(taken, (2 * SEGMENT_MIB + BESIDE_MIB) * mebibyte);
    ck_assert_uint_eq(statistics_of(&fixture).large_segments, 1);
    size_t reserved = statistics_of(&fixture).reserved_bytes;
    ck_assert_ptr_nonnull(pf_alloc_array(fixture.thread, &bytes_type, mebibyte));
    ck_assert_uint_eq(fixture.heap->arena.mapped, 2 * SEGMENT_MIB * mebibyte); /* it lies in the block */
    ck_assert_uint_ge(statistics_of(&fixture).reserved_bytes, reserved);
    fixture_close(&fixture);
}
END_TEST

START_TEST(at_once_is_the_whole_arena_where_address_space_is_not_limited) {
    if (PINFOLD_WORD_BITS != 64) {
        return;
    }
    struct fixture fixture;
    size_t taken = grown_by("at_once", &fixture);
    ck_assert(fixture.heap->arena.is_reserved);
    ck_assert_uint_ge(taken, (size_t)(UINT64_C(64) << 30));
    ck_assert_uint_ge(statistics_of(&fixture).reserved_bytes, (size_t)(UINT64_C(64) << 30));
    ck_assert_uint_le(statistics_of(&fixture).reserved_bytes, taken + mebibyte);
    fixture_close(&fixture);
}
END_TEST

START_TEST(at_once_is_one_block_for_the_first_segments_where_it_is_limited) {
    if (!process_limit_address_space((size_t)1 << 30)) {
        return;
    }
    struct fixture fixture = open_with("at_once", "16Mi");
    const struct pfi_share *share = &fixture.heap->share;
    ck_assert(!fixture.heap->arena.is_reserved);
    ck_assert_ptr_nonnull(share->large_segments);
    ck_assert_uint_eq(share->segments->end, share->large_segments->base);
    fixture_list(fixture.thread, &(void *){NULL}, 1000);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT_LARGE);
    verify(&fixture);
    fixture_close(&fixture);
}
END_TEST

START_TEST(what_is_given_as_the_reserve_size_on_demand_bounds_all_segments_together) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "initial_layout", "one_by_one");
    fixture_set(&options, "reserve_size", "8Mi");
    struct fixture fixture = fixture_open(&options);
    ck_assert_uint_eq(pf_heap_options(fixture.heap)->reserve_size, 8 * mebibyte);
    {
        PINFOLD_ROOTS(fixture.thread, root, 8);
        size_t count = 0;
        while (count < 8 && (root[count] = pf_try_alloc_array(fixture.thread, &bytes_type, mebibyte)) != NULL) {
            ck_assert_uint_le(fixture.heap->arena.mapped, 8 * mebibyte);
            count++;
        }
        ck_assert_uint_ge(count, 5);
        ck_assert_uint_lt(count, 8);
    }
    fixture_close(&fixture);
}
END_TEST

/* ---- A heap and its program ------------------------------------------------------------------------------------- */

START_TEST(a_heap_leaves_the_program_what_it_does_not_use_and_uses_what_the_program_leaves) {
    if (!process_limit_address_space(1024 * mebibyte)) {
        return;
    }
    struct fixture fixture = open_with("derived", NULL);
    void *program = map_memory(700 * mebibyte);
    ck_assert_ptr_nonnull(program);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        fixture_list(fixture.thread, &root[0], 100000);
        ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, 500 * mebibyte));
        ck_assert_int_eq(munmap(program, 700 * mebibyte), 0);
        root[1] = pf_try_alloc_array(fixture.thread, &bytes_type, 500 * mebibyte);
        ck_assert_ptr_nonnull(root[1]);
        verify(&fixture);
        fixture_check_list(root[0], 100000);
        root[1] = NULL;
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_AGGRESSIVE); /* others give back what has emptied step by step */
        program = map_memory(700 * mebibyte);                      /* the segment has gone with the object */
        ck_assert_ptr_nonnull(program);
    }
    fixture_close(&fixture);
}
END_TEST

/* Lists as long as can be, a part of which dies now and then, and large objects between them. */
static void fill_until_refused(const struct fixture *fixture, void **list, size_t *length) {
    for (;;) {
        struct node *node = pf_try_alloc(fixture->thread, &node_type);
        if (node == NULL) {
            ck_assert_int_eq(pf_thread_status(fixture->thread), PINFOLD_OUT_OF_MEMORY);
            return;
        }
        node->key = *length;
        pf_store(fixture->thread, &node->left, *list);
        *list = node;
        ++*length;
        if (*length % 1000 == 0 && pf_try_alloc_array(fixture->thread, &bytes_type, 100000) == NULL) {
            return;
        }
    }
}

static void live_under(size_t limit, size_t least_live) {
    if (!process_limit_address_space(limit)) {
        return;
    }
    struct fixture fixture = open_with("derived", NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        for (int round = 0; round < 2; round++) {
            size_t length = 0;
            root[0] = NULL;
            fill_until_refused(&fixture, &root[0], &length);
            ck_assert_msg(length * sizeof(struct node) >= least_live, "only %zu bytes of %zu live",
                          length * sizeof(struct node), limit);
            fixture_check_list(root[0], length);
        }
        root[0] = NULL;
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        fixture_list(fixture.thread, &root[0], 10000);
        verify(&fixture);
    }
    fixture_close(&fixture);
}

START_TEST(under_64_mebibytes_of_address_space_a_heap_works_to_the_end) {
    live_under(64 * mebibyte, 24 * mebibyte);
}
END_TEST

START_TEST(under_256_mebibytes_of_address_space_a_heap_works_to_the_end) {
    live_under(256 * mebibyte, 128 * mebibyte);
}
END_TEST

START_TEST(under_2_gibibytes_of_address_space_creation_takes_little_and_a_large_object_most) {
    if (PINFOLD_WORD_BITS != 64 || !process_limit_address_space(2048 * mebibyte)) {
        return;
    }
    size_t before = process_address_space();
    struct fixture fixture = open_with("derived", NULL);
    ck_assert_uint_lt(process_address_space() - before, 200 * mebibyte);
    ck_assert_ptr_nonnull(pf_try_alloc_array(fixture.thread, &bytes_type, 1500 * mebibyte));
    ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, 2000 * mebibyte));
    fixture_close(&fixture);
}
END_TEST

/* As a program does that reads something of unknown size: old and new contents live together for a moment. */
START_TEST(an_array_that_doubles_grows_as_long_as_there_is_a_hole_for_it) {
    if (!process_limit_address_space(512 * mebibyte)) {
        return;
    }
    struct fixture fixture = open_with("derived", NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        size_t size = mebibyte;
        root[0] = pf_alloc_array(fixture.thread, &bytes_type, size);
        memset(pf_elements(root[0]), 1, size);
        while ((root[1] = pf_try_alloc_array(fixture.thread, &bytes_type, 2 * size)) != NULL) {
            memcpy(pf_elements(root[1]), pf_elements(root[0]), size);
            memset((char *)pf_elements(root[1]) + size, 1, size);
            root[0] = root[1];
            root[1] = NULL;
            size *= 2;
        }
        ck_assert_uint_eq(size, 256 * mebibyte); /* 128 and 256 are had together, 256 and 512 cannot be */
        ck_assert_int_eq(((char *)pf_elements(root[0]))[size - 1], 1);
    }
    fixture_close(&fixture);
}
END_TEST

/* ---- Segments that are shorter than usual ----------------------------------------------------------------------- */

START_TEST(where_no_segment_of_usual_size_can_be_had_a_shorter_one_serves) {
    if (!process_limit_address_space(512 * mebibyte)) {
        return;
    }
    struct fixture fixture = open_with("derived", NULL);
    const struct pfi_share *share = &fixture.heap->share;
    size_t usual = pf_heap_options(fixture.heap)->segment_size;
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        void *hole = map_memory(usual - 4 * mebibyte); /* and tables for it */
        for (size_t size = 256 * mebibyte; size >= mebibyte;) {
            size = map_memory(size) == NULL ? size / 2 : size;
        }
        ck_assert_int_eq(munmap(hole, usual - 4 * mebibyte), 0);
        size_t length = 0;
        fill_until_refused(&fixture, &root[0], &length);
        fixture_check_list(root[0], length);
        size_t shortest = usual;
        for (const struct pfi_segment *segment = share->segments; segment != NULL; segment = segment->next) {
            shortest = pfi_min(shortest, segment->end - segment->base);
        }
        ck_assert_uint_lt(shortest, usual);
        process_lift_limits(); /* verification needs memory of its own */
        verify(&fixture);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_hundred_heaps_on_demand_leave_no_mapping_behind) {
    struct fixture fixture = open_with("two_blocks", "1Mi");
    fixture_close(&fixture); /* lets malloc and the C library settle */
    size_t mappings = process_mappings();
    size_t space = process_address_space();
    for (int i = 0; i < 100; i++) {
        fixture = open_with(i % 2 == 0 ? "two_blocks" : "one_by_one", "1Mi");
        fixture_close(&fixture);
    }
    ck_assert_uint_le(process_mappings(), mappings + 10); /* a sanitizer makes some of its own */
    ck_assert_uint_le(process_address_space(), space + mebibyte);
}
END_TEST

SUITE("unit/address_space", one_by_one_takes_the_first_segment_and_no_more, two_blocks_are_a_small_and_a_large_segment,
      at_once_is_the_whole_arena_where_address_space_is_not_limited,
      at_once_is_one_block_for_the_first_segments_where_it_is_limited,
      what_is_given_as_the_reserve_size_on_demand_bounds_all_segments_together,
      a_heap_leaves_the_program_what_it_does_not_use_and_uses_what_the_program_leaves,
      under_64_mebibytes_of_address_space_a_heap_works_to_the_end,
      under_256_mebibytes_of_address_space_a_heap_works_to_the_end,
      under_2_gibibytes_of_address_space_creation_takes_little_and_a_large_object_most,
      an_array_that_doubles_grows_as_long_as_there_is_a_hole_for_it,
      where_no_segment_of_usual_size_can_be_had_a_shorter_one_serves, a_hundred_heaps_on_demand_leave_no_mapping_behind)
