/* SPDX-License-Identifier: MIT
 *
 * Several threads that allocate at once: what they share of a heap (budgets, its room) and what they do not (their
 * contexts, other heaps).
 */
#include <stdatomic.h>

#include "gc/heap.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

enum { THREADS = 6 };

static uint64_t collections_of(struct pf_heap *heap) {
    struct pf_statistics statistics;
    pf_heap_statistics(heap, &statistics);
    return statistics.collections[0] + statistics.collections[1] + statistics.collections[2];
}

/* --- chunks --- */

struct visit {
    struct pf_heap *heap;
    size_t quantum; /* while the visitor is attached */
};

static void note_quantum(void *data, size_t index) {
    struct visit *visit = data;
    struct pf_thread *thread = team_attach(visit->heap);
    (void)index;
    visit->quantum = visit->heap->share.quantum;
    pf_thread_detach(thread);
}

START_TEST(chunks_have_their_old_size_again_when_other_threads_have_left) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    size_t alone = fixture.heap->share.quantum;
    struct visit visit = {fixture.heap, 0};
    team_run(fixture.thread, 1, note_quantum, &visit);
    ck_assert_uint_ne(visit.quantum, alone);
    ck_assert_uint_eq(fixture.heap->share.quantum, alone);
    fixture_close(&fixture);
}
END_TEST

/* --- budgets --- */

enum { BUDGET = 1 << 20, BUDGETS_EACH = 8 };

static void spend(void *data, size_t index) {
    struct pf_thread *thread = team_attach(data);
    (void)index;
    for (size_t spent = 0; spent < (size_t)BUDGETS_EACH * BUDGET; spent += node_type.base_size) {
        (void)fixture_node(thread, 1);
    }
    pf_thread_detach(thread);
}

START_TEST(threads_that_spend_a_budget_together_make_one_collection_not_one_each) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "gen0_size", "1Mi");
    fixture_set(&options, "gen0_max_size", "1Mi");
    struct fixture fixture = fixture_open(&options);
    team_run(fixture.thread, THREADS, spend, fixture.heap);
    uint64_t budgets = THREADS * BUDGETS_EACH;
    ck_assert_uint_ge(collections_of(fixture.heap), budgets / 2);
    ck_assert_uint_le(collections_of(fixture.heap), budgets * 3 / 2);
    fixture_close(&fixture);
}
END_TEST

static void spend_large(void *data, size_t index) {
    struct pf_thread *thread = team_attach(data);
    (void)index;
    for (size_t spent = 0; spent < (size_t)BUDGETS_EACH * BUDGET; spent += 65536) {
        (void)pf_alloc_array(thread, &bytes_type, 65536);
    }
    pf_thread_detach(thread);
}

START_TEST(the_same_holds_for_the_budget_of_large_objects) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "large_threshold", "32Ki");
    fixture_set(&options, "large_size", "1Mi");
    struct fixture fixture = fixture_open(&options);
    team_run(fixture.thread, THREADS, spend_large, fixture.heap);
    ck_assert_uint_ge(collections_of(fixture.heap), 2);
    ck_assert_uint_le(collections_of(fixture.heap), THREADS * BUDGETS_EACH * 3 / 2);
    fixture_close(&fixture);
}
END_TEST

/* --- contexts --- */

static void fill_lists(void *data, size_t index) {
    struct pf_thread *thread = team_attach(data);
    (void)index;
    for (size_t round = 0; round < 10; round++) {
        PINFOLD_ROOTS(thread, root, 2);
        fixture_list(thread, &root[0], 1000 + 100 * index);
        root[1] = pf_alloc_array(thread, &bytes_type, 5000);
        fixture_list(thread, &root[1], 500);
        fixture_check_list(root[0], 1000 + 100 * index);
        fixture_check_list(root[1], 500);
    }
    pf_thread_detach(thread);
}

START_TEST(what_threads_allocate_side_by_side_does_not_overlap_and_is_not_lost) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "verify", "1");
    struct fixture fixture = fixture_open(&options);
    team_run(fixture.thread, THREADS, fill_lists, fixture.heap);
    ck_assert_uint_gt(collections_of(fixture.heap), 5);
    fixture_close(&fixture);
}
END_TEST

static int add_size(void *object, size_t size, int generation, int is_free, void *data) {
    size_t *bytes = data;
    (void)object;
    (void)generation;
    *bytes += is_free ? 0 : size;
    return 0;
}

static void allocate_a_few(void *data, size_t index) {
    struct pf_thread *thread = team_attach(data);
    for (size_t i = 0; i <= index; i++) {
        (void)fixture_node(thread, i);
    }
    pf_thread_detach(thread);
}

START_TEST(a_walk_meets_the_objects_of_all_threads_and_allocated_bytes_are_the_sum_of_their_sizes) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    team_run(fixture.thread, THREADS, allocate_a_few, fixture.heap);
    size_t nodes = THREADS * (THREADS + 1) / 2;
    size_t bytes = 0;
    (void)pf_heap_walk(fixture.thread, add_size, &bytes);
    ck_assert_uint_eq(bytes, nodes * node_type.base_size);
    struct pf_statistics statistics;
    pf_heap_statistics(fixture.heap, &statistics);
    ck_assert_uint_eq(statistics.allocated_bytes, bytes);
    fixture_close(&fixture);
}
END_TEST

/* --- out of memory --- */

struct famine {
    struct pf_heap *heap;
    pthread_barrier_t barrier;
};

static void meet(struct famine *famine, struct pf_thread *thread) {
    PINFOLD_NATIVE_SCOPE(thread);
    (void)pthread_barrier_wait(&famine->barrier);
}

