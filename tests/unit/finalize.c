/* SPDX-License-Identifier: MIT
 *
 * The finalize phase: which lists a collection looks at, and in which list a registration is afterwards.
 */
#include "gc/phase/finalize.h"

#include "gc/heap.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static struct fixture fixture;

static void open_fixture(void) {
    struct pf_options options = fixture_tiny_options();
    fixture = fixture_open(&options);
}

static void enlist(void *object) {
    ck_assert_int_eq(pf_finalizer_register(fixture.thread, object), PINFOLD_OK);
}

static void expect_lists(size_t youngest, size_t middle, size_t oldest) {
    const struct pfi_finalizer_list *lists = fixture.heap->roots.finalizers.registered;
    ck_assert_uint_eq(lists[0].count, youngest);
    ck_assert_uint_eq(lists[1].count, middle);
    ck_assert_uint_eq(lists[2].count, oldest);
}

/* All registrations of one age get another. */
static void change_age(struct pfi_finalizer_queue *queue, int from, int to) {
    pfi_mutex_lock(&queue->lock);
    queue->registered[to] = pfi_finalizer_queue_detach_locked(queue, from);
    pfi_mutex_unlock(&queue->lock);
}

START_TEST(registrations_age_with_their_objects) {
    open_fixture();
    {
        PINFOLD_ROOTS(fixture.thread, root, 3);
        root[0] = fixture_node(fixture.thread, 0);
        root[1] = pf_alloc_array(fixture.thread, &bytes_type, 9000);
        root[2] = pf_alloc_pinned(fixture.thread, &node_type, 0);
        for (int i = 0; i < 3; i++) {
            enlist(root[i]);
        }
        expect_lists(3, 0, 0);
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        expect_lists(0, 1, 2);
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        expect_lists(0, 1, 2);
        pf_collect(fixture.thread, 1, PINFOLD_COLLECT_SWEEP);
        expect_lists(0, 0, 3);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        expect_lists(0, 0, 3);
        enlist(root[0]); /* an old object */
        expect_lists(1, 0, 3);
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        expect_lists(0, 0, 4);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_registration_follows_a_pinned_object_into_a_younger_generation) {
    struct pf_handle *pin = NULL;
    open_fixture();
    for (uintptr_t i = 0; i < 100; i++) {
        (void)fixture_node(fixture.thread, i); /* dies: the object behind is not slid past */
    }
    struct node *node = fixture_node(fixture.thread, 1);
    ck_assert_int_eq(pf_pin(fixture.heap, node, &pin), PINFOLD_OK);
    enlist(node);
    pf_collect(fixture.thread, 1, PINFOLD_COLLECT_SWEEP);
    ck_assert_int_eq(pf_generation_of(fixture.heap, node), 1);
    expect_lists(0, 1, 0);
    pf_collect(fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
    ck_assert_int_eq(pf_generation_of(fixture.heap, node), 0);
    expect_lists(1, 0, 0);
    pf_unpin(fixture.heap, pin);
    fixture_close(&fixture);
}
END_TEST

START_TEST(suppressed_registrations_leave_their_list_at_the_next_collection) {
    open_fixture();
    struct node *node = fixture_node(fixture.thread, 1);
    enlist(node);
    ck_assert_uint_eq(pf_finalizer_suppress(fixture.thread, node), 1);
    expect_lists(0, 0, 0);
    ck_assert_ptr_nonnull(fixture.heap->roots.finalizers.registered[0].first);
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    ck_assert_ptr_null(fixture.heap->roots.finalizers.registered[0].first);
    fixture_close(&fixture);
}
END_TEST

START_TEST(verification_finds_a_registration_that_counts_as_older_than_its_object) {
    struct pf_message message = {""};
    open_fixture();
    enlist(fixture_node(fixture.thread, 1));
    struct pfi_finalizer_queue *queue = &fixture.heap->roots.finalizers;
    change_age(queue, 0, 1);
    ck_assert_int_eq(pf_heap_verify(fixture.thread, &message), 1);
    ck_assert_msg(strstr(message.text, "age 1 and an object of generation 0") != NULL, "%s", message.text);
    change_age(queue, 1, 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(verification_finds_a_registration_of_what_is_no_object) {
    struct pf_message message = {""};
    open_fixture();
    enlist(fixture_node(fixture.thread, 1));
    struct pfi_finalizer *node = fixture.heap->roots.finalizers.registered[0].first;
    node->value += 8;
    ck_assert_int_eq(pf_heap_verify(fixture.thread, &message), 1);
    ck_assert_msg(strstr(message.text, "no object") != NULL, "%s", message.text);
    node->value -= 8;
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/finalize", registrations_age_with_their_objects,
      a_registration_follows_a_pinned_object_into_a_younger_generation,
      suppressed_registrations_leave_their_list_at_the_next_collection,
      verification_finds_a_registration_that_counts_as_older_than_its_object,
      verification_finds_a_registration_of_what_is_no_object)
