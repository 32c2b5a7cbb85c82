/* SPDX-License-Identifier: MIT
 *
 * Root sources: called for every collection with their own data, in any number, until removed.
 */
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

enum { SLOTS = 200, SOURCES = 20 };

struct globals {
    struct pf_root_source source;
    size_t calls;
    size_t count;
    void *slots[SLOTS];
};

static void enumerate_together(struct pf_visitor *visitor, void *data) {
    struct globals *globals = data;
    globals->calls++;
    pf_visit_slots(visitor, globals->slots, globals->count);
}

static void enumerate_one_by_one(struct pf_visitor *visitor, void *data) {
    struct globals *globals = data;
    globals->calls++;
    for (size_t i = 0; i < globals->count; i++) {
        pf_visit_slot(visitor, &globals->slots[i]);
    }
}

static struct fixture open_tiny(void) {
    struct pf_options options = fixture_tiny_options();
    return fixture_open(&options);
}

static void add(struct fixture *fixture, struct globals *globals, pf_enumerate_roots *enumerate, size_t count) {
    *globals = (struct globals){{enumerate, globals, NULL}, 0, count, {NULL}};
    pf_root_source_add(fixture->heap, &globals->source);
}

static void fill(struct fixture *fixture, struct globals *globals, uintptr_t first_key) {
    for (size_t i = 0; i < globals->count; i++) {
        globals->slots[i] = fixture_node(fixture->thread, first_key + i);
    }
}

static void check(const struct globals *globals, uintptr_t first_key) {
    for (size_t i = 0; i < globals->count; i++) {
        const struct node *node = globals->slots[i];
        ck_assert_ptr_eq(node->type, &node_type);
        ck_assert_uint_eq(node->key, first_key + i);
    }
}

static void check_with(pf_enumerate_roots *enumerate) {
    static struct globals globals;
    struct fixture fixture = open_tiny();
    add(&fixture, &globals, enumerate, SLOTS);
    fill(&fixture, &globals, 1000);
    for (int i = 0; i < 9; i++) {
        pf_collect(fixture.thread, i % 3, (enum pf_collect_mode)(i / 3));
        check(&globals, 1000);
    }
    pf_root_source_remove(fixture.heap, &globals.source);
    fixture_close(&fixture);
}

START_TEST(slots_reported_together_are_kept_and_updated) {
    check_with(enumerate_together);
}
END_TEST

START_TEST(slots_reported_one_by_one_are_kept_and_updated) {
    check_with(enumerate_one_by_one);
}
END_TEST

START_TEST(every_source_is_called_with_its_own_data) {
    static struct globals globals[SOURCES];
    struct fixture fixture = open_tiny();
    for (size_t i = 0; i < SOURCES; i++) {
        add(&fixture, &globals[i], i % 2 == 0 ? enumerate_together : enumerate_one_by_one, i);
        fill(&fixture, &globals[i], i * SLOTS);
    }
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    for (size_t i = 0; i < SOURCES; i++) {
        ck_assert_uint_ge(globals[i].calls, 2); /* marked, relocated */
        check(&globals[i], i * SLOTS);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_removed_source_is_not_called_and_keeps_nothing_whatever_its_place) {
    static struct globals globals[3];
    for (size_t removed = 0; removed < 3; removed++) {
        struct fixture fixture = open_tiny();
        struct pf_statistics statistics;
        for (size_t i = 0; i < 3; i++) {
            add(&fixture, &globals[i], enumerate_together, 10);
            fill(&fixture, &globals[i], i * SLOTS);
        }
        pf_root_source_remove(fixture.heap, &globals[removed].source);
        size_t calls = globals[removed].calls;
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        ck_assert_uint_eq(globals[removed].calls, calls);
        pf_heap_statistics(fixture.heap, &statistics);
        ck_assert_uint_eq(statistics.live_bytes, (size_t)20 * node_type.base_size);
        for (size_t i = 0; i < 3; i++) {
            if (i != removed) {
                check(&globals[i], i * SLOTS);
            }
        }
        fixture_close(&fixture);
    }
}
END_TEST

START_TEST(a_source_may_report_nothing) {
    static struct globals globals;
    struct fixture fixture = open_tiny();
    add(&fixture, &globals, enumerate_together, 0);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_uint_ge(globals.calls, 1);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/root_source", slots_reported_together_are_kept_and_updated, slots_reported_one_by_one_are_kept_and_updated,
      every_source_is_called_with_its_own_data, a_removed_source_is_not_called_and_keeps_nothing_whatever_its_place,
      a_source_may_report_nothing)
