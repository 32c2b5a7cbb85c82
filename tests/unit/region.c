/* SPDX-License-Identifier: MIT
 *
 * Regions without collections, as state and as a program sees them: nothing collects while they last, what breaks them
 * is told, and afterwards budgets are where they would have been.
 */
#include "gc/state/region.h"

#include "alloc/platform/thread.h"
#include "gc/heap.h"
#include "pinfold/collect.h"
#include "tests/support/fixture.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

enum { KILOBYTE = 1000, NODES = 16 };

static size_t collections;

static void count_collection(void *data, const struct pf_collection *record) {
    (void)data;
    (void)record;
    collections++;
}

static struct fixture open_tiny(void) {
    static const struct pf_listener listener = {.collection_end = count_collection};
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "segment_size", "1Mi");
    fixture_set(&options, "large_segment_size", "1Mi");
    struct fixture fixture = fixture_open(&options);
    pf_heap_set_listener(fixture.heap, &listener, NULL);
    collections = 0;
    return fixture;
}

static void begin(const struct fixture *fixture, size_t small_bytes, size_t large_bytes) {
    ck_assert_int_eq(pf_no_collection_begin(fixture->thread, small_bytes, large_bytes), PINFOLD_OK);
    collections = 0;
}

static void end(const struct fixture *fixture, enum pf_status expected) {
    ck_assert_int_eq(pf_no_collection_end(fixture->thread), expected);
}

static void allocate_small(struct pf_thread *thread, size_t bytes) {
    for (; bytes >= node_type.base_size; bytes -= node_type.base_size) {
        (void)fixture_node(thread, 1);
    }
}

static void allocate_large(struct pf_thread *thread, size_t bytes) {
    static const size_t each = 10000;
    for (; bytes >= each; bytes -= each) {
        (void)pf_alloc_array(thread, &bytes_type, each - 16);
    }
}

START_TEST(what_was_asked_for_is_allocated_without_a_collection) {
    struct fixture fixture = open_tiny();
    begin(&fixture, 500 * KILOBYTE, 0);
    allocate_small(fixture.thread, 500 * KILOBYTE); /* thirty budgets */
    ck_assert_uint_eq(collections, 0);
    end(&fixture, PINFOLD_OK);
    fixture_close(&fixture);
}
END_TEST

START_TEST(without_a_region_the_same_collects_many_times) {
    struct fixture fixture = open_tiny();
    allocate_small(fixture.thread, 500 * KILOBYTE);
    ck_assert_uint_ge(collections, 5);
    fixture_close(&fixture);
}
END_TEST

START_TEST(large_objects_have_room_of_their_own) {
    struct fixture fixture = open_tiny();
    begin(&fixture, 100 * KILOBYTE, 6000 * KILOBYTE);
    allocate_large(fixture.thread, 6000 * KILOBYTE);
    allocate_small(fixture.thread, 100 * KILOBYTE);
    ck_assert_uint_eq(collections, 0);
    end(&fixture, PINFOLD_OK);
    fixture_close(&fixture);
}
END_TEST

START_TEST(one_large_object_may_take_all_of_it) {
    struct fixture fixture = open_tiny();
    begin(&fixture, 0, 8000 * KILOBYTE);
    (void)pf_alloc_array(fixture.thread, &bytes_type, 8000 * KILOBYTE - 16);
    ck_assert_uint_eq(collections, 0);
    end(&fixture, PINFOLD_OK);
    fixture_close(&fixture);
}
END_TEST

START_TEST(room_is_made_by_collecting_before_the_region) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 12000); /* some of it young, on the ephemeral segment */
        for (int round = 0; round < 5; round++) {
            begin(&fixture, 700 * KILOBYTE, 100 * KILOBYTE);
            allocate_small(fixture.thread, 700 * KILOBYTE);
            allocate_large(fixture.thread, 100 * KILOBYTE);
            ck_assert_uint_eq(collections, 0);
            end(&fixture, PINFOLD_OK);
        }
        fixture_check_list(root[0], 12000);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(pins_do_not_take_the_room_away) {
    struct fixture fixture = open_tiny();
    struct pf_handle *pins[NODES];
    for (int i = 0; i < NODES; i++) {
        (void)pf_alloc_array(fixture.thread, &bytes_type, 3000);
        ck_assert_int_eq(pf_pin(fixture.heap, fixture_node(fixture.thread, 1), &pins[i]), PINFOLD_OK);
    }
    for (int round = 0; round < 3; round++) {
        begin(&fixture, 800 * KILOBYTE, 0);
        allocate_small(fixture.thread, 800 * KILOBYTE);
        ck_assert_uint_eq(collections, 0);
        end(&fixture, PINFOLD_OK);
    }
    for (int i = 0; i < NODES; i++) {
        pf_unpin(fixture.heap, pins[i]);
    }
    fixture_close(&fixture);
}
END_TEST

