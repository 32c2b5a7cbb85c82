/* SPDX-License-Identifier: MIT
 *
 * fork while one thread waits for objects to finalize and another registers them without end: the child's queue works,
 * and holds what the parent's held.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "alloc/platform/atomics.h"
#include "alloc/platform/thread.h"
#include "pinfold/finalizer.h"
#include "pinfold/fork.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

enum { FORKS = 30, CHILD_SECONDS = 30 };

static const struct pf_type closing_type =
    PINFOLD_FIXED_TYPE_WITH("closing", struct node, PINFOLD_REF(struct node, left), PINFOLD_TYPE_FINALIZABLE);
static struct fixture fixture;
static pfi_counter stops;

static void take_until_the_end(void *argument) {
    struct pf_thread *thread = NULL;
    void *object;
    (void)argument;
    ck_assert_int_eq(pf_thread_attach(fixture.heap, &thread), PINFOLD_OK);
    while (pf_finalizer_wait(thread, PINFOLD_FOREVER, &object)) {
    }
    pf_thread_detach(thread);
}

static void make_until_the_end(void *argument) {
    struct pf_thread *thread = NULL;
    (void)argument;
    ck_assert_int_eq(pf_thread_attach(fixture.heap, &thread), PINFOLD_OK);
    while (pfi_counter_read(&stops) == 0) {
        (void)pf_alloc(thread, &closing_type);
    }
    pf_thread_detach(thread);
}

static int keeps_the_key(struct pf_thread *thread, uintptr_t key) {
    void *object;
    while (pf_finalizer_next(thread, &object)) {
        if (((struct node *)object)->key == key) {
            return 1;
        }
    }
    return 0;
}

/* The object with key 77 was registered before the fork, 78 after it. */
static void be_a_child(void) {
    alarm(CHILD_SECONDS);
    struct node *node = pf_alloc(fixture.thread, &closing_type);
    node->key = 78;
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    void *object;
    int found = keeps_the_key(fixture.thread, 77) && keeps_the_key(fixture.thread, 78);
    found = found && !pf_finalizer_wait(fixture.thread, 1000, &object);
    pf_finalizer_stop_waiting(fixture.heap);
    found = found && !pf_finalizer_wait(fixture.thread, PINFOLD_FOREVER, &object);
    pf_thread_detach(fixture.thread);
    pf_heap_destroy(fixture.heap); /* nobody waits in this process, whoever did in the parent's */
    _exit(found ? 0 : 1);
}

static void fork_once(void) {
    int status = 0;
    PINFOLD_ROOTS(fixture.thread, root, 1);
    struct node *node = pf_alloc(fixture.thread, &closing_type);
    node->key = 77;
    root[0] = node;
    pf_fork_prepare(fixture.heap);
    pid_t child = fork();
    if (child == 0) {
        pf_fork_child(fixture.heap);
        root[0] = NULL;
        pf_frames_reset(fixture.thread, NULL);
        be_a_child();
    }
    pf_fork_parent(fixture.heap);
    ck_assert_int_gt(child, 0);
    pf_native_enter(fixture.thread);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    pf_native_leave(fixture.thread);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with status %#x", (unsigned)status);
}

START_TEST(a_child_of_fork_has_a_finalizer_queue_that_works) {
    struct pf_options options = fixture_tiny_options();
    struct pfi_thread_handle taker;
    struct pfi_thread_handle maker;
    fixture = fixture_open(&options);
    ck_assert(pfi_thread_start(&taker, take_until_the_end, NULL));
    ck_assert(pfi_thread_start(&maker, make_until_the_end, NULL));
    for (int i = 0; i < FORKS; i++) {
        fork_once();
    }
    pfi_counter_add(&stops, 1);
    pf_finalizer_stop_waiting(fixture.heap);
    pf_native_enter(fixture.thread);
    pfi_thread_join(&maker);
    pfi_thread_join(&taker);
    pf_native_leave(fixture.thread);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/finalizer_fork", a_child_of_fork_has_a_finalizer_queue_that_works)
