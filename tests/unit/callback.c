/* SPDX-License-Identifier: MIT
 *
 * Types whose references only a callback can find: every slot is visited once in a pass, and a callback, which walks
 * its whole object whatever is wanted of it, is not called again for every dirty card.
 */
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

enum { LENGTH = 100000, STEP = 256 }; /* 800 KB of slots; a young object in every fourth card */

static size_t calls;

static void visit_all(void *object, struct pf_visitor *visitor) {
    ++calls;
    pf_visit_slots(visitor, (char *)object + 16, pf_length(object));
}

static struct pf_type open_type(void) {
    struct pf_type type;
    ck_assert_int_eq(pf_type_init_callback(&type, "table", 16, sizeof(void *), visit_all, NULL, 0), PINFOLD_OK);
    return type;
}

static void fill(struct pf_thread *thread, void **table) {
    for (size_t i = 0; i < LENGTH; i += STEP) {
        struct node *node = fixture_node(thread, i);
        pf_store(thread, (void **)pf_elements(*table) + i, node);
    }
}

static void check(void *table) {
    for (size_t i = 0; i < LENGTH; i += STEP) {
        const struct node *node = ((void **)pf_elements(table))[i];
        ck_assert_uint_eq(node->key, i);
    }
}

static void collect_with_many_dirty_cards(enum pf_collect_mode mode) {
    static struct pf_type type;
    struct pf_options options = fixture_options();
    type = open_type();
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = pf_alloc_array(fixture.thread, &type, LENGTH);
        pf_collect(fixture.thread, 1, mode);
        pf_collect(fixture.thread, 1, mode); /* its cards are clean now */
        fill(fixture.thread, &root[0]);
        calls = 0;
        pf_collect(fixture.thread, 0, mode);
        ck_assert_uint_ge(calls, 1);
        ck_assert_uint_le(calls, 4); /* body and last card, to mark and to relocate */
        check(root[0]);
        fixture_verify(&fixture);
        pf_collect(fixture.thread, 1, mode);
        check(root[0]);
        fixture_verify(&fixture);
    }
    fixture_close(&fixture);
}

START_TEST(a_large_object_is_walked_once_a_pass_however_many_of_its_cards_are_dirty) {
    collect_with_many_dirty_cards(PINFOLD_COLLECT_COMPACT);
    collect_with_many_dirty_cards(PINFOLD_COLLECT_SWEEP);
}
END_TEST

SUITE("unit/callback", a_large_object_is_walked_once_a_pass_however_many_of_its_cards_are_dirty)
