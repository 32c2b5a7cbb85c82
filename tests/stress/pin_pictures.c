/* SPDX-License-Identifier: MIT
 *
 * The pictures that demotion and segment reuse were made for, step by step, and what becomes of them with the options
 * switched off.
 *
 *     a request   [ garbage ... | buffer, pinned until as many requests later as there are pins | garbage ... ]
 *
 * Every collection finds pins among garbage. Without demotion each leaves a pin and a hole in an older generation.
 *     PINFOLD_TEST_OPERATIONS=n   megabytes to allocate in the long run (default 10000: ten gigabytes)
 */
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { MOST_PINS = 4000, BUFFER = 528, REQUEST = 16000, GARBAGE = 400, STEPS = 40, REQUESTS_PER_STEP = 200 };
enum { BUDGET = 256000 };

struct server {
    struct fixture fixture;
    struct pf_handle *ring[MOST_PINS];
    size_t pins;
    size_t next;
};

static struct server server; /* static: it is large */

static void open_server_with(size_t pins, const char *segment, const char *smallest_budget, const char *largest_budget,
                             const char *demotion, const char *reuse) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "segment_size", segment);
    fixture_set(&options, "gen0_size", smallest_budget);
    fixture_set(&options, "gen0_max_size", largest_budget);
    fixture_set(&options, "demotion", demotion);
    fixture_set(&options, "segment_reuse", reuse);
    memset(&server, 0, sizeof server);
    server.fixture = fixture_open(&options);
    server.pins = pins;
}

static void open_server(size_t pins, const char *segment, const char *demotion, const char *reuse) {
    open_server_with(pins, segment, "256K", "256K", demotion, reuse);
}

static void waste(struct pf_thread *thread, size_t bytes) {
    for (size_t done = 0; done < bytes; done += GARBAGE) {
        (void)pf_alloc_array(thread, &bytes_type, GARBAGE - 16);
    }
}

static void serve_requests(void) {
    for (size_t request = 0; request < REQUESTS_PER_STEP; ++request) {
        struct pf_handle **pin = &server.ring[server.next++ % server.pins];
        waste(server.fixture.thread, REQUEST / 2);
        pf_unpin(server.fixture.heap, *pin);
        void *buffer = pf_alloc_array(server.fixture.thread, &bytes_type, BUFFER - 16);
        ck_assert_int_eq(pf_pin(server.fixture.heap, buffer, pin), PINFOLD_OK);
        waste(server.fixture.thread, REQUEST / 2);
    }
}

static void close_server(void) {
    for (size_t place = 0; place < server.pins; ++place) {
        pf_unpin(server.fixture.heap, server.ring[place]);
    }
    fixture_close(&server.fixture);
}

static size_t heap_bytes(void) {
    struct pf_statistics statistics;
    pf_heap_statistics(server.fixture.heap, &statistics);
    return statistics.heap_bytes;
}

/* How many pinned buffers are in generation 2. */
static int count_old(const struct pf_pin_info *pin, void *data) {
    *(size_t *)data += pin->generation == 2;
    return 0;
}
static size_t old_pins(void) {
    size_t count = 0;
    ck_assert_int_eq(pf_pin_report(server.fixture.thread, count_old, &count), 0);
    return count;
}

START_TEST(with_demotion_pins_stay_young_and_the_heap_stays_small_step_by_step) {
    enum { PINS = 512 };
    open_server(PINS, "1Mi", "1", "1");
    for (int step = 1; step <= STEPS; ++step) {
        serve_requests();
        ck_assert_msg(old_pins() <= PINS / 50, "step %d: %zu of %d pins are in generation 2", step, old_pins(), PINS);
        ck_assert_msg(heap_bytes() <= PINS * BUFFER + BUDGET * 3 / 2, "step %d: the heap has %zu bytes", step,
                      heap_bytes());
    }
    close_server();
}
END_TEST

/* Many times the smallest budget in pins: their budget is part of what the heap may grow to between full collections.
 */
START_TEST(many_pins_do_not_make_every_collection_a_full_one) {
    struct pf_statistics statistics;
    open_server_with(MOST_PINS, "64Mi", "64K", "16M", "1", "1");
    for (int step = 1; step <= 2 * STEPS; ++step) {
        serve_requests();
    }
    pf_heap_statistics(server.fixture.heap, &statistics);
    ck_assert_uint_gt(statistics.collections[0], 20);
    ck_assert_msg(statistics.collections[2] * 4 < statistics.collections[0],
                  "%zu full collections and %zu of generation 0", (size_t)statistics.collections[2],
                  (size_t)statistics.collections[0]);
    close_server();
}
END_TEST

