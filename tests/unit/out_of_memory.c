/* SPDX-License-Identifier: MIT
 *
 * A full heap: the try forms return NULL, the others ask the handler, and in every case the heap stays whole and usable
 * as soon as something is let go.
 */
#include <setjmp.h>

#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

enum { CACHE = 4 };

static struct fixture fixture;
static void *cache[CACHE]; /* large things that the handler may let go, one at a time */
static size_t handler_calls;
static size_t handler_size;
static jmp_buf way_out;

static void enumerate_cache(struct pf_visitor *visitor, void *data) {
    (void)data;
    pf_visit_slots(visitor, cache, CACHE);
}

static struct pf_root_source cache_source = {enumerate_cache, NULL, NULL};

static void open_small_heap(void) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "reserve_size", "8Mi");
    fixture = fixture_open(&options);
    pf_root_source_add(fixture.heap, &cache_source);
}

/* Links nodes to *root until the try form refuses; returns how many there are. */
static size_t fill(void **root) {
    size_t count = 0;
    for (;;) {
        struct node *node = pf_try_alloc(fixture.thread, &node_type);
        if (node == NULL) {
            return count;
        }
        node->key = count++;
        pf_store(fixture.thread, &node->left, *root);
        *root = node;
    }
}

START_TEST(the_try_form_returns_null_when_the_heap_is_full_and_the_heap_stays_whole) {
    open_small_heap();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        size_t count = fill(&root[0]);
        ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_OUT_OF_MEMORY);
        ck_assert_uint_gt(count * node_type.base_size, (size_t)2 << 20);
        fixture_check_list(root[0], count);
        fixture_verify(&fixture);
        ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, (size_t)1 << 20));
        fixture_check_list(root[0], count);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(after_letting_go_a_full_heap_serves_again_and_as_much) {
    open_small_heap();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        size_t first = fill(&root[0]);
        for (int round = 0; round < 4; round++) {
            root[0] = NULL;
            size_t again = fill(&root[0]);
            ck_assert_uint_ge(again, first * 9 / 10);
            fixture_check_list(root[0], again);
        }
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_success_resets_the_status) {
    open_small_heap();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        (void)fill(&root[0]);
        ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_OUT_OF_MEMORY);
        root[0] = NULL;
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        ck_assert_ptr_nonnull(pf_try_alloc_array(fixture.thread, &bytes_type, 100));
        ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_OK);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_request_larger_than_the_heap_is_refused_and_costs_nothing) {
    open_small_heap();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 1000);
        ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, (size_t)512 << 20));
        ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_OUT_OF_MEMORY);
        ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &vector_type, pf_max_length(&vector_type)));
        ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_OUT_OF_MEMORY);
        fixture_check_list(root[0], 1000);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_length_that_cannot_be_is_its_own_status) {
    open_small_heap();
    ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &vector_type, (size_t)-1));
    ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_BAD_LENGTH);
    ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &vector_type, SIZE_MAX / sizeof(void *)));
    ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_BAD_LENGTH);
    ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, pf_max_length(&bytes_type) + 1));
    ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_BAD_LENGTH);
    ck_assert_ptr_nonnull(pf_try_alloc_array(fixture.thread, &vector_type, 3));
    ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_OK);
    fixture_close(&fixture);
}
END_TEST

START_TEST(large_objects_fill_the_heap_and_come_back_too) {
    open_small_heap();
    {
        PINFOLD_ROOTS(fixture.thread, root, 400);
        size_t first = 0;
        for (int round = 0; round < 4; round++) {
            size_t count = 0;
            while (count < 400 && (root[count] = pf_try_alloc_array(fixture.thread, &bytes_type, 60000)) != NULL) {
                count++;
            }
            ck_assert_uint_lt(count, 400);
            ck_assert_uint_gt(count, 30);
            first = round == 0 ? count : first;
            ck_assert_uint_ge(count, first * 9 / 10);
            for (size_t i = 0; i < count; i++) {
                root[i] = NULL;
            }
        }
    }
    fixture_close(&fixture);
}
END_TEST

/* --- the handler --- */

