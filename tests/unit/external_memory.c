/* SPDX-License-Identifier: MIT
 *
 * Native memory that objects keep: the account, and the collections that come for it.
 */
#include "gc/state/external_memory.h"

#include "alloc/platform/thread.h"
#include "pinfold/collect.h"
#include "pinfold/finalizer.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

static const struct pf_type image_type =
    PINFOLD_FIXED_TYPE_WITH("image", struct node, PINFOLD_REF(struct node, left), PINFOLD_TYPE_FINALIZABLE);
static const size_t megabyte = 1000000;

static size_t collections[3];
static size_t for_external;

static void count_collection(void *data, const struct pf_collection *record) {
    (void)data;
    collections[record->generation]++;
    for_external += record->reason == PINFOLD_REASON_EXTERNAL;
}

static struct fixture open_fixture(void) {
    static const struct pf_listener listener = {.collection_end = count_collection};
    struct pf_options options = fixture_options();
    fixture_set(&options, "external_size", "16M");
    struct fixture fixture = fixture_open(&options);
    pf_heap_set_listener(fixture.heap, &listener, NULL);
    memset(collections, 0, sizeof(collections));
    for_external = 0;
    return fixture;
}

static size_t external_bytes(const struct fixture *fixture) {
    struct pf_statistics statistics;
    pf_heap_statistics(fixture->heap, &statistics);
    return statistics.external_bytes;
}

/* A small object that stands for a lot of memory. */
static struct node *make_image(const struct fixture *fixture, size_t bytes) {
    struct node *image = pf_alloc(fixture->thread, &image_type);
    image->key = bytes;
    pf_external_memory_add(fixture->heap, bytes);
    return image;
}

static void finalize_images(const struct fixture *fixture) {
    void *image;
    while (pf_finalizer_next(fixture->thread, &image)) {
        pf_external_memory_remove(fixture->heap, ((struct node *)image)->key);
    }
}

