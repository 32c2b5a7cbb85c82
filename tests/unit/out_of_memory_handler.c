/* SPDX-License-Identifier: MIT
 *
 * What the out-of-memory handler may do, from every place that calls it: leave by longjmp, use the heap, free and have
 * it tried again, on several threads at once. Nothing is locked while it runs, and nothing is lost when it leaves.
 */
#include <setjmp.h>
#include <string.h>

#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

static const struct pf_type finalizable_type = PINFOLD_BYTES_TYPE_WITH("finalizable", 1, PINFOLD_TYPE_FINALIZABLE);
static const struct pf_type born_pinned_type = PINFOLD_BYTES_TYPE_WITH("born pinned", 1, PINFOLD_TYPE_PINNED);

static struct fixture fixture;
static size_t calls;
static jmp_buf way_out;

static void open_heap(const char *option, const char *text) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "mark_stack_size", "64Ki");
    fixture_set(&options, "hard_limit", "8Mi");
    if (option != NULL) {
        fixture_set(&options, option, text);
    }
    fixture = fixture_open(&options);
    calls = 0;
}

/* Nodes until not one more fits. */
static size_t fill(struct pf_thread *thread, void **root) {
    size_t count = 0;
    for (;;) {
        struct node *node = pf_try_alloc(thread, &node_type);
        if (node == NULL) {
            return count;
        }
        node->key = count++;
        pf_store(thread, &node->left, *root);
        *root = node;
    }
}

static int jump(struct pf_thread *thread, size_t size, void *data) {
    (void)thread;
    (void)size;
    (void)data;
    calls++;
    longjmp(way_out, 1);
}

/* ---- Leaving ---------------------------------------------------------------------------------------------------- */

typedef void make_object(struct pf_thread *thread);

static void make_small(struct pf_thread *thread) {
    (void)pf_alloc_array(thread, &bytes_type, 2000);
}
static void make_large(struct pf_thread *thread) {
    (void)pf_alloc_array(thread, &bytes_type, 500000);
}
static void make_born_pinned(struct pf_thread *thread) {
    (void)pf_alloc_array(thread, &born_pinned_type, 500000);
}
static void make_aligned(struct pf_thread *thread) {
    (void)pf_alloc_array_pinned(thread, &bytes_type, 500000, 4096);
}
static void make_finalizable(struct pf_thread *thread) {
    (void)pf_alloc_array(thread, &finalizable_type, 500000);
}

static size_t registered(void) {
    struct pf_statistics statistics;
    pf_heap_statistics(fixture.heap, &statistics);
    return statistics.finalizers_registered;
}

/* With a full heap: makes an object, which must end in the handler; afterwards all is as it was, and with room again
 * the same object is had. */
static void leave_from(make_object *make) {
    static void *kept;
    static struct pf_frame frame;
    static pf_frame_mark mark;
    static size_t count;
    static size_t before;
    pf_frame_push(fixture.thread, &frame, &kept, 1);
    mark = pf_frames_mark(fixture.thread);
    count = fill(fixture.thread, &kept);
    before = registered();
    for (volatile int round = 0; round < 3; round++) {
        if (setjmp(way_out) == 0) {
            make(fixture.thread);
            ck_abort_msg("the allocation returned");
        }
        pf_frames_reset(fixture.thread, mark);
        ck_assert_uint_eq(calls, (size_t)round + 1);
        ck_assert(!pf_thread_is_native(fixture.thread));
        ck_assert_uint_eq(registered(), before);
        fixture_check_list(kept, count);
        fixture_verify(&fixture);
    }
    kept = NULL;
    make(fixture.thread);
    ck_assert_uint_eq(calls, 3);
    pf_frame_pop(fixture.thread, &frame);
}

static void leave_from_all(const char *option, const char *text) {
    static make_object *const makes[] = {make_small, make_large, make_born_pinned, make_aligned, make_finalizable};
    for (size_t i = 0; i < sizeof makes / sizeof makes[0]; i++) {
        open_heap(option, text);
        pf_heap_set_out_of_memory_handler(fixture.heap, jump, NULL);
        leave_from(makes[i]);
        fixture_close(&fixture);
    }
}

