/* SPDX-License-Identifier: MIT
 *
 * Compacting large objects, seen from outside: who is updated when they move, what a pin keeps, what memory it gives
 * back, and when it happens at all. How objects are placed is tests/golden/large_compaction.c.
 */
#include <string.h>
#include <sys/mman.h>

#include "gc/heap.h"
#include "tests/support/fixture.h"
#include "tests/support/population.h"
#include "tests/support/suite.h"
#include "tests/unit/resident.h"

enum { UNIT = 262144, BUFFER = 100000, PAGE = 4096, BUFFERS = 32 };

static struct fixture fixture;

static void open_heap(const char *name, const char *text) {
    struct pf_options options = fixture_tiny_options();
    if (name != NULL) {
        fixture_set(&options, name, text);
    }
    fixture = fixture_open(&options);
}

static struct pf_collection collect(int generation, enum pf_collect_mode mode) {
    struct pf_collection record;
    pf_collect(fixture.thread, generation, mode);
    ck_assert_uint_eq(pf_heap_history(fixture.heap, &record, 1), 1);
    fixture_verify(&fixture);
    return record;
}

static struct pf_statistics read_statistics(void) {
    struct pf_statistics statistics;
    pf_heap_statistics(fixture.heap, &statistics);
    return statistics;
}

static void *new_buffer(int value) {
    void *buffer = pf_alloc_array(fixture.thread, &bytes_type, BUFFER);
    memset(pf_elements(buffer), value, BUFFER);
    return buffer;
}

static void check_buffer(const void *buffer, int value) {
    const uint8_t *bytes = pf_elements((void *)(uintptr_t)buffer);
    ck_assert_uint_eq(pf_length(buffer), BUFFER);
    for (size_t index = 0; index < BUFFER; ++index) {
        if (bytes[index] != value) {
            ck_abort_msg("byte %zu is %d, not %d", index, bytes[index], value);
        }
    }
}

static void *new_vector(void) {
    return pf_alloc_array(fixture.thread, &vector_type, 3000);
}

static void store(void *vector, size_t index, void *value) {
    pf_store(fixture.thread, (void **)pf_elements(vector) + index, value);
}

static void *load(void *vector, size_t index) {
    return ((void **)pf_elements(vector))[index];
}

START_TEST(roots_and_objects_of_every_kind_follow_a_large_object_that_moves) {
    struct pf_handle *handle = NULL;
    open_heap("stress", "poison");
    {
        PINFOLD_ROOTS(fixture.thread, root, 4);
        root[3] = new_buffer(9);
        root[0] = new_vector();
        root[1] = new_buffer(1);
        root[2] = fixture_node(fixture.thread, 5);
        ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, root[1], &handle), PINFOLD_OK);
        store(root[0], 17, root[1]);                                        /* large to large */
        store(root[0], 2999, root[2]);                                      /* large to small */
        pf_store(fixture.thread, &((struct node *)root[2])->left, root[0]); /* small to large */
        store(root[0], 18, root[0]);                                        /* to itself */
        void *const before[2] = {root[0], root[1]};
        root[3] = NULL;
        struct pf_collection record = collect(2, PINFOLD_COLLECT_COMPACT_LARGE);
        ck_assert_ptr_ne(root[0], before[0]);
        ck_assert_ptr_ne(root[1], before[1]);
        ck_assert_int_eq(record.large_compacted, 1);
        ck_assert_uint_eq(record.large_moved_bytes,
                          fixture_footprint(fixture.heap, root[0]) + fixture_footprint(fixture.heap, root[1]));
        check_buffer(root[1], 1);
        ck_assert_ptr_eq(load(root[0], 17), root[1]);
        ck_assert_ptr_eq(load(root[0], 18), root[0]);
        ck_assert_ptr_eq(load(root[0], 2999), root[2]);
        ck_assert_ptr_eq(((struct node *)root[2])->left, root[0]);
        ck_assert_ptr_eq(pf_handle_get(handle), root[1]);
        ck_assert_uint_eq(((struct node *)root[2])->key, 5);
        pf_handle_destroy(fixture.heap, handle);
    }
    fixture_close(&fixture);
}
END_TEST

