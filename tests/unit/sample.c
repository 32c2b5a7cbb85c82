/* SPDX-License-Identifier: MIT
 *
 * Allocation samples as a listener gets them: weights, types, threads and frames.
 */
#include <pthread.h>
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/suite.h"

enum { TYPES = 3 };
static const struct pf_type *const types[TYPES] = {&node_type, &vector_type, &bytes_type};

struct profile {
    double weight[TYPES];
    size_t samples;
    const struct pf_thread *thread; /* of the last one */
    size_t frame_count;
    char names[4][64];
};

static void note_sample(void *data, const struct pf_sample *sample) {
    struct profile *profile = data;
    profile->samples++;
    profile->thread = sample->thread;
    profile->frame_count = sample->frame_count;
    for (size_t i = 0; i < TYPES; i++) {
        profile->weight[i] += sample->type == types[i] ? (double)sample->weight : 0;
    }
    for (size_t i = 0; i < 4; i++) {
        size_t offset;
        profile->names[i][0] = '\0';
        if (i < sample->frame_count) {
            (void)pf_function_name(sample->frames[i], profile->names[i], sizeof profile->names[i], &offset);
            profile->names[i][strcspn(profile->names[i], ".")] =
                '\0'; /* what the compiler adds to names of its parts */
        }
    }
}

static const struct pf_listener listener = {.allocation_sampled = note_sample};

static struct fixture open_sampled(const char *interval, struct profile *profile) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "sample_interval", interval);
    struct fixture fixture = fixture_open(&options);
    pf_heap_set_listener(fixture.heap, &listener, profile);
    return fixture;
}

static void check_estimate(double estimate, double bytes, double tolerance) {
    ck_assert_msg(estimate > bytes * (1 - tolerance) && estimate < bytes * (1 + tolerance),
                  "samples stand for %.0f bytes, %.0f were allocated", estimate, bytes);
}

START_TEST(weights_of_each_type_sum_up_to_its_bytes) {
    struct profile profile = {0};
    struct fixture fixture = open_sampled("4096", &profile);
    struct random random = {1};
    double bytes[TYPES] = {0};
    {
        PINFOLD_PINS(fixture.thread, pinned, 4); /* gaps between pins are allocated from, too */
        for (int i = 0; i < 600000; i++) {
            size_t kind = i % 5 == 0 ? 1 : i % 7 == 0 ? 2 : 0;
            size_t length = random_below(&random, kind == 1 ? 30 : 1200);
            void *object =
                kind == 0 ? pf_alloc(fixture.thread, &node_type) : pf_alloc_array(fixture.thread, types[kind], length);
            bytes[kind] += (double)pf_size_of(object);
            if (i % 999 == 0) {
                pinned[random_below(&random, 4)] = object;
            }
        }
    }
    ck_assert_uint_gt(profile.samples, 10000);
    for (size_t i = 0; i < TYPES; i++) {
        check_estimate(profile.weight[i], bytes[i], 0.08); /* five standard deviations at 4,000 samples */
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(large_and_born_pinned_objects_are_sampled_as_well) {
    struct profile profile = {0};
    struct fixture fixture = open_sampled("64Ki", &profile);
    double bytes = 0;
    for (size_t i = 0; i < 4000; i++) {
        const void *object = i % 2 == 0 ? pf_alloc_array(fixture.thread, &bytes_type, 5000 + i * 10)
                                        : pf_alloc_array_pinned(fixture.thread, &bytes_type, 5000 + i * 10, 512);
        bytes += (double)pf_size_of(object);
    }
    check_estimate(profile.weight[2], bytes, 0.13); /* 1,500 samples */
    fixture_close(&fixture);
}
END_TEST

START_TEST(without_the_option_nothing_is_told) {
    struct profile profile = {0};
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    pf_heap_set_listener(fixture.heap, &listener, &profile);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 10000);
        root[0] = pf_alloc_array(fixture.thread, &bytes_type, 100000);
    }
    ck_assert_uint_eq(profile.samples, 0);
    fixture_close(&fixture);
}
END_TEST

__attribute__((noinline)) static void *inner_function(struct pf_thread *thread) {
    void *object = pf_alloc_array(thread, &bytes_type, 70000); /* more than an interval or two: nearly always sampled */
    __asm__ volatile("" ::: "memory");
    return object;
}

__attribute__((noinline)) static void *outer_function(struct pf_thread *thread) {
    void *object = inner_function(thread);
    __asm__ volatile("" ::: "memory");
    return object;
}

