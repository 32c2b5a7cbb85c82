/* SPDX-License-Identifier: MIT
 *
 * The pool of workers: who runs the function, who does not, and when there are threads at all.
 */
#include "gc/world/worker.h"

#include <dirent.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc/platform/atomics.h"
#include "pinfold/fork.h"
#include "tests/support/fixture.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"

/* ThreadSanitizer ends a child process that starts threads when its parent had some. */
#if defined(__SANITIZE_THREAD__)
enum { CHILDREN_MAY_HAVE_THREADS = 0 };
#else
enum { CHILDREN_MAY_HAVE_THREADS = 1 };
#endif

static size_t threads_of_this_process(void) {
    size_t count = 0;
    DIR *folder = opendir("/proc/self/task");
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        count += entry->d_name[0] != '.';
    }
    closedir(folder);
    return count;
}

static void do_nothing(void *argument) {
    (void)argument;
}

/* With the first thread that a program starts, a sanitizer may start one of its own. */
static size_t threads_before(void) {
    struct pfi_thread_handle first;
    ck_assert(pfi_thread_start(&first, do_nothing, NULL));
    pfi_thread_join(&first);
    return threads_of_this_process();
}

struct roll {
    pfi_counter present;
    pfi_counter runs[PINFOLD_MOST_WORKERS];
    size_t expected; /* workers that wait for each other inside the function */
};

static void sign(void *context, unsigned worker) {
    struct roll *roll = context;
    ck_assert_uint_ge(worker, 1);
    ck_assert_uint_lt(worker, PINFOLD_MOST_WORKERS);
    pfi_counter_add(&roll->runs[worker], 1);
    pfi_counter_add(&roll->present, 1);
    while (pfi_counter_read(&roll->present) < roll->expected) {
        usleep(100);
    }
}

/* Returns how many took part; everybody ran once. */
static unsigned call_the_roll(struct pfi_workers *workers, unsigned wanted, size_t expected) {
    struct roll roll;
    memset(&roll, 0, sizeof roll);
    roll.expected = expected;
    pfi_workers_call(workers, sign, &roll, wanted);
    while (pfi_counter_read(&roll.present) < expected) {
        usleep(100);
    }
    unsigned taken = pfi_workers_dismiss(workers);
    size_t runs = 0;
    for (size_t worker = 0; worker < PINFOLD_MOST_WORKERS; ++worker) {
        ck_assert_uint_le(pfi_counter_read(&roll.runs[worker]), 1);
        runs += pfi_counter_read(&roll.runs[worker]);
    }
    ck_assert_uint_eq(runs, taken);
    return taken;
}

START_TEST(threads_are_started_by_the_first_call_that_wants_them_and_end_with_the_pool) {
    struct pfi_workers workers;
    size_t before = threads_before();
    pfi_workers_init(&workers, 5);
    ck_assert_uint_eq(threads_of_this_process(), before);
    ck_assert_uint_eq(call_the_roll(&workers, 2, 2), 2);
    ck_assert_uint_eq(threads_of_this_process(), before + 2);
    ck_assert_uint_eq(call_the_roll(&workers, 2, 2), 2);
    ck_assert_uint_eq(threads_of_this_process(), before + 2);
    ck_assert_uint_eq(call_the_roll(&workers, 9, 4), 4); /* worker 0 is the caller */
    ck_assert_uint_eq(threads_of_this_process(), before + 4);
    pfi_workers_finish(&workers);
    ck_assert_uint_eq(threads_of_this_process(), before);
}
END_TEST

START_TEST(places_that_nobody_took_are_withdrawn_and_nobody_takes_two) {
    struct pfi_workers workers;
    pfi_workers_init(&workers, 8);
    for (int round = 0; round < 2000; ++round) {
        ck_assert_uint_le(call_the_roll(&workers, 7, 0), 7);
    }
    ck_assert_uint_eq(call_the_roll(&workers, 3, 3), 3);
    pfi_workers_finish(&workers);
}
END_TEST

START_TEST(a_pool_of_one_never_starts_a_thread) {
    struct pfi_workers workers;
    size_t before = threads_before();
    pfi_workers_init(&workers, 1);
    ck_assert_uint_eq(call_the_roll(&workers, 4, 0), 0);
    ck_assert_uint_eq(threads_of_this_process(), before);
    pfi_workers_finish(&workers);
}
END_TEST

START_TEST(a_thread_that_cannot_be_started_means_fewer_workers) {
    struct pfi_workers workers;
    pfi_workers_init(&workers, 64);
    if (process_limit_address_space((size_t)40 << 20)) { /* a few stacks of 8 MiB */
        unsigned taken = call_the_roll(&workers, 63, 0);
        ck_assert_uint_lt(taken, 63);
        ck_assert_uint_lt(workers.started, 63);
        ck_assert_uint_eq(call_the_roll(&workers, workers.started, workers.started), workers.started);
    }
    pfi_workers_finish(&workers);
}
END_TEST

