/* SPDX-License-Identifier: MIT
 *
 * Tagged references: tags survive moving, and words whose tag says that they are none are left alone.
 */
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static struct fixture open_tagged(const char *mask, const char *tags) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "ref_tag_mask", mask);
    fixture_set(&options, "ref_tags", tags);
    fixture_set(&options, "verify", "1");
    return fixture_open(&options);
}

static void *tagged(void *object, uintptr_t tag) {
    return (char *)object + tag;
}

/* The object behind a tagged reference; the tag must still be `tag`. */
static struct node *untagged(void *word, uintptr_t mask, uintptr_t tag) {
    ck_assert_uint_eq((uintptr_t)word & mask, tag);
    return (struct node *)(void *)((char *)word - tag);
}

START_TEST(every_tag_of_the_set_survives_moving_in_roots_fields_and_handles) {
    struct fixture fixture = open_tagged("7", "255");
    {
        PINFOLD_ROOTS(fixture.thread, root, 8);
        struct pf_handle *handles[8];
        for (uintptr_t tag = 0; tag < 8; tag++) {
            (void)fixture_node(fixture.thread, 0); /* dead: makes the next one move */
            struct node *node = fixture_node(fixture.thread, 100 + tag);
            root[tag] = tagged(node, tag);
            pf_store(fixture.thread, &node->left, tagged(node, 7 - tag));
            ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, tagged(node, tag), &handles[tag]),
                             PINFOLD_OK);
        }
        for (int generation = 0; generation < 3; generation++) {
            pf_collect(fixture.thread, generation, PINFOLD_COLLECT_COMPACT);
            for (uintptr_t tag = 0; tag < 8; tag++) {
                struct node *node = untagged(root[tag], 7, tag);
                ck_assert_uint_eq(node->key, 100 + tag);
                ck_assert_ptr_eq(untagged(node->left, 7, 7 - tag), node);
                ck_assert_ptr_eq(pf_handle_get(handles[tag]), root[tag]);
            }
        }
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_word_with_another_tag_keeps_nothing_alive_and_is_not_changed) {
    struct fixture fixture = open_tagged("3", "2"); /* only tag 1 refers */
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        struct pf_statistics statistics;
        (void)fixture_node(fixture.thread, 0);
        struct node *kept = fixture_node(fixture.thread, 1);
        root[0] = tagged(kept, 1);
        struct node *dropped = fixture_node(fixture.thread, 2);
        void *word = tagged(dropped, 2);
        root[1] = word;
        kept = untagged(root[0], 3, 1);
        pf_store(fixture.thread, &kept->left, word);
        pf_store(fixture.thread, &kept->right, kept); /* tag 0: a number, here */
        void *number = kept;
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        kept = untagged(root[0], 3, 1);
        ck_assert_uint_eq(kept->key, 1);
        ck_assert_ptr_ne((void *)kept, number); /* moved, so the number stayed by itself */
        ck_assert_ptr_eq(kept->left, word);
        ck_assert_ptr_eq(kept->right, number);
        ck_assert_ptr_eq(root[1], word);
        pf_heap_statistics(fixture.heap, &statistics);
        ck_assert_uint_eq(statistics.live_bytes, node_type.base_size);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_tagged_null_is_null) {
    struct fixture fixture = open_tagged("7", "170"); /* odd tags refer */
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = (void *)(uintptr_t)1;
        root[1] = tagged(fixture_node(fixture.thread, 4), 3);
        struct node *node = untagged(root[1], 7, 3);
        pf_store(fixture.thread, &node->left, (void *)(uintptr_t)5);
        for (int generation = 0; generation < 3; generation++) {
            pf_collect(fixture.thread, generation, PINFOLD_COLLECT_COMPACT);
            ck_assert_uint_eq((uintptr_t)root[0], 1);
            ck_assert_uint_eq((uintptr_t)untagged(root[1], 7, 3)->left, 5);
        }
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_barrier_sees_tagged_references_to_young_objects) {
    struct fixture fixture = open_tagged("7", "255");
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = fixture_node(fixture.thread, 1);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        for (uintptr_t tag = 0; tag < 8; tag++) {
            struct node *young = fixture_node(fixture.thread, 50 + tag);
            struct node *old = root[0];
            pf_store(fixture.thread, &old->left, tagged(young, tag));
            pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
            old = root[0];
            ck_assert_uint_eq(untagged(old->left, 7, tag)->key, 50 + tag);
        }
    }
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/tag", every_tag_of_the_set_survives_moving_in_roots_fields_and_handles,
      a_word_with_another_tag_keeps_nothing_alive_and_is_not_changed, a_tagged_null_is_null,
      the_barrier_sees_tagged_references_to_young_objects)
