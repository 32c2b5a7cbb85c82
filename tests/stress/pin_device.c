/* SPDX-License-Identifier: MIT
 *
 * A second thread stands in for a device: it never calls the library, it knows only addresses of buffers that were
 * given to it, and it writes to them whenever it likes, in the middle of a collection too. It reads back what it wrote:
 * a byte that differs was written by somebody else, and a buffer that the program finds at another place was moved.
 *
 *     program   pins a buffer, gives it                 ... allocates, collects ...      takes it back, checks, unpins
 *     device            writes pattern 1, checks it, writes pattern 2, checks it, ...  stops
 *
 * The collector may read the header of a pinned object (its type and length) but not touch its elements, so the
 * program is free of data races, and ThreadSanitizer agrees.
 *     PINFOLD_TEST_SECONDS=n   time to spend on each kind of collection (default 1)
 *     PINFOLD_TEST_SEED=n      the seed of the first
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { BUFFERS = 40, SECONDS = 1 };

/* Whose a buffer is. The program gives and recalls, the device returns. */
enum { OURS, GIVEN, RECALLED };

struct buffer {
    atomic_int state;
    unsigned char *bytes;
    size_t length;
    unsigned char pattern; /* of the whole buffer, as the device wrote it last */
    struct pf_handle *pin; /* the program's */
};

struct device {
    struct buffer buffers[BUFFERS];
    atomic_int is_off;
    atomic_ulong writes;
    atomic_ulong damaged;
};

/* --- the device --- */

static unsigned char byte_at(unsigned char pattern, size_t index) {
    return (unsigned char)(pattern + index * 7);
}

static void write_pattern(struct buffer *buffer) {
    buffer->pattern++;
    for (size_t i = 0; i < buffer->length; i++) {
        buffer->bytes[i] = byte_at(buffer->pattern, i);
    }
}

static unsigned long damaged_bytes(const struct buffer *buffer) {
    unsigned long damaged = 0;
    for (size_t i = 0; i < buffer->length; i++) {
        damaged += buffer->bytes[i] != byte_at(buffer->pattern, i);
    }
    return damaged;
}

static void *run_device(void *data) {
    struct device *device = data;
    while (!atomic_load(&device->is_off)) {
        for (size_t i = 0; i < BUFFERS; i++) {
            struct buffer *buffer = &device->buffers[i];
            int state = atomic_load(&buffer->state);
            if (state == OURS) {
                continue;
            }
            atomic_fetch_add(&device->damaged, damaged_bytes(buffer));
            write_pattern(buffer);
            atomic_fetch_add(&device->writes, 1);
            if (state == RECALLED) {
                atomic_store(&buffer->state, OURS);
            }
        }
        (void)sched_yield();
    }
    return NULL;
}

/* --- the program --- */

static size_t random_length(struct random *random, size_t large_threshold) {
    if (random_chance(random, 10)) {
        return random_between(random, large_threshold, 4 * large_threshold);
    }
    return random_below(random, random_chance(random, 50) ? 100 : large_threshold - 100);
}

static void give(struct fixture *fixture, struct buffer *buffer, size_t length) {
    void *object = pf_alloc_array(fixture->thread, &bytes_type, length);
    if (pf_pin(fixture->heap, object, &buffer->pin) != PINFOLD_OK) {
        replay_fail("no memory for a pin");
    }
    buffer->bytes = pf_elements(object);
    buffer->length = length;
    write_pattern(buffer);
    atomic_store(&buffer->state, GIVEN);
}

/* Waits until the device has let the buffer go. */
static void take_back(struct fixture *fixture, struct buffer *buffer) {
    atomic_store(&buffer->state, RECALLED);
    while (atomic_load(&buffer->state) != OURS) {
        (void)sched_yield();
    }
    void *object = pf_handle_get(buffer->pin);
    if (pf_elements(object) != buffer->bytes || pf_length(object) != buffer->length) {
        replay_fail("a pinned buffer of %zu bytes is not where it was", buffer->length);
    }
    if (damaged_bytes(buffer) != 0) {
        replay_fail("%lu bytes of a pinned buffer are not what the device wrote", damaged_bytes(buffer));
    }
    pf_unpin(fixture->heap, buffer->pin);
    buffer->pin = NULL;
}

