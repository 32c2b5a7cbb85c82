/* SPDX-License-Identifier: MIT
 *
 * pf_object_containing: any address, and the object around it.
 */
#include <sys/mman.h>

#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static struct fixture open_tiny(void) {
    struct pf_options options = fixture_tiny_options();
    return fixture_open(&options);
}

static void *around(const struct fixture *fixture, const void *address) {
    return pf_object_containing(fixture->thread, address);
}

/* Every byte of the object is inside, and the bytes next to it are not. */
static void check_every_byte(const struct fixture *fixture, const char *object) {
    size_t size = pf_size_of(object);
    for (size_t i = 0; i < size; i++) {
        if (around(fixture, object + i) != object) {
            ck_abort_msg("byte %zu of the %zu at %p is said to lie in %p", i, size, (const void *)object,
                         around(fixture, object + i));
        }
    }
    ck_assert_ptr_ne(around(fixture, object - 1), object);
    ck_assert_ptr_ne(around(fixture, object + size), object);
}

START_TEST(every_byte_of_a_young_object_is_inside_it) {
    struct fixture fixture = open_tiny();
    const void *objects[40];
    for (size_t i = 0; i < 40; i++) {
        objects[i] =
            i % 2 == 0 ? (void *)fixture_node(fixture.thread, i) : pf_alloc_array(fixture.thread, &bytes_type, i);
    }
    for (size_t i = 0; i < 40; i++) {
        check_every_byte(&fixture, objects[i]);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(one_past_the_end_is_the_next_object_or_nothing) {
    struct fixture fixture = open_tiny();
    struct node *first = fixture_node(fixture.thread, 1);
    struct node *second = fixture_node(fixture.thread, 2);
    ck_assert_ptr_eq(first + 1, second); /* this test is about neighbours */
    ck_assert_ptr_eq(around(&fixture, first + 1), second);
    ck_assert_ptr_null(around(&fixture, second + 1));
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_unused_end_of_a_context_contains_nothing) {
    struct fixture fixture = open_tiny();
    (void)fixture_node(fixture.thread, 1);
    for (const char *address = fixture.thread->alloc_ptr; address < fixture.thread->alloc_limit + 16; address++) {
        ck_assert_ptr_null(around(&fixture, address));
    }
    ck_assert_ptr_nonnull(around(&fixture, fixture.thread->alloc_ptr - 1));
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_SWEEP); /* no context now */
    ck_assert_ptr_null(around(&fixture, NULL));
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_large_object_contains_its_bytes_and_not_the_rest_of_its_last_page) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = pf_alloc_array(fixture.thread, &bytes_type, 3 * 4096 + 5);
        root[1] = pf_alloc_array(fixture.thread, &bytes_type, 70000);
        ck_assert_int_eq(pf_generation_of(fixture.heap, root[1]), PINFOLD_LARGE);
        check_every_byte(&fixture, root[0]);
        check_every_byte(&fixture, root[1]);
        const char *end = (const char *)root[0] + pf_size_of(root[0]);
        for (const char *address = end; (uintptr_t)address % 4096 != 0; address++) {
            ck_assert_ptr_null(around(&fixture, address));
        }
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_dead_large_object_that_was_swept_contains_nothing) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        const char *dead = pf_alloc_array(fixture.thread, &bytes_type, 20000);
        root[0] = pf_alloc_array(fixture.thread, &bytes_type, 20000);
        ck_assert_ptr_eq(around(&fixture, dead + 9999), dead); /* not found dead yet */
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
        ck_assert_ptr_null(around(&fixture, dead));
        ck_assert_ptr_null(around(&fixture, dead + 9999));
        check_every_byte(&fixture, root[0]);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_object_that_was_born_pinned_contains_its_bytes_and_the_room_before_it_nothing) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = pf_alloc_array_pinned(fixture.thread, &bytes_type, 100, 0);
        root[1] = pf_alloc_array_pinned(fixture.thread, &bytes_type, 5000, 1024);
        check_every_byte(&fixture, root[0]);
        check_every_byte(&fixture, root[1]);
        ck_assert_ptr_null(around(&fixture, (const char *)root[1] - 1)); /* free, for the alignment's sake */
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(swept_objects_leave_free_space_that_contains_nothing) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 20);
        const char *dead[20];
        for (size_t i = 0; i < 20; i++) {
            dead[i] = (const char *)fixture_node(fixture.thread, i);
            root[i] = fixture_node(fixture.thread, i);
        }
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_SWEEP);
        for (size_t i = 0; i < 20; i++) {
            check_every_byte(&fixture, root[i]);
            ck_assert_ptr_null(around(&fixture, dead[i]));
            ck_assert_ptr_null(around(&fixture, dead[i] + sizeof(struct node) - 1));
        }
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(addresses_outside_the_heap_are_in_no_object) {
    struct fixture fixture = open_tiny();
    struct fixture other = open_tiny();
    int local = 0;
    void *unmapped = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(unmapped, MAP_FAILED);
    ck_assert_int_eq(munmap(unmapped, 4096), 0);
    const void *addresses[] = {NULL, &local, fixture_node(other.thread, 1), unmapped, (void *)(intptr_t)-1, &node_type};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        ck_assert_ptr_null(around(&fixture, addresses[i]));
    }
    ck_assert_ptr_eq(around(&other, addresses[2]), addresses[2]);
    fixture_close(&other);
    fixture_close(&fixture);
}
END_TEST

