/* SPDX-License-Identifier: MIT
 *
 * Memory as the statistics tell it, against what the kernel says, and pf_heap_trim: what goes, what stays, and that no
 * hole becomes a mapping of its own.
 */
#include <stdio.h>

#include "alloc/free_pages.h"
#include "alloc/walk.h"
#include "gc/heap.h"
#include "tests/support/fixture.h"
#include "tests/support/process.h"
#include "tests/support/random.h"
#include "tests/support/suite.h"

enum { MEBIBYTE = 1 << 20, OBJECTS = 6000, PAGE = PINFOLD_PAGE };

/* Huge pages are resident as a whole, whatever of them was given back. */
static struct pf_options exact_options(void) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "huge_pages", "0");
    fixture_set(&options, "reserve_size", "1Gi"); /* a range in which nothing else lies, with words of 32 bits, too */
    fixture_set(&options, "probe_interval_ms", "0");
    fixture_set(&options, "gen0_size", "1M");
    fixture_set(&options, "gen0_max_size", "4M");
    return options;
}

static size_t sum(const size_t *bytes) {
    size_t all = 0;
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        all += bytes[generation];
    }
    return all;
}

/* Of segments and side tables, which may be neighbours and then one mapping. */
static struct process_range mappings_of(const struct pf_heap *heap) {
    const struct pfi_arena *arena = &heap->arena;
    const struct process_span spans[] = {{arena->base, arena->end},
                                         {arena->tables, arena->tables + arena->tables_size}};
    return process_range_memory(spans, 2);
}

/* Both sums, and what is resident is committed. */
static struct pf_statistics check_sums(struct pf_heap *heap) {
    struct pf_statistics now;
    pf_heap_statistics(heap, &now);
    ck_assert_uint_eq(now.committed_bytes, now.live_bytes + sum(now.free_bytes) - sum(now.clean_bytes) +
                                               now.kept_bytes + now.tail_bytes + now.waiting_bytes +
                                               now.bookkeeping_bytes);
    ck_assert_uint_eq(now.reserved_bytes, now.segment_bytes + now.waiting_range_bytes + now.standby_bytes +
                                              now.unused_bytes + now.table_bytes);
    ck_assert_uint_le(mappings_of(heap).resident, now.committed_bytes);
    return now;
}

/* Objects of all kinds, some pinned, every byte written; then all but one in ten are dropped. */
static void fill(struct pf_thread *thread, void **root) {
    struct random random = {1};
    root[0] = pf_alloc_array(thread, &vector_type, OBJECTS);
    for (size_t index = 0; index < OBJECTS; ++index) {
        size_t length =
            random_chance(&random, 5) ? random_between(&random, 100000, 300000) : random_between(&random, 100, 12000);
        void *array = random_chance(&random, 20) ? pf_alloc_array_pinned(thread, &bytes_type, length, 0)
                                                 : pf_alloc_array(thread, &bytes_type, length);
        memset(pf_elements(array), 0x5A, length);
        pf_store(thread, &((void **)pf_elements(root[0]))[index], array);
        struct pf_handle *pin;
        if (index % 100 == 0) {
            ck_assert_int_eq(pf_pin(thread->heap, array, &pin), PINFOLD_OK);
        }
    }
}

static void thin_out(void **root) {
    void **slots = pf_elements(root[0]);
    for (size_t index = 0; index < OBJECTS; ++index) {
        slots[index] = index % 10 == 0 ? slots[index] : NULL;
    }
}

START_TEST(the_sums_hold_at_every_stage_and_the_kernel_agrees) {
    struct pf_options options = exact_options();
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        (void)check_sums(fixture.heap);
        fill(fixture.thread, root);
        struct pf_statistics full = check_sums(fixture.heap);
        /* Every object was touched, so that most of what is committed is there. */
        ck_assert_uint_ge(mappings_of(fixture.heap).resident, full.live_bytes / 10 * 9);
        thin_out(root);
        for (int mode = PINFOLD_COLLECT_DEFAULT; mode <= PINFOLD_COLLECT_COMPACT_LARGE; ++mode) {
            pf_collect(fixture.thread, 2, (enum pf_collect_mode)mode);
            (void)check_sums(fixture.heap);
        }
        ck_assert_uint_gt(pf_heap_trim(fixture.thread, 0), 0);
        struct pf_statistics thin = check_sums(fixture.heap);
        ck_assert_uint_lt(thin.committed_bytes, full.committed_bytes / 2);
        ck_assert_uint_gt(sum(thin.clean_bytes), 0);
        fill(fixture.thread, root); /* what was given back is used again */
        (void)check_sums(fixture.heap);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(address_space_is_what_the_kernel_has_mapped) {
    struct pf_options options = exact_options();
    struct fixture fixture = fixture_open(&options);
    struct pf_statistics now = check_sums(fixture.heap);
    size_t elsewhere = now.table_bytes - fixture.heap->arena.tables_size; /* mark stacks, handles and the like */
    size_t mapped = mappings_of(fixture.heap).size;
    ck_assert_uint_ge(mapped, now.reserved_bytes - elsewhere);
    ck_assert_uint_le(mapped, now.reserved_bytes + (size_t)64 * MEBIBYTE); /* neighbours of the same kind */
    fixture_close(&fixture);
}
END_TEST

START_TEST(trimming_leaves_no_free_page_and_no_waiting_segment) {
    struct pf_options options = exact_options();
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fill(fixture.thread, root);
        root[0] = NULL;
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
        size_t before = mappings_of(fixture.heap).resident;
        size_t given = pf_heap_trim(fixture.thread, 0);
        struct pf_statistics now = check_sums(fixture.heap);
        ck_assert_uint_ge(given + 2 * MEBIBYTE, before - mappings_of(fixture.heap).resident);
        ck_assert_uint_eq(now.waiting_bytes, 0);
        ck_assert_uint_eq(now.waiting_segments, 0);
        ck_assert_uint_lt(now.kept_bytes, PAGE);
        ck_assert_uint_eq(pf_heap_trim(fixture.thread, 0), 0); /* nothing is left */
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(what_is_to_be_kept_stays_behind_the_youngest_objects) {
    struct pf_options options = exact_options();
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 200000);
    }
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    for (size_t i = 0; i < 50000; ++i) {
        (void)fixture_node(fixture.thread, i);
    }
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    (void)pf_heap_trim(fixture.thread, 300000);
    struct pf_statistics now = check_sums(fixture.heap);
    ck_assert_uint_ge(now.kept_bytes, 300000 - 2 * (size_t)PAGE);
    ck_assert_uint_le(now.kept_bytes, 300000 + 2 * (size_t)PAGE);
    fixture_close(&fixture);
}
END_TEST

