/* SPDX-License-Identifier: MIT
 *
 * Limits that change while the heap is in use: read anew, in force at once, and never the end of anything.
 */
#include "gc/api/limits.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

static const size_t mib = 1 << 20;

/* A container whose heap may have `bytes`, which are 20 MiB at least. */
static struct pfi_machine machine_for(size_t bytes) {
    return (struct pfi_machine){.physical = (uint64_t)1 << 40, .container = (uint64_t)bytes / 3 * 4 + 4};
}

static struct fixture open_for(size_t bytes) {
    struct fixture fixture;
    struct pf_options options = fixture_options();
    struct pf_message message = {""};
    enum pf_status status = pfi_heap_create_on(machine_for(bytes), &options, &fixture.heap, &message);
    ck_assert_msg(status == PINFOLD_OK, "%s", message.text);
    ck_assert_int_eq(pf_thread_attach(fixture.heap, &fixture.thread), PINFOLD_OK);
    return fixture;
}

static enum pf_status refresh(const struct fixture *fixture, size_t bytes) {
    return pfi_heap_refresh_limits_on(machine_for(bytes), fixture->thread);
}

static struct pf_limit whole(const struct fixture *fixture) {
    struct pf_limits limits;
    pf_heap_limits(fixture->heap, &limits);
    return limits.whole;
}

static size_t count_of(size_t bytes) {
    return bytes / node_type.base_size;
}

START_TEST(a_limit_that_has_come_down_to_what_lives_is_kept_after_a_collection) {
    struct fixture fixture = open_for(120 * mib);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        fixture_list(fixture.thread, &root[0], count_of(10 * mib));
        fixture_list(fixture.thread, &root[1], count_of(60 * mib));
        root[1] = pf_alloc_array(fixture.thread, &bytes_type, 20 * mib);
        root[1] = NULL;
        ck_assert_uint_gt(whole(&fixture).committed_bytes, 30 * mib);
        ck_assert_int_eq(refresh(&fixture, 30 * mib), PINFOLD_OK);
        ck_assert_uint_ge(whole(&fixture).limit_bytes, 30 * mib - 4);
        ck_assert_uint_le(whole(&fixture).limit_bytes, 30 * mib + 4);
        ck_assert_uint_le(whole(&fixture).committed_bytes, whole(&fixture).limit_bytes);
        for (int round = 0; round < 20; ++round) {
            fixture_list(fixture.thread, &root[1], count_of(5 * mib));
            ck_assert_uint_le(whole(&fixture).committed_bytes, whole(&fixture).limit_bytes);
        }
        fixture_check_list(root[0], count_of(10 * mib));
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_limit_below_what_lives_is_told_and_refuses_until_there_is_room) {
    struct fixture fixture = open_for(120 * mib);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        fixture_list(fixture.thread, &root[0], count_of(50 * mib));
        ck_assert_int_eq(refresh(&fixture, 30 * mib), PINFOLD_ABOVE_LIMIT);
        size_t committed = whole(&fixture).committed_bytes;
        ck_assert_uint_gt(committed, 50 * mib);
        ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, mib));
        ck_assert_uint_le(whole(&fixture).committed_bytes, committed);
        fixture_check_list(root[0], count_of(50 * mib)); /* what is there stays usable */
        fixture_verify(&fixture);
        root[0] = NULL;
        ck_assert_int_eq(refresh(&fixture, 30 * mib), PINFOLD_OK);
        root[1] = pf_try_alloc_array(fixture.thread, &bytes_type, mib);
        ck_assert_ptr_nonnull(root[1]);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_limit_that_has_gone_up_gives_room_at_once) {
    struct fixture fixture = open_for(20 * mib);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, 40 * mib));
        ck_assert_int_eq(refresh(&fixture, 120 * mib), PINFOLD_OK);
        root[0] = pf_try_alloc_array(fixture.thread, &bytes_type, 40 * mib);
        ck_assert_ptr_nonnull(root[0]);
        fixture_list(fixture.thread, &root[1], count_of(50 * mib)); /* in segments of the size that suited 20 MiB */
        fixture_check_list(root[1], count_of(50 * mib));
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_container_that_has_lost_its_limit_limits_no_more_and_options_stay) {
    struct fixture fixture = open_for(20 * mib);
    struct pfi_machine machine = {.physical = (uint64_t)1 << 40};
    ck_assert_int_eq(pfi_heap_refresh_limits_on(machine, fixture.thread), PINFOLD_OK);
    ck_assert_uint_eq(whole(&fixture).limit_bytes, PINFOLD_NO_LIMIT);
    fixture_close(&fixture);
    struct pf_options options = fixture_options();
    fixture_set(&options, "hard_limit", "64Mi");
    fixture = fixture_open(&options);
    ck_assert_int_eq(refresh(&fixture, 20 * mib), PINFOLD_OK);
    ck_assert_uint_eq(whole(&fixture).limit_bytes, 64 * mib);
    fixture_close(&fixture);
}
END_TEST

