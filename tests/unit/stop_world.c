/* SPDX-License-Identifier: MIT
 *
 * Stopping the world: native regions, safepoints, and threads that do something else in the middle of a stop. What
 * threads do in every order is checked on the model (tests/model/stop_world.pml); here, that the calls do what the
 * model says.
 */
#include <stdatomic.h>

#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

/* --- native threads --- */

struct stay {
    struct pf_heap *heap;
    struct gate is_native;
    struct gate leave;
};

/* Holds a list through a collection that it takes no part in. */
static void be_native(void *data, size_t index) {
    struct stay *stay = data;
    struct pf_thread *thread = team_attach(stay->heap);
    (void)index;
    (void)fixture_node(thread, 0); /* garbage before the list, so that it moves */
    {
        PINFOLD_ROOTS(thread, root, 1);
        fixture_list(thread, &root[0], 500);
        const void *before = root[0];
        {
            PINFOLD_NATIVE_SCOPE(thread);
            gate_open(&stay->is_native);
            gate_wait(&stay->leave);
        }
        if (root[0] == before) {
            ck_abort_msg("the list at %p has not moved", before);
        }
        fixture_check_list(root[0], 500);
    }
    pf_thread_detach(thread);
}

START_TEST(a_collection_does_not_wait_for_a_native_thread_and_updates_its_frames) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    struct stay stay = {fixture.heap, GATE_CLOSED, GATE_CLOSED};
    struct team team = team_start(1, be_native, &stay);
    gate_wait_native(&stay.is_native, fixture.thread);
    for (int i = 0; i < 10; i++) {
        pf_collect(fixture.thread, i % 3, PINFOLD_COLLECT_COMPACT);
    }
    gate_open(&stay.leave);
    pf_native_enter(fixture.thread);
    team_join(&team);
    pf_native_leave(fixture.thread);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_thread_says_whether_it_is_native) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    ck_assert_int_eq(pf_thread_is_native(fixture.thread), 0);
    {
        PINFOLD_NATIVE_SCOPE(fixture.thread);
        ck_assert_int_eq(pf_thread_is_native(fixture.thread), 1);
    }
    ck_assert_int_eq(pf_thread_is_native(fixture.thread), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(native_regions_that_do_not_match_are_refused) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    pf_thread_set_name(fixture.thread, "muddler");
    ck_assert_refused(pf_native_leave(fixture.thread), "pf_native_leave,muddler,not native");
    pf_native_enter(fixture.thread);
    ck_assert_refused(pf_native_enter(fixture.thread), "pf_native_enter,muddler,native already");
    ck_assert_refused(pf_safepoint(fixture.thread), "safepoint,muddler,native");
    ck_assert_refused(pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT), "muddler,native");
    pf_native_leave(fixture.thread);
    fixture_close(&fixture);
}
END_TEST

/* --- what waits for the end of a collection --- */

/* A collection that is held up with the world stopped until the gate `go` is open. */
struct held {
    struct pf_heap *heap;
    struct gate stopped;
    struct gate go;
    atomic_int ready; /* waiters */
    atomic_int about_to_wait;
    atomic_int has_resumed;
};

enum { WAITERS = 3 };

static void await_all(atomic_int *waiters) {
    while (atomic_load(waiters) < WAITERS) {
        team_sleep_ms(1);
    }
}

static void hold_up(void *data, uint64_t stop_ns) {
    struct held *held = data;
    (void)stop_ns;
    gate_open(&held->stopped);
    gate_wait(&held->go);
}

static void note_resumption(void *data) {
    struct held *held = data;
    atomic_store(&held->has_resumed, 1);
}

static void collect_once(void *data, size_t index) {
    struct held *held = data;
    (void)index;
    struct pf_thread *thread = team_attach(held->heap);
    pf_collect(thread, 1, PINFOLD_COLLECT_DEFAULT);
    pf_thread_detach(thread);
}

static void require_resumed(struct held *held, const char *what) {
    if (!atomic_load(&held->has_resumed)) {
        ck_abort_msg("%s did not wait for the end of the collection", what);
    }
}

static void leave_native(void *data, size_t index) {
    struct held *held = data;
    (void)index;
    struct pf_thread *thread = team_attach(held->heap);
    pf_native_enter(thread);
    atomic_fetch_add(&held->ready, 1);
    gate_wait(&held->stopped);
    atomic_fetch_add(&held->about_to_wait, 1);
    pf_native_leave(thread);
    require_resumed(held, "leaving a native region");
    pf_thread_detach(thread);
}

