/* SPDX-License-Identifier: MIT
 *
 * The heap check finds what a faulty program does to a heap, and says where; a heap without faults passes.
 */
#include <stdio.h>
#include <string.h>

#include "gc/heap.h"
#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static struct fixture fixture; /* static: left behind when damaged on purpose */
static void *root[2];
static struct pf_frame frame;

static void open_with_roots(void) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "large_threshold", "8192");
    fixture = fixture_open(&options);
    pf_frame_push(fixture.thread, &frame, root, 2);
}

static void close_whole(void) {
    pf_frame_pop(fixture.thread, &frame);
    fixture_close(&fixture);
}

/* Undamaged before, found damaged now, with all the words in the message. */
static void check_found(const char *words) {
    struct pf_message message = {""};
    ck_assert_int_ne(pf_heap_verify(fixture.thread, &message), 0);
    ck_assert_msg(fatal_says(message.text, words), "'%s' lacks one of: %s", message.text, words);
}

static struct node *make_old_node(void) {
    root[0] = fixture_node(fixture.thread, 1);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_int_eq(pf_generation_of(fixture.heap, root[0]), 2);
    fixture_verify(&fixture);
    return root[0];
}

static const char *address_text(const void *address) {
    static char text[32];
    (void)snprintf(text, sizeof(text), "%llx", (unsigned long long)(uintptr_t)address);
    return text;
}

START_TEST(a_heap_in_use_is_clean_at_any_moment) {
    open_with_roots();
    for (size_t count = 1; count < 3000; count += 97) {
        fixture_list(fixture.thread, &root[0], count);
        fixture_verify(&fixture);
        root[1] = pf_alloc_array(fixture.thread, &vector_type, count);
        pf_store(fixture.thread, pf_elements(root[1]), root[0]);
        fixture_verify(&fixture);
        pf_collect(fixture.thread, (int)(count % 3), PINFOLD_COLLECT_DEFAULT);
        fixture_verify(&fixture);
    }
    close_whole();
}
END_TEST

START_TEST(a_store_without_barrier_into_an_old_object_is_found) {
    open_with_roots();
    struct node *old = make_old_node();
    struct node *young = fixture_node(fixture.thread, 2);
    old->left = young;
    check_found("card,node");
    check_found(address_text(old));
    pf_store(fixture.thread, &old->left, young); /* the barrier heals it */
    fixture_verify(&fixture);
    close_whole();
}
END_TEST

START_TEST(a_store_without_barrier_into_a_large_object_is_found) {
    open_with_roots();
    root[0] = pf_alloc_array(fixture.thread, &vector_type, 5000);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_int_eq(pf_generation_of(fixture.heap, root[0]), PINFOLD_LARGE);
    void **elements = pf_elements(root[0]);
    void *young = fixture_node(fixture.thread, 2);
    elements[4321] = young;
    check_found("card,vector");
    pf_store(fixture.thread, &elements[4321], young);
    fixture_verify(&fixture);
    close_whole();
}
END_TEST

START_TEST(a_store_without_barrier_into_an_object_that_was_born_pinned_is_found) {
    open_with_roots();
    root[0] = pf_alloc_pinned(fixture.thread, &node_type, 0);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    struct node *pinned = root[0];
    struct node *young = fixture_node(fixture.thread, 2);
    pinned->left = young;
    check_found("card,node,generation 4");
    pf_store(fixture.thread, &pinned->left, young);
    fixture_verify(&fixture);
    close_whole();
}
END_TEST

START_TEST(damage_beside_an_object_that_was_born_pinned_is_found) {
    open_with_roots();
    root[0] = pf_alloc_array_pinned(fixture.thread, &bytes_type, 100, 0);
    root[1] = pf_alloc_array_pinned(fixture.thread, &bytes_type, 100, 4096);
    fixture_verify(&fixture);
    char *behind = (char *)root[0] + pf_size_of(root[0]); /* the free object before the aligned one */
    ((size_t *)(void *)behind)[1] -= 8;
    check_found(address_text(behind));
}
END_TEST

