/* SPDX-License-Identifier: MIT
 *
 * Pinning frames: their slots pin what they hold, for as long as they hold it and the frame is there.
 */
#include <setjmp.h>

#include "tests/support/fixture.h"
#include "tests/support/suite.h"

enum { DEPTH = 300, GARBAGE = 10 };

static struct fixture open_tiny(void) {
    struct pf_options options = fixture_tiny_options();
    return fixture_open(&options);
}

/* A node behind garbage, so that a compaction that may move it does. */
static struct node *movable_node(struct fixture *fixture, uintptr_t key) {
    for (int i = 0; i < GARBAGE; i++) {
        (void)fixture_node(fixture->thread, 0);
    }
    return fixture_node(fixture->thread, key);
}

static void compact(struct fixture *fixture) {
    pf_collect(fixture->thread, 2, PINFOLD_COLLECT_COMPACT);
}

static size_t live_bytes(struct fixture *fixture) {
    struct pf_statistics statistics;
    compact(fixture);
    pf_heap_statistics(fixture->heap, &statistics);
    return statistics.live_bytes;
}

START_TEST(slots_of_a_pinning_frame_pin_what_they_hold) {
    struct fixture fixture = open_tiny();
    void *slots[2] = {NULL, NULL};
    struct pf_frame frame;
    ck_assert_int_eq(pf_frame_push_pinning(fixture.thread, &frame, slots, 2), PINFOLD_OK);
    struct node *first = movable_node(&fixture, 1);
    slots[0] = first;
    struct node *second = movable_node(&fixture, 2);
    slots[1] = second;
    compact(&fixture);
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_SWEEP);
    compact(&fixture);
    ck_assert_ptr_eq(slots[0], first);
    ck_assert_ptr_eq(slots[1], second);
    ck_assert_uint_eq(first->key, 1);
    ck_assert_uint_eq(second->key, 2);
    pf_frame_pop(fixture.thread, &frame);
    ck_assert_uint_eq(live_bytes(&fixture), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_object_that_a_pinning_slot_no_longer_holds_moves_again) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        PINFOLD_PINS(fixture.thread, pinned, 1);
        struct node *node = movable_node(&fixture, 1);
        root[0] = node;
        pinned[0] = node;
        compact(&fixture);
        ck_assert_ptr_eq(root[0], node);
        pinned[0] = NULL;
        ck_assert_int_eq(pf_is_pinned(fixture.heap, node), 0);
        compact(&fixture);
        ck_assert_ptr_ne(root[0], node);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_object_may_be_held_by_frames_of_both_kinds_and_by_a_pin) {
    struct fixture fixture = open_tiny();
    {
        struct pf_handle *handle = NULL;
        PINFOLD_PINS(fixture.thread, pinned, 2);
        PINFOLD_ROOTS(fixture.thread, root, 1);
        struct node *node = movable_node(&fixture, 4);
        root[0] = pinned[0] = pinned[1] = node;
        ck_assert_int_eq(pf_pin(fixture.heap, node, &handle), PINFOLD_OK);
        compact(&fixture);
        ck_assert_ptr_eq(root[0], node);
        pf_unpin(fixture.heap, handle);
        pinned[1] = NULL;
        ck_assert_int_eq(pf_is_pinned(fixture.heap, node), 1);
        compact(&fixture);
        ck_assert_ptr_eq(root[0], node);
        pinned[0] = NULL;
        compact(&fixture);
        ck_assert_ptr_ne(root[0], node);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(ordinary_frames_inside_a_pinning_one_pin_nothing) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_PINS(fixture.thread, pinned, 1);
        pinned[0] = movable_node(&fixture, 1);
        PINFOLD_ROOTS(fixture.thread, root, 1);
        struct node *node = movable_node(&fixture, 2);
        root[0] = node;
        ck_assert_int_eq(pf_is_pinned(fixture.heap, node), 0);
        {
            PINFOLD_PINS(fixture.thread, inner, 1);
            struct node *held = movable_node(&fixture, 3);
            inner[0] = held;
            compact(&fixture);
            ck_assert_ptr_ne(root[0], node);
            ck_assert_ptr_eq(inner[0], held);
            ck_assert_uint_eq(held->key, 3);
        }
        ck_assert_uint_eq(live_bytes(&fixture), 2 * node_type.base_size);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_pinning_frame_may_have_no_slots) {
    struct fixture fixture = open_tiny();
    struct pf_frame frame;
    ck_assert_int_eq(pf_frame_push_pinning(fixture.thread, &frame, NULL, 0), PINFOLD_OK);
    compact(&fixture);
    pf_frame_pop(fixture.thread, &frame);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_pinning_scope_ends_with_its_block) {
    struct fixture fixture = open_tiny();
    pf_frame_mark outside = pf_frames_mark(fixture.thread);
    for (int i = 0; i < 3; i++) {
        PINFOLD_PINS(fixture.thread, pinned, 2);
        ck_assert_ptr_null(pinned[0]);
        ck_assert_ptr_null(pinned[1]);
        pinned[i % 2] = fixture_node(fixture.thread, 3);
        ck_assert_int_eq(pf_is_pinned(fixture.heap, pinned[i % 2]), 1);
        if (i == 1) {
            continue; /* leaving by other ways than the end must do as well */
        }
    }
    ck_assert_ptr_eq(pf_frames_mark(fixture.thread), outside);
    ck_assert_uint_eq(live_bytes(&fixture), 0);
    fixture_close(&fixture);
}
END_TEST

/* Every level pins a node, and every second one has an ordinary frame besides; at the bottom everything is collected.
 * More pins than a new heap has room for. */
static void descend(struct fixture *fixture, uintptr_t level) {
    PINFOLD_PINS(fixture->thread, pinned, 1);
    struct node *node = movable_node(fixture, level);
    pinned[0] = node;
    if (level == 0) {
        compact(fixture);
        pf_collect(fixture->thread, 0, PINFOLD_COLLECT_COMPACT);
    } else if (level % 2 == 0) {
        PINFOLD_ROOTS(fixture->thread, root, 1);
        root[0] = node;
        descend(fixture, level - 1);
        ck_assert_ptr_eq(root[0], node);
    } else {
        descend(fixture, level - 1);
    }
    if (pinned[0] != node || node->key != level) {
        ck_abort_msg("level %zu has lost its node", (size_t)level);
    }
}

START_TEST(hundreds_of_nested_pinning_frames_all_hold_their_objects) {
    struct fixture fixture = open_tiny();
    descend(&fixture, DEPTH);
    ck_assert_uint_eq(live_bytes(&fixture), 0);
    descend(&fixture, DEPTH);
    fixture_close(&fixture);
}
END_TEST

/* Every other node is pinned, and what lies between touches a pin on both sides: as many entries of the pin queue as
 * pins can need. */
START_TEST(a_pinning_frame_may_have_hundreds_of_slots) {
    enum { SLOTS = 400 };
    static struct node *nodes[SLOTS];
    struct fixture fixture = open_tiny();
    {
        PINFOLD_PINS(fixture.thread, pinned, SLOTS);
        PINFOLD_ROOTS(fixture.thread, root, SLOTS);
        for (size_t i = 0; i < SLOTS; i++) {
            nodes[i] = fixture_node(fixture.thread, i);
            pinned[i] = nodes[i];
            root[i] = fixture_node(fixture.thread, SLOTS + i);
        }
        compact(&fixture);
        compact(&fixture);
        for (size_t i = 0; i < SLOTS; i++) {
            ck_assert_ptr_eq(pinned[i], nodes[i]);
            ck_assert_uint_eq(nodes[i]->key, i);
            ck_assert_uint_eq(((struct node *)root[i])->key, SLOTS + i);
        }
    }
    ck_assert_uint_eq(live_bytes(&fixture), 0);
    fixture_close(&fixture);
}
END_TEST

static jmp_buf way_out;

__attribute__((noreturn)) static void push_and_jump(struct fixture *fixture, int levels) {
    void *slot = NULL;
    struct pf_frame frame;
    ck_assert_int_eq(pf_frame_push_pinning(fixture->thread, &frame, &slot, 1), PINFOLD_OK);
    slot = fixture_node(fixture->thread, 1);
    if (levels == 0) {
        longjmp(way_out, 1);
    }
    push_and_jump(fixture, levels - 1);
}

START_TEST(pinning_frames_that_a_longjmp_leaves_are_dropped_by_a_reset) {
    static struct fixture fixture; /* static: keeps its value across longjmp */
    static void *kept;
    static struct pf_frame frame;
    static struct node *node;
    static pf_frame_mark mark;
    fixture = open_tiny();
    kept = NULL;
    ck_assert_int_eq(pf_frame_push_pinning(fixture.thread, &frame, &kept, 1), PINFOLD_OK);
    node = movable_node(&fixture, 7);
    kept = node;
    mark = pf_frames_mark(fixture.thread);
    if (setjmp(way_out) == 0) {
        push_and_jump(&fixture, 50);
    }
    pf_frames_reset(fixture.thread, mark);
    ck_assert_uint_eq(live_bytes(&fixture), node_type.base_size);
    ck_assert_ptr_eq(kept, node);
    ck_assert_uint_eq(node->key, 7);
    pf_frame_pop(fixture.thread, &frame);
    ck_assert_uint_eq(live_bytes(&fixture), 0);
    fixture_close(&fixture);
}
END_TEST

/* --- coroutines: chains of frames that take turns --- */

struct coroutine {
    void *slots[3];
    struct pf_frame frame;
    pf_frame_mark mark;
    struct pf_root_source source; /* reports the slots while the coroutine is suspended */
    int is_suspended;
};

static void enumerate_suspended(struct pf_visitor *visitor, void *data) {
    struct coroutine *coroutine = data;
    if (coroutine->is_suspended) {
        pf_visit_slots(visitor, coroutine->slots, 3);
    }
}

static void coroutine_start(struct fixture *fixture, struct coroutine *coroutine) {
    *coroutine = (struct coroutine){.source = {enumerate_suspended, coroutine, NULL}};
    pf_frames_reset(fixture->thread, NULL);
    ck_assert_int_eq(pf_frame_push_pinning(fixture->thread, &coroutine->frame, coroutine->slots, 3), PINFOLD_OK);
    coroutine->mark = pf_frames_mark(fixture->thread);
    pf_root_source_add(fixture->heap, &coroutine->source);
}

static void coroutine_switch(struct fixture *fixture, struct coroutine *from, struct coroutine *to) {
    from->mark = pf_frames_mark(fixture->thread);
    from->is_suspended = 1;
    to->is_suspended = 0;
    pf_frames_reset(fixture->thread, to->mark);
}

START_TEST(a_suspended_chain_pins_nothing_and_pins_again_when_it_is_taken_up) {
    static struct coroutine first;
    static struct coroutine second;
    struct fixture fixture = open_tiny();
    coroutine_start(&fixture, &first);
    struct node *node = movable_node(&fixture, 1);
    first.slots[0] = node;
    compact(&fixture);
    ck_assert_ptr_eq(first.slots[0], node);

    first.is_suspended = 1;
    coroutine_start(&fixture, &second);
    struct node *other = movable_node(&fixture, 2);
    second.slots[2] = other;
    ck_assert_int_eq(pf_is_pinned(fixture.heap, node), 0);
    ck_assert_int_eq(pf_is_pinned(fixture.heap, other), 1);
    compact(&fixture);
    ck_assert_ptr_ne(first.slots[0], node);
    ck_assert_ptr_eq(second.slots[2], other);

    coroutine_switch(&fixture, &second, &first);
    node = first.slots[0];
    ck_assert_uint_eq(node->key, 1);
    ck_assert_int_eq(pf_is_pinned(fixture.heap, node), 1);
    first.slots[1] = movable_node(&fixture, 3);
    compact(&fixture);
    ck_assert_ptr_eq(first.slots[0], node);
    ck_assert_uint_eq(((struct node *)first.slots[1])->key, 3);
    ck_assert_uint_eq(((struct node *)second.slots[2])->key, 2);

    pf_root_source_remove(fixture.heap, &first.source);
    pf_root_source_remove(fixture.heap, &second.source);
    pf_frames_reset(fixture.thread, NULL);
    ck_assert_uint_eq(live_bytes(&fixture), 0);
    fixture_close(&fixture);
}
END_TEST

/* --- tags --- */

START_TEST(a_tagged_reference_in_a_pinning_slot_pins_and_other_words_do_not) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "ref_tag_mask", "3");
    fixture_set(&options, "ref_tags", "6"); /* tags 1 and 2 */
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_PINS(fixture.thread, pinned, 3);
        char *held = (char *)movable_node(&fixture, 1);
        char *not_held = (char *)movable_node(&fixture, 2);
        pinned[0] = held + 2;
        pinned[1] = not_held + 3;
        pinned[2] = (void *)1; /* NULL, tagged */
        ck_assert_int_eq(pf_is_pinned(fixture.heap, held), 1);
        ck_assert_int_eq(pf_is_pinned(fixture.heap, not_held), 0);
        ck_assert_uint_eq(live_bytes(&fixture), node_type.base_size);
        ck_assert_ptr_eq(pinned[0], held + 2);
        ck_assert_ptr_eq(pinned[1], not_held + 3);
        ck_assert_uint_eq(((struct node *)(void *)held)->key, 1);
    }
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/pin_frame", slots_of_a_pinning_frame_pin_what_they_hold,
      an_object_that_a_pinning_slot_no_longer_holds_moves_again,
      an_object_may_be_held_by_frames_of_both_kinds_and_by_a_pin, ordinary_frames_inside_a_pinning_one_pin_nothing,
      a_pinning_frame_may_have_no_slots, a_pinning_scope_ends_with_its_block,
      hundreds_of_nested_pinning_frames_all_hold_their_objects, a_pinning_frame_may_have_hundreds_of_slots,
      pinning_frames_that_a_longjmp_leaves_are_dropped_by_a_reset,
      a_suspended_chain_pins_nothing_and_pins_again_when_it_is_taken_up,
      a_tagged_reference_in_a_pinning_slot_pins_and_other_words_do_not)