START_TEST(frames_begin_with_the_function_that_allocates) {
    struct profile profile = {0};
    struct fixture fixture = open_sampled("512", &profile);
    (void)outer_function(fixture.thread);
    ck_assert_uint_ge(profile.samples, 1);
    ck_assert_ptr_eq(profile.thread, fixture.thread);
    ck_assert_uint_gt(profile.frame_count, 3);
    ck_assert_uint_le(profile.frame_count, PINFOLD_SAMPLE_FRAMES);
    ck_assert_str_eq(profile.names[0], "inner_function");
    ck_assert_str_eq(profile.names[1], "outer_function");
    ck_assert_ptr_nonnull(strstr(profile.names[2], "frames_begin_with_the_function_that_allocates"));
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_address_of_no_function_has_no_name) {
    char name[8] = "kept";
    size_t offset = 77;
    ck_assert_int_eq(pf_function_name((void *)(intptr_t)16, name, sizeof name, &offset), 0);
    ck_assert_str_eq(name, "");
    ck_assert_uint_eq(offset, 0);
}
END_TEST

/* --- every thread has points of its own --- */

static void *allocate_much(void *data) {
    struct pf_heap *heap = data;
    struct pf_thread *thread = NULL;
    if (pf_thread_attach(heap, &thread) != PINFOLD_OK) {
        ck_abort_msg("a thread could not attach");
    }
    for (int i = 0; i < 200000; i++) {
        (void)fixture_node(thread, 1);
    }
    pf_thread_detach(thread);
    return NULL;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void note_locked(void *data, const struct pf_sample *sample) {
    pthread_mutex_lock(&lock);
    note_sample(data, sample);
    pthread_mutex_unlock(&lock);
}

START_TEST(weights_sum_up_over_threads) {
    static const struct pf_listener locked_listener = {.allocation_sampled = note_locked};
    struct profile profile = {0};
    struct fixture fixture = open_sampled("2048", &profile);
    pthread_t threads[3];
    pf_heap_set_listener(fixture.heap, &locked_listener, &profile);
    pf_native_enter(fixture.thread);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, allocate_much, fixture.heap), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    pf_native_leave(fixture.thread);
    check_estimate(profile.weight[0], 600000.0 * sizeof(struct node), 0.06); /* 9,000 samples */
    fixture_close(&fixture);
}
END_TEST

/* Gaps of two kilobytes between pins; then a context in one of them with room for less than `size`, at most 64 bytes
 * less. */
static void open_context_in_gap(struct fixture *fixture, struct pf_handle **pins, size_t count, ptrdiff_t size) {
    struct pf_thread *thread = fixture->thread;
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(pf_pin(fixture->heap, fixture_node(thread, i), &pins[i]), PINFOLD_OK);
        (void)pf_alloc_array(thread, &bytes_type, 2000);
    }
    pf_collect(thread, 0, PINFOLD_COLLECT_COMPACT);
    do {
        (void)fixture_node(thread, 1);
    } while (thread->alloc_limit - thread->alloc_ptr >= size || thread->alloc_limit - thread->alloc_ptr < size - 64);
}

START_TEST(a_point_that_a_gap_of_its_own_moves_into_the_context_is_not_passed_over) {
    enum { PINS = 16, SIZE = 1000 };
    struct profile profile = {0};
    struct pf_handle *pins[PINS];
    struct pf_options options = fixture_options();
    fixture_set(&options, "sample_interval", "1000000000");
    fixture_set(&options, "stress", "compact"); /* pins stay young, and so do the gaps */
    struct fixture fixture = fixture_open(&options);
    struct pf_thread *thread = fixture.thread;
    pf_heap_set_listener(fixture.heap, &listener, &profile);
    open_context_in_gap(&fixture, pins, PINS, SIZE);
    ptrdiff_t room = thread->alloc_limit - thread->alloc_ptr;
    thread->sample_left = SIZE - room + 8; /* the point is 8 bytes behind those of the next object of that size */
    ck_assert_uint_lt((uintptr_t)pf_alloc_array(thread, &bytes_type, SIZE - 16),
                      (uintptr_t)pf_handle_get(pins[PINS - 1]));
    ck_assert_uint_eq(profile.samples, 0);
    (void)fixture_node(thread, 1);
    ck_assert_uint_eq(profile.samples, 1);
    for (size_t i = 0; i < PINS; i++) {
        pf_unpin(fixture.heap, pins[i]);
    }
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/sample", weights_of_each_type_sum_up_to_its_bytes, large_and_born_pinned_objects_are_sampled_as_well,
      without_the_option_nothing_is_told, frames_begin_with_the_function_that_allocates,
      an_address_of_no_function_has_no_name, weights_sum_up_over_threads,
      a_point_that_a_gap_of_its_own_moves_into_the_context_is_not_passed_over)