/* Everything in the heap, for asking when the walk is over. */
struct walked {
    const char *start;
    size_t size;
    int is_free;
};
enum { MOST_WALKED = 20000 };
static struct walked walked[MOST_WALKED];
static size_t walked_count;

static int note_walked(void *object, size_t size, int generation, int is_free, void *data) {
    (void)generation;
    (void)data;
    ck_assert_uint_lt(walked_count, MOST_WALKED);
    walked[walked_count++] =
        (struct walked){object, is_free ? size : pf_size_of(object), is_free}; /* not the footprint */
    return 0;
}

/* Asks for the first, middle and last byte of everything. */
static void check_all(const struct fixture *fixture) {
    walked_count = 0;
    ck_assert_int_eq(pf_heap_walk(fixture->thread, note_walked, NULL), 0);
    for (const struct walked *thing = walked; thing < walked + walked_count; thing++) {
        for (size_t part = 0; part < 3; part++) {
            const char *address = thing->start + (thing->size - 1) * part / 2;
            if (around(fixture, address) != (thing->is_free ? NULL : thing->start)) {
                ck_abort_msg("%p in the %s at %p is said to lie in %p", (const void *)address,
                             thing->is_free ? "gap" : "object", (const void *)thing->start, around(fixture, address));
            }
        }
    }
}

static void fill(struct fixture *fixture, void **root, size_t count, unsigned round) {
    for (size_t i = 0; i < count; i++) {
        size_t length = (i * 7919 + round * 104729) % 600;
        root[(i + round) % count] = i % 3 == 0
                                        ? pf_alloc_array(fixture->thread, &bytes_type, length * (i % 17 == 0 ? 20 : 1))
                                        : pf_alloc_array(fixture->thread, &vector_type, length / 16);
    }
}

START_TEST(every_object_of_every_generation_is_found_after_every_kind_of_collection) {
    static const char *const stress[] = {"collect=7,compact", "collect=5,sweep", "collect=9,expand,poison", "compact"};
    for (size_t variant = 0; variant < sizeof stress / sizeof stress[0]; variant++) {
        struct pf_options options = fixture_tiny_options();
        fixture_set(&options, "stress", stress[variant]);
        struct fixture fixture = fixture_open(&options);
        {
            PINFOLD_ROOTS(fixture.thread, root, 300);
            PINFOLD_PINS(fixture.thread, pinned, 1);
            for (unsigned round = 0; round < 6; round++) {
                fill(&fixture, root, 300, round);
                pinned[0] = root[round];
                check_all(&fixture);
            }
        }
        fixture_close(&fixture);
    }
}
END_TEST

SUITE("unit/object_containing", every_byte_of_a_young_object_is_inside_it,
      one_past_the_end_is_the_next_object_or_nothing, the_unused_end_of_a_context_contains_nothing,
      a_large_object_contains_its_bytes_and_not_the_rest_of_its_last_page,
      a_dead_large_object_that_was_swept_contains_nothing,
      an_object_that_was_born_pinned_contains_its_bytes_and_the_room_before_it_nothing,
      swept_objects_leave_free_space_that_contains_nothing, addresses_outside_the_heap_are_in_no_object,
      every_object_of_every_generation_is_found_after_every_kind_of_collection)