/* Segments with pins and much free space are what a full collection likes to use again, but their free space lies in
 * pieces. */
START_TEST(a_segment_with_pins_in_it_is_not_used_again_for_a_region) {
    enum { ROUNDS = 4, PINS = 20 };
    struct fixture fixture = open_tiny();
    static struct pf_handle *pins[ROUNDS * PINS];
    for (size_t i = 0; i < (size_t)ROUNDS * PINS; i++) {
        if (i % PINS == 0) {
            begin(&fixture, 900 * KILOBYTE, 0);
        }
        ck_assert_int_eq(pf_pin(fixture.heap, fixture_node(fixture.thread, 1), &pins[i]), PINFOLD_OK);
        allocate_small(fixture.thread, 44 * KILOBYTE);
        if (i % PINS == PINS - 1) {
            ck_assert_uint_eq(collections, 0);
            end(&fixture, PINFOLD_OK);
        }
    }
    for (size_t i = 0; i < (size_t)ROUNDS * PINS; i++) {
        pf_unpin(fixture.heap, pins[i]);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(young_objects_that_live_give_way_to_a_region) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        begin(&fixture, 400 * KILOBYTE, 0);
        fixture_list(fixture.thread, &root[0], 10000); /* all of it in generation 0 */
        end(&fixture, PINFOLD_OK);
        begin(&fixture, 900 * KILOBYTE, 0);
        allocate_small(fixture.thread, 900 * KILOBYTE);
        ck_assert_uint_eq(collections, 0);
        end(&fixture, PINFOLD_OK);
        fixture_check_list(root[0], 10000);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_next_allocation_after_a_region_pays_for_what_was_allocated_in_it) {
    struct fixture fixture = open_tiny();
    begin(&fixture, 500 * KILOBYTE, 0);
    allocate_small(fixture.thread, 500 * KILOBYTE);
    end(&fixture, PINFOLD_OK);
    ck_assert_uint_eq(collections, 0);
    allocate_small(fixture.thread, 9 * KILOBYTE); /* more than a context may have left */
    ck_assert_uint_eq(collections, 1);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_region_in_which_little_was_allocated_leaves_the_budget_to_be_spent) {
    struct fixture fixture = open_tiny();
    begin(&fixture, 500 * KILOBYTE, 0);
    allocate_small(fixture.thread, 2 * KILOBYTE);
    end(&fixture, PINFOLD_OK);
    allocate_small(fixture.thread, 4 * KILOBYTE);
    ck_assert_uint_eq(collections, 0);
    allocate_small(fixture.thread, 60 * KILOBYTE);
    ck_assert_uint_ge(collections, 1);
    fixture_close(&fixture);
}
END_TEST

START_TEST(allocating_more_than_there_is_room_for_ends_the_region) {
    struct fixture fixture = open_tiny();
    begin(&fixture, 100 * KILOBYTE, 0);
    allocate_small(fixture.thread, 2000 * KILOBYTE);
    ck_assert_uint_ge(collections, 1);
    end(&fixture, PINFOLD_EXCEEDED);
    begin(&fixture, 0, 100 * KILOBYTE);
    allocate_large(fixture.thread, 5000 * KILOBYTE); /* and more than the budget */
    ck_assert_uint_ge(collections, 1);
    end(&fixture, PINFOLD_EXCEEDED);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_collection_that_the_program_asks_for_ends_the_region) {
    struct fixture fixture = open_tiny();
    begin(&fixture, 100 * KILOBYTE, 0);
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT);
    allocate_small(fixture.thread, 300 * KILOBYTE); /* as without a region */
    ck_assert_uint_ge(collections, 2);
    end(&fixture, PINFOLD_INDUCED);
    fixture_close(&fixture);
}
END_TEST

static size_t committed_bytes(const struct fixture *fixture) {
    struct pf_statistics statistics;
    pf_heap_statistics(fixture->heap, &statistics);
    return statistics.committed_bytes;
}

START_TEST(suggestions_do_nothing_in_a_region) {
    struct fixture fixture = open_tiny();
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT); /* so that the length of a pause is known */
    begin(&fixture, 400 * KILOBYTE, 0);
    size_t committed = committed_bytes(&fixture);
    ck_assert_int_eq(pf_heap_idle(fixture.thread, UINT64_MAX / 2), 0);
    ck_assert_uint_eq(committed_bytes(&fixture), committed); /* the room is still there */
    allocate_small(fixture.thread, 390 * KILOBYTE);
    ck_assert_int_eq(pf_collect_if_due(fixture.thread, 2), 0);
    ck_assert_int_eq(pf_heap_idle(fixture.thread, UINT64_MAX / 2), 0);
    pf_external_memory_add(fixture.heap, (size_t)1 << 30);
    allocate_small(fixture.thread, 9 * KILOBYTE);
    ck_assert_uint_eq(collections, 0);
    end(&fixture, PINFOLD_OK);
    allocate_small(fixture.thread, 9 * KILOBYTE);
    ck_assert_uint_ge(collections, 1);
    pf_external_memory_remove(fixture.heap, (size_t)1 << 30);
    fixture_close(&fixture);
}
END_TEST

