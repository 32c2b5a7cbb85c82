/* SPDX-License-Identifier: MIT
 *
 * Interior slots, of frames and of root sources: addresses inside objects keep these alive and move with them.
 */
#include <string.h>

#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

enum { GARBAGE = 10, TEXTS = 200 };

static struct fixture open_tiny(void) {
    struct pf_options options = fixture_tiny_options();
    return fixture_open(&options);
}

/* A text whose bytes are its seed and what follows, behind garbage, so that a compaction moves it. */
static unsigned char *movable_text(struct fixture *fixture, size_t length, unsigned seed) {
    for (int i = 0; i < GARBAGE; i++) {
        (void)fixture_node(fixture->thread, 0);
    }
    unsigned char *bytes = pf_elements(pf_alloc_array(fixture->thread, &bytes_type, length));
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (unsigned char)(seed + i);
    }
    return bytes;
}

static size_t live_bytes(struct fixture *fixture) {
    struct pf_statistics statistics;
    pf_collect(fixture->thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_heap_statistics(fixture->heap, &statistics);
    return statistics.live_bytes;
}

START_TEST(an_interior_slot_moves_with_its_object_by_the_same_distance) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_INTERIORS(fixture.thread, cursor, 3);
        PINFOLD_ROOTS(fixture.thread, root, 1);
        unsigned char *bytes = movable_text(&fixture, 100, 3);
        root[0] = bytes - 16;
        cursor[0] = bytes + 57;
        cursor[1] = bytes - 16; /* the first byte of the object */
        cursor[2] = bytes + 99; /* the last */
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        unsigned char *moved = pf_elements(root[0]);
        ck_assert_ptr_ne(moved, bytes);
        ck_assert_ptr_eq(cursor[0], moved + 57);
        ck_assert_ptr_eq(cursor[1], root[0]);
        ck_assert_ptr_eq(cursor[2], moved + 99);
        ck_assert_uint_eq(*(unsigned char *)cursor[0], 60);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_interior_slot_alone_keeps_its_object_alive) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_INTERIORS(fixture.thread, cursor, 1);
        struct node *node = fixture_node(fixture.thread, 1);
        struct node *child = fixture_node(fixture.thread, 2);
        pf_store(fixture.thread, &node->right, child);
        cursor[0] = &node->right;
        ck_assert_uint_eq(live_bytes(&fixture), 2 * sizeof(struct node));
        ck_assert_uint_eq((*(struct node **)cursor[0])->key, 2);
        cursor[0] = NULL;
        ck_assert_uint_eq(live_bytes(&fixture), 0);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(one_past_the_end_does_not_keep_the_object) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_INTERIORS(fixture.thread, cursor, 2);
        struct node *node = fixture_node(fixture.thread, 1);
        cursor[0] = node + 1;
        ck_assert_uint_eq(live_bytes(&fixture), 0);
        node = fixture_node(fixture.thread, 1);
        struct node *next = fixture_node(fixture.thread, 2);
        ck_assert_ptr_eq(node + 1, next);
        cursor[0] = node + 1; /* the first byte of the next */
        ck_assert_uint_eq(live_bytes(&fixture), sizeof(struct node));
        ck_assert_uint_eq(((struct node *)cursor[0])->key, 2);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(addresses_in_no_object_are_left_as_they_are) {
    struct fixture fixture = open_tiny();
    struct fixture other = open_tiny();
    {
        int local = 0;
        PINFOLD_INTERIORS(fixture.thread, cursor, 6);
        PINFOLD_ROOTS(fixture.thread, root, 1);
        void *dead = fixture_node(fixture.thread, 1);
        root[0] = fixture_node(fixture.thread, 2);
        pf_collect(fixture.thread, 1, PINFOLD_COLLECT_SWEEP);
        (void)fixture_node(fixture.thread, 3);
        void *addresses[6] = {
            NULL, &local, (char *)dead + 8, fixture_node(other.thread, 4), (void *)1, fixture.thread->alloc_limit + 3};
        memcpy(cursor, addresses, sizeof addresses);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        for (size_t i = 0; i < 6; i++) {
            ck_assert_ptr_eq(cursor[i], addresses[i]);
        }
    }
    fixture_close(&other);
    fixture_close(&fixture);
}
END_TEST

START_TEST(interior_slots_follow_large_objects_that_move) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_INTERIORS(fixture.thread, cursor, 2);
        PINFOLD_ROOTS(fixture.thread, root, 1);
        (void)movable_text(&fixture, 30000, 0);
        unsigned char *bytes = movable_text(&fixture, 30000, 5);
        cursor[0] = bytes + 20000;
        cursor[1] = bytes + 30200; /* in the last page, behind the object */
        void *behind = cursor[1];
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT_LARGE);
        ck_assert_ptr_ne(cursor[0], bytes + 20000);
        ck_assert_uint_eq(*(unsigned char *)cursor[0], (5 + 20000) % 256);
        ck_assert_ptr_eq(cursor[1], behind);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
        ck_assert_uint_eq(*(unsigned char *)cursor[0], (5 + 20000) % 256);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(interior_slots_keep_pinned_objects_of_both_kinds_where_they_are) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_INTERIORS(fixture.thread, cursor, 2);
        PINFOLD_PINS(fixture.thread, pinned, 1);
        char *born = pf_alloc_array_pinned(fixture.thread, &bytes_type, 5000, 0);
        cursor[0] = born + 4000;
        unsigned char *bytes = movable_text(&fixture, 100, 9);
        pinned[0] = bytes - 16;
        cursor[1] = bytes + 50;
        ck_assert_uint_eq(live_bytes(&fixture), pf_size_of(born) + pf_size_of(pinned[0]));
        ck_assert_ptr_eq(cursor[0], born + 4000);
        ck_assert_ptr_eq(cursor[1], bytes + 50);
    }
    fixture_close(&fixture);
}
END_TEST