START_TEST(what_this_machine_says_can_be_read_at_any_time) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    struct pf_limits before;
    struct pf_limits after;
    pf_heap_limits(fixture.heap, &before);
    ck_assert_int_eq(pf_heap_refresh_limits(fixture.thread), PINFOLD_OK);
    pf_heap_limits(fixture.heap, &after);
    ck_assert_uint_gt(after.physical_bytes, 0);
    ck_assert_uint_eq(after.physical_bytes, before.physical_bytes);
    ck_assert_uint_eq(after.whole.limit_bytes, before.whole.limit_bytes);
    fixture_close(&fixture);
}
END_TEST

enum { THREADS = 3, ROUNDS = 60, KEPT = 20000 };

struct crowd {
    struct pf_heap *heap;
    struct gate ended;
};

/* Keeps one list and makes garbage until the limits have stopped to change. */
static void allocate_meanwhile(void *data, size_t index) {
    struct crowd *crowd = data;
    struct pf_thread *thread = team_attach(crowd->heap);
    {
        PINFOLD_ROOTS(thread, root, 3);
        fixture_list(thread, &root[0], KEPT + index);
        while (!gate_is_open(&crowd->ended)) {
            fixture_list(thread, &root[1], KEPT / 10);
            root[2] = pf_alloc_array(thread, &bytes_type, 100000);
        }
        fixture_check_list(root[0], KEPT + index);
    }
    pf_thread_detach(thread);
}

START_TEST(limits_go_up_and_down_while_threads_allocate) {
    struct fixture fixture = open_for(64 * mib);
    struct crowd crowd = {fixture.heap, GATE_CLOSED};
    pf_native_enter(fixture.thread);
    struct team team = team_start(THREADS, allocate_meanwhile, &crowd);
    pf_native_leave(fixture.thread);
    for (size_t round = 0; round < ROUNDS; ++round) {
        enum pf_status status = refresh(&fixture, (round % 3 == 0 ? 20 : round % 3 == 1 ? 32 : 64) * mib);
        if (status != PINFOLD_OK && status != PINFOLD_ABOVE_LIMIT) {
            ck_abort_msg("a refresh answers: %s", pf_status_text(status));
        }
        fixture_verify(&fixture);
    }
    gate_open(&crowd.ended);
    pf_native_enter(fixture.thread);
    team_join(&team);
    pf_native_leave(fixture.thread);
    ck_assert_int_eq(refresh(&fixture, 20 * mib), PINFOLD_OK);
    ck_assert_uint_le(whole(&fixture).committed_bytes, whole(&fixture).limit_bytes);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/refresh_limits", a_limit_that_has_come_down_to_what_lives_is_kept_after_a_collection,
      a_limit_below_what_lives_is_told_and_refuses_until_there_is_room, a_limit_that_has_gone_up_gives_room_at_once,
      a_container_that_has_lost_its_limit_limits_no_more_and_options_stay,
      what_this_machine_says_can_be_read_at_any_time, limits_go_up_and_down_while_threads_allocate)
