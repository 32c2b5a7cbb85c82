/* SPDX-License-Identifier: MIT
 *
 * A registration takes its memory when it is made: the refusal comes then, nothing has changed, and collections need
 * none, however much becomes ready.
 */
#include "pinfold/finalizer.h"

#include <malloc.h>

#include "tests/support/fixture.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"

enum { MOST = 1000000 };
static const size_t for_malloc = (size_t)1 << 20;
static const struct pf_type closing_type =
    PINFOLD_FIXED_TYPE_WITH("closing", struct node, PINFOLD_REF(struct node, left), PINFOLD_TYPE_FINALIZABLE);

static struct fixture open_small(void) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "gen0_size", "64K");
    fixture_set(&options, "segment_size", "256Ki");
    return fixture_open(&options);
}

static size_t registered(const struct fixture *fixture) {
    struct pf_statistics statistics;
    pf_heap_statistics(fixture->heap, &statistics);
    return statistics.finalizers_registered;
}

/* Registers the object again and again until there is no memory; returns how many registrations there are. */
static size_t register_until_refused(const struct fixture *fixture, void *object) {
    for (size_t count = 0; count < MOST; count++) {
        enum pf_status status = pf_finalizer_register(fixture->thread, object);
        if (status != PINFOLD_OK) {
            ck_assert_int_eq(status, PINFOLD_OUT_OF_MEMORY);
            return count;
        }
    }
    ck_abort_msg("a million registrations were made without memory");
}

static void take_all(const struct fixture *fixture, size_t count, uintptr_t key) {
    void *object;
    for (size_t i = 0; i < count; i++) {
        if (!pf_finalizer_next(fixture->thread, &object) || ((struct node *)object)->key != key) {
            ck_abort_msg("%zu of %zu were handed out", i, count);
        }
    }
    ck_assert_int_eq(pf_finalizer_next(fixture->thread, &object), 0);
}

START_TEST(without_memory_a_registration_is_refused_and_the_others_are_handed_out) {
    struct fixture fixture = open_small();
    struct node *node = fixture_node(fixture.thread, 5);
    if (process_limit_writable_memory(for_malloc, 0)) {
        size_t count = register_until_refused(&fixture, node);
        ck_assert_uint_gt(count, 1000);
        ck_assert_uint_eq(registered(&fixture), count);
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        take_all(&fixture, count, 5);
        ck_assert_uint_eq(registered(&fixture), 0);
        node = fixture_node(fixture.thread, 6);
        ck_assert_uint_eq(register_until_refused(&fixture, node), count);      /* their nodes are used again */
        ck_assert_uint_eq(pf_finalizer_suppress(fixture.thread, node), count); /* by search: no memory for a table */
        process_lift_limits();
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(without_memory_to_register_it_an_object_is_not_born) {
    struct fixture fixture = open_small();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = fixture_node(fixture.thread, 5);
        if (process_limit_writable_memory(for_malloc, 0)) {
            /* What collections can give back, the last one before a refusal would. */
            pf_collect(fixture.thread, 2, PINFOLD_COLLECT_AGGRESSIVE);
            size_t count = register_until_refused(&fixture, root[0]);
            ck_assert_ptr_null(pf_try_alloc(fixture.thread, &closing_type));
            ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_OUT_OF_MEMORY);
            ck_assert_uint_eq(registered(&fixture), count);
            ck_assert_ptr_nonnull(pf_try_alloc(fixture.thread, &node_type));
            ck_assert_uint_eq(pf_finalizer_suppress(fixture.thread, root[0]), count);
            process_lift_limits();
        }
    }
    ck_assert_ptr_nonnull(pf_try_alloc(fixture.thread, &closing_type));
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_object_for_which_the_heap_has_no_room_leaves_no_registration_and_no_memory) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "reserve_size", "4Mi");
    struct fixture fixture = fixture_open(&options);
    struct pf_type array_type = PINFOLD_BYTES_TYPE_WITH("closing bytes", 1, PINFOLD_TYPE_FINALIZABLE);
    ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &array_type, (size_t)64 << 20));
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 2000; i++) {
        if (pf_try_alloc_array(fixture.thread, &array_type, (size_t)64 << 20) != NULL) {
            ck_abort_msg("64 MiB in a heap of 4");
        }
    }
    ck_assert_uint_lt(mallinfo2().uordblks, before + 8192);
    ck_assert_uint_eq(registered(&fixture), 0);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/finalizer_memory", without_memory_a_registration_is_refused_and_the_others_are_handed_out,
      without_memory_to_register_it_an_object_is_not_born,
      an_object_for_which_the_heap_has_no_room_leaves_no_registration_and_no_memory)