START_TEST(more_than_a_segment_or_the_heap_can_hold_is_refused_at_once) {
    struct fixture fixture = open_tiny();
    ck_assert_int_eq(pf_no_collection_begin(fixture.thread, (size_t)1 << 20, 0), PINFOLD_TOO_LARGE);
    ck_assert_int_eq(pf_no_collection_begin(fixture.thread, 0, PINFOLD_LARGEST_ARENA), PINFOLD_TOO_LARGE);
    ck_assert_int_eq(pf_no_collection_begin(fixture.thread, SIZE_MAX, SIZE_MAX), PINFOLD_TOO_LARGE);
    ck_assert_uint_eq(collections, 0);
    begin(&fixture, 1 * KILOBYTE, 0); /* a refused one is no region */
    end(&fixture, PINFOLD_OK);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_heap_that_is_full_of_living_objects_has_no_room) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "reserve_size", "4Mi");
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        size_t count = 0;
        for (struct node *node; (node = pf_try_alloc(fixture.thread, &node_type)) != NULL;) {
            node->key = count++;
            pf_store(fixture.thread, &node->left, root[0]);
            root[0] = node;
        }
        ck_assert_int_eq(pf_no_collection_begin(fixture.thread, 200 * KILOBYTE, 0), PINFOLD_OUT_OF_MEMORY);
        ck_assert_int_eq(pf_no_collection_begin(fixture.thread, 0, 1000 * KILOBYTE), PINFOLD_OUT_OF_MEMORY);
        fixture_check_list(root[0], count);
        root[0] = NULL;
    }
    begin(&fixture, 200 * KILOBYTE, 0);
    end(&fixture, PINFOLD_OK);
    fixture_close(&fixture);
}
END_TEST

START_TEST(memory_that_the_system_refuses_is_told_as_such) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "segment_size", "64Mi");
    struct fixture fixture = fixture_open(&options);
    if (process_limit_writable_memory((size_t)1 << 20, (size_t)4 << 20)) {
        ck_assert_int_eq(pf_no_collection_begin(fixture.thread, (size_t)40 << 20, 0), PINFOLD_CANNOT_COMMIT);
        ck_assert_int_eq(pf_no_collection_begin(fixture.thread, 0, (size_t)40 << 20), PINFOLD_CANNOT_COMMIT);
        process_lift_limits();
        begin(&fixture, (size_t)40 << 20, (size_t)40 << 20);
        end(&fixture, PINFOLD_OK);
    }
    fixture_close(&fixture);
}
END_TEST

static void allocate_on_a_thread(void *argument) {
    struct pf_heap *heap = argument;
    struct pf_thread *thread = NULL;
    ck_assert_int_eq(pf_thread_attach(heap, &thread), PINFOLD_OK);
    for (size_t i = 0; i < 30; i++) {
        (void)pf_alloc_array(thread, &bytes_type, i % 2 == 0 ? 3000 - 16 : 1000 - 16);
    }
    pf_thread_detach(thread);
}

START_TEST(the_bytes_are_for_all_threads_together) {
    enum { WORKERS = 4 };
    struct fixture fixture = open_tiny();
    struct pfi_thread_handle workers[WORKERS];
    begin(&fixture, (size_t)WORKERS * 60 * KILOBYTE + 100 * KILOBYTE, 0);
    for (int i = 0; i < WORKERS; i++) {
        ck_assert(pfi_thread_start(&workers[i], allocate_on_a_thread, fixture.heap));
    }
    pf_native_enter(fixture.thread);
    for (int i = 0; i < WORKERS; i++) {
        pfi_thread_join(&workers[i]);
    }
    pf_native_leave(fixture.thread);
    ck_assert_uint_eq(collections, 0);
    end(&fixture, PINFOLD_OK);
    fixture_close(&fixture);
}
END_TEST

