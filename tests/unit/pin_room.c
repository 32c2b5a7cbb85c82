/* SPDX-License-Identifier: MIT
 *
 * Room for the next allocation between pins: where address space is plenty, pins must neither make an allocation fail
 * nor bring a collection of the last chance about, and the figures of what pins hold back are those of the heap.
 */
#include <stdbool.h>

#include "tests/support/fixture.h"
#include "tests/support/suite.h"

enum { SEGMENT = (256 << 10) - 16, THRESHOLD = 4096, LARGEST = THRESHOLD - 8, ARRAY_HEADER = 16 };

static void *make_bytes(struct fixture *fixture, size_t size) {
    void *object = pf_try_alloc_array(fixture->thread, &bytes_type, size - ARRAY_HEADER);
    ck_assert_msg(object != NULL, "no memory for %zu bytes", size);
    return object;
}

static void make_pinned(struct fixture *fixture, size_t size) {
    struct pf_handle *pin;
    ck_assert_int_eq(pf_pin(fixture->heap, make_bytes(fixture, size), &pin), PINFOLD_OK);
}

static struct fixture open_small(const char *gen0_size) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "gen0_size", gen0_size);
    fixture_set(&options, "gen0_max_size", gen0_size);
    return fixture_open(&options);
}

static void note_collection(void *data, const struct pf_collection *record) {
    (void)record;
    *(int *)data = 1;
}

static size_t room_behind(const struct fixture *fixture) {
    struct pf_statistics statistics;
    pf_heap_statistics(fixture->heap, &statistics);
    size_t used = statistics.generation_bytes[0] + statistics.generation_bytes[1] + statistics.generation_bytes[2];
    return used < SEGMENT ? SEGMENT - used : 0;
}

/* 4096 bytes of garbage; false when a collection came in between. A largest small object does not fit there: 8 bytes
 * would be left. */
static bool make_hole(struct fixture *fixture, const int *collected) {
    for (size_t size = 0; size < THRESHOLD && !*collected; size += 512) {
        (void)make_bytes(fixture, 512);
    }
    return !*collected;
}

/* Fills the first segment with pins and holes of exactly 4096 bytes. A pinned largest object after each collection
 * drops the holes of before from the free list, so that the next ones lie behind them. */
static void fill_with_holes(struct fixture *fixture, int *collected) {
    while (room_behind(fixture) >= 13000) {
        if (*collected) {
            *collected = 0;
            make_pinned(fixture, LARGEST);
        } else if (make_hole(fixture, collected)) {
            make_pinned(fixture, 64);
        }
    }
    for (int i = 0; i < 20 && room_behind(fixture) >= THRESHOLD; i++) { /* some of these go into holes */
        make_pinned(fixture, 1024);
    }
}

START_TEST(a_hole_that_is_a_little_too_short_for_the_largest_object_is_no_room) {
    struct fixture fixture = open_small("32K");
    int collected = 0;
    static const struct pf_listener listener = {.collection_end = note_collection};
    pf_heap_set_listener(fixture.heap, &listener, &collected);
    fill_with_holes(&fixture, &collected);
    for (int i = 0; i < 100; i++) {
        make_pinned(&fixture, LARGEST);
    }
    fixture_close(&fixture);
}
END_TEST

static void note_held(void *data, const struct pf_collection *record) {
    for (int generation = 0; generation < PINFOLD_GENERATIONS; generation++) {
        ck_assert_uint_le(record->held_bytes[generation], record->free_bytes[generation]);
    }
    *(int *)data += record->promoted_in_place;
}

/* Pins among garbage in a heap where no further segment can be had. */
START_TEST(what_pins_hold_is_free_after_a_promotion_in_place) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "reserve_size", "4000000");
    fixture_set(&options, "demotion", "0");
    struct fixture fixture = fixture_open(&options);
    int promotions = 0;
    static const struct pf_listener listener = {.collection_end = note_held};
    pf_heap_set_listener(fixture.heap, &listener, &promotions);
    {
        PINFOLD_ROOTS(fixture.thread, large, 40);
        for (int i = 0; i < 40; i++) {
            large[i] = pf_try_alloc_array(fixture.thread, &bytes_type, 200000);
        }
        for (int i = 0; i < 22000; i++) {
            void *object = pf_try_alloc_array(fixture.thread, &bytes_type, i % 11 == 10 ? 60 : 100);
            struct pf_handle *pin;
            if (object == NULL) {
                break; /* the heap is full of pins and what lies between them */
            }
            ck_assert_int_eq(i % 11 == 10 ? pf_pin(fixture.heap, object, &pin) : PINFOLD_OK, PINFOLD_OK);
        }
    }
    ck_assert_int_gt(promotions, 0);
    fixture_close(&fixture);
}
END_TEST

static void count_last_chances(void *data, const struct pf_collection *record) {
    *(int *)data += record->reason == PINFOLD_REASON_LAST_CHANCE;
}

/* A ring of pinned buffers, garbage, now and then a long object, and old objects that die. */
START_TEST(waiting_for_a_segment_to_reuse_brings_no_last_chance_about) {
    enum { PINS = 200, KEPT = 500, SIZE = 30000000 };
    static struct pf_handle *ring[PINS];
    struct pf_options options = fixture_options();
    fixture_set(&options, "segment_size", "256Ki");
    fixture_set(&options, "gen0_size", "64K");
    fixture_set(&options, "gen0_max_size", "64K");
    struct fixture fixture = fixture_open(&options);
    int last_chances = 0;
    static const struct pf_listener listener = {.collection_end = count_last_chances};
    pf_heap_set_listener(fixture.heap, &listener, &last_chances);
    struct pf_handle *kept;
    void *vector = pf_alloc_array(fixture.thread, &vector_type, KEPT);
    ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, vector, &kept), PINFOLD_OK);
    uint32_t random = 1;
    for (size_t done = 0, since = 0, next = 0; done < SIZE;) {
        random = random * 1103515245 + 12345;
        size_t size = (random >> 16) % 64 == 0 ? 60000 : 100 + (random >> 18) % 300;
        void *object = pf_alloc_array(fixture.thread, &bytes_type, size);
        done += size;
        since += size;
        if ((random >> 12) % 8 == 0) {
            pf_store(fixture.thread, (void **)pf_elements(pf_handle_get(kept)) + (random >> 8) % KEPT, object);
        }
        if (since >= 1000) {
            object = pf_alloc_array(fixture.thread, &bytes_type, 500);
            pf_unpin(fixture.heap, ring[next]);
            ck_assert_int_eq(pf_pin(fixture.heap, object, &ring[next]), PINFOLD_OK);
            next = (next + 1) % PINS;
            since = 0;
        }
    }
    ck_assert_int_eq(last_chances, 0);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/pin_room", a_hole_that_is_a_little_too_short_for_the_largest_object_is_no_room,
      what_pins_hold_is_free_after_a_promotion_in_place, waiting_for_a_segment_to_reuse_brings_no_last_chance_about)