/* Like fixture_list, until there is no room for another node; returns the length. */
static size_t take_all(struct pf_thread *thread, void **root) {
    size_t count = 0;
    struct node *node = pf_try_alloc(thread, &node_type);
    while (node != NULL) {
        node->key = count++;
        pf_store(thread, &node->left, *root);
        *root = node;
        node = pf_try_alloc(thread, &node_type);
    }
    return count;
}

/* Takes what there is, waits until nobody got any more, and gives it back. */
static void starve(void *data, size_t index) {
    struct famine *famine = data;
    struct pf_thread *thread = team_attach(famine->heap);
    void *root[2] = {NULL, NULL};
    struct pf_frame frame;
    (void)index;
    pf_frame_push(thread, &frame, root, 2);
    size_t count = take_all(thread, &root[0]);
    if (pf_thread_status(thread) != PINFOLD_OUT_OF_MEMORY) {
        ck_abort_msg("refused with '%s'", pf_status_text(pf_thread_status(thread)));
    }
    meet(famine, thread);
    fixture_check_list(root[0], count);
    root[0] = NULL;
    meet(famine, thread);
    fixture_list(thread, &root[1], 5000);
    fixture_check_list(root[1], 5000);
    pf_frame_pop(thread, &frame);
    pf_thread_detach(thread);
}

START_TEST(a_full_heap_refuses_each_thread_and_serves_all_again_when_there_is_room) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "reserve_size", "8Mi");
    struct fixture fixture = fixture_open(&options);
    struct famine famine = {.heap = fixture.heap};
    ck_assert_int_eq(pthread_barrier_init(&famine.barrier, NULL, 4), 0);
    team_run(fixture.thread, 4, starve, &famine);
    fixture_close(&fixture);
}
END_TEST

/* --- several heaps --- */

struct pair_of_heaps {
    struct pf_heap *collecting;
    struct pf_heap *busy;
    struct gate is_busy;
    atomic_int is_done;
};

/* Managed for as long as the other thread collects, and without a safepoint. */
static void be_busy(struct pair_of_heaps *pair) {
    struct pf_thread *thread = team_attach(pair->busy);
    {
        PINFOLD_ROOTS(thread, root, 1);
        fixture_list(thread, &root[0], 100);
        gate_open(&pair->is_busy);
        while (!atomic_load(&pair->is_done)) {
            fixture_check_list(root[0], 100);
        }
    }
    pf_thread_detach(thread);
}

static void collect_many(struct pair_of_heaps *pair) {
    struct pf_thread *thread = team_attach(pair->collecting);
    gate_wait(&pair->is_busy);
    for (int i = 0; i < 500; i++) {
        (void)fixture_node(thread, 1);
        pf_collect(thread, i % 3, PINFOLD_COLLECT_COMPACT);
    }
    atomic_store(&pair->is_done, 1);
    pf_thread_detach(thread);
}

static void be_one_of_two(void *data, size_t index) {
    if (index == 0) {
        be_busy(data);
    } else {
        collect_many(data);
    }
}

START_TEST(threads_of_two_heaps_never_wait_for_each_other) {
    struct pf_options options = fixture_tiny_options();
    struct pair_of_heaps pair = {.is_busy = GATE_CLOSED};
    ck_assert_int_eq(pf_heap_create(&options, &pair.collecting, NULL), PINFOLD_OK);
    ck_assert_int_eq(pf_heap_create(&options, &pair.busy, NULL), PINFOLD_OK);
    struct team team = team_start(2, be_one_of_two, &pair);
    team_join(&team);
    ck_assert_uint_eq(collections_of(pair.collecting), 500);
    ck_assert_uint_eq(collections_of(pair.busy), 0);
    pf_heap_destroy(pair.collecting);
    pf_heap_destroy(pair.busy);
}
END_TEST

static void create_and_destroy(void) {
    struct pf_options options = fixture_tiny_options();
    struct pf_heap *heap;
    if (pf_heap_create(&options, &heap, NULL) != PINFOLD_OK) {
        ck_abort_msg("no heap");
    }
    struct pf_thread *thread = team_attach(heap);
    {
        PINFOLD_ROOTS(thread, root, 1);
        fixture_list(thread, &root[0], 2000);
        pf_collect(thread, 1, PINFOLD_COLLECT_COMPACT);
        fixture_check_list(root[0], 2000);
    }
    pf_thread_detach(thread);
    pf_heap_destroy(heap);
}

/* Half of the threads share a heap, the others make one after the other. */
static void use_heaps(void *data, size_t index) {
    if (index % 2 == 0) {
        fill_lists(data, index);
        return;
    }
    for (int i = 0; i < 10; i++) {
        create_and_destroy();
    }
}

START_TEST(heaps_come_and_go_on_threads_while_other_threads_use_theirs) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    team_run(fixture.thread, THREADS, use_heaps, fixture.heap);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/thread_allocation", chunks_have_their_old_size_again_when_other_threads_have_left,
      threads_that_spend_a_budget_together_make_one_collection_not_one_each,
      the_same_holds_for_the_budget_of_large_objects,
      what_threads_allocate_side_by_side_does_not_overlap_and_is_not_lost,
      a_walk_meets_the_objects_of_all_threads_and_allocated_bytes_are_the_sum_of_their_sizes,
      a_full_heap_refuses_each_thread_and_serves_all_again_when_there_is_room,
      threads_of_two_heaps_never_wait_for_each_other, heaps_come_and_go_on_threads_while_other_threads_use_theirs)
