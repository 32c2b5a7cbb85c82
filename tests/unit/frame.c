/* SPDX-License-Identifier: MIT
 *
 * Frames: slots on the C stack keep and follow their objects, in scopes, across longjmp, and deep down.
 */
#include <setjmp.h>

#include "tests/support/fixture.h"
#include "tests/support/suite.h"

enum { DEPTH = 5000 };

static struct fixture open_tiny(void) {
    struct pf_options options = fixture_tiny_options();
    return fixture_open(&options);
}

static size_t live_bytes(struct fixture *fixture) {
    struct pf_statistics statistics;
    pf_collect(fixture->thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_heap_statistics(fixture->heap, &statistics);
    return statistics.live_bytes;
}

START_TEST(slots_follow_their_objects_when_these_move) {
    struct fixture fixture = open_tiny();
    void *slots[2] = {NULL, NULL};
    struct pf_frame frame;
    pf_frame_push(fixture.thread, &frame, slots, 2);
    (void)fixture_node(fixture.thread, 0); /* dead, so that what follows slides down */
    slots[0] = fixture_node(fixture.thread, 10);
    (void)fixture_node(fixture.thread, 0);
    slots[1] = fixture_node(fixture.thread, 11);
    const void *before = slots[1];
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_ptr_ne(slots[1], before);
    ck_assert_uint_eq(((struct node *)slots[0])->key, 10);
    ck_assert_uint_eq(((struct node *)slots[1])->key, 11);
    pf_frame_pop(fixture.thread, &frame);
    fixture_close(&fixture);
}
END_TEST

START_TEST(what_only_a_popped_frame_held_is_collected) {
    struct fixture fixture = open_tiny();
    void *slot = NULL;
    struct pf_frame frame;
    pf_frame_push(fixture.thread, &frame, &slot, 1);
    slot = fixture_node(fixture.thread, 1);
    ck_assert_uint_eq(live_bytes(&fixture), node_type.base_size);
    pf_frame_pop(fixture.thread, &frame);
    ck_assert_uint_eq(live_bytes(&fixture), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(two_slots_with_one_object_agree_after_it_has_moved) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 3);
        (void)fixture_node(fixture.thread, 0);
        root[0] = fixture_node(fixture.thread, 5);
        root[1] = root[0];
        root[2] = root[0];
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        ck_assert_ptr_eq(root[0], root[1]);
        ck_assert_ptr_eq(root[0], root[2]);
        ck_assert_uint_eq(((struct node *)root[0])->key, 5);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_frame_may_have_no_slots) {
    struct fixture fixture = open_tiny();
    struct pf_frame frame;
    pf_frame_push(fixture.thread, &frame, NULL, 0);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_frame_pop(fixture.thread, &frame);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_scope_ends_with_its_block) {
    struct fixture fixture = open_tiny();
    pf_frame_mark outside = pf_frames_mark(fixture.thread);
    for (int i = 0; i < 3; i++) {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[i % 2] = fixture_node(fixture.thread, 3);
        ck_assert_ptr_ne(pf_frames_mark(fixture.thread), outside);
        if (i == 1) {
            continue; /* leaving by other ways than the end must do as well */
        }
    }
    ck_assert_ptr_eq(pf_frames_mark(fixture.thread), outside);
    ck_assert_uint_eq(live_bytes(&fixture), 0);
    fixture_close(&fixture);
}
END_TEST

/* Every level keeps one node; at the bottom everything is collected. */
static void descend(struct fixture *fixture, uintptr_t level) {
    PINFOLD_ROOTS(fixture->thread, root, 1);
    root[0] = fixture_node(fixture->thread, level);
    if (level == 0) {
        pf_collect(fixture->thread, 2, PINFOLD_COLLECT_COMPACT);
        pf_collect(fixture->thread, 0, PINFOLD_COLLECT_COMPACT);
    } else {
        descend(fixture, level - 1);
    }
    if (((struct node *)root[0])->key != level) {
        ck_abort_msg("level %zu holds key %zu", (size_t)level, (size_t)((struct node *)root[0])->key);
    }
}

START_TEST(thousands_of_nested_frames_all_keep_their_objects) {
    struct fixture fixture = open_tiny();
    descend(&fixture, DEPTH);
    fixture_close(&fixture);
}
END_TEST

static jmp_buf way_out;

__attribute__((noreturn)) static void push_and_jump(struct fixture *fixture, int levels) {
    void *slot = NULL;
    struct pf_frame frame;
    pf_frame_push(fixture->thread, &frame, &slot, 1);
    slot = fixture_node(fixture->thread, 1);
    if (levels == 0) {
        longjmp(way_out, 1);
    }
    push_and_jump(fixture, levels - 1);
}

START_TEST(resetting_to_a_mark_after_longjmp_drops_the_frames_pushed_since) {
    static struct fixture fixture; /* static: keeps its value across longjmp */
    fixture = open_tiny();
    static void *kept;
    static struct pf_frame frame;
    kept = NULL;
    pf_frame_push(fixture.thread, &frame, &kept, 1);
    fixture_list(fixture.thread, &kept, 100);
    static pf_frame_mark mark;
    mark = pf_frames_mark(fixture.thread);
    if (setjmp(way_out) == 0) {
        push_and_jump(&fixture, 50);
    }
    pf_frames_reset(fixture.thread, mark);
    ck_assert_ptr_eq(pf_frames_mark(fixture.thread), &frame);
    ck_assert_uint_eq(live_bytes(&fixture), (size_t)100 * node_type.base_size);
    fixture_check_list(kept, 100);
    pf_frame_pop(fixture.thread, &frame);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_chain_of_frames_can_be_put_aside_and_taken_up_again) {
    struct fixture fixture = open_tiny();
    void *aside_slot = NULL;
    void *slot = NULL;
    struct pf_frame aside_frame;
    struct pf_frame frame;
    pf_frame_mark base = pf_frames_mark(fixture.thread);
    pf_frame_push(fixture.thread, &aside_frame, &aside_slot, 1);
    pf_frame_mark aside = pf_frames_mark(fixture.thread);
    pf_frames_reset(fixture.thread, base);
    pf_frame_push(fixture.thread, &frame, &slot, 1);
    slot = fixture_node(fixture.thread, 8);
    ck_assert_uint_eq(live_bytes(&fixture), node_type.base_size);
    pf_frame_pop(fixture.thread, &frame);
    pf_frames_reset(fixture.thread, aside);
    aside_slot = fixture_node(fixture.thread, 9);
    ck_assert_uint_eq(live_bytes(&fixture), node_type.base_size);
    ck_assert_uint_eq(((struct node *)aside_slot)->key, 9);
    pf_frame_pop(fixture.thread, &aside_frame);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/frame", slots_follow_their_objects_when_these_move, what_only_a_popped_frame_held_is_collected,
      two_slots_with_one_object_agree_after_it_has_moved, a_frame_may_have_no_slots, a_scope_ends_with_its_block,
      thousands_of_nested_frames_all_keep_their_objects,
      resetting_to_a_mark_after_longjmp_drops_the_frames_pushed_since,
      a_chain_of_frames_can_be_put_aside_and_taken_up_again)
