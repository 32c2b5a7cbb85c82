/* SPDX-License-Identifier: MIT
 *
 * The heap check finds what is wrong with handles, weak and dependent ones included.
 */
#include "gc/heap.h"
#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static struct fixture fixture; /* left behind damaged */
static void *root[1];
static struct pf_frame frame;

static struct pf_handle *open_with(enum pf_handle_kind kind) {
    struct pf_options options = fixture_tiny_options();
    struct pf_handle *handle = NULL;
    fixture = fixture_open(&options);
    pf_frame_push(fixture.thread, &frame, root, 1);
    root[0] = fixture_node(fixture.thread, 1);
    ck_assert_int_eq(pf_handle_create(fixture.heap, kind, root[0], &handle), PINFOLD_OK);
    fixture_verify(&fixture);
    return handle;
}

static void check_found(const char *words) {
    struct pf_message message = {""};
    ck_assert_int_eq(pf_heap_verify(fixture.thread, &message), 1);
    ck_assert_msg(fatal_says(message.text, words), "'%s' lacks one of: %s", message.text, words);
}

START_TEST(a_weak_handle_on_no_object_is_found_whatever_its_kind) {
    static const enum pf_handle_kind kinds[] = {PINFOLD_HANDLE_WEAK, PINFOLD_HANDLE_WEAK_LONG,
                                                PINFOLD_HANDLE_DEPENDENT};
    for (int i = 0; i < 3; i++) {
        open_with(kinds[i])->object += 8;
        check_found("slot,no object");
    }
}
END_TEST

START_TEST(a_value_that_is_no_object_is_found) {
    pfi_handle_value(open_with(PINFOLD_HANDLE_DEPENDENT))->object = (uintptr_t)root[0] + 8;
    check_found("slot,no object");
}
END_TEST

START_TEST(a_value_without_a_key_is_found) {
    struct pf_handle *handle = open_with(PINFOLD_HANDLE_DEPENDENT);
    handle->object = 0;
    pfi_handle_value(handle)->object = (uintptr_t)root[0];
    check_found("dependent handle,no key");
}
END_TEST

START_TEST(a_block_that_is_older_than_what_it_holds_is_found) {
    static const enum pf_handle_kind kinds[] = {PINFOLD_HANDLE_STRONG, PINFOLD_HANDLE_WEAK, PINFOLD_HANDLE_DEPENDENT};
    for (int i = 0; i < 3; i++) {
        pfi_handle_block_set_age_locked(pfi_handle_block_around(open_with(kinds[i])), 1);
        check_found("block,age 1,generation 0");
    }
}
END_TEST

START_TEST(a_block_in_the_list_of_another_age_is_found) {
    struct pfi_handle_block *block = pfi_handle_block_around(open_with(PINFOLD_HANDLE_WEAK));
    block->age = 2;
    check_found("block,age 2,listed,age 0");
}
END_TEST

START_TEST(a_slot_that_is_no_handle_and_holds_something_is_found) {
    struct pf_handle *handle = open_with(PINFOLD_HANDLE_WEAK);
    handle[1].object = (uintptr_t)root[0];
    check_found("slot,is no handle");
}
END_TEST

START_TEST(a_handle_among_the_free_slots_is_found) {
    struct pf_handle *handle = open_with(PINFOLD_HANDLE_WEAK);
    struct pfi_handle_block *block = pfi_handle_block_around(handle);
    block->free |= (uint64_t)1 << (handle - block->slots);
    check_found("handle,free slot");
}
END_TEST

SUITE("unit/verify_handle", a_weak_handle_on_no_object_is_found_whatever_its_kind, a_value_that_is_no_object_is_found,
      a_value_without_a_key_is_found, a_block_that_is_older_than_what_it_holds_is_found,
      a_block_in_the_list_of_another_age_is_found, a_slot_that_is_no_handle_and_holds_something_is_found,
      a_handle_among_the_free_slots_is_found)