static void expect_success(pid_t child) {
    int status = 0;
    ck_assert(!CHILDREN_MAY_HAVE_THREADS || waitpid(child, &status, 0) == child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

START_TEST(a_child_process_starts_threads_of_its_own_and_the_parent_keeps_its) {
    struct pfi_workers workers;
    pfi_workers_init(&workers, 4);
    call_the_roll(&workers, 3, 3);
    pid_t child = CHILDREN_MAY_HAVE_THREADS ? fork() : -1;
    if (child == 0) {
        pfi_workers_after_fork_in_child(&workers);
        unsigned taken = call_the_roll(&workers, 3, 3);
        pfi_workers_finish(&workers);
        _exit(taken == 3 ? 0 : 1);
    }
    expect_success(child);
    ck_assert_uint_eq(call_the_roll(&workers, 3, 3), 3);
    pfi_workers_finish(&workers);
}
END_TEST

static void grow_list(struct fixture *fixture, void **root, size_t count) {
    fixture_list(fixture->thread, root, count);
    pf_collect(fixture->thread, 2, PINFOLD_COLLECT_SWEEP);
}

static unsigned workers_of_last_collection(const struct fixture *fixture) {
    struct pf_collection record;
    ck_assert_uint_eq(pf_heap_history(fixture->heap, &record, 1), 1);
    return record.mark_workers;
}

START_TEST(a_small_heap_never_starts_a_thread_and_a_large_one_does) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "mark_workers", "3");
    size_t before = threads_before();
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        grow_list(&fixture, &root[0], 5000);
        ck_assert_uint_eq(threads_of_this_process(), before);
        ck_assert_uint_eq(workers_of_last_collection(&fixture), 1);
        for (int round = 0; round < 20 && workers_of_last_collection(&fixture) == 1; ++round) {
            grow_list(&fixture, &root[0], 400000);
        }
        ck_assert_uint_gt(workers_of_last_collection(&fixture), 1);
        ck_assert_uint_eq(threads_of_this_process(), before + 2);
        fixture_check_list(root[0], 400000);
    }
    fixture_close(&fixture);
    ck_assert_uint_eq(threads_of_this_process(), before);
}
END_TEST

static int child_marks_with_threads_of_its_own(struct fixture *fixture, void *const *list) {
    size_t before = threads_of_this_process();
    fixture_verify(fixture);
    for (int round = 0; round < 20 && (round == 0 || workers_of_last_collection(fixture) == 1); ++round) {
        pf_collect(fixture->thread, 2, PINFOLD_COLLECT_SWEEP);
    }
    fixture_check_list(*list, 400000);
    return workers_of_last_collection(fixture) > 1 && threads_of_this_process() == before + 2;
}

START_TEST(a_heap_in_a_child_process_marks_with_threads_of_its_own) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "mark_workers", "3");
    fixture_set(&options, "stress", "parallel");
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        grow_list(&fixture, &root[0], 400000);
        pf_fork_prepare(fixture.heap);
        pid_t child = CHILDREN_MAY_HAVE_THREADS ? fork() : -1;
        if (child == 0) {
            pf_fork_child(fixture.heap);
            _exit(child_marks_with_threads_of_its_own(&fixture, &root[0]) ? 0 : 1);
        }
        pf_fork_parent(fixture.heap);
        expect_success(child);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        fixture_check_list(root[0], 400000);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(one_worker_is_what_the_option_says) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "mark_workers", "1");
    fixture_set(&options, "stress", "parallel");
    size_t before = threads_before();
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        grow_list(&fixture, &root[0], 100000);
        ck_assert_uint_eq(workers_of_last_collection(&fixture), 1);
        ck_assert_uint_eq(threads_of_this_process(), before);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_number_of_workers_in_force_is_at_least_one_and_at_most_the_processors) {
    struct pf_options options = fixture_options();
    ck_assert_uint_eq(options.mark_workers, 0);
    struct fixture fixture = fixture_open(&options);
    uint32_t in_force = pf_heap_options(fixture.heap)->mark_workers;
    ck_assert_uint_ge(in_force, 1);
    ck_assert_int_le((int)in_force, (int)sysconf(_SC_NPROCESSORS_CONF));
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/worker", threads_are_started_by_the_first_call_that_wants_them_and_end_with_the_pool,
      places_that_nobody_took_are_withdrawn_and_nobody_takes_two, a_pool_of_one_never_starts_a_thread,
      a_thread_that_cannot_be_started_means_fewer_workers,
      a_child_process_starts_threads_of_its_own_and_the_parent_keeps_its,
      a_heap_in_a_child_process_marks_with_threads_of_its_own, a_small_heap_never_starts_a_thread_and_a_large_one_does,
      one_worker_is_what_the_option_says, the_number_of_workers_in_force_is_at_least_one_and_at_most_the_processors)
