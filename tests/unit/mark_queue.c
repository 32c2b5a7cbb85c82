/* SPDX-License-Identifier: MIT
 *
 * The queue between the stacks of workers: nothing is lost, nothing is done twice, and everybody is sent away when all
 * is done.
 */
#include "gc/state/mark_queue.h"

#include <unistd.h>

#include "alloc/platform/thread.h"
#include "tests/support/account.h"
#include "tests/support/suite.h"

enum { MEMBERS = 6, ROUNDS = 300 };

/* An entry for n stands for a tree of n objects: following it leaves two smaller ones. */
struct worker {
    struct pfi_mark_queue *queue;
    struct pfi_mark_stack stack;
    struct pfi_thread_handle thread;
    size_t followed;
    size_t taken;
    bool was_late;
};

static void push_tree(struct pfi_mark_stack *stack, size_t objects) {
    if (objects != 0) {
        pfi_mark_stack_push(stack, objects * 2);
    }
}

static void follow_all(struct worker *worker) {
    struct pfi_mark_stack *stack = &worker->stack;
    while (!pfi_mark_stack_is_empty(stack)) {
        if (pfi_mark_queue_is_wanting(worker->queue)) {
            pfi_mark_queue_give(worker->queue, stack);
        }
        size_t index;
        size_t objects = pfi_mark_stack_pop(stack, &index) / 2 - 1;
        ++worker->followed;
        push_tree(stack, objects / 3);
        push_tree(stack, objects - objects / 3);
    }
}

static void work(struct worker *worker) {
    do {
        follow_all(worker);
        ++worker->taken;
    } while (pfi_mark_queue_take(worker->queue, &worker->stack));
}

static void help(void *argument) {
    struct worker *worker = argument;
    worker->was_late = !pfi_mark_queue_join(worker->queue);
    if (!worker->was_late) {
        work(worker);
    }
}

static void start_helpers(struct worker *workers, struct pfi_mark_queue *queue) {
    for (size_t number = 0; number < MEMBERS; ++number) {
        workers[number] = (struct worker){.queue = queue};
        ck_assert(pfi_mark_stack_init(&workers[number].stack, test_account(), PINFOLD_PAGE));
        if (number != 0) {
            ck_assert(pfi_thread_start(&workers[number].thread, help, &workers[number]));
        }
    }
}

static size_t join_helpers(struct worker *workers) {
    size_t followed = workers[0].followed;
    for (size_t number = 1; number < MEMBERS; ++number) {
        pfi_thread_join(&workers[number].thread);
        followed += workers[number].followed;
        ck_assert(!workers[number].was_late || workers[number].followed == 0);
    }
    for (size_t number = 0; number < MEMBERS; ++number) {
        ck_assert(!pfi_mark_stack_has_overflow(&workers[number].stack));
        pfi_mark_stack_finish(&workers[number].stack);
    }
    return followed;
}

START_TEST(every_entry_is_followed_once_and_everybody_is_sent_away) {
    struct pfi_mark_queue queue;
    ck_assert(pfi_mark_queue_init(&queue, test_account(), MEMBERS));
    for (size_t round = 0; round < ROUNDS; ++round) {
        struct worker workers[MEMBERS];
        size_t objects = round * round;
        pfi_mark_queue_open(&queue);
        start_helpers(workers, &queue);
        push_tree(&workers[0].stack, objects);
        work(&workers[0]);
        ck_assert_uint_eq(join_helpers(workers), objects);
        ck_assert(!pfi_mark_queue_is_wanting(&queue) || pfi_counter_read(&queue.is_over));
    }
    pfi_mark_queue_finish(&queue);
}
END_TEST

START_TEST(a_worker_alone_is_sent_away_at_once_and_a_late_one_is_not_let_in) {
    struct pfi_mark_queue queue;
    struct pfi_mark_stack stack;
    ck_assert(pfi_mark_queue_init(&queue, test_account(), 2) &&
              pfi_mark_stack_init(&stack, test_account(), PINFOLD_PAGE));
    for (int round = 0; round < 2; ++round) {
        pfi_mark_queue_open(&queue);
        ck_assert(!pfi_mark_queue_take(&queue, &stack));
        ck_assert(!pfi_mark_queue_join(&queue));
    }
    pfi_mark_stack_finish(&stack);
    pfi_mark_queue_finish(&queue);
}
END_TEST

START_TEST(nothing_is_given_to_nobody) {
    struct pfi_mark_queue queue;
    struct pfi_mark_stack stack;
    ck_assert(pfi_mark_queue_init(&queue, test_account(), 2) &&
              pfi_mark_stack_init(&stack, test_account(), PINFOLD_PAGE));
    pfi_mark_queue_open(&queue);
    push_tree(&stack, 1);
    push_tree(&stack, 2);
    ck_assert(!pfi_mark_queue_is_wanting(&queue));
    pfi_mark_queue_give(&queue, &stack);
    ck_assert_int_eq((int)(stack.top - stack.bottom), 2);
    pfi_mark_stack_finish(&stack);
    pfi_mark_queue_finish(&queue);
}
END_TEST

/* A helper that has looked long enough sleeps; work that is given then must wake it. */
START_TEST(work_wakes_a_worker_that_sleeps) {
    struct pfi_mark_queue queue;
    struct worker workers[MEMBERS];
    ck_assert(pfi_mark_queue_init(&queue, test_account(), MEMBERS));
    pfi_mark_queue_open(&queue);
    start_helpers(workers, &queue);
    usleep(20000);
    push_tree(&workers[0].stack, 500000);
    push_tree(&workers[0].stack, 500000);
    while (!pfi_mark_queue_is_wanting(&queue)) {
        usleep(100);
    }
    pfi_mark_queue_give(&queue, &workers[0].stack);
    while (pfi_counter_read(&queue.parts) != 0) {
        usleep(100); /* for as long as nobody wakes up, which is the test's time limit if the signal was lost */
    }
    work(&workers[0]);
    ck_assert_uint_eq(join_helpers(workers), 1000000);
    size_t taken = 0;
    for (size_t number = 1; number < MEMBERS; ++number) {
        ck_assert(!workers[number].was_late);
        taken += workers[number].taken;
    }
    ck_assert_uint_gt(taken, MEMBERS - 1); /* each counts its first, empty round */
    pfi_mark_queue_finish(&queue);
}
END_TEST

SUITE("unit/mark_queue", every_entry_is_followed_once_and_everybody_is_sent_away,
      a_worker_alone_is_sent_away_at_once_and_a_late_one_is_not_let_in, nothing_is_given_to_nobody,
      work_wakes_a_worker_that_sleeps)
