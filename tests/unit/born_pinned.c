/* SPDX-License-Identifier: MIT
 *
 * Objects that are born pinned, as the embedder sees them: by type and by call, aligned, alive as long as something
 * refers to them, never moved, and as good as others at referring to younger objects.
 */
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static const struct pf_type pinned_node_type = PINFOLD_FIXED_TYPE_WITH(
    "pinned node", struct node, PINFOLD_REF(struct node, left) | PINFOLD_REF(struct node, right), PINFOLD_TYPE_PINNED);
static const struct pf_type pinned_vector_type = FIXTURE_VECTOR("pinned vector", PINFOLD_TYPE_PINNED);
static const struct pf_type pinned_bytes_type = FIXTURE_BYTES("pinned bytes", PINFOLD_TYPE_PINNED);

static struct fixture open_verified(const char *stress) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "verify", "1");
    if (stress != NULL) {
        fixture_set(&options, "stress", stress);
    }
    return fixture_open(&options);
}

static struct pf_statistics statistics_of(const struct fixture *fixture) {
    struct pf_statistics statistics;
    pf_heap_statistics(fixture->heap, &statistics);
    return statistics;
}

START_TEST(every_way_to_allocate_makes_a_pinned_object_of_a_pinned_type) {
    struct fixture fixture = open_verified(NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 5);
        root[0] = pf_alloc(fixture.thread, &pinned_node_type);
        root[1] = pf_try_alloc(fixture.thread, &pinned_node_type);
        root[2] = pf_alloc_array(fixture.thread, &pinned_vector_type, 3);
        root[3] = pf_try_alloc_array(fixture.thread, &pinned_bytes_type, 5);
        root[4] = pf_alloc_array(fixture.thread, &pinned_bytes_type, 100000); /* no large object */
        for (int i = 0; i < 5; i++) {
            ck_assert_int_eq(pf_generation_of(fixture.heap, root[i]), PINFOLD_PINNED);
            ck_assert_int_eq(pf_is_pinned(fixture.heap, root[i]), 1);
        }
        ck_assert_ptr_eq(pf_type_of(root[1]), &pinned_node_type);
        ck_assert_uint_eq(pf_length(root[2]), 3);
        ck_assert_uint_eq(pf_length(root[4]), 100000);
        ck_assert_int_eq(pf_generation_of(fixture.heap, pf_alloc(fixture.thread, &node_type)), 0);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_object_of_any_type_is_pinned_when_asked_for) {
    struct fixture fixture = open_verified(NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 5);
        root[0] = pf_alloc_pinned(fixture.thread, &node_type, 0);
        root[1] = pf_try_alloc_pinned(fixture.thread, &node_type, 64);
        root[2] = pf_alloc_array_pinned(fixture.thread, &bytes_type, 0, 0);
        root[3] = pf_try_alloc_array_pinned(fixture.thread, &vector_type, 7, 4096);
        root[4] = pf_alloc_array_pinned(fixture.thread, &pinned_bytes_type, 77, 8);
        ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_OK);
        for (int i = 0; i < 5; i++) {
            ck_assert_int_eq(pf_generation_of(fixture.heap, root[i]), PINFOLD_PINNED);
        }
        ck_assert_uint_eq((uintptr_t)root[1] % 64, 0);
        ck_assert_uint_eq((uintptr_t)pf_elements(root[3]) % 4096, 0);
        root[4] = pf_alloc(fixture.thread, &node_type);
        ck_assert_int_eq(pf_is_pinned(fixture.heap, root[4]), 0);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(elements_of_arrays_and_other_objects_themselves_are_aligned) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    for (size_t alignment = 8; alignment <= (size_t)2 << 20; alignment *= 2) {
        char *bytes = pf_alloc_array_pinned(fixture.thread, &bytes_type, 5000, alignment);
        const char *elements = pf_elements(bytes);
        ck_assert_uint_eq((uintptr_t)elements % alignment, 0);
        for (size_t i = 0; i < 5000; i++) {
            if (elements[i] != 0) {
                ck_abort_msg("byte %zu of an array aligned to %zu is not zero", i, alignment);
            }
        }
        memset(bytes + 16, 0xEE, 5000);
        struct node *node = pf_alloc_pinned(fixture.thread, &node_type, alignment);
        ck_assert_uint_eq((uintptr_t)node % alignment, 0);
        ck_assert(node->left == NULL && node->right == NULL && node->key == 0);
    }
    fixture_close(&fixture);
}
END_TEST

