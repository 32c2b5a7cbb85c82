/* SPDX-License-Identifier: MIT
 *
 * Pinned handles: what they hold lives, stays where it is, and may move again when the last pin is gone.
 */
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

enum { MANY = 5000, GARBAGE = 20 };

static struct fixture open_tiny(void) {
    struct pf_options options = fixture_tiny_options();
    return fixture_open(&options);
}

static struct pf_handle *pin(struct fixture *fixture, void *object) {
    struct pf_handle *created = NULL;
    ck_assert_int_eq(pf_pin(fixture->heap, object, &created), PINFOLD_OK);
    ck_assert_ptr_nonnull(created);
    return created;
}

static struct pf_handle *create_pinned(struct fixture *fixture, void *object) {
    struct pf_handle *created = NULL;
    ck_assert_int_eq(pf_handle_create(fixture->heap, PINFOLD_HANDLE_PINNED, object, &created), PINFOLD_OK);
    return created;
}

static void litter(struct pf_thread *thread) {
    for (int i = 0; i < GARBAGE; i++) {
        (void)fixture_node(thread, 0);
    }
}

static size_t live_bytes(struct fixture *fixture) {
    struct pf_statistics statistics;
    pf_collect(fixture->thread, 2, PINFOLD_COLLECT_SWEEP);
    pf_heap_statistics(fixture->heap, &statistics);
    return statistics.live_bytes;
}

