/* SPDX-License-Identifier: MIT
 *
 * What pf_pin_report tells: every pin, handles first, with its age, generation and the free bytes that it holds back.
 */
#include "tests/support/fixture.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

enum { MOST = 16 };

struct report {
    struct pf_pin_info pins[MOST];
    size_t count;
    size_t stop_at; /* the visit of this number, from 1, ends the report */
};

static int note(const struct pf_pin_info *pin, void *data) {
    struct report *report = data;
    ck_assert_uint_lt(report->count, MOST);
    report->pins[report->count++] = *pin;
    return report->count == report->stop_at ? 77 : 0;
}

static struct report report_pins(struct fixture *fixture) {
    struct report report = {.count = 0};
    ck_assert_int_eq(pf_pin_report(fixture->thread, note, &report), 0);
    return report;
}

static struct fixture open_tiny(void) {
    struct pf_options options = fixture_tiny_options();
    return fixture_open(&options);
}

static struct pf_handle *pin(struct fixture *fixture, void *object) {
    struct pf_handle *created = NULL;
    ck_assert_int_eq(pf_pin(fixture->heap, object, &created), PINFOLD_OK);
    return created;
}

START_TEST(without_pins_there_is_nothing_to_tell) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_PINS(fixture.thread, pinned, 2);
        struct pf_handle *empty = NULL;
        ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_PINNED, NULL, &empty), PINFOLD_OK);
        ck_assert_uint_eq(report_pins(&fixture).count, 0);
        ck_assert_ptr_null(pinned[0]);
        pf_unpin(fixture.heap, empty);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(every_pin_is_told_of_and_handles_come_first) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_PINS(fixture.thread, pinned, 1);
        PINFOLD_ROOTS(fixture.thread, root, 1);
        pinned[0] = pf_alloc_array(fixture.thread, &bytes_type, 20);
        root[0] = fixture_node(fixture.thread, 1);
        struct pf_handle *first = pin(&fixture, root[0]);
        struct pf_handle *second = pin(&fixture, root[0]);
        struct report report = report_pins(&fixture);
        ck_assert_uint_eq(report.count, 3);
        ck_assert(report.pins[0].handle == first || report.pins[1].handle == first);
        ck_assert(report.pins[0].handle == second || report.pins[1].handle == second);
        for (int i = 0; i < 2; i++) {
            ck_assert_ptr_eq(report.pins[i].object, root[0]);
            ck_assert_ptr_eq(report.pins[i].type, &node_type);
            ck_assert_uint_eq(report.pins[i].size, pf_size_of(root[0]));
        }
        ck_assert_ptr_null(report.pins[2].handle);
        ck_assert_ptr_eq(report.pins[2].object, pinned[0]);
        ck_assert_ptr_eq(report.pins[2].type, &bytes_type);
        ck_assert_uint_eq(report.pins[2].size, pf_size_of(pinned[0]));
        ck_assert_uint_eq(report.pins[2].age, 0);
        pf_unpin(fixture.heap, first);
        ck_assert_uint_eq(report_pins(&fixture).count, 2);
        pf_unpin(fixture.heap, second);
        ck_assert_uint_eq(report_pins(&fixture).count, 1);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_nonzero_result_ends_the_report_and_is_returned) {
    struct fixture fixture = open_tiny();
    struct node *node = fixture_node(fixture.thread, 1);
    struct pf_handle *pins[3];
    for (int i = 0; i < 3; i++) {
        pins[i] = pin(&fixture, node);
    }
    {
        PINFOLD_PINS(fixture.thread, pinned, 1);
        pinned[0] = node;
        for (size_t stop = 1; stop <= 4; stop++) {
            struct report report = {.stop_at = stop};
            ck_assert_int_eq(pf_pin_report(fixture.thread, note, &report), 77);
            ck_assert_uint_eq(report.count, stop);
        }
    }
    for (int i = 0; i < 3; i++) {
        pf_unpin(fixture.heap, pins[i]);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_pins_age_is_the_number_of_collections_since_it_was_made_or_set) {
    struct fixture fixture = open_tiny();
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT);
    struct node *node = fixture_node(fixture.thread, 1);
    struct pf_handle *handle = pin(&fixture, node);
    for (uint64_t age = 0; age < 5; age++) {
        ck_assert_uint_eq(report_pins(&fixture).pins[0].age, age);
        pf_collect(fixture.thread, (int)(age % 3), PINFOLD_COLLECT_DEFAULT);
    }
    struct pf_handle *younger = pin(&fixture, node);
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT);
    struct report report = report_pins(&fixture);
    int is_first = report.pins[0].handle == handle;
    ck_assert_uint_eq(report.pins[is_first ? 0 : 1].age, 6);
    ck_assert_uint_eq(report.pins[is_first ? 1 : 0].age, 1);
    pf_unpin(fixture.heap, younger);
    pf_handle_set(fixture.heap, handle, node);
    ck_assert_uint_eq(report_pins(&fixture).pins[0].age, 0);
    pf_unpin(fixture.heap, handle);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_pins_generation_is_that_of_its_object) {
    struct fixture fixture = open_tiny();
    struct pf_handle *small = pin(&fixture, fixture_node(fixture.thread, 1));
    for (int generation = 0; generation < 3; generation++) {
        ck_assert_int_eq(report_pins(&fixture).pins[0].generation, generation);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP); /* a sweep promotes */
    }
    pf_handle_set(fixture.heap, small, pf_alloc_array(fixture.thread, &bytes_type, 10000));
    ck_assert_int_eq(report_pins(&fixture).pins[0].generation, PINFOLD_LARGE);
    pf_unpin(fixture.heap, small);
    fixture_close(&fixture);
}
END_TEST