START_TEST(breaking_puts_back_what_was_put_aside_less_what_was_charged) {
    static struct pfi_share share;
    struct pfi_region region = {.is_open = false};
    share.generations[0].budget_left = 100;
    share.generations[PINFOLD_LARGE].budget_left = -20;
    pfi_region_open(&region, &share, 1000, 500);
    ck_assert_int_eq(share.generations[0].budget_left, 1000);
    ck_assert_int_eq(share.generations[PINFOLD_LARGE].budget_left, 500);
    share.generations[0].budget_left -= 300;
    pfi_region_break(&region, &share, PINFOLD_REASON_BUDGET);
    ck_assert_int_eq(share.generations[0].budget_left, -200);
    ck_assert_int_eq(share.generations[PINFOLD_LARGE].budget_left, -20);
    ck_assert_int_eq(region.broken_by, PINFOLD_REASON_BUDGET);
    pfi_region_break(&region, &share, PINFOLD_REASON_INDUCED); /* only once */
    ck_assert_int_eq(region.broken_by, PINFOLD_REASON_BUDGET);
    ck_assert_int_eq(share.generations[0].budget_left, -200);
    pfi_region_open(&region, &share, 0, 0); /* nothing is taken away either */
    ck_assert_int_eq(share.generations[0].budget_left, 0);
}
END_TEST

/* A thread with time to spare, which has decided to collect when another begins a region. */
struct idler {
    struct pf_heap *heap;
    struct gate is_ready;
};

static void idle_before_stopping(void *data, size_t index) {
    struct idler *idler = data;
    (void)index;
    struct pf_thread *thread = team_attach(idler->heap);
    allocate_small(thread, pf_heap_options(idler->heap)->gen0_size / 4 * 3);
    gate_open(&idler->is_ready);
    team_await_stop(thread);
    (void)pf_heap_idle(thread, UINT64_MAX);
    pf_thread_detach(thread);
}

START_TEST(a_thread_with_time_to_spare_leaves_a_region_alone_that_begins_at_that_moment) {
    struct fixture fixture = open_tiny();
    struct idler idler = {fixture.heap, GATE_CLOSED};
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT); /* so that it is known how long that takes */
    struct team team = team_start(1, idle_before_stopping, &idler);
    gate_wait_native(&idler.is_ready, fixture.thread);
    begin(&fixture, 100 * KILOBYTE, 0);
    pf_native_enter(fixture.thread);
    team_join(&team);
    pf_native_leave(fixture.thread);
    ck_assert_uint_eq(collections, 0);
    end(&fixture, PINFOLD_OK);
    fixture_close(&fixture);
}
END_TEST

/* A thread that has found its budget spent, when another begins a region. */
static void run_dry_before_stopping(void *data, size_t index) {
    struct idler *idler = data;
    (void)index;
    struct pf_thread *thread = team_attach(idler->heap);
    const int64_t *budget_left = &idler->heap->share.generations[0].budget_left;
    while (*budget_left > 0 || thread->alloc_limit - thread->alloc_ptr >= (ptrdiff_t)node_type.base_size) {
        (void)fixture_node(thread, 1);
    }
    gate_open(&idler->is_ready);
    team_await_stop(thread);
    (void)fixture_node(thread, 1);
    pf_thread_detach(thread);
}

START_TEST(a_thread_whose_budget_is_spent_allocates_in_a_region_that_begins_at_that_moment) {
    struct fixture fixture = open_tiny();
    struct idler idler = {fixture.heap, GATE_CLOSED};
    struct team team = team_start(1, run_dry_before_stopping, &idler);
    gate_wait_native(&idler.is_ready, fixture.thread);
    begin(&fixture, 100 * KILOBYTE, 0);
    pf_native_enter(fixture.thread);
    team_join(&team);
    pf_native_leave(fixture.thread);
    ck_assert_uint_eq(collections, 0);
    end(&fixture, PINFOLD_OK);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/region", what_was_asked_for_is_allocated_without_a_collection,
      without_a_region_the_same_collects_many_times, large_objects_have_room_of_their_own,
      one_large_object_may_take_all_of_it, room_is_made_by_collecting_before_the_region, pins_do_not_take_the_room_away,
      a_segment_with_pins_in_it_is_not_used_again_for_a_region, young_objects_that_live_give_way_to_a_region,
      the_next_allocation_after_a_region_pays_for_what_was_allocated_in_it,
      a_region_in_which_little_was_allocated_leaves_the_budget_to_be_spent,
      allocating_more_than_there_is_room_for_ends_the_region, a_collection_that_the_program_asks_for_ends_the_region,
      suggestions_do_nothing_in_a_region, more_than_a_segment_or_the_heap_can_hold_is_refused_at_once,
      a_heap_that_is_full_of_living_objects_has_no_room, memory_that_the_system_refuses_is_told_as_such,
      the_bytes_are_for_all_threads_together, breaking_puts_back_what_was_put_aside_less_what_was_charged,
      a_thread_with_time_to_spare_leaves_a_region_alone_that_begins_at_that_moment,
      a_thread_whose_budget_is_spent_allocates_in_a_region_that_begins_at_that_moment)
