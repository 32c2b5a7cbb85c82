/* SPDX-License-Identifier: MIT
 *
 * Threads: attaching, detaching, ending, and their names.
 */
#include <pthread.h>
#include <string.h>

#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

static size_t threads_of(struct pf_heap *heap) {
    struct pf_statistics statistics;
    pf_heap_statistics(heap, &statistics);
    return statistics.threads;
}

static int count_node(void *object, size_t size, int generation, int is_free, void *data) {
    size_t *count = data;
    (void)size;
    (void)generation;
    *count += !is_free && pf_type_of(object) == &node_type;
    return 0;
}

/* Nodes in the heap after a full collection. */
static size_t surviving_nodes(struct pf_thread *thread) {
    size_t count = 0;
    pf_collect(thread, 2, PINFOLD_COLLECT_DEFAULT);
    (void)pf_heap_walk(thread, count_node, &count);
    return count;
}

/* --- attaching and detaching --- */

START_TEST(a_second_attachment_of_a_thread_to_the_same_heap_is_refused) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    struct pf_thread *untouched = NULL;
    ck_assert_int_eq(pf_thread_attach(fixture.heap, &untouched), PINFOLD_ALREADY_ATTACHED);
    ck_assert_ptr_null(untouched);
    pf_native_enter(fixture.thread);
    ck_assert_int_eq(pf_thread_attach(fixture.heap, &untouched), PINFOLD_ALREADY_ATTACHED);
    pf_native_leave(fixture.thread);
    ck_assert_uint_eq(threads_of(fixture.heap), 1);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_thread_that_has_detached_may_attach_again) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    for (int i = 0; i < 100; i++) {
        pf_thread_detach(fixture.thread);
        ck_assert_uint_eq(threads_of(fixture.heap), 0);
        fixture.thread = team_attach(fixture.heap);
        ck_assert_uint_eq(fixture_node(fixture.thread, 7)->key, 7);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_thread_may_be_attached_to_several_heaps) {
    struct pf_options options = fixture_tiny_options();
    struct fixture first = fixture_open(&options);
    struct fixture second = fixture_open(&options);
    {
        PINFOLD_ROOTS(first.thread, one, 1);
        PINFOLD_ROOTS(second.thread, two, 1);
        fixture_list(first.thread, &one[0], 2000);
        fixture_list(second.thread, &two[0], 3000);
        pf_collect(first.thread, 2, PINFOLD_COLLECT_COMPACT);
        fixture_check_list(one[0], 2000);
        fixture_check_list(two[0], 3000);
    }
    fixture_close(&first);
    ck_assert_uint_eq(threads_of(second.heap), 1);
    fixture_close(&second);
}
END_TEST

static void attach_and_detach(void *data, size_t index) {
    struct pf_heap *heap = data;
    (void)index;
    for (int i = 0; i < 200; i++) {
        struct pf_thread *thread = team_attach(heap);
        if (fixture_node(thread, 3)->key != 3) {
            ck_abort_msg("a fresh node is not what it was made to be");
        }
        pf_thread_detach(thread);
    }
}

START_TEST(threads_come_and_go_while_others_do) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    team_run(fixture.thread, 6, attach_and_detach, fixture.heap);
    ck_assert_uint_eq(threads_of(fixture.heap), 1);
    fixture_close(&fixture);
}
END_TEST

/* A heap, and who was there. */
struct meeting {
    struct pf_heap *heap;
    struct gate attached[3];
    struct gate leave;
};

static void stay(void *data, size_t index) {
    struct meeting *meeting = data;
    struct pf_thread *thread = team_attach(meeting->heap);
    pf_native_enter(thread);
    gate_open(&meeting->attached[index]);
    gate_wait(&meeting->leave);
    pf_native_leave(thread);
    pf_thread_detach(thread);
}

START_TEST(statistics_count_the_attached_threads) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    struct meeting meeting = {fixture.heap, {GATE_CLOSED, GATE_CLOSED, GATE_CLOSED}, GATE_CLOSED};
    struct team team = team_start(3, stay, &meeting);
    pf_native_enter(fixture.thread);
    for (int i = 0; i < 3; i++) {
        gate_wait(&meeting.attached[i]);
    }
    ck_assert_uint_eq(threads_of(fixture.heap), 4);
    gate_open(&meeting.leave);
    team_join(&team);
    pf_native_leave(fixture.thread);
    ck_assert_uint_eq(threads_of(fixture.heap), 1);
    fixture_close(&fixture);
}
END_TEST

START_TEST(destroying_a_heap_names_the_thread_that_is_still_attached) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    pf_thread_set_name(fixture.thread, "loiterer");
    ck_assert_refused(pf_heap_destroy(fixture.heap), "pf_heap_destroy,loiterer,attached");
}
END_TEST