static void exchange_buffer(struct fixture *fixture, struct device *device, struct random *random) {
    struct buffer *buffer = &device->buffers[random_below(random, BUFFERS)];
    if (buffer->pin == NULL) {
        give(fixture, buffer, random_length(random, pf_heap_options(fixture->heap)->large_threshold));
    } else {
        take_back(fixture, buffer);
    }
}

static uint64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Garbage, a list that lives for a while, and collections asked for besides those that budgets bring. */
static void run_program(struct fixture *fixture, struct device *device, struct random *random, uint64_t end_ms) {
    enum { LIST = 60 };
    PINFOLD_ROOTS(fixture->thread, root, 1);
    for (uint64_t operation = 0; operation < 100 || now_ms() < end_ms; operation++) {
        replay_operation(operation);
        exchange_buffer(fixture, device, random);
        if (random_chance(random, 50)) {
            fixture_check_list(root[0], root[0] == NULL ? 0 : LIST);
            fixture_list(fixture->thread, &root[0], LIST);
        }
        (void)pf_alloc_array(fixture->thread, &bytes_type, random_below(random, 3000));
        if (random_chance(random, 10)) {
            pf_collect(fixture->thread, (int)random_below(random, 3), (enum pf_collect_mode)random_below(random, 3));
        }
        if (atomic_load(&device->damaged) != 0) {
            replay_fail("the collector wrote to a pinned buffer: the device found %lu bytes changed",
                        atomic_load(&device->damaged));
        }
    }
}

static void run_with_device(const char *name, const char *stress, uint64_t seed) {
    static struct device device;
    struct pf_options options = fixture_tiny_options();
    if (stress != NULL) {
        fixture_set(&options, "stress", stress);
    }
    struct random random = {seed};
    struct fixture fixture = fixture_open(&options);
    pthread_t thread;
    replay_begin(name, seed);
    device = (struct device){.is_off = 0};
    ck_assert_int_eq(pthread_create(&thread, NULL, run_device, &device), 0);
    run_program(&fixture, &device, &random, now_ms() + settings_seconds(SECONDS) * 1000);
    for (size_t i = 0; i < BUFFERS; i++) {
        if (device.buffers[i].pin != NULL) {
            take_back(&fixture, &device.buffers[i]);
        }
    }
    atomic_store(&device.is_off, 1);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_eq(atomic_load(&device.damaged), 0);
    ck_assert_uint_gt(atomic_load(&device.writes), 0);
    fixture_close(&fixture);
}

START_TEST(a_device_may_write_to_pinned_buffers_while_every_collection_compacts) {
    run_with_device("device, always compact", "compact", settings_seeds(1).first);
}
END_TEST

START_TEST(and_while_every_collection_sweeps_and_fills_what_is_free_with_poison) {
    run_with_device("device, always sweep", "sweep,poison", settings_seeds(1).first + 1);
}
END_TEST

START_TEST(and_while_every_collection_expands) {
    run_with_device("device, always expand", "expand,poison", settings_seeds(1).first + 2);
}
END_TEST

START_TEST(and_while_the_collector_decides_and_the_heap_is_checked_around_every_collection) {
    run_with_device("device", "verify", settings_seeds(1).first + 3);
}
END_TEST

START_TEST(and_while_a_collection_comes_every_few_allocations) {
    run_with_device("device, collect every 20", "collect=20,compact", settings_seeds(1).first + 4);
}
END_TEST

SUITE("stress/pin_device", a_device_may_write_to_pinned_buffers_while_every_collection_compacts,
      and_while_every_collection_sweeps_and_fills_what_is_free_with_poison, and_while_every_collection_expands,
      and_while_the_collector_decides_and_the_heap_is_checked_around_every_collection,
      and_while_a_collection_comes_every_few_allocations)