START_TEST(the_handler_may_leave_by_longjmp_whatever_was_allocated) {
    leave_from_all(NULL, NULL);
}
END_TEST

START_TEST(and_so_it_may_where_stacks_are_searched) {
    leave_from_all("conservative_stacks", "1");
}
END_TEST

START_TEST(and_so_it_may_from_a_region_without_collections) {
    static void *kept;
    static struct pf_frame frame;
    static size_t count;
    open_heap(NULL, NULL);
    pf_frame_push(fixture.thread, &frame, &kept, 1);
    fixture_list(fixture.thread, &kept, 1000);
    pf_heap_set_out_of_memory_handler(fixture.heap, jump, NULL);
    ck_assert_int_eq(pf_no_collection_begin(fixture.thread, 65536, 0), PINFOLD_OK);
    if (setjmp(way_out) == 0) {
        for (count = 1000;; count++) {
            struct node *node = pf_alloc(fixture.thread, &node_type);
            node->key = count;
            pf_store(fixture.thread, &node->left, kept);
            kept = node;
        }
    }
    ck_assert_uint_eq(calls, 1);
    ck_assert_int_eq(pf_no_collection_end(fixture.thread), PINFOLD_EXCEEDED);
    fixture_check_list(kept, count);
    kept = NULL;
    ck_assert_ptr_nonnull(pf_try_alloc_array(fixture.thread, &bytes_type, (size_t)4 << 20));
    pf_frame_pop(fixture.thread, &frame);
    fixture_close(&fixture);
}
END_TEST

/* ---- Using the heap --------------------------------------------------------------------------------------------- */

struct visit {
    void *kept;
    struct pf_oom_record record;
    struct pf_statistics statistics;
};

/* Everything that takes a lock. */
static int look_around(struct pf_thread *thread, size_t size, void *data) {
    struct visit *visit = data;
    struct pf_handle *handle = NULL;
    struct pf_message message = {""};
    calls++;
    ck_assert_uint_eq(size, pf_thread_oom_record(thread)->size);
    ck_assert_uint_eq(pf_heap_oom_records(thread->heap, &visit->record, 1), 1);
    pf_heap_statistics(thread->heap, &visit->statistics);
    ck_assert_int_eq(pf_heap_verify(thread, &message), 0);
    if (pf_handle_create(thread->heap, PINFOLD_HANDLE_PINNED, visit->kept, &handle) == PINFOLD_OK) {
        pf_handle_destroy(thread->heap, handle); /* there may be no memory for one */
    }
    pf_native_enter(thread);
    pf_native_leave(thread);
    ck_assert_ptr_null(pf_try_alloc_array(thread, &bytes_type, size)); /* asks no handler */
    visit->kept = NULL;
    pf_collect(thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_ptr_nonnull(pf_try_alloc_array(thread, &bytes_type, 100));
    return 1;
}

START_TEST(the_handler_may_use_the_heap) {
    open_heap(NULL, NULL);
    static struct visit visit;
    static struct pf_frame frame;
    pf_frame_push(fixture.thread, &frame, &visit.kept, 1);
    (void)fill(fixture.thread, &visit.kept);
    pf_heap_set_out_of_memory_handler(fixture.heap, look_around, &visit);
    ck_assert_ptr_nonnull(pf_alloc_array(fixture.thread, &bytes_type, 500000));
    ck_assert_uint_eq(calls, 1);
    ck_assert_uint_eq(visit.record.size, 500016);
    pf_frame_pop(fixture.thread, &frame);
    fixture_close(&fixture);
}
END_TEST

static int try_ten_times(struct pf_thread *thread, size_t size, void *data) {
    (void)thread;
    (void)size;
    (void)data;
    return ++calls <= 10;
}

START_TEST(an_allocation_is_tried_again_as_often_as_the_handler_asks) {
    open_heap(NULL, NULL);
    static void *kept;
    static struct pf_frame frame;
    pf_frame_push(fixture.thread, &frame, &kept, 1);
    (void)fill(fixture.thread, &kept);
    pf_heap_set_out_of_memory_handler(fixture.heap, try_ten_times, NULL);
    ck_assert_refused((void)pf_alloc_array(fixture.thread, &bytes_type, 500000), "out of memory,hard limit");
    ck_assert_uint_eq(calls, 11);
}
END_TEST

/* ---- Several threads -------------------------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 4 };

struct crew {
    struct pf_heap *heap;
    pthread_barrier_t all_attached; /* a full heap would have no memory for the last of them */
    size_t leaps[THREADS];
};

