/* SPDX-License-Identifier: MIT
 *
 * The queue by itself: nodes, lists, and threads that wait for it.
 */
#include "gc/state/finalizer_queue.h"

#include "alloc/platform/clock.h"
#include "alloc/platform/thread.h"
#include "tests/support/account.h"
#include "tests/support/suite.h"

static struct pfi_finalizer_queue queue;
static const uint64_t millisecond = 1000000;

static struct pfi_finalizer *reserve(void) {
    struct pfi_finalizer *node = pfi_finalizer_queue_reserve(&queue);
    ck_assert_ptr_nonnull(node);
    return node;
}

static void add(uintptr_t value) {
    pfi_finalizer_queue_add(&queue, reserve(), value);
}

static void expect_counts(size_t registered, size_t ready) {
    struct pfi_finalizer_counts counts = pfi_finalizer_queue_count(&queue);
    ck_assert_uint_eq(counts.registered, registered);
    ck_assert_uint_eq(counts.ready, ready);
}

static void expect_taken(uintptr_t expected) {
    uintptr_t value = 0;
    ck_assert(pfi_finalizer_queue_take(&queue, &value));
    ck_assert_uint_eq(value, expected);
}

START_TEST(a_node_that_was_released_or_taken_is_used_again) {
    pfi_finalizer_queue_init(&queue, test_account());
    struct pfi_finalizer *node = reserve();
    pfi_finalizer_queue_release(&queue, node);
    ck_assert_ptr_eq(reserve(), node);
    pfi_finalizer_queue_add(&queue, node, 8);
    pfi_finalizer_queue_all_ready(&queue);
    expect_taken(8);
    ck_assert_ptr_eq(reserve(), node);
    pfi_finalizer_queue_release(&queue, node);
    pfi_finalizer_queue_finish(&queue);
}
END_TEST

START_TEST(no_two_reserved_nodes_are_the_same) {
    enum { COUNT = 1000 };
    static struct pfi_finalizer *nodes[COUNT];
    pfi_finalizer_queue_init(&queue, test_account());
    for (size_t i = 0; i < COUNT; i++) {
        nodes[i] = reserve();
        nodes[i]->value = i;
    }
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_uint_eq(nodes[i]->value, i);
    }
    pfi_finalizer_queue_finish(&queue);
}
END_TEST

START_TEST(making_all_ready_leaves_out_what_was_suppressed) {
    pfi_finalizer_queue_init(&queue, test_account());
    add(8);
    add(16);
    add(8);
    add(24);
    ck_assert_uint_eq(pfi_finalizer_queue_suppress(&queue, 8, 0), 2);
    expect_counts(2, 0);
    pfi_finalizer_queue_all_ready(&queue);
    expect_counts(0, 2);
    expect_taken(16);
    expect_taken(24);
    uintptr_t value;
    ck_assert(!pfi_finalizer_queue_take(&queue, &value));
    pfi_finalizer_queue_finish(&queue);
}
END_TEST

START_TEST(suppression_looks_at_lists_up_to_the_generation_of_the_object) {
    pfi_finalizer_queue_init(&queue, test_account());
    add(8);
    pfi_mutex_lock(&queue.lock);
    queue.registered[1] = pfi_finalizer_queue_detach_locked(&queue, 0);
    pfi_mutex_unlock(&queue.lock);
    ck_assert_uint_eq(pfi_finalizer_queue_suppress(&queue, 8, 0), 0);
    add(8);
    ck_assert_uint_eq(pfi_finalizer_queue_suppress(&queue, 8, 1), 2);
    expect_counts(0, 0);
    pfi_finalizer_queue_finish(&queue);
}
END_TEST

START_TEST(a_wait_ends_at_its_deadline) {
    pfi_finalizer_queue_init(&queue, test_account());
    add(8); /* registered is not ready */
    uint64_t before = pfi_clock_now_ns();
    ck_assert(!pfi_finalizer_queue_wait(&queue, before + 20 * millisecond));
    ck_assert_uint_ge(pfi_clock_now_ns() - before, 20 * millisecond);
    ck_assert(!pfi_finalizer_queue_wait(&queue, before));
    pfi_finalizer_queue_finish(&queue);
}
END_TEST

START_TEST(what_is_ready_already_is_not_waited_for_even_when_nobody_is_to_wait) {
    pfi_finalizer_queue_init(&queue, test_account());
    add(8);
    pfi_finalizer_queue_all_ready(&queue);
    ck_assert(pfi_finalizer_queue_wait(&queue, UINT64_MAX));
    pfi_finalizer_queue_stop_waiting(&queue);
    ck_assert(pfi_finalizer_queue_wait(&queue, UINT64_MAX));
    expect_taken(8);
    ck_assert(!pfi_finalizer_queue_wait(&queue, UINT64_MAX));
    pfi_finalizer_queue_finish(&queue);
}
END_TEST

struct waiter {
    struct pfi_thread_handle handle;
    bool found;
};

static void wait_for_one(void *argument) {
    struct waiter *waiter = argument;
    waiter->found = pfi_finalizer_queue_wait(&queue, UINT64_MAX);
}

enum { WAITERS = 3 };

static void check_waiters(void (*end)(struct pfi_finalizer_queue *queue), bool found) {
    struct waiter waiters[WAITERS] = {{.found = false}};
    for (size_t i = 0; i < WAITERS; i++) {
        waiters[i].found = !found;
        ck_assert(pfi_thread_start(&waiters[i].handle, wait_for_one, &waiters[i]));
    }
    (void)pfi_finalizer_queue_wait(&queue, pfi_clock_now_ns() + 10 * millisecond);
    end(&queue);
    for (size_t i = 0; i < WAITERS; i++) {
        pfi_thread_join(&waiters[i].handle);
        ck_assert_int_eq(waiters[i].found, found);
    }
}

START_TEST(all_waiters_wake_when_something_becomes_ready) {
    pfi_finalizer_queue_init(&queue, test_account());
    add(8);
    check_waiters(pfi_finalizer_queue_all_ready, true);
    pfi_finalizer_queue_finish(&queue);
}
END_TEST

START_TEST(all_waiters_wake_when_nobody_is_to_wait_any_more) {
    pfi_finalizer_queue_init(&queue, test_account());
    check_waiters(pfi_finalizer_queue_stop_waiting, false);
    pfi_finalizer_queue_finish(&queue);
}
END_TEST

SUITE("unit/finalizer_queue", a_node_that_was_released_or_taken_is_used_again, no_two_reserved_nodes_are_the_same,
      making_all_ready_leaves_out_what_was_suppressed, suppression_looks_at_lists_up_to_the_generation_of_the_object,
      a_wait_ends_at_its_deadline, what_is_ready_already_is_not_waited_for_even_when_nobody_is_to_wait,
      all_waiters_wake_when_something_becomes_ready, all_waiters_wake_when_nobody_is_to_wait_any_more)