static int let_go(struct pf_thread *thread, size_t size, void *data) {
    ck_assert_ptr_eq(thread, fixture.thread);
    ck_assert_ptr_eq(data, &handler_calls);
    handler_calls++;
    handler_size = size;
    for (size_t i = 0; i < CACHE; i++) {
        if (cache[i] != NULL) {
            cache[i] = NULL;
            return 1;
        }
    }
    return 0;
}

START_TEST(a_handler_that_lets_something_go_gets_the_allocation_tried_again) {
    open_small_heap();
    for (size_t i = 0; i < CACHE; i++) {
        cache[i] = pf_alloc_array(fixture.thread, &bytes_type, 200000);
    }
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        size_t count = fill(&root[0]);
        pf_heap_set_out_of_memory_handler(fixture.heap, let_go, &handler_calls);
        root[1] = pf_alloc_array(fixture.thread, &bytes_type, 150000);
        ck_assert_ptr_nonnull(root[1]);
        ck_assert_uint_ge(handler_calls, 1);
        ck_assert_uint_eq(handler_size, 150016);
        ck_assert_uint_eq(pf_length(root[1]), 150000);
        fixture_check_list(root[0], count);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_handler_is_not_asked_by_the_try_forms) {
    open_small_heap();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        pf_heap_set_out_of_memory_handler(fixture.heap, let_go, &handler_calls);
        (void)fill(&root[0]);
        ck_assert_uint_eq(handler_calls, 0);
    }
    fixture_close(&fixture);
}
END_TEST

static int jump_out(struct pf_thread *thread, size_t size, void *data) {
    (void)thread;
    (void)data;
    handler_size = size;
    longjmp(way_out, 1);
}

START_TEST(a_handler_may_leave_by_longjmp_and_the_thread_goes_on) {
    static void *kept;
    static struct pf_frame frame;
    static pf_frame_mark mark;
    static size_t count;
    open_small_heap();
    pf_frame_push(fixture.thread, &frame, &kept, 1);
    mark = pf_frames_mark(fixture.thread);
    pf_heap_set_out_of_memory_handler(fixture.heap, jump_out, NULL);
    for (int round = 0; round < 3; round++) {
        count = fill(&kept);
        if (setjmp(way_out) == 0) {
            void *slots[1] = {NULL};
            struct pf_frame dropped;
            pf_frame_push(fixture.thread, &dropped, slots, 1);
            (void)pf_alloc_array(fixture.thread, &bytes_type, (size_t)16 << 20);
            ck_abort_msg("the allocation returned");
        }
        pf_frames_reset(fixture.thread, mark);
        ck_assert_uint_eq(handler_size, ((size_t)16 << 20) + 16);
        fixture_check_list(kept, count);
        fixture_verify(&fixture);
        kept = NULL;
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        ck_assert_ptr_nonnull(fixture_node(fixture.thread, 1));
    }
    pf_frame_pop(fixture.thread, &frame);
    fixture_close(&fixture);
}
END_TEST

static int give_up(struct pf_thread *thread, size_t size, void *data) {
    (void)thread;
    (void)size;
    (void)data;
    handler_calls++;
    return 0;
}

START_TEST(a_handler_that_gives_up_is_followed_by_the_fatal_handler) {
    open_small_heap();
    pf_heap_set_out_of_memory_handler(fixture.heap, give_up, NULL);
    ck_assert_refused((void)pf_alloc_array(fixture.thread, &bytes_type, (size_t)16 << 20), "memory,16777232");
    ck_assert_uint_eq(handler_calls, 1);
}
END_TEST

SUITE("unit/out_of_memory", the_try_form_returns_null_when_the_heap_is_full_and_the_heap_stays_whole,
      after_letting_go_a_full_heap_serves_again_and_as_much, a_success_resets_the_status,
      a_request_larger_than_the_heap_is_refused_and_costs_nothing, a_length_that_cannot_be_is_its_own_status,
      large_objects_fill_the_heap_and_come_back_too, a_handler_that_lets_something_go_gets_the_allocation_tried_again,
      the_handler_is_not_asked_by_the_try_forms, a_handler_may_leave_by_longjmp_and_the_thread_goes_on,
      a_handler_that_gives_up_is_followed_by_the_fatal_handler)
