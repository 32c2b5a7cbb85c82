/* SPDX-License-Identifier: MIT
 *
 * What listeners are told about stops: each of them with its end, and who kept the world waiting.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pinfold/fork.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

struct log {
    char name[16];
    uint64_t waited_ns;
    unsigned reports;
    unsigned stops;
    unsigned resumptions;
    uint64_t stop_ns;
    struct gate told;
};

static void note_slow(void *data, const struct pf_thread *thread, uint64_t waited_ns) {
    struct log *log = data;
    (void)strcpy(log->name, pf_thread_name(thread));
    log->waited_ns = waited_ns;
    log->reports++;
    gate_open(&log->told);
}

static void note_stop(void *data, uint64_t stop_ns) {
    struct log *log = data;
    log->stops++;
    log->stop_ns = stop_ns;
}

static void note_end_of_stop(void *data) {
    struct log *log = data;
    log->resumptions++;
}

static const struct pf_listener log_listener = {
    .world_stopped = note_stop, .world_resumes = note_end_of_stop, .slow_thread = note_slow};

struct scene {
    struct pf_heap *heap;
    struct gate ready[2];
    struct gate leave;
    struct log *log;
};

/* Is no reason to wait, and must not be named. */
static void sleep_native(struct scene *scene) {
    struct pf_thread *thread = team_attach(scene->heap);
    pf_thread_set_name(thread, "sleeper");
    pf_native_enter(thread);
    gate_open(&scene->ready[0]);
    gate_wait(&scene->leave);
    pf_thread_detach(thread);
}

/* Polls only a good while after it has been reported. */
static void dawdle(struct scene *scene) {
    struct pf_thread *thread = team_attach(scene->heap);
    pf_thread_set_name(thread, "sluggard");
    gate_open(&scene->ready[1]);
    gate_wait(&scene->log->told);
    team_sleep_ms(20);
    pf_safepoint(thread);
    pf_thread_detach(thread);
}

static void appear(void *data, size_t index) {
    if (index == 0) {
        sleep_native(data);
    } else {
        dawdle(data);
    }
}

START_TEST(a_thread_that_keeps_the_world_waiting_is_named_once) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "slow_stop_us", "2000");
    struct fixture fixture = fixture_open(&options);
    struct log log = {.told = GATE_CLOSED};
    pf_heap_set_listener(fixture.heap, &log_listener, &log);
    struct scene scene = {fixture.heap, {GATE_CLOSED, GATE_CLOSED}, GATE_CLOSED, &log};
    struct team team = team_start(2, appear, &scene);
    gate_wait_native(&scene.ready[0], fixture.thread);
    gate_wait_native(&scene.ready[1], fixture.thread);
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    ck_assert_uint_eq(log.reports, 1);
    ck_assert_str_eq(log.name, "sluggard");
    ck_assert_uint_ge(log.waited_ns, 2000000);
    ck_assert_uint_ge(log.stop_ns, 20000000);
    struct pf_collection record;
    ck_assert_uint_eq(pf_heap_history(fixture.heap, &record, 1), 1);
    ck_assert_uint_eq(record.stop_ns, log.stop_ns);
    ck_assert_uint_ge(record.pause_ns, record.stop_ns);
    gate_open(&scene.leave);
    pf_native_enter(fixture.thread);
    team_join(&team);
    pf_native_leave(fixture.thread);
    pf_heap_set_listener(fixture.heap, NULL, NULL);
    fixture_close(&fixture);
}
END_TEST

START_TEST(every_stop_of_the_world_is_told_with_its_end) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    struct log log = {.told = GATE_CLOSED};
    pf_heap_set_listener(fixture.heap, &log_listener, &log);
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_DEFAULT);
    ck_assert_uint_eq(log.stops, 2);
    fixture_verify(&fixture); /* looks at a heap at rest, too */
    ck_assert_uint_eq(log.stops, 3);
    ck_assert_uint_eq(log.resumptions, 3);
    ck_assert_uint_eq(log.reports, 0);
    pf_heap_set_listener(fixture.heap, NULL, NULL);
    fixture_close(&fixture);
}
END_TEST

START_TEST(both_sides_of_a_fork_are_told_that_the_world_goes_on) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    struct log log = {.told = GATE_CLOSED};
    int status = 0;
    pf_heap_set_listener(fixture.heap, &log_listener, &log);
    pf_fork_prepare(fixture.heap);
    pid_t child = fork();
    if (child == 0) {
        pf_fork_child(fixture.heap);
        _exit(log.stops == 1 && log.resumptions == 1 ? 0 : 1);
    }
    pf_fork_parent(fixture.heap);
    ck_assert_uint_eq(log.stops, 1);
    ck_assert_uint_eq(log.resumptions, 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    pf_heap_set_listener(fixture.heap, NULL, NULL);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/stop_event", a_thread_that_keeps_the_world_waiting_is_named_once,
      every_stop_of_the_world_is_told_with_its_end, both_sides_of_a_fork_are_told_that_the_world_goes_on)
