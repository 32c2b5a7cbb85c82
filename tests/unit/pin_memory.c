/* SPDX-License-Identifier: MIT
 *
 * A pin takes the memory that collections will need for it when it is made: the refusal comes then, nothing has
 * changed, and the collections that follow plan around the other pins without asking for memory.
 */
#include "gc/heap.h"
#include "tests/support/fixture.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"

enum { MOST_PINS = 1000000 };
static const size_t for_malloc = (size_t)1 << 20;

static struct fixture open_small(void) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "gen0_size", "64K");
    fixture_set(&options, "segment_size", "256Ki");
    return fixture_open(&options);
}

/* Pins the object again and again until there is no memory; returns how many pins there are. */
static size_t pin_until_refused(struct fixture *fixture, void *object, struct pf_handle **pins) {
    for (size_t count = 0; count < MOST_PINS; count++) {
        struct pf_handle *const untouched = (struct pf_handle *)fixture;
        pins[count] = untouched;
        enum pf_status status = pf_pin(fixture->heap, object, &pins[count]);
        if (status != PINFOLD_OK) {
            ck_assert_int_eq(status, PINFOLD_OUT_OF_MEMORY);
            ck_assert_ptr_eq(pins[count], untouched);
            return count;
        }
    }
    ck_abort_msg("a million pins were made without memory");
}

/* `other` has no memory for its first pin, `node` has many. */
static void check_while_refused(struct fixture *fixture, struct node *node, void *const *other,
                                const struct pf_handle *last) {
    struct pf_handle *refused = NULL;
    ck_assert_int_eq(pf_pin(fixture->heap, *other, &refused), PINFOLD_OUT_OF_MEMORY);
    ck_assert_ptr_null(refused);
    ck_assert_int_eq(pf_is_pinned(fixture->heap, *other), 0);
    ck_assert_int_eq(pf_handle_create(fixture->heap, PINFOLD_HANDLE_PINNED, *other, &refused), PINFOLD_OUT_OF_MEMORY);
    for (int generation = 0; generation < 3; generation++) {
        pf_collect(fixture->thread, generation, PINFOLD_COLLECT_COMPACT);
        ck_assert_ptr_eq(pf_handle_get(last), node);
        ck_assert_uint_eq(node->key, 1);
        ck_assert_uint_eq(((struct node *)*other)->key, 2);
    }
}

static void unpin_all(struct fixture *fixture, struct pf_handle **pins, size_t count) {
    for (size_t i = 0; i < count; i++) {
        pf_unpin(fixture->heap, pins[i]);
    }
}

START_TEST(a_pin_without_memory_for_it_is_refused_and_nothing_changes) {
    static struct pf_handle *pins[MOST_PINS];
    struct fixture fixture = open_small();
    if (process_limit_writable_memory(for_malloc, 0)) {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        (void)fixture_node(fixture.thread, 0);
        struct node *node = fixture_node(fixture.thread, 1);
        (void)fixture_node(fixture.thread, 0);
        root[0] = fixture_node(fixture.thread, 2);
        size_t count = pin_until_refused(&fixture, node, pins);
        ck_assert_uint_gt(count, 64);
        /* every bit of room was used before: slots are taken one by one where there is no room for many */
        ck_assert_uint_gt(PINFOLD_BOUNDARY_ENTRIES + PINFOLD_ENTRIES_PER_PIN * (count + 1),
                          fixture.heap->pin_queue.capacity);
        check_while_refused(&fixture, node, &root[0], pins[count - 1]);
        process_lift_limits();
        struct pf_handle *pin = NULL;
        ck_assert_int_eq(pf_pin(fixture.heap, root[0], &pin), PINFOLD_OK);
        ck_assert_int_eq(pf_is_pinned(fixture.heap, root[0]), 1);
        pf_unpin(fixture.heap, pin);
        unpin_all(&fixture, pins, count);
        ck_assert_int_eq(pf_is_pinned(fixture.heap, node), 0);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(room_that_a_pin_leaves_serves_the_next_one) {
    static struct pf_handle *pins[MOST_PINS];
    struct fixture fixture = open_small();
    struct node *node = fixture_node(fixture.thread, 1);
    if (process_limit_writable_memory(for_malloc, 0)) {
        size_t count = pin_until_refused(&fixture, node, pins);
        for (int round = 0; round < 100; round++) {
            pf_unpin(fixture.heap, pins[count - 1]);
            ck_assert_int_eq(pf_pin(fixture.heap, node, &pins[count - 1]), PINFOLD_OK);
        }
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        process_lift_limits();
        unpin_all(&fixture, pins, count);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_pinning_frame_without_memory_for_it_is_not_pushed) {
    struct fixture fixture = open_small();
    if (process_limit_writable_memory(for_malloc, 0)) {
        PINFOLD_PINS(fixture.thread, pinned, 1);
        struct node *node = fixture_node(fixture.thread, 1);
        pinned[0] = node;
        pf_frame_mark before = pf_frames_mark(fixture.thread);
        struct pf_frame frame;
        static void *slots[1]; /* of so many; a frame that is not pushed looks at none of them */
        ck_assert_int_eq(pf_frame_push_pinning(fixture.thread, &frame, slots, (size_t)1 << 24), PINFOLD_OUT_OF_MEMORY);
        ck_assert_ptr_eq(pf_frames_mark(fixture.thread), before);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        ck_assert_ptr_eq(pinned[0], node);
        ck_assert_int_eq(pf_frame_push_pinning(fixture.thread, &frame, slots, 1), PINFOLD_OK);
        slots[0] = fixture_node(fixture.thread, 2);
        ck_assert_int_eq(pf_is_pinned(fixture.heap, slots[0]), 1);
        pf_frame_pop(fixture.thread, &frame);
        process_lift_limits();
    }
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/pin_memory", a_pin_without_memory_for_it_is_refused_and_nothing_changes,
      room_that_a_pin_leaves_serves_the_next_one, a_pinning_frame_without_memory_for_it_is_not_pushed)