/* Collections of every generation in every mode; the last ones are full compactions. */
static void collect_in_every_way(struct fixture *fixture) {
    for (int round = 0; round < 9; round++) {
        litter(fixture->thread);
        pf_collect(fixture->thread, round % 3, (enum pf_collect_mode)(round / 3));
    }
    pf_collect(fixture->thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_collect(fixture->thread, 2, PINFOLD_COLLECT_COMPACT);
}

START_TEST(a_pinned_object_stays_where_it_is_through_collections_of_every_kind) {
    struct fixture fixture = open_tiny();
    litter(fixture.thread);
    struct node *node = fixture_node(fixture.thread, 5);
    struct pf_handle *handle = pin(&fixture, node);
    collect_in_every_way(&fixture);
    ck_assert_ptr_eq(pf_handle_get(handle), node);
    ck_assert_uint_eq(node->key, 5);
    pf_unpin(fixture.heap, handle);
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_object_whose_pin_is_gone_moves_again) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        litter(fixture.thread);
        struct node *node = fixture_node(fixture.thread, 5);
        root[0] = node;
        struct pf_handle *handle = pin(&fixture, node);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        ck_assert_ptr_eq(root[0], node);
        pf_unpin(fixture.heap, handle);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        ck_assert_ptr_ne(root[0], node);
        ck_assert_uint_eq(((struct node *)root[0])->key, 5);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(pins_are_counted_by_being_many) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        struct pf_handle *pins[3];
        litter(fixture.thread);
        struct node *node = fixture_node(fixture.thread, 6);
        root[0] = node;
        for (int i = 0; i < 3; i++) {
            pins[i] = pin(&fixture, node);
        }
        for (int i = 0; i < 3; i++) {
            pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
            ck_assert_ptr_eq(root[0], node);
            ck_assert_int_eq(pf_is_pinned(fixture.heap, node), 1);
            pf_unpin(fixture.heap, pins[i]);
        }
        ck_assert_int_eq(pf_is_pinned(fixture.heap, node), 0);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        ck_assert_ptr_ne(root[0], node);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_pin_alone_keeps_its_object_and_what_that_refers_to) {
    struct fixture fixture = open_tiny();
    struct pf_handle *handle = NULL;
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 10);
        handle = pin(&fixture, root[0]);
    }
    void *address = pf_handle_get(handle);
    collect_in_every_way(&fixture);
    ck_assert_ptr_eq(pf_handle_get(handle), address);
    fixture_check_list(address, 10);
    ck_assert_uint_eq(live_bytes(&fixture), 10 * node_type.base_size);
    pf_unpin(fixture.heap, handle);
    ck_assert_uint_eq(live_bytes(&fixture), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(references_in_a_pinned_object_follow_what_moves) {
    struct fixture fixture = open_tiny();
    struct node *parent = fixture_node(fixture.thread, 1);
    struct pf_handle *handle = pin(&fixture, parent);
    litter(fixture.thread);
    struct node *child = fixture_node(fixture.thread, 2);
    pf_store(fixture.thread, &parent->left, child);
    pf_store(fixture.thread, &parent->right, parent);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_ptr_ne(parent->left, child);
    ck_assert_uint_eq(parent->left->key, 2);
    ck_assert_ptr_eq(parent->right, parent);
    pf_unpin(fixture.heap, handle);
    fixture_close(&fixture);
}
END_TEST

START_TEST(references_to_a_pinned_object_stay_as_they_are) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        litter(fixture.thread);
        root[0] = fixture_node(fixture.thread, 1);
        struct node *node = fixture_node(fixture.thread, 2);
        struct pf_handle *handle = pin(&fixture, node);
        pf_store(fixture.thread, &((struct node *)root[0])->left, node);
        collect_in_every_way(&fixture);
        ck_assert_ptr_eq(((struct node *)root[0])->left, node);
        pf_unpin(fixture.heap, handle);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(thousands_of_pins_hold_their_objects_between_garbage) {
    static struct pf_handle *pins[MANY];
    static struct node *nodes[MANY];
    struct fixture fixture = open_tiny();
    for (size_t i = 0; i < MANY; i++) {
        if (i % 3 == 0) {
            (void)fixture_node(fixture.thread, 0);
        }
        nodes[i] = fixture_node(fixture.thread, i);
        pins[i] = pin(&fixture, nodes[i]);
    }
    collect_in_every_way(&fixture);
    for (size_t i = 0; i < MANY; i++) {
        if (pf_handle_get(pins[i]) != nodes[i] || nodes[i]->key != i) {
            ck_abort_msg("pin %zu has lost its object", i);
        }
        pf_unpin(fixture.heap, pins[i]);
    }
    ck_assert_uint_eq(live_bytes(&fixture), 0);
    fixture_close(&fixture);
}
END_TEST

/* More plugs than a collection keeps a list of: it then walks all of them again. */
START_TEST(pins_hold_their_objects_among_very_many_that_move) {
    enum { SURVIVORS = 80000, PINNED = 200 };
    static struct pf_handle *pins[PINNED];
    static struct node *nodes[PINNED];
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        for (size_t i = 0; i < SURVIVORS; i++) {
            (void)fixture_node(fixture.thread, 0);
            struct node *node = fixture_node(fixture.thread, i);
            pf_store(fixture.thread, &node->left, root[0]);
            root[0] = node;
            if (i % (SURVIVORS / PINNED) == 0) {
                nodes[i / (SURVIVORS / PINNED)] = node;
                pins[i / (SURVIVORS / PINNED)] = pin(&fixture, node);
            }
        }
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        fixture_check_list(root[0], SURVIVORS);
        for (size_t i = 0; i < PINNED; i++) {
            ck_assert_ptr_eq(pf_handle_get(pins[i]), nodes[i]);
            ck_assert_uint_eq(nodes[i]->key, i * (SURVIVORS / PINNED));
            pf_unpin(fixture.heap, pins[i]);
        }
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_large_object_may_be_pinned) {
    struct fixture fixture = open_tiny();
    (void)pf_alloc_array(fixture.thread, &bytes_type, 50000);
    void *object = pf_alloc_array(fixture.thread, &bytes_type, 20000);
    struct pf_handle *handle = pin(&fixture, object);
    unsigned char *bytes = pf_elements(object);
    bytes[0] = 1;
    bytes[19999] = 2;
    ck_assert_int_eq(pf_is_pinned(fixture.heap, object), 1);
    collect_in_every_way(&fixture);
    ck_assert_ptr_eq(pf_handle_get(handle), object);
    ck_assert_int_eq(bytes[0], 1);
    ck_assert_int_eq(bytes[19999], 2);
    pf_unpin(fixture.heap, handle);
    ck_assert_uint_eq(live_bytes(&fixture), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_pinned_handle_may_be_set_to_another_object_and_then_pins_that) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        litter(fixture.thread);
        struct node *first = fixture_node(fixture.thread, 1);
        root[0] = first;
        litter(fixture.thread);
        struct node *second = fixture_node(fixture.thread, 2);
        root[1] = second;
        struct pf_handle *handle = pin(&fixture, first);
        pf_handle_set(fixture.heap, handle, second);
        ck_assert_int_eq(pf_is_pinned(fixture.heap, first), 0);
        ck_assert_int_eq(pf_is_pinned(fixture.heap, second), 1);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        ck_assert_ptr_ne(root[0], first);
        ck_assert_ptr_eq(root[1], second);
        pf_unpin(fixture.heap, handle);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_pinned_handle_may_hold_nothing) {
    struct fixture fixture = open_tiny();
    struct pf_handle *handle = create_pinned(&fixture, NULL);
    collect_in_every_way(&fixture);
    ck_assert_ptr_null(pf_handle_get(handle));
    litter(fixture.thread);
    struct node *node = fixture_node(fixture.thread, 7);
    pf_handle_set(fixture.heap, handle, node);
    collect_in_every_way(&fixture);
    ck_assert_ptr_eq(pf_handle_get(handle), node);
    pf_handle_set(fixture.heap, handle, NULL);
    ck_assert_uint_eq(live_bytes(&fixture), 0);
    pf_handle_destroy(fixture.heap, handle);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_pin_may_be_ended_as_any_handle_is) {
    struct fixture fixture = open_tiny();
    struct node *node = fixture_node(fixture.thread, 1);
    pf_handle_destroy(fixture.heap, pin(&fixture, node));
    ck_assert_int_eq(pf_is_pinned(fixture.heap, node), 0);
    struct pf_handle *handle = create_pinned(&fixture, node);
    ck_assert_int_eq(pf_is_pinned(fixture.heap, node), 1);
    pf_unpin(fixture.heap, handle);
    pf_unpin(fixture.heap, NULL);
    ck_assert_int_eq(pf_is_pinned(fixture.heap, node), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_strong_handle_or_an_ordinary_frame_pins_nothing) {
    struct fixture fixture = open_tiny();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        struct pf_handle *strong = NULL;
        root[0] = fixture_node(fixture.thread, 1);
        ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, root[0], &strong), PINFOLD_OK);
        ck_assert_int_eq(pf_is_pinned(fixture.heap, root[0]), 0);
        pf_handle_destroy(fixture.heap, strong);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(pins_outlive_the_thread_that_made_them) {
    struct fixture fixture = open_tiny();
    litter(fixture.thread);
    struct node *node = fixture_node(fixture.thread, 3);
    struct pf_handle *handle = pin(&fixture, node);
    pf_thread_detach(fixture.thread);
    ck_assert_int_eq(pf_is_pinned(fixture.heap, node), 1);
    ck_assert_int_eq(pf_thread_attach(fixture.heap, &fixture.thread), PINFOLD_OK);
    collect_in_every_way(&fixture);
    ck_assert_ptr_eq(pf_handle_get(handle), node);
    ck_assert_uint_eq(node->key, 3);
    pf_unpin(fixture.heap, handle);
    fixture_close(&fixture);
}
END_TEST

/* --- tags --- */

static struct fixture open_tagged(const char *mask, const char *set) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "ref_tag_mask", mask);
    fixture_set(&options, "ref_tags", set);
    return fixture_open(&options);
}