/* The addresses are kept as numbers, which no collection corrects. */
static void check_never_moves(const char *stress) {
    enum { COUNT = 50 };
    struct fixture fixture = open_verified(stress);
    uintptr_t addresses[COUNT];
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = pf_alloc_array(fixture.thread, &vector_type, COUNT);
        for (size_t i = 0; i < COUNT; i++) {
            struct node *node = pf_alloc_pinned(fixture.thread, &node_type, (size_t)8 << i % 8);
            node->key = i;
            pf_store(fixture.thread, &((void **)pf_elements(root[0]))[i], node);
            addresses[i] = (uintptr_t)node;
            (void)fixture_node(fixture.thread, i); /* garbage beside everything */
        }
        for (int round = 0; round < 12; round++) {
            pf_collect(fixture.thread, round % 3, round % 2 ? PINFOLD_COLLECT_COMPACT : PINFOLD_COLLECT_SWEEP);
            for (size_t i = 0; i < COUNT; i++) {
                const struct node *node = ((struct node **)pf_elements(root[0]))[i];
                ck_assert_uint_eq((uintptr_t)node, addresses[i]);
                ck_assert_uint_eq(node->key, i);
            }
        }
    }
    fixture_close(&fixture);
}

START_TEST(they_never_move) {
    check_never_moves(NULL);
    check_never_moves("compact,poison");
    check_never_moves("expand");
    check_never_moves("sweep,poison");
}
END_TEST

/* Young objects that nothing but a pinned object refers to: through the barrier, and right after birth without it. */
START_TEST(what_they_refer_to_survives_young_collections_and_is_followed) {
    struct fixture fixture = open_verified(NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        for (int with_store = 0; with_store <= 1; with_store++) {
            root[1] = fixture_node(fixture.thread, 42);
            root[0] = pf_alloc_pinned(fixture.thread, &node_type, 0);
            struct node *holder = root[0];
            if (with_store) {
                pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT); /* no longer new */
                root[1] = fixture_node(fixture.thread, 42);
                pf_store(fixture.thread, &holder->right, root[1]);
            } else {
                holder->right = root[1];
            }
            root[1] = NULL;
            uintptr_t before = (uintptr_t)holder->right;
            for (int generation = 0; generation <= 2; generation++) {
                (void)fixture_node(fixture.thread, 0); /* garbage before what comes next */
                fixture_list(fixture.thread, &root[1], 100);
                pf_collect(fixture.thread, generation, PINFOLD_COLLECT_COMPACT);
                ck_assert_ptr_eq(root[0], holder);
                ck_assert_uint_eq(holder->right->key, 42);
                ck_assert_int_eq(pf_generation_of(fixture.heap, holder->right), generation == 0 ? 1 : 2);
            }
            ck_assert_msg(before != (uintptr_t)holder->right || !with_store, "it should have moved");
        }
    }
    fixture_close(&fixture);
}
END_TEST

