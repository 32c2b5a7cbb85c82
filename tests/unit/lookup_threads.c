/* SPDX-License-Identifier: MIT
 *
 * pf_object_containing while other threads allocate, or look at what the allocator's locks guard.
 */
#include "pinfold/collect.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

enum { PINS = 64, BETWEEN = 900, ROUNDS = 50000 };

static struct shared {
    struct pf_heap *heap;
    const void *objects[PINS];
    size_t count;
    int is_over;
} shared;

static int is_over(void) {
    return __atomic_load_n(&shared.is_over, __ATOMIC_RELAXED);
}

/* Asks for each of the objects, which do not move, again and again. */
static void ask(struct pf_thread *thread) {
    for (size_t i = 0; i < shared.count; i++) {
        const void *found = pf_object_containing(thread, shared.objects[i]);
        if (found != shared.objects[i]) {
            ck_abort_msg("%p is said to lie in %p", shared.objects[i], found);
        }
    }
    pf_safepoint(thread);
}

static void ask_until_over(void *data, size_t index) {
    (void)data;
    (void)index;
    struct pf_thread *thread = team_attach(shared.heap);
    while (!is_over()) {
        ask(thread);
    }
    pf_thread_detach(thread);
}

/* While one thread asks, this one does something, over and over. */
static void while_asked(const struct fixture *fixture, void (*act)(struct pf_thread *thread)) {
    shared.is_over = 0;
    struct team team = team_start(1, ask_until_over, NULL);
    for (size_t i = 0; i < ROUNDS; i++) {
        act(fixture->thread);
        pf_safepoint(fixture->thread);
    }
    __atomic_store_n(&shared.is_over, 1, __ATOMIC_RELAXED);
    pf_native_enter(fixture->thread);
    team_join(&team);
    pf_native_leave(fixture->thread);
}

static void spare_no_time(struct pf_thread *thread) {
    (void)pf_heap_idle(thread, 0);
}

START_TEST(one_thread_may_have_time_to_spare_while_another_looks_up_objects) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = pf_alloc_array_pinned(fixture.thread, &bytes_type, 100, 0);
        shared = (struct shared){.heap = fixture.heap, .objects = {root[0]}, .count = 1};
        while_asked(&fixture, spare_no_time);
    }
    fixture_close(&fixture);
}
END_TEST

static size_t between;
static const char *highest;

/* The objects stay, so what lies below the highest of them lies in a gap between two: where other arrays have been. */
static void take_gap(struct pf_thread *thread) {
    char *taken = pf_alloc_array(thread, &bytes_type, BETWEEN);
    char *bytes = pf_elements(taken);
    for (size_t i = 0; i < BETWEEN; i++) {
        if (bytes[i] != 0) {
            ck_abort_msg("byte %zu of a new array is %#x", i, (unsigned)bytes[i]);
        }
    }
    memset(bytes, 0xEE, BETWEEN);
    between += taken < highest;
}

START_TEST(objects_next_to_a_gap_are_found_while_another_thread_takes_the_gap) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "stress", "compact"); /* pins stay young, and so do the gaps */
    struct fixture fixture = fixture_open(&options);
    struct pf_handle *pins[PINS];
    between = 0;
    highest = NULL;
    shared = (struct shared){.heap = fixture.heap, .count = PINS};
    for (size_t i = 0; i < PINS; i++) {
        void *pinned = fixture_node(fixture.thread, i);
        ck_assert_int_eq(pf_pin(fixture.heap, pinned, &pins[i]), PINFOLD_OK);
        shared.objects[i] = pinned;
        highest = (const char *)pinned > highest ? pinned : highest;
        (void)pf_alloc_array(fixture.thread, &bytes_type, BETWEEN);
    }
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    while_asked(&fixture, take_gap);
    ck_assert_uint_ge(between, ROUNDS / 50);
    for (size_t i = 0; i < PINS; i++) {
        pf_unpin(fixture.heap, pins[i]);
    }
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/lookup_threads", one_thread_may_have_time_to_spare_while_another_looks_up_objects,
      objects_next_to_a_gap_are_found_while_another_thread_takes_the_gap)