START_TEST(a_tagged_reference_in_a_pinned_handle_pins_and_keeps_its_tag) {
    struct fixture fixture = open_tagged("3", "6"); /* tags 1 and 2 */
    litter(fixture.thread);
    char *object = pf_alloc(fixture.thread, &node_type);
    struct pf_handle *handle = create_pinned(&fixture, object + 2);
    ck_assert_int_eq(pf_is_pinned(fixture.heap, object), 1);
    ck_assert_int_eq(pf_is_pinned(fixture.heap, object + 2), 1);
    collect_in_every_way(&fixture);
    ck_assert_ptr_eq(pf_handle_get(handle), object + 2);
    ck_assert_uint_eq(live_bytes(&fixture), node_type.base_size);
    pf_unpin(fixture.heap, handle);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_word_that_is_no_reference_pins_nothing) {
    struct fixture fixture = open_tagged("3", "6");
    char *object = pf_alloc(fixture.thread, &node_type);
    struct pf_handle *handle = create_pinned(&fixture, object + 3);
    ck_assert_int_eq(pf_is_pinned(fixture.heap, object), 0);
    ck_assert_uint_eq(live_bytes(&fixture), 0);
    ck_assert_ptr_eq(pf_handle_get(handle), object + 3);
    pf_unpin(fixture.heap, handle);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_pin_holds_its_object_with_the_lowest_tag_of_a_reference) {
    struct fixture fixture = open_tagged("3", "6");
    litter(fixture.thread);
    char *object = pf_alloc(fixture.thread, &node_type);
    struct pf_handle *handle = pin(&fixture, object);
    ck_assert_ptr_eq(pf_handle_get(handle), object + 1);
    collect_in_every_way(&fixture);
    ck_assert_ptr_eq(pf_handle_get(handle), object + 1);
    ck_assert_uint_eq(live_bytes(&fixture), node_type.base_size);
    pf_unpin(fixture.heap, handle);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/pin", a_pinned_object_stays_where_it_is_through_collections_of_every_kind,
      an_object_whose_pin_is_gone_moves_again, pins_are_counted_by_being_many,
      a_pin_alone_keeps_its_object_and_what_that_refers_to, references_in_a_pinned_object_follow_what_moves,
      references_to_a_pinned_object_stay_as_they_are, thousands_of_pins_hold_their_objects_between_garbage,
      pins_hold_their_objects_among_very_many_that_move, a_large_object_may_be_pinned,
      a_pinned_handle_may_be_set_to_another_object_and_then_pins_that, a_pinned_handle_may_hold_nothing,
      a_pin_may_be_ended_as_any_handle_is, a_strong_handle_or_an_ordinary_frame_pins_nothing,
      pins_outlive_the_thread_that_made_them, a_tagged_reference_in_a_pinned_handle_pins_and_keeps_its_tag,
      a_word_that_is_no_reference_pins_nothing, a_pin_holds_its_object_with_the_lowest_tag_of_a_reference)