/* What a moved object refers to is still young: its new cards must say so, at its new place. */
START_TEST(cards_lie_at_the_new_place_of_a_moved_object) {
    open_heap("stress", "poison");
    for (int generation = 0; generation <= 1; ++generation) {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[1] = new_buffer(9);
        root[0] = new_vector();
        void *old = root[0];
        root[1] = NULL;
        store(root[0], 2500, fixture_node(fixture.thread, 7));
        (void)collect(2, PINFOLD_COLLECT_COMPACT_LARGE);
        ck_assert_ptr_ne(root[0], old);
        ck_assert_int_eq(pf_generation_of(fixture.heap, load(root[0], 2500)), 1);
        store(root[0], 100, fixture_node(fixture.thread, 8));
        (void)collect(generation, PINFOLD_COLLECT_COMPACT);
        ck_assert_uint_eq(((struct node *)load(root[0], 2500))->key, 7);
        ck_assert_uint_eq(((struct node *)load(root[0], 100))->key, 8);
        root[0] = NULL;
        (void)collect(2, PINFOLD_COLLECT_SWEEP);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(other_modes_and_younger_generations_leave_large_objects_where_they_are) {
    static const struct {
        int generation;
        enum pf_collect_mode mode;
    } requests[] = {
        {2, PINFOLD_COLLECT_COMPACT},       {2, PINFOLD_COLLECT_SWEEP},         {2, PINFOLD_COLLECT_DEFAULT},
        {1, PINFOLD_COLLECT_COMPACT_LARGE}, {0, PINFOLD_COLLECT_COMPACT_LARGE},
    };
    open_heap(NULL, NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = new_buffer(1);
        root[1] = new_buffer(2);
        void *const before = root[1];
        root[0] = NULL;
        for (size_t index = 0; index < sizeof requests / sizeof requests[0]; ++index) {
            struct pf_collection record = collect(requests[index].generation, requests[index].mode);
            ck_assert_ptr_eq(root[1], before);
            ck_assert_int_eq(record.large_compacted, 0);
            ck_assert_uint_eq(record.large_moved_bytes, 0);
            ck_assert_int_eq(record.compacted || requests[index].mode != PINFOLD_COLLECT_COMPACT_LARGE, 1);
        }
        check_buffer(before, 2);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_heap_that_always_sweeps_does_not_compact_large_objects) {
    open_heap("stress", "sweep");
    ck_assert_int_eq(collect(2, PINFOLD_COLLECT_COMPACT_LARGE).large_compacted, 0);
    fixture_close(&fixture);
}
END_TEST

/* Two buffers fit into a segment; of each pair one dies. */
START_TEST(half_empty_segments_become_full_ones_and_memory_goes_back) {
    open_heap("decommit_step_size", "1000000000");
    {
        PINFOLD_ROOTS(fixture.thread, root, BUFFERS);
        for (int index = 0; index < BUFFERS; ++index) {
            root[index] = new_buffer(index + 1);
        }
        size_t footprint = fixture_footprint(fixture.heap, root[0]);
        struct pf_statistics full = read_statistics();
        for (int index = 0; index < BUFFERS; index += 2) {
            root[index] = NULL;
        }
        (void)collect(2, PINFOLD_COLLECT_COMPACT);
        struct pf_statistics swept = read_statistics();
        ck_assert_uint_eq(swept.large_segments, BUFFERS / 2);
        struct pf_collection record = collect(2, PINFOLD_COLLECT_COMPACT_LARGE);
        struct pf_statistics compacted = read_statistics();
        ck_assert_uint_eq(compacted.large_segments, BUFFERS / 4);
        ck_assert_uint_eq(compacted.generation_bytes[PINFOLD_LARGE], BUFFERS / 2 * footprint);
        ck_assert_uint_eq(compacted.free_bytes[PINFOLD_LARGE], 0);
        ck_assert_uint_eq(record.survived_bytes[PINFOLD_LARGE], BUFFERS / 2 * footprint);
        ck_assert_uint_ge(record.large_moved_bytes, BUFFERS / 4 * footprint);
        ck_assert_uint_le(compacted.committed_bytes - compacted.bookkeeping_bytes + BUFFERS / 2 * footprint,
                          full.committed_bytes - full.bookkeeping_bytes);
        for (int index = 1; index < BUFFERS; index += 2) {
            check_buffer(root[index], index + 1);
        }
        ck_assert_uint_eq(collect(2, PINFOLD_COLLECT_COMPACT_LARGE).large_moved_bytes, 0); /* nothing left to do */
    }
    fixture_close(&fixture);
}
END_TEST

/* What the system holds of the segments of large objects and of small ones, at most, while large objects move. */
static size_t most_resident;

static size_t resident_bytes(const struct pfi_segment *segment) {
    size_t bytes = 0;
    for (; segment != NULL; segment = segment->next) {
        if (segment->committed != segment->base) {
            bytes += resident_pages(segment->base, segment->committed - segment->base) * PAGE;
        }
    }
    return bytes;
}

static void note_resident(void *data, enum pf_phase phase) {
    const struct pfi_share *share = &((struct pf_heap *)data)->share;
    if (phase == PINFOLD_PHASE_LARGE) {
        size_t bytes = resident_bytes(share->large_segments) + resident_bytes(share->segments);
        most_resident = bytes > most_resident ? bytes : most_resident;
    }
}

/* Every second of the large objects dies, and small ones take the memory that they leave, to the limit; for the last of
 * it the others move into the holes. */
START_TEST(large_objects_that_move_at_a_limit_take_no_more_memory_than_it_allows) {
    enum { LIMIT = 8 << 20, SIZE = 16 * PAGE };
    static const struct pf_listener listener = {.phase_end = note_resident};
    struct pf_options options = fixture_tiny_options();
    struct population population;
    fixture_set(&options, "hard_limit", "8Mi");
    fixture_set(&options, "large_segment_size", "32Mi");
    population_open(&population, &options);
    while (population.live_bytes < (size_t)LIMIT / 10 * 9 && population_add(&population, SIZE, ITEM_PLAIN, 0)) {
    }
    for (size_t index = population.count; index-- > 0;) {
        if (index % 2 == 0) { /* the last one, which takes its place, is an odd one */
            population_drop(&population, index);
        }
    }
    most_resident = 0;
    pf_heap_set_listener(population.heap, &listener, population.heap);
    while (population_add(&population, 504, ITEM_PLAIN, 0)) {
    }
    ck_assert_uint_gt(most_resident, (size_t)LIMIT / 2);
    ck_assert_uint_le(most_resident, LIMIT + SIZE);
    population_check(&population);
    population_close(&population);
}
END_TEST

START_TEST(the_last_chance_before_out_of_memory_compacts_large_objects) {
    open_heap("reserve_size", "8Mi");
    {
        enum { MOST = 128 };
        struct pf_collection record;
        PINFOLD_ROOTS(fixture.thread, root, MOST + 1);
        int count = 0;
        while (count < MOST && (root[count] = pf_try_alloc_array(fixture.thread, &bytes_type, BUFFER)) != NULL) {
            memset(pf_elements(root[count]), count + 1, BUFFER);
            ++count;
        }
        ck_assert_int_gt(count, 20);
        for (int index = 0; index < count; index += 2) {
            root[index] = NULL;
        }
        root[MOST] = pf_try_alloc_array(fixture.thread, &bytes_type, 2 * UNIT); /* half is free, but in small parts */
        ck_assert_ptr_nonnull(root[MOST]);
        ck_assert_uint_eq(pf_heap_history(fixture.heap, &record, 1), 1);
        ck_assert_int_eq(record.reason, PINFOLD_REASON_LAST_CHANCE);
        ck_assert_int_eq(record.large_compacted, 1);
        for (int index = 1; index < count; index += 2) {
            check_buffer(root[index], index + 1);
        }
    }
    fixture_close(&fixture);
}
END_TEST

/* ---- Pins -------------------------------------------------------------------------------------------------------- */

static struct pf_handle *pin(void *object) {
    struct pf_handle *handle = NULL;
    ck_assert_int_eq(pf_pin(fixture.heap, object, &handle), PINFOLD_OK);
    return handle;
}

START_TEST(a_pinned_large_object_stays_until_its_last_pin_is_gone) {
    open_heap("stress", "poison");
    {
        PINFOLD_ROOTS(fixture.thread, root, 3);
        root[0] = new_buffer(1);
        root[1] = new_buffer(2);
        root[2] = new_buffer(3);
        void *const before = root[1];
        struct pf_handle *pins[2];
        pins[0] = pin(root[1]);
        pins[1] = pin(root[1]);
        root[0] = NULL;
        for (int index = 0; index < 2; ++index) {
            ck_assert_int_eq(collect(2, PINFOLD_COLLECT_COMPACT_LARGE).large_compacted, 1);
            ck_assert_ptr_eq(root[1], before);
            pf_unpin(fixture.heap, pins[index]);
        }
        (void)collect(2, PINFOLD_COLLECT_COMPACT_LARGE);
        ck_assert_ptr_ne(root[1], before);
        check_buffer(root[1], 2);
        check_buffer(root[2], 3);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_slot_of_a_pinning_frame_holds_a_large_object_as_well) {
    open_heap("stress", "poison");
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        PINFOLD_PINS(fixture.thread, pinned, 1);
        root[0] = new_buffer(1);
        pinned[0] = new_buffer(2);
        void *const before = pinned[0];
        root[0] = NULL;
        (void)collect(2, PINFOLD_COLLECT_COMPACT_LARGE);
        ck_assert_ptr_eq(pinned[0], before);
        check_buffer(before, 2);
    }
    fixture_close(&fixture);
}
END_TEST

/* Its neighbours die, it has no other root; each time its pages are write-protected, so a write would crash. */
START_TEST(a_large_object_that_only_its_pin_keeps_alive_is_neither_moved_nor_written_to) {
    static const enum pf_collect_mode modes[] = {PINFOLD_COLLECT_SWEEP, PINFOLD_COLLECT_COMPACT,
                                                 PINFOLD_COLLECT_COMPACT_LARGE};
    for (size_t index = 0; index < sizeof modes / sizeof modes[0]; ++index) {
        open_heap("stress", "poison");
        struct pf_handle *handle = NULL;
        size_t footprint = 0;
        {
            PINFOLD_ROOTS(fixture.thread, root, 1);
            (void)new_buffer(1);
            root[0] = new_buffer(2);
            footprint = fixture_footprint(fixture.heap, root[0]);
            handle = pin(root[0]);
        }
        void *before = pf_handle_get(handle);
        ck_assert_int_eq(mprotect(before, footprint, PROT_READ), 0);
        for (int round = 0; round < 3; ++round) {
            (void)collect(2, modes[index]);
            (void)new_buffer(3);
        }
        ck_assert_int_eq(mprotect(before, footprint, PROT_READ | PROT_WRITE), 0);
        ck_assert_ptr_eq(pf_handle_get(handle), before);
        check_buffer(before, 2);
        pf_unpin(fixture.heap, handle);
        (void)collect(2, modes[index]);
        ck_assert_uint_eq(read_statistics().live_bytes, 0);
        fixture_close(&fixture);
    }
}
END_TEST

/* The pin is on a page in the middle; free runs on both sides are whole again and can be allocated from. */
START_TEST(room_beside_a_pinned_object_is_used_again) {
    open_heap(NULL, NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 3);
        root[0] = pf_alloc_array(fixture.thread, &bytes_type, 20 * PAGE - 16);
        root[1] = pf_alloc_array(fixture.thread, &bytes_type, PAGE - 16);
        root[2] = pf_alloc_array(fixture.thread, &bytes_type, 20 * PAGE - 16);
        struct pf_handle *handle = pin(root[1]);
        void *const places[2] = {root[0], root[1]};
        root[0] = NULL;
        root[2] = NULL;
        (void)collect(2, PINFOLD_COLLECT_COMPACT_LARGE);
        ck_assert_uint_eq(read_statistics().free_bytes[PINFOLD_LARGE], 20 * PAGE);
        root[0] = pf_alloc_array(fixture.thread, &bytes_type, 20 * PAGE - 16);
        ck_assert_ptr_eq(root[0], places[0]);
        ck_assert_ptr_eq(root[1], places[1]);
        pf_unpin(fixture.heap, handle);
    }
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/large_compaction", roots_and_objects_of_every_kind_follow_a_large_object_that_moves,
      cards_lie_at_the_new_place_of_a_moved_object,
      other_modes_and_younger_generations_leave_large_objects_where_they_are,
      a_heap_that_always_sweeps_does_not_compact_large_objects,
      half_empty_segments_become_full_ones_and_memory_goes_back,
      the_last_chance_before_out_of_memory_compacts_large_objects,
      large_objects_that_move_at_a_limit_take_no_more_memory_than_it_allows,
      a_pinned_large_object_stays_until_its_last_pin_is_gone, a_slot_of_a_pinning_frame_holds_a_large_object_as_well,
      a_large_object_that_only_its_pin_keeps_alive_is_neither_moved_nor_written_to,
      room_beside_a_pinned_object_is_used_again)
