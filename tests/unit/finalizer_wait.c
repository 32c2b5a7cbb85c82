/* SPDX-License-Identifier: MIT
 *
 * Threads that wait for objects to finalize: they get each object once, hold no collection up, and end when asked to.
 */
#include "alloc/platform/atomics.h"
#include "alloc/platform/clock.h"
#include "alloc/platform/thread.h"
#include "pinfold/finalizer.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static const uint64_t millisecond = 1000000;
static const struct pf_type closing_type = PINFOLD_FIXED_TYPE_WITH(
    "closing", struct node, PINFOLD_REF(struct node, left) | PINFOLD_REF(struct node, right), PINFOLD_TYPE_FINALIZABLE);

enum { TAKERS = 3, MUTATORS = 3, OBJECTS = 4000 /* of each mutator */ };

static struct pf_heap *heap;
static pfi_counter times_taken[MUTATORS * OBJECTS];
static pfi_counter taken_count;

static struct pf_thread *attach(void) {
    struct pf_thread *thread = NULL;
    ck_assert_int_eq(pf_thread_attach(heap, &thread), PINFOLD_OK);
    return thread;
}

static struct fixture open_tiny(void) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    heap = fixture.heap;
    return fixture;
}

/* A finalizer thread: counts what it gets; allocates, so that it collects, too. */
static void take_until_the_end(void *argument) {
    struct pf_thread *thread = attach();
    void *object;
    (void)argument;
    while (pf_finalizer_wait(thread, PINFOLD_FOREVER, &object)) {
        pfi_counter_add(&times_taken[((struct node *)object)->key], 1);
        pfi_counter_add(&taken_count, 1);
        (void)fixture_node(thread, 0);
    }
    pf_thread_detach(thread);
}

static void make_objects(void *argument) {
    size_t first = *(const size_t *)argument;
    struct pf_thread *thread = attach();
    {
        PINFOLD_ROOTS(thread, root, 1);
        for (size_t i = first; i < first + OBJECTS; i++) {
            struct node *node = pf_alloc(thread, &closing_type);
            node->key = i;
            if (i % 10 == 0) {
                root[0] = node; /* lives for a while */
            }
            fixture_list(thread, &root[0], i % 5);
        }
    }
    pf_thread_detach(thread);
}

START_TEST(a_wait_for_nothing_ends_after_its_time_and_leaves_the_place_as_it_is) {
    struct fixture fixture = open_tiny();
    int nobody = 0;
    void *object = &nobody;
    uint64_t before = pfi_clock_now_ns();
    ck_assert_int_eq(pf_finalizer_wait(fixture.thread, 5 * millisecond, &object), 0);
    ck_assert_uint_ge(pfi_clock_now_ns() - before, 5 * millisecond);
    ck_assert_ptr_eq(object, &nobody);
    ck_assert(!pf_thread_is_native(fixture.thread));
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_wait_returns_what_is_ready_at_once) {
    struct fixture fixture = open_tiny();
    void *object = NULL;
    (void)pf_alloc(fixture.thread, &closing_type);
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT);
    ck_assert_int_eq(pf_finalizer_wait(fixture.thread, PINFOLD_FOREVER, &object), 1);
    ck_assert_ptr_eq(pf_type_of(object), &closing_type);
    fixture_close(&fixture);
}
END_TEST

START_TEST(after_the_end_of_waiting_what_is_ready_is_handed_out_and_then_nothing_is_waited_for) {
    struct fixture fixture = open_tiny();
    void *object = NULL;
    (void)pf_alloc(fixture.thread, &closing_type);
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT);
    pf_finalizer_stop_waiting(fixture.heap);
    ck_assert_int_eq(pf_finalizer_wait(fixture.thread, PINFOLD_FOREVER, &object), 1);
    ck_assert_int_eq(pf_finalizer_wait(fixture.thread, PINFOLD_FOREVER, &object), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_collection_does_not_wait_for_a_waiting_thread_and_wakes_it_when_something_is_ready) {
    struct fixture fixture = open_tiny();
    struct pfi_thread_handle taker;
    ck_assert(pfi_thread_start(&taker, take_until_the_end, NULL));
    for (int i = 0; i < 50; i++) {
        pf_collect(fixture.thread, i % 3, PINFOLD_COLLECT_DEFAULT); /* would wait for ever for a managed thread */
    }
    struct node *node = pf_alloc(fixture.thread, &closing_type);
    node->key = 1;
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    while (pfi_counter_read(&taken_count) == 0) {
        pf_safepoint(fixture.thread);
    }
    pf_finalizer_stop_waiting(fixture.heap);
    pf_native_enter(fixture.thread);
    pfi_thread_join(&taker);
    pf_native_leave(fixture.thread);
    ck_assert_uint_eq(pfi_counter_read(&times_taken[1]), 1);
    ck_assert_uint_eq(pfi_counter_read(&taken_count), 1);
    fixture_close(&fixture);
}
END_TEST

/* All mutators finish, then everything is made ready, then waiting ends: that is how a program ends. */
START_TEST(several_threads_take_what_several_threads_make_each_object_once) {
    struct fixture fixture = open_tiny();
    struct pfi_thread_handle takers[TAKERS];
    struct pfi_thread_handle mutators[MUTATORS];
    size_t firsts[MUTATORS];
    for (size_t i = 0; i < TAKERS; i++) {
        ck_assert(pfi_thread_start(&takers[i], take_until_the_end, NULL));
    }
    for (size_t i = 0; i < MUTATORS; i++) {
        firsts[i] = i * OBJECTS;
        ck_assert(pfi_thread_start(&mutators[i], make_objects, &firsts[i]));
    }
    pf_native_enter(fixture.thread);
    for (size_t i = 0; i < MUTATORS; i++) {
        pfi_thread_join(&mutators[i]);
    }
    pf_native_leave(fixture.thread);
    pf_finalizer_all_ready(fixture.thread);
    pf_finalizer_stop_waiting(fixture.heap);
    pf_native_enter(fixture.thread);
    for (size_t i = 0; i < TAKERS; i++) {
        pfi_thread_join(&takers[i]);
    }
    pf_native_leave(fixture.thread);
    for (size_t i = 0; i < (size_t)MUTATORS * OBJECTS; i++) {
        if (pfi_counter_read(&times_taken[i]) != 1) {
            ck_abort_msg("object %zu was taken %zu times", i, pfi_counter_read(&times_taken[i]));
        }
    }
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/finalizer_wait", a_wait_for_nothing_ends_after_its_time_and_leaves_the_place_as_it_is,
      a_wait_returns_what_is_ready_at_once,
      after_the_end_of_waiting_what_is_ready_is_handed_out_and_then_nothing_is_waited_for,
      a_collection_does_not_wait_for_a_waiting_thread_and_wakes_it_when_something_is_ready,
      several_threads_take_what_several_threads_make_each_object_once)