struct sailor {
    jmp_buf way_out;
    int wants_out; /* by longjmp; else it lets its list go and asks for another try */
    void *list;
    size_t calls;
};

static __thread struct sailor *self;

static int let_go_or_leave(struct pf_thread *thread, size_t size, void *data) {
    (void)data;
    if (pf_thread_oom_record(thread) == NULL || pf_thread_oom_record(thread)->size != size) {
        ck_abort_msg("the record is not that of this thread");
    }
    self->calls++;
    if (self->wants_out) {
        longjmp(self->way_out, 1);
    }
    self->list = NULL;
    return 1;
}

static void grow_list(struct pf_thread *thread, struct sailor *sailor, size_t index) {
    void *array = index % 2 == 0 ? pf_alloc_array(thread, &vector_type, 900)
                                 : pf_alloc_array_pinned(thread, &vector_type, 40, 64);
    pf_store(thread, pf_elements(array), sailor->list);
    sailor->list = array;
}

/* Grows a list until the handler has been called often enough. All threads fill the same heap, so a thread that lets
 * its list go makes room for the others, too. */
static void sail(void *data, size_t index) {
    struct crew *crew = data;
    struct sailor sailor = {.wants_out = index % 2 == 1};
    struct pf_thread *thread = team_attach(crew->heap);
    struct pf_frame frame;
    pf_native_enter(thread);
    pthread_barrier_wait(&crew->all_attached);
    pf_native_leave(thread);
    self = &sailor;
    pf_frame_push(thread, &frame, &sailor.list, 1);
    pf_frame_mark mark = pf_frames_mark(thread);
    while (sailor.calls < ROUNDS) {
        if (setjmp(sailor.way_out) == 0) {
            for (size_t calls_before = sailor.calls; sailor.calls == calls_before;) {
                grow_list(thread, &sailor, index);
            }
        } else {
            pf_frames_reset(thread, mark);
            sailor.list = NULL;
        }
    }
    crew->leaps[index] = sailor.calls;
    pf_frame_pop(thread, &frame);
    pf_thread_detach(thread);
}

START_TEST(several_threads_are_out_of_memory_at_once_and_all_go_on) {
    open_heap(NULL, NULL);
    struct crew crew = {.heap = fixture.heap};
    pf_heap_set_out_of_memory_handler(fixture.heap, let_go_or_leave, NULL);
    ck_assert_int_eq(pthread_barrier_init(&crew.all_attached, NULL, THREADS), 0);
    team_run(fixture.thread, THREADS, sail, &crew);
    pthread_barrier_destroy(&crew.all_attached);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_uint_ge(crew.leaps[i], ROUNDS);
    }
    struct pf_oom_record records[PINFOLD_OOM_RECORDS];
    ck_assert_uint_eq(pf_heap_oom_records(fixture.heap, records, PINFOLD_OOM_RECORDS), PINFOLD_OOM_RECORDS);
    ck_assert_uint_ge(records[PINFOLD_OOM_RECORDS - 1].number, THREADS * ROUNDS);
    ck_assert_ptr_nonnull(pf_try_alloc_array(fixture.thread, &bytes_type, (size_t)5 << 20));
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/out_of_memory_handler", the_handler_may_leave_by_longjmp_whatever_was_allocated,
      and_so_it_may_where_stacks_are_searched, and_so_it_may_from_a_region_without_collections,
      the_handler_may_use_the_heap, an_allocation_is_tried_again_as_often_as_the_handler_asks,
      several_threads_are_out_of_memory_at_once_and_all_go_on)