static void detach_another(void *data, size_t index) {
    struct pf_thread *other = data;
    const char *refusal;
    (void)index;
    FATAL_CATCH(refusal, pf_thread_detach(other));
    if (refusal == NULL || !fatal_says(refusal, "pf_thread_detach,victim,calling")) {
        ck_abort_msg("detaching another thread: %s", refusal == NULL ? "not refused" : refusal);
    }
}

START_TEST(detaching_another_thread_is_refused) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    pf_thread_set_name(fixture.thread, "victim");
    team_run(fixture.thread, 1, detach_another, fixture.thread);
    ck_assert_uint_eq(threads_of(fixture.heap), 1);
    fixture_close(&fixture);
}
END_TEST

/* --- names --- */

static void be_named(void *data, size_t index) {
    (void)index;
    (void)pthread_setname_np(pthread_self(), "by-the-system");
    struct pf_thread *thread = team_attach(data);
    if (strcmp(pf_thread_name(thread), "by-the-system") != 0) {
        ck_abort_msg("the thread is called '%s'", pf_thread_name(thread));
    }
    pf_thread_detach(thread);
}

START_TEST(a_thread_has_the_name_that_the_system_has_for_it) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    team_run(fixture.thread, 1, be_named, fixture.heap);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_thread_may_be_given_a_name_of_which_15_bytes_are_kept) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    pf_thread_set_name(fixture.thread, "parser");
    ck_assert_str_eq(pf_thread_name(fixture.thread), "parser");
    pf_thread_set_name(fixture.thread, "0123456789abcdefghi");
    ck_assert_str_eq(pf_thread_name(fixture.thread), "0123456789abcde");
    pf_thread_set_name(fixture.thread, "");
    ck_assert_str_eq(pf_thread_name(fixture.thread), "");
    fixture_close(&fixture);
}
END_TEST

/* --- ending without detaching --- */

/* The frame lies on a stack that is gone when the collector comes. */
static void leave_a_frame_behind(struct pf_heap *heap) {
    struct pf_thread *thread = team_attach(heap);
    void *slot = NULL;
    struct pf_frame frame;
    pf_frame_push(thread, &frame, &slot, 1);
    slot = fixture_node(thread, 1);
}

static void end_managed(void *data, size_t index) {
    (void)index;
    leave_a_frame_behind(data);
}

static void end_native(void *data, size_t index) {
    (void)index;
    struct pf_thread *thread = team_attach(data);
    (void)fixture_node(thread, 1);
    pf_native_enter(thread);
}

static void end_with_pinning_frame(void *data, size_t index) {
    (void)index;
    struct pf_thread *thread = team_attach(data);
    void *slots[50] = {NULL};
    struct pf_frame frame;
    pf_frame_must_push_pinning(thread, &frame, slots, 50);
    slots[7] = fixture_node(thread, 1);
}

static void check_end(team_member *end) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    (void)fixture_node(fixture.thread, 0);
    team_run(fixture.thread, 4, end, fixture.heap);
    ck_assert_uint_eq(threads_of(fixture.heap), 1);
    ck_assert_uint_eq(surviving_nodes(fixture.thread), 0);
    fixture_close(&fixture);
}

START_TEST(a_thread_that_ends_without_detaching_is_detached_and_its_frames_are_dropped) {
    check_end(end_managed);
    check_end(end_with_pinning_frame);
}
END_TEST

START_TEST(a_thread_that_ends_in_a_native_region_is_detached) {
    check_end(end_native);
}
END_TEST

static void end_attached_to_two(void *data, size_t index) {
    struct pf_heap **heaps = data;
    (void)index;
    leave_a_frame_behind(heaps[0]);
    leave_a_frame_behind(heaps[1]);
}

START_TEST(a_thread_that_ends_is_detached_from_each_of_its_heaps) {
    struct pf_options options = fixture_tiny_options();
    struct fixture first = fixture_open(&options);
    struct fixture second = fixture_open(&options);
    struct pf_heap *heaps[] = {first.heap, second.heap};
    pf_native_enter(second.thread);
    team_run(first.thread, 3, end_attached_to_two, heaps);
    pf_native_leave(second.thread);
    ck_assert_uint_eq(threads_of(first.heap), 1);
    ck_assert_uint_eq(threads_of(second.heap), 1);
    fixture_close(&first);
    fixture_close(&second);
}
END_TEST

SUITE("unit/thread", a_second_attachment_of_a_thread_to_the_same_heap_is_refused,
      a_thread_that_has_detached_may_attach_again, a_thread_may_be_attached_to_several_heaps,
      threads_come_and_go_while_others_do, statistics_count_the_attached_threads,
      destroying_a_heap_names_the_thread_that_is_still_attached, detaching_another_thread_is_refused,
      a_thread_has_the_name_that_the_system_has_for_it, a_thread_may_be_given_a_name_of_which_15_bytes_are_kept,
      a_thread_that_ends_without_detaching_is_detached_and_its_frames_are_dropped,
      a_thread_that_ends_in_a_native_region_is_detached, a_thread_that_ends_is_detached_from_each_of_its_heaps)