static int count_given(void *context, const struct pfi_segment *segment, uintptr_t object, size_t size) {
    (void)segment;
    (void)size;
    size_t *count = context;
    *count += pfi_object_is_free(object) && pfi_free_pages_clean(object) != 0 ? 1 : 0;
    return 0;
}

/* Free objects whose pages were given back: each could be a mapping. */
static size_t given_holes(struct fixture *fixture) {
    size_t count = 0;
    pfi_heap_stop(fixture->heap, fixture->thread);
    (void)pfi_walk_share(&fixture->heap->share, count_given, &count);
    pfi_heap_resume(fixture->heap);
    return count;
}

/* A segment's end that goes back, or that of a segment that goes as a whole, ends its mapping and one of each table;
 * and a segment with holes forgoes huge pages, which its neighbours do not. */
static size_t mappings_of_ends(struct pf_heap *heap) {
    enum { TABLES = 5 };
    struct pf_statistics now;
    pf_heap_statistics(heap, &now);
    return (2 + TABLES) * (now.segments + now.large_segments + now.pinned_segments);
}

START_TEST(no_hole_becomes_a_mapping) {
    struct pf_options options = exact_options();
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fill(fixture.thread, root);
        size_t most = mappings_of(fixture.heap).mappings + mappings_of_ends(fixture.heap);
        thin_out(root);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
        (void)pf_heap_trim(fixture.thread, 0);
        ck_assert_uint_gt(given_holes(&fixture), 2 * most);
        ck_assert_uint_le(mappings_of(fixture.heap).mappings, most);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_region_without_collections_keeps_its_room) {
    struct pf_options options = exact_options();
    struct fixture fixture = fixture_open(&options);
    ck_assert_int_eq(pf_no_collection_begin(fixture.thread, 2 * MEBIBYTE, 0), PINFOLD_OK);
    ck_assert_uint_eq(pf_heap_trim(fixture.thread, 0), 0);
    for (size_t i = 0; i < MEBIBYTE / 32; ++i) {
        (void)fixture_node(fixture.thread, i);
    }
    ck_assert_int_eq(pf_no_collection_end(fixture.thread), PINFOLD_OK);
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_description_names_both_sums_and_tells_its_length) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "reserve_size", "1Gi");
    struct fixture fixture = fixture_open(&options);
    struct pf_statistics now = check_sums(fixture.heap);
    char text[4096];
    char expected[64];
    size_t length = pf_statistics_describe(&now, text, sizeof text);
    ck_assert_uint_eq(length, strlen(text));
    (void)snprintf(expected, sizeof expected, "committed: %zu bytes", now.committed_bytes);
    ck_assert_ptr_nonnull(strstr(text, expected));
    (void)snprintf(expected, sizeof expected, "reserved: %zu bytes", now.reserved_bytes);
    ck_assert_ptr_nonnull(strstr(text, expected));
    ck_assert_uint_eq(pf_statistics_describe(&now, NULL, 0), length);
    char part[20];
    memset(part, 'x', sizeof part);
    ck_assert_uint_eq(pf_statistics_describe(&now, part, 10), length);
    ck_assert_int_eq(memcmp(part, text, 9), 0);
    ck_assert_int_eq(part[9], '\0');
    ck_assert_int_eq(part[10], 'x');
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/trim", the_sums_hold_at_every_stage_and_the_kernel_agrees, address_space_is_what_the_kernel_has_mapped,
      trimming_leaves_no_free_page_and_no_waiting_segment, what_is_to_be_kept_stays_behind_the_youngest_objects,
      no_hole_becomes_a_mapping, a_region_without_collections_keeps_its_room,
      the_description_names_both_sums_and_tells_its_length)
