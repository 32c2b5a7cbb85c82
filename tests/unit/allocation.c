/* SPDX-License-Identifier: MIT
 *
 * Allocation as the embedder sees it: sizes, alignment, zeroed memory, where small ends and large begins, and how
 * references in fresh objects are found.
 */
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/suite.h"

static struct fixture open_with(const char *name, const char *text) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, name, text);
    return fixture_open(&options);
}

static int is_zero(const void *object, size_t header) {
    const char *bytes = object;
    size_t size = pf_size_of(object);
    for (size_t i = header; i < size; i++) {
        if (bytes[i] != 0) {
            return 0;
        }
    }
    return 1;
}

/* Allocates, checks, dirties and drops objects of many sizes, so that memory is used again and again. */
static void check_zeroed(struct fixture *fixture, size_t largest, int count) {
    struct random random = {3};
    for (int i = 0; i < count; i++) {
        size_t length = random_below(&random, random_chance(&random, 90) ? 300 : largest);
        void *object = pf_alloc_array(fixture->thread, &bytes_type, length);
        if (!is_zero(object, 16) || pf_length(object) != length || ((uintptr_t)object & 7) != 0) {
            ck_abort_msg("bytes of length %zu at %p are not fresh", length, object);
        }
        memset(pf_elements(object), 0xCD, length);
    }
    fixture_verify(fixture);
}

START_TEST(objects_are_zero_aligned_and_sized_however_often_their_memory_was_used) {
    struct fixture fixture = open_with("allocation_quantum", "8192");
    check_zeroed(&fixture, 20000, 30000);
    fixture_close(&fixture);
}
END_TEST

START_TEST(objects_are_zero_with_the_smallest_quantum) {
    struct fixture fixture = open_with("allocation_quantum", "64");
    check_zeroed(&fixture, 20000, 10000);
    fixture_close(&fixture);
}
END_TEST

START_TEST(objects_are_zero_when_free_memory_is_poisoned) {
    struct fixture fixture = open_with("stress", "poison");
    check_zeroed(&fixture, 20000, 10000);
    fixture_close(&fixture);
}
END_TEST

START_TEST(objects_are_zero_in_what_a_sweep_left_free) {
    struct fixture fixture = open_with("stress", "sweep,poison");
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 2000);
        check_zeroed(&fixture, 20000, 10000);
        fixture_check_list(root[0], 2000);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(sizes_from_the_threshold_on_are_large) {
    struct fixture fixture = open_with("large_threshold", "8192");
    void *below = pf_alloc_array(fixture.thread, &bytes_type, 8192 - 16 - 8);
    ck_assert_uint_eq(pf_size_of(below), 8184);
    ck_assert_int_eq(pf_generation_of(fixture.heap, below), 0);
    void *at = pf_alloc_array(fixture.thread, &bytes_type, 8192 - 16);
    ck_assert_uint_eq(pf_size_of(at), 8192);
    ck_assert_int_eq(pf_generation_of(fixture.heap, at), PINFOLD_LARGE);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_threshold_that_is_no_multiple_of_a_granule_leaves_no_room_beyond_the_context) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "large_threshold", "4097");
    fixture_set(&options, "allocation_quantum", "65");
    struct fixture fixture = fixture_open(&options);
    for (int round = 0; round < 100; round++) {
        ck_assert_ptr_nonnull(pf_alloc_array(fixture.thread, &bytes_type, 4096 - 16));
        ck_assert_ptr_nonnull(pf_alloc_array(fixture.thread, &bytes_type, 1));
        ck_assert(fixture.thread->alloc_ptr <= fixture.thread->alloc_limit);
        ck_assert_uint_eq((uintptr_t)fixture.thread->alloc_limit % 8, 0);
    }
    fixture_verify(&fixture);
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_array_may_be_empty) {
    struct fixture fixture = open_with("verify", "1");
    {
        PINFOLD_ROOTS(fixture.thread, root, 3);
        root[0] = pf_alloc_array(fixture.thread, &vector_type, 0);
        root[1] = pf_alloc_array(fixture.thread, &bytes_type, 0);
        root[2] = pf_try_alloc_array(fixture.thread, &vector_type, 0);
        for (int generation = 0; generation <= 2; generation++) {
            pf_collect(fixture.thread, generation, PINFOLD_COLLECT_COMPACT);
            for (int i = 0; i < 3; i++) {
                ck_assert_uint_eq(pf_length(root[i]), 0);
                ck_assert_uint_eq(pf_size_of(root[i]), 16);
            }
        }
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_object_may_be_larger_than_a_segment) {
    struct fixture fixture = open_with("large_segment_size", "256Ki");
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        enum { LENGTH = 3000000 };
        root[0] = pf_alloc_array(fixture.thread, &vector_type, LENGTH);
        ck_assert_msg(is_zero(root[0], 16), "not zero");
        ck_assert_int_eq(pf_generation_of(fixture.heap, root[0]), PINFOLD_LARGE);
        struct node *node = fixture_node(fixture.thread, 77);
        pf_store(fixture.thread, &((void **)pf_elements(root[0]))[LENGTH - 1], node);
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        node = ((struct node **)pf_elements(root[0]))[LENGTH - 1];
        ck_assert_uint_eq(node->key, 77);
    }
    fixture_close(&fixture);
}
END_TEST