static void detach_native(void *data, size_t index) {
    struct held *held = data;
    (void)index;
    struct pf_thread *thread = team_attach(held->heap);
    pf_native_enter(thread);
    atomic_fetch_add(&held->ready, 1);
    gate_wait(&held->stopped);
    atomic_fetch_add(&held->about_to_wait, 1);
    pf_thread_detach(thread);
    require_resumed(held, "detaching");
}

static void attach_late(void *data, size_t index) {
    struct held *held = data;
    (void)index;
    atomic_fetch_add(&held->ready, 1);
    gate_wait(&held->stopped);
    atomic_fetch_add(&held->about_to_wait, 1);
    struct pf_thread *thread = team_attach(held->heap);
    require_resumed(held, "attaching");
    pf_thread_detach(thread);
}

static void ask_for_statistics(void *data, size_t index) {
    struct held *held = data;
    struct pf_statistics statistics;
    (void)index;
    atomic_fetch_add(&held->ready, 1);
    gate_wait(&held->stopped);
    atomic_fetch_add(&held->about_to_wait, 1);
    pf_heap_statistics(held->heap, &statistics);
    require_resumed(held, "pf_heap_statistics");
    if (statistics.collections[1] != 1) {
        ck_abort_msg("the statistics are from before the collection");
    }
}

/* Several wait, and all go on afterwards. The pause gives a call that does not wait the time to return too early. */
static void check_waits(team_member *waiting) {
    static const struct pf_listener listener = {.world_stopped = hold_up, .world_resumes = note_resumption};
    struct pf_options options = fixture_tiny_options();
    struct held held = {.stopped = GATE_CLOSED, .go = GATE_CLOSED};
    ck_assert_int_eq(pf_heap_create(&options, &held.heap, NULL), PINFOLD_OK);
    pf_heap_set_listener(held.heap, &listener, &held);
    struct team waiters = team_start(WAITERS, waiting, &held);
    await_all(&held.ready);
    struct team collectors = team_start(1, collect_once, &held);
    await_all(&held.about_to_wait);
    team_sleep_ms(30);
    ck_assert_int_eq(atomic_load(&held.has_resumed), 0);
    gate_open(&held.go);
    team_join(&waiters);
    team_join(&collectors);
    pf_heap_destroy(held.heap);
}

START_TEST(leaving_a_native_region_waits_for_the_end_of_a_collection) {
    check_waits(leave_native);
}
END_TEST

START_TEST(attaching_waits_for_the_end_of_a_collection) {
    check_waits(attach_late);
}
END_TEST

START_TEST(detaching_from_a_native_region_waits_for_the_end_of_a_collection) {
    check_waits(detach_native);
}
END_TEST

START_TEST(statistics_wait_for_the_end_of_a_collection) {
    check_waits(ask_for_statistics);
}
END_TEST

/* --- what managed threads do when they are asked to stop --- */

struct asked {
    struct pf_heap *heap;
    struct gate managed;
    struct gate collected;
    void (*answer)(struct asked *asked, struct pf_thread *thread);
};

static void stay_until_asked(void *data, size_t index) {
    struct asked *asked = data;
    (void)index;
    struct pf_thread *thread = team_attach(asked->heap);
    gate_open(&asked->managed);
    team_await_stop(thread);
    asked->answer(asked, thread);
}

static uint64_t collections_of(struct pf_heap *heap) {
    struct pf_statistics statistics;
    pf_heap_statistics(heap, &statistics);
    return statistics.collections[0] + statistics.collections[1] + statistics.collections[2];
}

/* A thread that polls is held until the collection is over. */
static void answer_poll(struct asked *asked, struct pf_thread *thread) {
    pf_safepoint(thread);
    if (collections_of(asked->heap) != 1) {
        ck_abort_msg("a safepoint let the thread go on before the end of the collection");
    }
    pf_thread_detach(thread);
}

static void answer_allocate(struct asked *asked, struct pf_thread *thread) {
    while (collections_of(asked->heap) == 0) {
        (void)fixture_node(thread, 1);
    }
    pf_thread_detach(thread);
}