/* The same requests: nearly all pins reach generation 2, each with a hole before it, and the heap is many times as
 * large as what lives. */
START_TEST(without_demotion_pins_grow_old_and_the_heap_grows_step_by_step) {
    enum { PINS = 512 };
    size_t grown = 0;
    size_t largest = 0;
    open_server(PINS, "1Mi", "0", "0");
    for (int step = 1; step <= STEPS; ++step) {
        serve_requests();
        size_t bytes = heap_bytes();
        ck_assert_msg(step < 3 || old_pins() > PINS / 2, "step %d: only %zu pins grew old", step, old_pins());
        grown += bytes > largest;
        largest = bytes > largest ? bytes : largest;
    }
    ck_assert_msg(largest > 10 * (PINS * BUFFER + BUDGET * 3 / 2), "the heap never exceeded %zu bytes", largest);
    ck_assert_msg(grown >= 5, "the heap grew in %zu steps only", grown);
    close_server();
}
END_TEST

/* Without demotion, so that every ephemeral segment is left with pins on it: what is free there serves the next one, or
 * nothing but what survives. */
static size_t heap_with_reuse(const char *reuse) {
    open_server(MOST_PINS, "1Mi", "0", reuse);
    for (int step = 1; step <= STEPS; ++step) {
        serve_requests();
    }
    size_t bytes = heap_bytes();
    close_server();
    return bytes;
}

START_TEST(without_reuse_of_segments_each_that_was_left_with_pins_is_lost) {
    size_t with = heap_with_reuse("1");
    size_t without = heap_with_reuse("0");
    ck_assert_msg(without > 5 * with, "%zu bytes with reuse, %zu without", with, without);
    ck_assert_msg(with <= 4 * MOST_PINS * BUFFER, "%zu bytes with reuse", with);
}
END_TEST

/* Eighty buffers of 64 bytes, five kilobytes in all, pinned for good and far apart; then gigabytes around them. The
 * space between them is generation 0's again and again. */
START_TEST(five_kilobytes_of_pins_do_not_make_the_heap_grow_while_gigabytes_are_allocated_around_them) {
    enum { PINS = 80, SPACING = 30000, MEGABYTE = 1000000 };
    open_server(1, "64Mi", "1", "1");
    struct pf_thread *thread = server.fixture.thread;
    struct pf_handle *pins[PINS];
    const void *addresses[PINS];
    for (size_t pin = 0; pin < PINS; ++pin) {
        waste(thread, SPACING);
        addresses[pin] = pf_alloc_array(thread, &bytes_type, 64 - 16);
        ck_assert_int_eq(pf_pin(server.fixture.heap, (void *)(uintptr_t)addresses[pin], &pins[pin]), PINFOLD_OK);
    }
    size_t early = 0;
    size_t late = 0;
    uint64_t megabytes = settings_operations(10000);
    for (uint64_t done = 0; done < megabytes; ++done) {
        waste(thread, MEGABYTE);
        size_t *largest = done < megabytes / 10 ? &early : &late;
        *largest = heap_bytes() > *largest ? heap_bytes() : *largest;
    }
    size_t quantum =
        pf_heap_options(server.fixture.heap)->allocation_quantum; /* what the context has got at the time */
    ck_assert_msg(late <= early + quantum, "the heap grew from %zu to %zu bytes", early, late);
    ck_assert_msg(late <= PINS * SPACING + 2 * BUDGET, "the heap has %zu bytes, the pins lie in %d", late,
                  PINS * SPACING);
    for (size_t pin = 0; pin < PINS; ++pin) {
        ck_assert_ptr_eq(pf_handle_get(pins[pin]), addresses[pin]);
        pf_unpin(server.fixture.heap, pins[pin]);
    }
    close_server();
}
END_TEST

SUITE("stress/pin_pictures", with_demotion_pins_stay_young_and_the_heap_stays_small_step_by_step,
      many_pins_do_not_make_every_collection_a_full_one, without_demotion_pins_grow_old_and_the_heap_grows_step_by_step,
      without_reuse_of_segments_each_that_was_left_with_pins_is_lost,
      five_kilobytes_of_pins_do_not_make_the_heap_grow_while_gigabytes_are_allocated_around_them)