/* Room below an old object makes a full compaction move it. */
START_TEST(what_they_refer_to_is_followed_when_a_full_collection_moves_it) {
    struct fixture fixture = open_verified(NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        fixture_list(fixture.thread, &root[1], 1000);
        root[0] = pf_alloc_pinned(fixture.thread, &node_type, 0);
        struct node *holder = root[0];
        holder->left = fixture_node(fixture.thread, 43);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        uintptr_t before = (uintptr_t)holder->left;
        ck_assert_int_eq(pf_generation_of(fixture.heap, holder->left), 2);
        root[1] = NULL;
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        ck_assert_uint_lt((uintptr_t)holder->left, before);
        ck_assert_uint_eq(holder->left->key, 43);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(arrays_of_references_longer_than_cards_keep_what_every_element_refers_to) {
    enum { LENGTH = 20000 };
    struct fixture fixture = open_verified(NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = pf_alloc_array_pinned(fixture.thread, &vector_type, LENGTH, 4096);
        for (size_t i = 0; i < LENGTH; i += 7) {
            struct node *node = fixture_node(fixture.thread, i);
            pf_store(fixture.thread, &((void **)pf_elements(root[0]))[i], node);
        }
        for (int round = 0; round < 6; round++) {
            pf_collect(fixture.thread, round % 3, PINFOLD_COLLECT_COMPACT);
            for (size_t i = 0; i < LENGTH; i += 7) {
                const struct node *node = ((struct node **)pf_elements(root[0]))[i];
                if (node->key != i) {
                    ck_abort_msg("element %zu refers to a node with key %zu", i, (size_t)node->key);
                }
            }
        }
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(dead_ones_go_in_full_collections_and_their_memory_is_used_again) {
    struct fixture fixture = open_verified("poison");
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = pf_alloc_array_pinned(fixture.thread, &bytes_type, 100, 0);
        uintptr_t dead = (uintptr_t)pf_alloc_array_pinned(fixture.thread, &bytes_type, 3000, 0);
        root[1] = pf_alloc_array_pinned(fixture.thread, &bytes_type, 100, 0);
        pf_collect(fixture.thread, 1, PINFOLD_COLLECT_DEFAULT);
        ck_assert_uint_eq(statistics_of(&fixture).free_bytes[PINFOLD_PINNED], 0);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_DEFAULT);
        ck_assert_uint_eq(statistics_of(&fixture).free_bytes[PINFOLD_PINNED], 3016);
        const char *again = pf_alloc_array_pinned(fixture.thread, &bytes_type, 3000, 0);
        ck_assert_uint_eq((uintptr_t)again, dead);
        for (size_t i = 0; i < 3000; i++) {
            ck_assert_msg(again[16 + i] == 0, "byte %zu was not cleared", i);
        }
    }
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_DEFAULT);
    ck_assert_uint_eq(statistics_of(&fixture).generation_bytes[PINFOLD_PINNED], 0);
    ck_assert_uint_eq(statistics_of(&fixture).pinned_segments, 0);
    fixture_close(&fixture);
}
END_TEST

static int add_pinned(void *object, size_t size, int generation, int is_free, void *data) {
    size_t *bytes = data;
    (void)object;
    bytes[is_free] += generation == PINFOLD_PINNED ? size : 0;
    return 0;
}

START_TEST(statistics_records_and_the_walk_tell_of_them) {
    struct fixture fixture = open_verified(NULL);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = pf_alloc_array_pinned(fixture.thread, &bytes_type, 200, 0);
        (void)pf_alloc_array_pinned(fixture.thread, &bytes_type, 2000, 0);
        root[1] = pf_alloc_array_pinned(fixture.thread, &bytes_type, 200, 0);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_DEFAULT);
        struct pf_collection record;
        ck_assert_uint_eq(pf_heap_history(fixture.heap, &record, 1), 1);
        ck_assert_uint_eq(record.before_bytes[PINFOLD_PINNED], 216 + 2016 + 216);
        ck_assert_uint_eq(record.after_bytes[PINFOLD_PINNED], 216 + 2016 + 216);
        ck_assert_uint_eq(record.survived_bytes[PINFOLD_PINNED], 2 * 216);
        ck_assert_uint_eq(record.free_bytes[PINFOLD_PINNED], 2016);
        ck_assert_uint_ge(record.budget_bytes[PINFOLD_PINNED], 16000);
        size_t bytes[2] = {0, 0};
        ck_assert_int_eq(pf_heap_walk(fixture.thread, add_pinned, bytes), 0);
        ck_assert_uint_eq(bytes[0], 2 * 216);
        ck_assert_uint_eq(bytes[1], 2016);
        ck_assert_uint_eq(statistics_of(&fixture).pinned_segments, 1);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(pinning_them_once_more_is_allowed_and_changes_nothing) {
    struct fixture fixture = open_verified("compact");
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        struct pf_handle *pins[2];
        size_t lengths[2] = {100, 50000};
        for (int i = 0; i < 2; i++) {
            void *object = pf_alloc_array_pinned(fixture.thread, &bytes_type, lengths[i], 0);
            ck_assert_int_eq(pf_pin(fixture.heap, object, &pins[i]), PINFOLD_OK);
            fixture_list(fixture.thread, &root[0], 100);
        }
        for (int round = 0; round < 9; round++) {
            pf_collect(fixture.thread, round % 3, PINFOLD_COLLECT_COMPACT);
            for (int i = 0; i < 2; i++) {
                ck_assert_uint_eq(pf_length(pf_handle_get(pins[i])), lengths[i]);
            }
        }
        pf_unpin(fixture.heap, pins[0]);
        ck_assert_int_eq(pf_is_pinned(fixture.heap, pf_handle_get(pins[1])), 1);
        pf_unpin(fixture.heap, pins[1]);
    }
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_uint_eq(statistics_of(&fixture).generation_bytes[PINFOLD_PINNED], 0);
    fixture_close(&fixture);
}
END_TEST