/* Would wait for ever if the stopper waited for this thread. */
static void answer_native(struct asked *asked, struct pf_thread *thread) {
    pf_native_enter(thread);
    gate_wait(&asked->collected);
    pf_native_leave(thread);
    pf_thread_detach(thread);
}

static void answer_detach(struct asked *asked, struct pf_thread *thread) {
    pf_thread_detach(thread);
    gate_wait(&asked->collected);
}

static void answer_end(struct asked *asked, struct pf_thread *thread) {
    static _Thread_local struct pf_frame frame;
    static _Thread_local void *slot;
    (void)asked;
    pf_frame_push(thread, &frame, &slot, 1);
}

/* Comes second, and collects once the first one is done. */
static void answer_collect(struct asked *asked, struct pf_thread *thread) {
    pf_collect(thread, 0, PINFOLD_COLLECT_DEFAULT);
    if (collections_of(asked->heap) != 2) {
        ck_abort_msg("two threads asked for a collection, there were %llu",
                     (unsigned long long)collections_of(asked->heap));
    }
    pf_thread_detach(thread);
}

static void check_answer(void (*answer)(struct asked *asked, struct pf_thread *thread)) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    struct asked asked = {fixture.heap, GATE_CLOSED, GATE_CLOSED, answer};
    struct team team = team_start(1, stay_until_asked, &asked);
    gate_wait_native(&asked.managed, fixture.thread);
    pf_collect(fixture.thread, 1, PINFOLD_COLLECT_DEFAULT);
    gate_open(&asked.collected);
    pf_native_enter(fixture.thread);
    team_join(&team);
    pf_native_leave(fixture.thread);
    struct pf_statistics statistics;
    pf_heap_statistics(fixture.heap, &statistics);
    ck_assert_uint_eq(statistics.threads, 1);
    ck_assert_uint_eq(statistics.collections[1], 1);
    fixture_close(&fixture);
}

START_TEST(a_thread_that_polls_is_held_until_the_collection_is_over) {
    check_answer(answer_poll);
}
END_TEST

START_TEST(an_allocation_comes_to_a_safepoint_in_time) {
    check_answer(answer_allocate);
}
END_TEST

START_TEST(a_thread_that_becomes_native_in_the_middle_of_a_stop_is_not_waited_for) {
    check_answer(answer_native);
}
END_TEST

START_TEST(a_thread_that_detaches_in_the_middle_of_a_stop_is_not_waited_for) {
    check_answer(answer_detach);
}
END_TEST

START_TEST(a_thread_that_ends_in_the_middle_of_a_stop_is_not_waited_for) {
    check_answer(answer_end);
}
END_TEST

START_TEST(a_thread_that_asks_for_a_collection_during_another_gets_its_own_afterwards) {
    check_answer(answer_collect);
}
END_TEST

static void collect_often(void *data, size_t index) {
    struct pf_thread *thread = team_attach(data);
    for (size_t i = 0; i < 50; i++) {
        pf_collect(thread, (int)((i + index) % 3), PINFOLD_COLLECT_DEFAULT);
    }
    pf_thread_detach(thread);
}

START_TEST(each_collection_that_was_asked_for_is_made_however_many_threads_ask_at_once) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    team_run(fixture.thread, 6, collect_often, fixture.heap);
    ck_assert_uint_eq(collections_of(fixture.heap), 6 * 50);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/stop_world", a_collection_does_not_wait_for_a_native_thread_and_updates_its_frames,
      a_thread_says_whether_it_is_native, native_regions_that_do_not_match_are_refused,
      leaving_a_native_region_waits_for_the_end_of_a_collection, attaching_waits_for_the_end_of_a_collection,
      detaching_from_a_native_region_waits_for_the_end_of_a_collection, statistics_wait_for_the_end_of_a_collection,
      a_thread_that_polls_is_held_until_the_collection_is_over, an_allocation_comes_to_a_safepoint_in_time,
      a_thread_that_becomes_native_in_the_middle_of_a_stop_is_not_waited_for,
      a_thread_that_detaches_in_the_middle_of_a_stop_is_not_waited_for,
      a_thread_that_ends_in_the_middle_of_a_stop_is_not_waited_for,
      a_thread_that_asks_for_a_collection_during_another_gets_its_own_afterwards,
      each_collection_that_was_asked_for_is_made_however_many_threads_ask_at_once)