/* first [a][bbb dead][c pinned][d alive][e pinned]: what lies right before c is held back by it. */
START_TEST(held_bytes_are_the_free_bytes_right_before_the_object) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        struct node *first = fixture_node(fixture.thread, 1);
        struct pf_handle *pins[3] = {pin(&fixture, first), NULL, NULL};
        for (int i = 0; i < 3; i++) {
            (void)fixture_node(fixture.thread, 0);
        }
        struct node *behind_gap = fixture_node(fixture.thread, 2);
        pins[1] = pin(&fixture, behind_gap);
        root[0] = fixture_node(fixture.thread, 3);
        struct node *behind_live = fixture_node(fixture.thread, 4);
        pins[2] = pin(&fixture, behind_live);
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_SWEEP);
        struct report report = report_pins(&fixture);
        ck_assert_uint_eq(report.count, 3);
        for (size_t i = 0; i < report.count; i++) {
            size_t expected = report.pins[i].object == behind_gap ? 3 * node_type.base_size : 0;
            ck_assert_uint_eq(report.pins[i].held_bytes, expected);
        }
        for (int i = 0; i < 3; i++) {
            pf_unpin(fixture.heap, pins[i]);
        }
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(held_bytes_of_a_large_object_are_the_free_pages_before_it) {
    struct fixture fixture = open_tiny();
    void *dead = pf_alloc_array(fixture.thread, &bytes_type, 10000);
    size_t dead_size = fixture_footprint(fixture.heap, dead);
    void *object = pf_alloc_array(fixture.thread, &bytes_type, 5000);
    ck_assert_uint_eq((uintptr_t)object - (uintptr_t)dead, dead_size);
    struct pf_handle *handle = pin(&fixture, object);
    ck_assert_uint_eq(report_pins(&fixture).pins[0].held_bytes, 0); /* no collection has found it dead yet */
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
    ck_assert_uint_eq(report_pins(&fixture).pins[0].held_bytes, dead_size);
    pf_unpin(fixture.heap, handle);
    fixture_close(&fixture);
}
END_TEST

START_TEST(tagged_references_are_told_of_as_objects) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "ref_tag_mask", "3");
    fixture_set(&options, "ref_tags", "6"); /* tags 1 and 2 */
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_PINS(fixture.thread, pinned, 3);
        char *node = pf_alloc(fixture.thread, &node_type);
        struct pf_handle *handle = pin(&fixture, node);
        pinned[0] = node + 2;
        pinned[1] = node + 3; /* no reference */
        pinned[2] = (void *)2;
        struct report report = report_pins(&fixture);
        ck_assert_uint_eq(report.count, 2);
        ck_assert_ptr_eq(report.pins[0].object, node);
        ck_assert_ptr_eq(report.pins[0].handle, handle);
        ck_assert_ptr_eq(report.pins[1].object, node);
        ck_assert_ptr_null(report.pins[1].handle);
        pf_unpin(fixture.heap, handle);
    }
    fixture_close(&fixture);
}
END_TEST

struct holder {
    struct pf_heap *heap;
    struct gate holds;
    struct gate leave;
    void *object;
};

static void hold(void *data, size_t index) {
    struct holder *holder = data;
    struct pf_thread *thread = team_attach(holder->heap);
    (void)index;
    (void)fixture_node(thread, 0); /* garbage that others would slide over */
    {
        PINFOLD_PINS(thread, pinned, 1);
        holder->object = pinned[0] = fixture_node(thread, 5);
        PINFOLD_NATIVE_SCOPE(thread);
        gate_open(&holder->holds);
        gate_wait(&holder->leave);
    }
    pf_thread_detach(thread);
}

START_TEST(frames_of_other_threads_pin_and_are_told_of) {
    struct fixture fixture = open_tiny();
    struct holder holder = {fixture.heap, GATE_CLOSED, GATE_CLOSED, NULL};
    struct team team = team_start(1, hold, &holder);
    gate_wait_native(&holder.holds, fixture.thread);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    struct report report = report_pins(&fixture);
    ck_assert_uint_eq(report.count, 1);
    ck_assert_ptr_eq(report.pins[0].object, holder.object);
    ck_assert_ptr_eq(report.pins[0].type, &node_type);
    ck_assert_ptr_null(report.pins[0].handle);
    ck_assert_uint_eq(((struct node *)report.pins[0].object)->key, 5);
    gate_open(&holder.leave);
    pf_native_enter(fixture.thread);
    team_join(&team);
    pf_native_leave(fixture.thread);
    ck_assert_uint_eq(report_pins(&fixture).count, 0);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/pin_report", frames_of_other_threads_pin_and_are_told_of, without_pins_there_is_nothing_to_tell,
      every_pin_is_told_of_and_handles_come_first, a_nonzero_result_ends_the_report_and_is_returned,
      a_pins_age_is_the_number_of_collections_since_it_was_made_or_set, a_pins_generation_is_that_of_its_object,
      held_bytes_are_the_free_bytes_right_before_the_object, held_bytes_of_a_large_object_are_the_free_pages_before_it,
      tagged_references_are_told_of_as_objects)