START_TEST(the_statistics_tell_what_was_added_and_not_removed) {
    struct fixture fixture = open_fixture();
    pf_external_memory_add(fixture.heap, 1000);
    pf_external_memory_add(fixture.heap, 0);
    pf_external_memory_add(fixture.heap, 500);
    pf_external_memory_remove(fixture.heap, 700);
    ck_assert_uint_eq(external_bytes(&fixture), 800);
    pf_external_memory_remove(fixture.heap, 800);
    ck_assert_uint_eq(external_bytes(&fixture), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(images_that_die_young_are_found_long_before_the_heap_itself_would_be_collected) {
    struct fixture fixture = open_fixture();
    size_t most = 0;
    for (int i = 0; i < 1000; i++) { /* 32 KB of objects for a gigabyte of images */
        (void)make_image(&fixture, megabyte);
        finalize_images(&fixture);
        most = external_bytes(&fixture) > most ? external_bytes(&fixture) : most;
    }
    ck_assert_uint_le(most, 20 * megabyte);
    ck_assert_uint_ge(for_external, 50);
    ck_assert_uint_eq(collections[2], 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(images_that_grow_old_are_found_by_full_collections) {
    struct fixture fixture = open_fixture();
    size_t most = 0;
    {
        PINFOLD_ROOTS(fixture.thread, root, 20);
        for (size_t i = 0; i < 2000; i++) {
            root[i % 20] = make_image(&fixture, megabyte); /* the last twenty live */
            finalize_images(&fixture);
            most = external_bytes(&fixture) > most ? external_bytes(&fixture) : most;
        }
    }
    ck_assert_uint_le(most, 120 * megabyte);
    ck_assert_uint_le(collections[2], 2000 / 16);
    fixture_close(&fixture);
}
END_TEST

START_TEST(where_collections_free_nothing_they_come_ever_less_often) {
    struct fixture fixture = open_fixture();
    pf_external_memory_add(fixture.heap, 2000 * megabyte); /* what was freed before says nothing of them */
    pf_external_memory_remove(fixture.heap, 2000 * megabyte);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        for (size_t i = 0; i < 4000; i++) { /* all of them live */
            struct node *image = make_image(&fixture, megabyte);
            pf_store(fixture.thread, &image->left, root[0]);
            root[0] = image;
        }
        ck_assert_uint_ge(collections[2], 2);
        ck_assert_uint_le(collections[2], 10);
        ck_assert_uint_le(for_external, 60);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(memory_that_comes_and_goes_without_growing_asks_for_nothing) {
    struct fixture fixture = open_fixture();
    for (int i = 0; i < 10000; i++) {
        pf_external_memory_add(fixture.heap, 3 * megabyte);
        (void)fixture_node(fixture.thread, 1);
        pf_external_memory_remove(fixture.heap, 3 * megabyte);
    }
    ck_assert_uint_eq(for_external, 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_next_allocation_of_the_thread_that_added_collects_however_small_it_is) {
    struct fixture fixture = open_fixture();
    for (size_t i = 1; i <= 3; i++) {
        (void)fixture_node(fixture.thread, 1);
        pf_external_memory_add(fixture.heap, 1000 * megabyte);
        ck_assert_uint_eq(for_external, i - 1);
        (void)fixture_node(fixture.thread, 1);
        ck_assert_uint_eq(for_external, i);
        pf_external_memory_remove(fixture.heap, 1000 * megabyte);
    }
    fixture_close(&fixture);
}
END_TEST

static void add_much(void *heap) {
    pf_external_memory_add(heap, 100 * megabyte);
}

START_TEST(a_thread_that_is_not_attached_may_add_and_an_attached_one_collects) {
    struct fixture fixture = open_fixture();
    struct pfi_thread_handle adder;
    ck_assert(pfi_thread_start(&adder, add_much, fixture.heap));
    pfi_thread_join(&adder);
    ck_assert_uint_eq(for_external, 0);
    for (int i = 0; i < 2000; i++) { /* more than a context has left */
        (void)fixture_node(fixture.thread, 1);
    }
    ck_assert_uint_eq(for_external, 1);
    ck_assert_uint_eq(collections[2], 1);
    fixture_close(&fixture);
}
END_TEST

/* A thread that finds a collection due as well, while another is about to collect. */
struct adder {
    struct pf_heap *heap;
    struct gate is_attached;
};

static void add_before_stopping(void *data, size_t index) {
    struct adder *adder = data;
    (void)index;
    struct pf_thread *thread = team_attach(adder->heap);
    (void)fixture_node(thread, 1);
    gate_open(&adder->is_attached);
    team_await_stop(thread);
    pf_external_memory_add(adder->heap, 1);
    (void)fixture_node(thread, 2);
    pf_thread_detach(thread);
}

START_TEST(threads_that_find_a_collection_due_at_the_same_time_collect_once) {
    struct fixture fixture = open_fixture();
    struct adder adder = {fixture.heap, GATE_CLOSED};
    struct team team = team_start(1, add_before_stopping, &adder);
    gate_wait_native(&adder.is_attached, fixture.thread);
    pf_external_memory_add(fixture.heap, 100 * megabyte);
    (void)fixture_node(fixture.thread, 1);
    ck_assert_uint_eq(collections[2], 1);
    pf_native_enter(fixture.thread);
    team_join(&team);
    pf_native_leave(fixture.thread);
    ck_assert_uint_eq(collections[2], 1);
    ck_assert_uint_eq(for_external, 1);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_native_thread_may_add_too) {
    struct fixture fixture = open_fixture();
    pf_native_enter(fixture.thread);
    pf_external_memory_add(fixture.heap, 100 * megabyte);
    pf_external_memory_remove(fixture.heap, 1);
    pf_native_leave(fixture.thread);
    ck_assert_uint_eq(external_bytes(&fixture), 100 * megabyte - 1);
    fixture_close(&fixture);
}
END_TEST

static struct pfi_external_memory external;

static bool add(size_t bytes) {
    pfi_mutex_lock(&external.lock);
    bool is_added = pfi_external_memory_add_locked(&external, bytes);
    pfi_mutex_unlock(&external.lock);
    return is_added;
}

static bool take_away(size_t bytes) {
    pfi_mutex_lock(&external.lock);
    bool is_removed = pfi_external_memory_remove_locked(&external, bytes);
    pfi_mutex_unlock(&external.lock);
    return is_removed;
}

START_TEST(what_was_least_and_last_follows_removals_and_collections) {
    pfi_external_memory_init(&external);
    ck_assert(add(100));
    ck_assert_uint_eq(external.low, 0);
    pfi_external_memory_note_collection(&external, 1);
    ck_assert_uint_eq(external.low, 0);
    ck_assert_uint_eq(external.last, 100);
    pfi_external_memory_note_collection(&external, 2);
    ck_assert_uint_eq(external.low, 100);
    ck_assert(take_away(40));
    ck_assert_uint_eq(external.low, 60);
    ck_assert_uint_eq(external.last, 60);
    ck_assert(!take_away(61));
    ck_assert(!add(SIZE_MAX));
    ck_assert_uint_eq(external.bytes, 60);
    ck_assert_uint_eq(external.removed, 40);
    pfi_external_memory_finish(&external);
}
END_TEST

SUITE("unit/external_memory", the_statistics_tell_what_was_added_and_not_removed,
      images_that_die_young_are_found_long_before_the_heap_itself_would_be_collected,
      images_that_grow_old_are_found_by_full_collections, where_collections_free_nothing_they_come_ever_less_often,
      memory_that_comes_and_goes_without_growing_asks_for_nothing,
      the_next_allocation_of_the_thread_that_added_collects_however_small_it_is,
      a_thread_that_is_not_attached_may_add_and_an_attached_one_collects,
      threads_that_find_a_collection_due_at_the_same_time_collect_once, a_native_thread_may_add_too,
      what_was_least_and_last_follows_removals_and_collections)
