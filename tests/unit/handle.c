/* SPDX-License-Identifier: MIT
 *
 * Strong handles: they keep, they follow, they are reused.
 */
#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/suite.h"

enum { MANY = 10000 };

static struct fixture open_tiny(void) {
    struct pf_options options = fixture_tiny_options();
    return fixture_open(&options);
}

static struct pf_handle *create(struct fixture *fixture, void *object) {
    struct pf_handle *handle = NULL;
    ck_assert_int_eq(pf_handle_create(fixture->heap, PINFOLD_HANDLE_STRONG, object, &handle), PINFOLD_OK);
    return handle;
}

static void check_key(const struct pf_handle *handle, uintptr_t key) {
    const struct node *node = pf_handle_get(handle);
    if (node == NULL || node->type != &node_type || node->key != key) {
        ck_abort_msg("the handle should lead to key %zu", (size_t)key);
    }
}

START_TEST(ten_thousand_handles_keep_their_objects_through_collections_of_every_kind) {
    static struct pf_handle *handles[MANY];
    struct fixture fixture = open_tiny();
    for (uintptr_t i = 0; i < MANY; i++) {
        handles[i] = create(&fixture, fixture_node(fixture.thread, i));
    }
    for (int round = 0; round < 9; round++) {
        pf_collect(fixture.thread, round % 3, (enum pf_collect_mode)(round / 3));
        for (uintptr_t i = 0; i < MANY; i++) {
            check_key(handles[i], i);
        }
    }
    for (uintptr_t i = 0; i < MANY; i++) {
        pf_handle_destroy(fixture.heap, handles[i]);
    }
    struct pf_statistics statistics;
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_heap_statistics(fixture.heap, &statistics);
    ck_assert_uint_eq(statistics.live_bytes, 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_object_is_gone_when_its_handle_is_destroyed_and_the_others_stay) {
    static struct pf_handle *handles[MANY];
    struct fixture fixture = open_tiny();
    for (uintptr_t i = 0; i < MANY; i++) {
        handles[i] = create(&fixture, fixture_node(fixture.thread, i));
    }
    for (uintptr_t i = 0; i < MANY; i += 2) {
        pf_handle_destroy(fixture.heap, handles[i]);
    }
    struct pf_statistics statistics;
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
    pf_heap_statistics(fixture.heap, &statistics);
    ck_assert_uint_eq(statistics.live_bytes, (size_t)MANY / 2 * node_type.base_size);
    for (uintptr_t i = 1; i < MANY; i += 2) {
        check_key(handles[i], i);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(destroyed_handles_are_used_again_so_that_the_table_does_not_grow) {
    static struct pf_handle *handles[MANY];
    struct fixture fixture = open_tiny();
    struct random random = {1};
    struct pf_statistics before;
    struct pf_statistics after;
    for (uintptr_t i = 0; i < MANY; i++) {
        handles[i] = create(&fixture, NULL);
    }
    pf_heap_statistics(fixture.heap, &before);
    for (int i = 0; i < 20 * MANY; i++) {
        size_t index = random_below(&random, MANY);
        pf_handle_destroy(fixture.heap, handles[index]);
        handles[index] = create(&fixture, NULL);
    }
    pf_heap_statistics(fixture.heap, &after);
    ck_assert_uint_le(after.bookkeeping_bytes, before.bookkeeping_bytes);
    fixture_close(&fixture);
}
END_TEST

START_TEST(no_two_living_handles_share_a_slot) {
    static struct pf_handle *handles[MANY];
    struct fixture fixture = open_tiny();
    struct random random = {2};
    uintptr_t next_key = MANY;
    static uintptr_t keys[MANY];
    for (uintptr_t i = 0; i < MANY; i++) {
        keys[i] = i;
        handles[i] = create(&fixture, fixture_node(fixture.thread, i));
    }
    for (int i = 0; i < 2 * MANY; i++) {
        size_t index = random_below(&random, MANY);
        pf_handle_destroy(fixture.heap, handles[index]);
        keys[index] = next_key++;
        handles[index] = create(&fixture, fixture_node(fixture.thread, keys[index]));
    }
    for (uintptr_t i = 0; i < MANY; i++) {
        check_key(handles[i], keys[i]);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_handle_may_hold_nothing_and_be_set_later) {
    struct fixture fixture = open_tiny();
    struct pf_handle *handle = create(&fixture, NULL);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_ptr_null(pf_handle_get(handle));
    pf_handle_set(fixture.heap, handle, fixture_node(fixture.thread, 7));
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    check_key(handle, 7);
    pf_handle_set(fixture.heap, handle, NULL);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_ptr_null(pf_handle_get(handle));
    pf_handle_destroy(fixture.heap, handle);
    fixture_close(&fixture);
}
END_TEST

START_TEST(destroying_no_handle_does_nothing) {
    struct fixture fixture = open_tiny();
    pf_handle_destroy(fixture.heap, NULL);
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_old_handle_set_to_a_young_object_keeps_it_in_a_young_collection) {
    struct fixture fixture = open_tiny();
    struct pf_handle *handle = create(&fixture, fixture_node(fixture.thread, 1));
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_int_eq(pf_generation_of(fixture.heap, pf_handle_get(handle)), 2);
    pf_handle_set(fixture.heap, handle, fixture_node(fixture.thread, 2));
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    for (int i = 0; i < 1000; i++) {
        (void)fixture_node(fixture.thread, 99); /* would overwrite the node, had it been freed */
    }
    check_key(handle, 2);
    fixture_close(&fixture);
}
END_TEST

struct handle_log {
    size_t created[5];
    size_t destroyed[5];
    const struct pf_handle *last;
};

static void handle_created(void *data, const struct pf_handle *handle, enum pf_handle_kind kind) {
    struct handle_log *log = data;
    log->created[kind]++;
    log->last = handle;
}

static void handle_destroyed(void *data, const struct pf_handle *handle, enum pf_handle_kind kind) {
    struct handle_log *log = data;
    log->destroyed[kind]++;
    log->last = handle;
}

START_TEST(a_listener_hears_of_every_handle_that_comes_and_goes) {
    static const struct pf_listener listener = {.handle_created = handle_created, .handle_destroyed = handle_destroyed};
    struct fixture fixture = open_tiny();
    struct handle_log log = {{0}, {0}, NULL};
    pf_heap_set_listener(fixture.heap, &listener, &log);
    for (int kind = PINFOLD_HANDLE_STRONG; kind <= PINFOLD_HANDLE_DEPENDENT; kind++) {
        struct pf_handle *handle = NULL;
        ck_assert_int_eq(pf_handle_create(fixture.heap, (enum pf_handle_kind)kind, NULL, &handle), PINFOLD_OK);
        ck_assert_uint_eq(log.created[kind], 1);
        ck_assert_ptr_eq(log.last, handle);
        log.last = NULL;
        pf_handle_destroy(fixture.heap, handle);
        ck_assert_uint_eq(log.destroyed[kind], 1);
        ck_assert_ptr_eq(log.last, handle);
    }
    struct pf_handle *pin = NULL;
    ck_assert_int_eq(pf_pin(fixture.heap, fixture_node(fixture.thread, 1), &pin), PINFOLD_OK);
    pf_unpin(fixture.heap, pin);
    ck_assert_uint_eq(log.created[PINFOLD_HANDLE_PINNED], 2);
    ck_assert_uint_eq(log.destroyed[PINFOLD_HANDLE_PINNED], 2);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/handle", ten_thousand_handles_keep_their_objects_through_collections_of_every_kind,
      an_object_is_gone_when_its_handle_is_destroyed_and_the_others_stay,
      destroyed_handles_are_used_again_so_that_the_table_does_not_grow, no_two_living_handles_share_a_slot,
      a_handle_may_hold_nothing_and_be_set_later, destroying_no_handle_does_nothing,
      an_old_handle_set_to_a_young_object_keeps_it_in_a_young_collection,
      a_listener_hears_of_every_handle_that_comes_and_goes)
