/* SPDX-License-Identifier: MIT
 *
 * fork while other threads allocate, store, make handles and collect: every child finds a heap that verifies, allocates
 * and collects in it at once, with the thread that forked as the only one, and the parent goes on as if nothing had
 * been.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pinfold/fork.h"
#include "tests/support/fixture.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { WORKERS = 4, LIST = 2000, CHILD_SECONDS = 30 };

struct load {
    struct pf_heap *heap;
    int stop; /* atomic */
};

static void churn(struct pf_thread *thread, size_t round) {
    PINFOLD_ROOTS(thread, root, 2);
    struct pf_handle *handle;
    fixture_list(thread, &root[0], LIST);
    ck_assert_int_eq(pf_handle_create(thread->heap, PINFOLD_HANDLE_PINNED, root[0], &handle), PINFOLD_OK);
    root[1] = pf_alloc_array(thread, &bytes_type, 100000 + round % 7 * 10000);
    if (round % 5 == 0) {
        pf_collect(thread, (int)(round % 3), PINFOLD_COLLECT_COMPACT);
    }
    fixture_check_list(root[0], LIST);
    pf_handle_destroy(thread->heap, handle);
}

static void *run_load(void *data) {
    struct load *load = data;
    struct pf_thread *thread;
    ck_assert_int_eq(pf_thread_attach(load->heap, &thread), PINFOLD_OK);
    for (size_t round = 0; !__atomic_load_n(&load->stop, __ATOMIC_RELAXED); ++round) {
        churn(thread, round);
        if (round % 3 == 0) {
            PINFOLD_NATIVE_SCOPE(thread);
            usleep(50);
        }
    }
    pf_thread_detach(thread);
    return NULL;
}

/* What a child does; it ends without running what the parent has registered for its exit. */
static void be_a_child(struct fixture *fixture, void *list) {
    struct pf_message message = {""};
    struct pf_statistics statistics;
    alarm(CHILD_SECONDS);
    pf_heap_statistics(fixture->heap, &statistics);
    if (statistics.threads != 1 || pf_heap_verify(fixture->thread, &message) != 0) {
        _exit(2);
    }
    PINFOLD_ROOTS(fixture->thread, root, 1);
    root[0] = list;
    for (size_t round = 0; round < 4; ++round) {
        churn(fixture->thread, round * 5 + round);
    }
    pf_collect(fixture->thread, 2, PINFOLD_COLLECT_COMPACT_LARGE);
    fixture_check_list(root[0], LIST);
    _exit(pf_heap_verify(fixture->thread, &message) == 0 ? 0 : 3);
}

static void fork_once(struct fixture *fixture, void **list) {
    pf_fork_prepare(fixture->heap);
    pid_t child = fork();
    if (child == 0) {
        pf_fork_child(fixture->heap);
        be_a_child(fixture, *list);
    }
    pf_fork_parent(fixture->heap);
    ck_assert_int_gt(child, 0);
    int status = 0;
    pf_native_enter(fixture->thread);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    pf_native_leave(fixture->thread);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with status %#x", (unsigned)status);
    fixture_check_list(*list, LIST);
}

START_TEST(a_child_that_was_forked_under_load_allocates_and_collects_at_once) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "gen0_size", "256K");
    struct fixture fixture = fixture_open(&options);
    struct load load = {fixture.heap, 0};
    pthread_t workers[WORKERS];
    for (int i = 0; i < WORKERS; ++i) {
        ck_assert_int_eq(pthread_create(&workers[i], NULL, run_load, &load), 0);
    }
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], LIST);
        uint64_t forks = settings_operations(40);
        for (uint64_t i = 0; i < forks; ++i) {
            fork_once(&fixture, &root[0]);
        }
    }
    __atomic_store_n(&load.stop, 1, __ATOMIC_RELAXED);
    pf_native_enter(fixture.thread);
    for (int i = 0; i < WORKERS; ++i) {
        ck_assert_int_eq(pthread_join(workers[i], NULL), 0);
    }
    pf_native_leave(fixture.thread);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_thread_that_is_not_attached_may_fork_and_its_child_may_attach) {
    struct pf_options options = fixture_options();
    struct pf_heap *heap = NULL;
    ck_assert_int_eq(pf_heap_create(&options, &heap, NULL), PINFOLD_OK);
    pf_fork_prepare(heap);
    pid_t child = fork();
    if (child == 0) {
        struct fixture fixture = {heap, NULL};
        pf_fork_child(heap);
        alarm(CHILD_SECONDS);
        if (pf_thread_attach(heap, &fixture.thread) != PINFOLD_OK) {
            _exit(1);
        }
        churn(fixture.thread, 0);
        pf_thread_detach(fixture.thread);
        pf_heap_destroy(heap);
        _exit(0);
    }
    pf_fork_parent(heap);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    pf_heap_destroy(heap);
}
END_TEST

START_TEST(a_thread_that_is_native_stays_so_in_the_child) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    pf_native_enter(fixture.thread);
    pf_fork_prepare(fixture.heap);
    pid_t child = fork();
    if (child == 0) {
        pf_fork_child(fixture.heap);
        alarm(CHILD_SECONDS);
        if (!pf_thread_is_native(fixture.thread)) {
            _exit(1);
        }
        pf_native_leave(fixture.thread);
        churn(fixture.thread, 0);
        _exit(0);
    }
    pf_fork_parent(fixture.heap);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    pf_native_leave(fixture.thread);
    churn(fixture.thread, 0);
    fixture_close(&fixture);
}
END_TEST

SUITE("stress/fork", a_child_that_was_forked_under_load_allocates_and_collects_at_once,
      a_thread_that_is_not_attached_may_fork_and_its_child_may_attach, a_thread_that_is_native_stays_so_in_the_child)