static void check_store_without_barrier(size_t length) {
    struct fixture fixture = open_with("verify", "1");
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[1] = fixture_node(fixture.thread, 5);
        root[0] = pf_alloc_array(fixture.thread, &vector_type, length);
        ((void **)pf_elements(root[0]))[length - 1] = root[1];
        root[1] = NULL;
        for (int generation = 0; generation <= 2; generation++) {
            pf_collect(fixture.thread, generation, PINFOLD_COLLECT_COMPACT);
            const struct node *node = ((struct node **)pf_elements(root[0]))[length - 1];
            ck_assert_ptr_eq(node->type, &node_type);
            ck_assert_uint_eq(node->key, 5);
        }
    }
    fixture_close(&fixture);
}

START_TEST(a_store_into_a_fresh_object_needs_no_barrier) {
    check_store_without_barrier(10);
}
END_TEST

START_TEST(a_store_into_a_fresh_large_object_needs_no_barrier) {
    check_store_without_barrier(3000);
}
END_TEST

START_TEST(an_old_object_keeps_a_young_one_alive_through_the_barrier) {
    struct fixture fixture = open_with("verify", "1");
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 300);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        for (struct node *node = root[0]; node != NULL; node = node->left) {
            ck_assert_int_eq(pf_generation_of(fixture.heap, node), 2);
        }
        for (uintptr_t i = 0; i < 50; i++) {
            struct node *young = fixture_node(fixture.thread, i);
            struct node *old = root[0];
            for (uintptr_t hops = i * 5; hops > 0; hops--) {
                old = old->left;
            }
            pf_store(fixture.thread, &old->right, young);
            pf_collect(fixture.thread, (int)(i % 2), PINFOLD_COLLECT_DEFAULT);
        }
        struct node *old = root[0];
        for (uintptr_t i = 0; i < 250; i++, old = old->left) {
            if (i % 5 == 0) {
                ck_assert_uint_eq(old->right->key, i / 5);
            }
        }
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_bulk_copy_is_seen_through_the_range_barrier_up_to_both_ends) {
    struct fixture fixture = open_with("verify", "1");
    enum { LENGTH = 220 };
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = pf_alloc_array(fixture.thread, &vector_type, LENGTH);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        for (size_t first = 0; first + 130 <= LENGTH; first++) {
            root[1] = pf_alloc_array(fixture.thread, &vector_type, 130);
            for (size_t i = 0; i < 130; i++) {
                struct node *node = fixture_node(fixture.thread, first + i);
                pf_store(fixture.thread, &((void **)pf_elements(root[1]))[i], node);
            }
            void **destination = (void **)pf_elements(root[0]) + first;
            memcpy(destination, pf_elements(root[1]), 130 * sizeof(void *));
            pf_store_range(fixture.thread, destination, 130);
            root[1] = NULL;
            pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
            struct node **copied = (struct node **)pf_elements(root[0]) + first;
            for (size_t i = 0; i < 130; i++) {
                ck_assert_uint_eq(copied[i]->key, first + i);
            }
        }
        pf_store_range(fixture.thread, pf_elements(root[0]), 0);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(collecting_at_every_allocation_does_so) {
    struct fixture fixture = open_with("stress", "collect=1");
    struct pf_statistics statistics;
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 200);
        fixture_check_list(root[0], 200);
    }
    pf_heap_statistics(fixture.heap, &statistics);
    ck_assert_uint_ge(statistics.collections[0] + statistics.collections[1] + statistics.collections[2], 199);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/allocation", objects_are_zero_aligned_and_sized_however_often_their_memory_was_used,
      objects_are_zero_with_the_smallest_quantum, objects_are_zero_when_free_memory_is_poisoned,
      objects_are_zero_in_what_a_sweep_left_free, sizes_from_the_threshold_on_are_large,
      a_threshold_that_is_no_multiple_of_a_granule_leaves_no_room_beyond_the_context, an_array_may_be_empty,
      an_object_may_be_larger_than_a_segment, a_store_into_a_fresh_object_needs_no_barrier,
      a_store_into_a_fresh_large_object_needs_no_barrier, an_old_object_keeps_a_young_one_alive_through_the_barrier,
      a_bulk_copy_is_seen_through_the_range_barrier_up_to_both_ends, collecting_at_every_allocation_does_so)
