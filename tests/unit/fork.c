/* SPDX-License-Identifier: MIT
 *
 * What the threads had that are gone in the child of a fork: it belongs to the heap again.
 */
#include "pinfold/fork.h"

#include <sys/wait.h>
#include <unistd.h>

#include "gc/heap.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

enum { SLOTS = 100, CHILD_SECONDS = 30 };

struct scene {
    struct pf_heap *heap;
    struct gate is_ready;
    struct gate leave;
};

/* Has room for pins, and free slots for handles, when the other thread forks. */
static void hold_what_heaps_lend(void *data, size_t index) {
    struct scene *scene = data;
    (void)index;
    struct pf_thread *thread = team_attach(scene->heap);
    void *slots[SLOTS] = {NULL};
    struct pf_frame frame;
    struct pf_handle *handle = NULL;
    if (pf_frame_push_pinning(thread, &frame, slots, SLOTS) != PINFOLD_OK ||
        pf_handle_create(scene->heap, PINFOLD_HANDLE_WEAK, NULL, &handle) != PINFOLD_OK) {
        ck_abort_msg("no memory for a frame and a handle");
    }
    pf_handle_destroy(scene->heap, handle);
    pf_native_enter(thread);
    gate_open(&scene->is_ready);
    gate_wait(&scene->leave);
    pf_native_leave(thread);
    pf_frame_pop(thread, &frame);
    pf_thread_detach(thread);
}

static int has_lent_nothing(const struct pf_heap *heap) {
    return heap->frame_pins == 0 && heap->roots.handles.count[PINFOLD_HANDLE_WEAK] == 0;
}

/* The end status of a child that says whether this is so. */
static int fork_and_look(struct pf_heap *heap) {
    int status = -1;
    pf_fork_prepare(heap);
    pid_t child = fork();
    if (child == 0) {
        pf_fork_child(heap);
        alarm(CHILD_SECONDS);
        _exit(has_lent_nothing(heap) ? 0 : 1);
    }
    pf_fork_parent(heap);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(what_threads_had_that_are_gone_in_the_child_belongs_to_the_heap_again) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    struct scene scene = {fixture.heap, GATE_CLOSED, GATE_CLOSED};
    struct team team = team_start(1, hold_what_heaps_lend, &scene);
    gate_wait_native(&scene.is_ready, fixture.thread);
    ck_assert_uint_eq(fixture.heap->frame_pins, SLOTS);
    ck_assert_uint_ne(fixture.heap->roots.handles.count[PINFOLD_HANDLE_WEAK], 0);
    ck_assert_int_eq(fork_and_look(fixture.heap), 0);
    gate_open(&scene.leave);
    pf_native_enter(fixture.thread);
    team_join(&team);
    pf_native_leave(fixture.thread);
    ck_assert(has_lent_nothing(fixture.heap)); /* the same for a thread that detaches */
    fixture_close(&fixture);
}
END_TEST

struct reader {
    struct pf_heap *heap;
    struct gate is_reading;
    uintptr_t is_done;
};

/* A thread that is not attached may ask for the limits at any time. */
static void read_limits(void *data, size_t index) {
    struct reader *reader = data;
    (void)index;
    pfi_mutex_lock(&reader->heap->limits_lock);
    gate_open(&reader->is_reading);
    team_sleep_ms(50);
    pfi_word_store(&reader->is_done, 1);
    pfi_mutex_unlock(&reader->heap->limits_lock);
}

START_TEST(no_child_is_born_while_another_thread_reads_the_limits) {
    struct fixture fixture = fixture_open(NULL);
    struct reader reader = {fixture.heap, GATE_CLOSED, 0};
    struct team team = team_start(1, read_limits, &reader);
    gate_wait(&reader.is_reading);
    pf_fork_prepare(fixture.heap);
    ck_assert_uint_eq(pfi_word_load(&reader.is_done), 1);
    pf_fork_parent(fixture.heap);
    struct pf_limits limits;
    pf_heap_limits(fixture.heap, &limits); /* unlocked again */
    team_join(&team);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/fork", no_child_is_born_while_another_thread_reads_the_limits,
      what_threads_had_that_are_gone_in_the_child_belongs_to_the_heap_again)