static void enumerate_cursors(struct pf_visitor *visitor, void *data) {
    void **cursors = data;
    pf_visit_interior_slots(visitor, cursors, 2);
    pf_visit_slot(visitor, &cursors[2]);
    pf_visit_interior_slots(visitor, cursors, 0);
}

START_TEST(a_root_source_may_report_interior_slots_besides_others) {
    struct fixture fixture = open_tiny();
    void *cursors[3] = {NULL, NULL, NULL};
    struct pf_root_source source = {enumerate_cursors, cursors, NULL};
    pf_root_source_add(fixture.heap, &source);
    unsigned char *bytes = movable_text(&fixture, 80, 1);
    cursors[0] = bytes + 7;
    cursors[1] = bytes + 79;
    cursors[2] = bytes - 16;
    ck_assert_uint_eq(live_bytes(&fixture), pf_size_of(cursors[2]));
    ck_assert_ptr_ne(cursors[0], bytes + 7);
    ck_assert_uint_eq(*(unsigned char *)cursors[0], 8);
    ck_assert_ptr_eq(cursors[0], (unsigned char *)pf_elements(cursors[2]) + 7);
    ck_assert_ptr_eq(cursors[1], (unsigned char *)pf_elements(cursors[2]) + 79);
    pf_root_source_remove(fixture.heap, &source);
    fixture_close(&fixture);
}
END_TEST

static void visit_wrongly(void *object, struct pf_visitor *visitor) {
    pf_visit_interior_slots(visitor, (void **)object + 1, 1);
}

START_TEST(an_object_cannot_report_interior_slots) {
    static struct pf_type type;
    static void *slot;
    char message[100];
    struct fixture fixture = open_tiny();
    struct pf_frame frame;
    ck_assert_int_eq(pf_type_init_callback(&type, "wrong", 16, 0, visit_wrongly, message, sizeof message), PINFOLD_OK);
    pf_frame_push(fixture.thread, &frame, &slot, 1);
    slot = pf_alloc(fixture.thread, &type);
    ck_assert_refused(pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT), "only root sources,interior");
}
END_TEST

/* Texts of many sizes, each held by an interior slot alone, at an offset that changes. */
static void check_texts(void **cursor, const size_t *offset) {
    for (size_t i = 0; i < TEXTS; i++) {
        if (*(unsigned char *)cursor[i] != (unsigned char)(i + offset[i])) {
            ck_abort_msg("text %zu has %u at offset %zu", i, *(unsigned char *)cursor[i], offset[i]);
        }
    }
}

START_TEST(texts_held_by_interior_slots_alone_survive_every_kind_of_collection) {
    static const char *const stress[] = {"collect=1,compact,verify", "collect=1,expand,verify",
                                         "collect=3,sweep,verify", "collect=2,verify,poison"};
    static size_t offset[TEXTS];
    for (size_t variant = 0; variant < sizeof stress / sizeof stress[0]; variant++) {
        struct pf_options options = fixture_tiny_options();
        fixture_set(&options, "stress", stress[variant]);
        struct fixture fixture = fixture_open(&options);
        {
            PINFOLD_INTERIORS(fixture.thread, cursor, TEXTS);
            for (size_t i = 0; i < TEXTS; i++) {
                size_t length = 1 + i * 37 % 701 * (i % 31 == 0 ? 12 : 1);
                offset[i] = i * 11 % length;
                cursor[i] = movable_text(&fixture, length, (unsigned)i) + offset[i];
                cursor[i / 2] = (char *)cursor[i / 2] - offset[i / 2];
                offset[i / 2] = 0;
            }
            check_texts(cursor, offset);
            pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT_LARGE);
            check_texts(cursor, offset);
        }
        fixture_close(&fixture);
    }
}
END_TEST

SUITE("unit/interior", an_interior_slot_moves_with_its_object_by_the_same_distance,
      an_interior_slot_alone_keeps_its_object_alive, one_past_the_end_does_not_keep_the_object,
      addresses_in_no_object_are_left_as_they_are, interior_slots_follow_large_objects_that_move,
      interior_slots_keep_pinned_objects_of_both_kinds_where_they_are,
      a_root_source_may_report_interior_slots_besides_others, an_object_cannot_report_interior_slots,
      texts_held_by_interior_slots_alone_survive_every_kind_of_collection)