/* Pins of large objects leave no trace either. */
START_TEST(a_large_object_may_be_pinned) {
    struct fixture fixture = open_verified(NULL);
    struct pf_handle *pin;
    void *large = pf_alloc_array(fixture.thread, &bytes_type, 50000);
    ck_assert_int_eq(pf_pin(fixture.heap, large, &pin), PINFOLD_OK);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    fixture_verify(&fixture);
    ck_assert_ptr_eq(pf_handle_get(pin), large);
    pf_unpin(fixture.heap, pin);
    fixture_close(&fixture);
}
END_TEST

START_TEST(what_cannot_be_had_is_out_of_memory_and_leaves_the_heap_usable) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "reserve_size", "8Mi");
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        ck_assert_ptr_null(pf_try_alloc_pinned(fixture.thread, &node_type, SIZE_MAX / 2 + 1));
        ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_OUT_OF_MEMORY);
        ck_assert_ptr_null(pf_try_alloc_array_pinned(fixture.thread, &bytes_type, (size_t)9 << 20, 0));
        ck_assert_ptr_null(pf_try_alloc_array_pinned(fixture.thread, &bytes_type, SIZE_MAX, 0));
        ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_BAD_LENGTH);
        size_t count = 0;
        for (;;) {
            void **vector = pf_try_alloc_array_pinned(fixture.thread, &vector_type, 2000, 0);
            if (vector == NULL) {
                break;
            }
            pf_store(fixture.thread, pf_elements(vector), root[0]);
            root[0] = vector;
            count++;
        }
        ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_OUT_OF_MEMORY);
        ck_assert_uint_gt(count * 16016, (size_t)4 << 20);
        fixture_verify(&fixture);
        root[0] = NULL;
        ck_assert_ptr_nonnull(pf_try_alloc_array_pinned(fixture.thread, &vector_type, 2000, 0));
        ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_OK);
    }
    fixture_close(&fixture);
}
END_TEST

static int let_go(struct pf_thread *thread, size_t size, void *data) {
    void **slot = data;
    int had_something = *slot != NULL;
    (void)thread;
    (void)size;
    *slot = NULL;
    return had_something;
}

START_TEST(the_out_of_memory_handler_is_asked_for_them_as_well) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "reserve_size", "8Mi");
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        pf_heap_set_out_of_memory_handler(fixture.heap, let_go, &root[0]);
        root[0] = pf_alloc_array_pinned(fixture.thread, &bytes_type, (size_t)4 << 20, 4096);
        root[1] = pf_alloc_array_pinned(fixture.thread, &bytes_type, (size_t)5 << 20, 4096);
        ck_assert_ptr_null(root[0]);
        ck_assert_uint_eq(pf_length(root[1]), (size_t)5 << 20);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(their_memory_goes_back_when_they_are_dead) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "huge_pages", "0");
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = pf_alloc_array_pinned(fixture.thread, &bytes_type, 100, 0);
        char *buffer = pf_alloc_array_pinned(fixture.thread, &bytes_type, (size_t)16 << 20, 4096);
        memset(buffer + 16, 1, (size_t)16 << 20);
        root[1] = pf_alloc_array_pinned(fixture.thread, &bytes_type, 100, 0); /* before or behind it */
        size_t before = statistics_of(&fixture).committed_bytes;
        for (int i = 0; i < 3; i++) {
            pf_collect(fixture.thread, 2, PINFOLD_COLLECT_DEFAULT);
        }
        ck_assert_uint_le(statistics_of(&fixture).committed_bytes, before - ((size_t)15 << 20));
    }
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/born_pinned", every_way_to_allocate_makes_a_pinned_object_of_a_pinned_type,
      an_object_of_any_type_is_pinned_when_asked_for, elements_of_arrays_and_other_objects_themselves_are_aligned,
      they_never_move, what_they_refer_to_survives_young_collections_and_is_followed,
      what_they_refer_to_is_followed_when_a_full_collection_moves_it,
      arrays_of_references_longer_than_cards_keep_what_every_element_refers_to,
      dead_ones_go_in_full_collections_and_their_memory_is_used_again, statistics_records_and_the_walk_tell_of_them,
      pinning_them_once_more_is_allowed_and_changes_nothing, a_large_object_may_be_pinned,
      what_cannot_be_had_is_out_of_memory_and_leaves_the_heap_usable,
      the_out_of_memory_handler_is_asked_for_them_as_well, their_memory_goes_back_when_they_are_dead)