START_TEST(a_reference_into_the_middle_of_an_object_is_found) {
    open_with_roots();
    struct node *old = make_old_node();
    root[1] = pf_alloc_array(fixture.thread, &bytes_type, 800);
    pf_store(fixture.thread, &old->left, (char *)root[1] + 64);
    check_found("node");
}
END_TEST

START_TEST(a_reference_beyond_the_end_of_the_objects_is_found) {
    open_with_roots();
    struct node *old = make_old_node();
    struct node *young = fixture_node(fixture.thread, 2);
    pf_store(fixture.thread, &old->left, (char *)young + ((size_t)16 << 20));
    check_found("node");
}
END_TEST

START_TEST(a_reference_to_what_was_freed_is_found) {
    open_with_roots();
    struct node *old = make_old_node();
    fixture_list(fixture.thread, &root[1], 10);
    void *stale = ((struct node *)root[1])->left;
    root[1] = NULL;
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT); /* a kept copy of an address is stale now */
    old = root[0];
    pf_store(fixture.thread, &old->left, stale);
    check_found("node");
}
END_TEST

START_TEST(a_root_that_is_no_object_is_found) {
    open_with_roots();
    (void)make_old_node();
    root[1] = (char *)root[0] + 8;
    check_found(address_text(root[1]));
}
END_TEST

START_TEST(a_handle_on_a_stale_address_is_found) {
    struct pf_handle *handle = NULL;
    open_with_roots();
    (void)make_old_node();
    ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, (char *)root[0] + 8, &handle), PINFOLD_OK);
    check_found("root");
}
END_TEST

START_TEST(a_type_word_overwritten_with_null_is_found) {
    open_with_roots();
    struct node *node = make_old_node();
    node->type = NULL;
    check_found("type");
}
END_TEST

START_TEST(a_type_word_that_points_to_no_memory_is_found_without_a_crash) {
    open_with_roots();
    struct node *node = make_old_node();
    node->type = (const struct pf_type *)(uintptr_t)0x10;
    check_found("type");
}
END_TEST

START_TEST(a_type_word_that_points_to_something_else_is_found) {
    static struct pf_type nonsense;
    open_with_roots();
    struct node *node = make_old_node();
    memset(&nonsense, 0xEE, sizeof(nonsense));
    node->type = &nonsense;
    check_found("size");
}
END_TEST

START_TEST(an_array_whose_length_reaches_beyond_its_segment_is_found) {
    open_with_roots();
    root[0] = pf_alloc_array(fixture.thread, &bytes_type, 100);
    fixture_verify(&fixture);
    ((size_t *)root[0])[1] = SIZE_MAX / 8;
    check_found("size");
}
END_TEST

START_TEST(a_segment_on_standby_that_holds_something_is_found) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "retain_vm", "1");
    fixture = fixture_open(&options);
    (void)pf_alloc_array(fixture.thread, &bytes_type, 100000);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
    fixture_verify(&fixture);
    struct pfi_segment_pool *pool = &fixture.heap->arena.pool;
    ck_assert_uint_eq(pool->count, 1);
    pool->first[1]->allocated += PINFOLD_PAGE;
    check_found("standby");
    pool->first[1]->allocated -= PINFOLD_PAGE;
    pool->bytes += 1;
    check_found("standby,sums");
    pool->bytes -= 1;
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/verify", a_segment_on_standby_that_holds_something_is_found, a_heap_in_use_is_clean_at_any_moment,
      a_store_without_barrier_into_an_old_object_is_found, a_store_without_barrier_into_a_large_object_is_found,
      a_store_without_barrier_into_an_object_that_was_born_pinned_is_found,
      damage_beside_an_object_that_was_born_pinned_is_found, a_reference_into_the_middle_of_an_object_is_found,
      a_reference_beyond_the_end_of_the_objects_is_found, a_reference_to_what_was_freed_is_found,
      a_root_that_is_no_object_is_found, a_handle_on_a_stale_address_is_found,
      a_type_word_overwritten_with_null_is_found, a_type_word_that_points_to_no_memory_is_found_without_a_crash,
      a_type_word_that_points_to_something_else_is_found, an_array_whose_length_reaches_beyond_its_segment_is_found)
