/* SPDX-License-Identifier: MIT
 *
 * Every misuse of the public interface that the headers call a broken contract is refused with a sentence that names
 * what was wrong, at once, instead of damaging the heap.
 */
#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static struct fixture fixture; /* static: a refused call leaves the heap behind, and it should stay reachable */

static void open_fixture(void) {
    struct pf_options options = fixture_tiny_options();
    fixture = fixture_open(&options);
}

static void enumerate_nothing(struct pf_visitor *visitor, void *data) {
    (void)visitor;
    (void)data;
}

/* --- frames and threads --- */

START_TEST(popping_a_frame_that_is_not_the_newest_is_refused) {
    void *slots[2] = {NULL, NULL};
    struct pf_frame older;
    struct pf_frame newer;
    open_fixture();
    pf_frame_push(fixture.thread, &older, &slots[0], 1);
    pf_frame_push(fixture.thread, &newer, &slots[1], 1);
    ck_assert_refused(pf_frame_pop(fixture.thread, &older), "frame,newest");
}
END_TEST

START_TEST(popping_a_frame_twice_is_refused) {
    void *slot = NULL;
    struct pf_frame frame;
    open_fixture();
    pf_frame_push(fixture.thread, &frame, &slot, 1);
    pf_frame_pop(fixture.thread, &frame);
    ck_assert_refused(pf_frame_pop(fixture.thread, &frame), "frame,newest");
}
END_TEST

START_TEST(detaching_with_a_frame_still_pushed_is_refused) {
    void *slot = NULL;
    struct pf_frame frame;
    open_fixture();
    pf_frame_push(fixture.thread, &frame, &slot, 1);
    ck_assert_refused(pf_thread_detach(fixture.thread), "detach,frame");
}
END_TEST

START_TEST(destroying_a_heap_with_an_attached_thread_is_refused) {
    open_fixture();
    ck_assert_refused(pf_heap_destroy(fixture.heap), "thread,attached");
}
END_TEST

/* --- handles and root sources --- */

START_TEST(destroying_a_handle_twice_is_refused) {
    struct pf_handle *handle = NULL;
    open_fixture();
    ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, NULL, &handle), PINFOLD_OK);
    pf_handle_destroy(fixture.heap, handle);
    ck_assert_refused(pf_handle_destroy(fixture.heap, handle), "handle");
}
END_TEST

START_TEST(a_handle_of_another_heap_is_refused) {
    struct pf_heap *other = NULL;
    struct pf_handle *handle = NULL;
    struct pf_options options = fixture_tiny_options();
    open_fixture();
    ck_assert_int_eq(pf_heap_create(&options, &other, NULL), PINFOLD_OK);
    ck_assert_int_eq(pf_handle_create(other, PINFOLD_HANDLE_STRONG, NULL, &handle), PINFOLD_OK);
    ck_assert_refused(pf_handle_destroy(fixture.heap, handle), "handle,another heap");
    ck_assert_refused(pf_handle_set(fixture.heap, handle, NULL), "handle,another heap");
    pf_handle_destroy(other, handle);
    pf_heap_destroy(other);
}
END_TEST

START_TEST(destroying_a_handle_twice_is_refused_even_with_others_created_before_it) {
    struct pf_handle *first = NULL;
    struct pf_handle *second = NULL;
    open_fixture();
    ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, NULL, &first), PINFOLD_OK);
    ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, NULL, &second), PINFOLD_OK);
    pf_handle_destroy(fixture.heap, first);
    pf_handle_destroy(fixture.heap, second);
    ck_assert_refused(pf_handle_destroy(fixture.heap, first), "handle");
}
END_TEST

START_TEST(a_handle_of_an_unknown_kind_is_refused) {
    struct pf_handle *handle = NULL;
    open_fixture();
    ck_assert_refused((void)!pf_handle_create(fixture.heap, (enum pf_handle_kind)77, NULL, &handle), "kind");
}
END_TEST

START_TEST(asking_another_handle_for_the_value_of_a_dependent_one_is_refused) {
    struct pf_handle *handle = NULL;
    open_fixture();
    ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_WEAK_LONG, NULL, &handle), PINFOLD_OK);
    ck_assert_refused((void)pf_dependent_value(handle), "pf_dependent_value,no dependent handle");
    ck_assert_refused(pf_dependent_set_value(fixture.heap, handle, NULL), "pf_dependent_set_value,no dependent handle");
    ck_assert_refused((void)pf_dependent_value(NULL), "pf_dependent_value,NULL");
    ck_assert_refused(pf_dependent_set_value(fixture.heap, NULL, NULL), "pf_dependent_set_value,NULL");
}
END_TEST

START_TEST(using_a_dependent_handle_after_its_end_is_refused) {
    struct pf_handle *handle = NULL;
    open_fixture();
    ck_assert_int_eq(pf_dependent_create(fixture.heap, NULL, NULL, &handle), PINFOLD_OK);
    pf_handle_destroy(fixture.heap, handle);
    ck_assert_refused((void)pf_dependent_value(handle), "pf_dependent_value,destroyed before");
    ck_assert_refused(pf_dependent_set_value(fixture.heap, handle, NULL), "pf_dependent_set_value,destroyed before");
    ck_assert_refused(pf_handle_set(fixture.heap, handle, NULL), "pf_handle_set,destroyed before");
}
END_TEST

START_TEST(a_dependent_handle_without_a_heap_or_a_place_for_the_result_is_refused) {
    struct pf_handle *handle = NULL;
    open_fixture();
    ck_assert_refused((void)!pf_dependent_create(NULL, NULL, NULL, &handle), "pf_dependent_create,heap,NULL");
    ck_assert_refused((void)!pf_dependent_create(fixture.heap, NULL, NULL, NULL), "pf_dependent_create,place,NULL");
}
END_TEST

START_TEST(an_address_stamp_of_what_is_no_object_is_refused) {
    struct pf_address_stamp stamp = {{0}};
    open_fixture();
    ck_assert_refused(pf_address_note(fixture.heap, &stamp, &stamp), "pf_address_note,no object");
    ck_assert_refused(pf_address_note(fixture.heap, NULL, &stamp), "pf_address_note,stamp,NULL");
    ck_assert_refused((void)pf_addresses_moved(NULL, &stamp), "pf_addresses_moved,heap,NULL");
}
END_TEST

START_TEST(removing_a_root_source_that_was_never_added_is_refused) {
    struct pf_root_source added = {enumerate_nothing, NULL, NULL};
    struct pf_root_source stranger = {enumerate_nothing, NULL, NULL};
    open_fixture();
    pf_root_source_add(fixture.heap, &added);
    ck_assert_refused(pf_root_source_remove(fixture.heap, &stranger), "source,never added");
}
END_TEST

START_TEST(removing_a_root_source_twice_is_refused) {
    struct pf_root_source source = {enumerate_nothing, NULL, NULL};
    open_fixture();
    pf_root_source_add(fixture.heap, &source);
    pf_root_source_remove(fixture.heap, &source);
    ck_assert_refused(pf_root_source_remove(fixture.heap, &source), "source,never added");
}
END_TEST

START_TEST(adding_a_root_source_twice_is_refused) {
    static struct pf_root_source source = {enumerate_nothing, NULL, NULL};
    open_fixture();
    pf_root_source_add(fixture.heap, &source);
    ck_assert_refused(pf_root_source_add(fixture.heap, &source), "source,added before");
}
END_TEST

static void enumerate_by_collecting(struct pf_visitor *visitor, void *data) {
    (void)visitor;
    pf_collect(data, 0, PINFOLD_COLLECT_DEFAULT);
}

START_TEST(a_root_source_that_collects_is_refused) {
    static struct pf_root_source source = {enumerate_by_collecting, NULL, NULL};
    open_fixture();
    source.data = fixture.thread;
    pf_root_source_add(fixture.heap, &source);
    ck_assert_refused(pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT), "inside a collection");
}
END_TEST

/* --- pins --- */

static struct pf_handle *pin_a_node(void) {
    struct pf_handle *pin = NULL;
    ck_assert_int_eq(pf_pin(fixture.heap, fixture_node(fixture.thread, 1), &pin), PINFOLD_OK);
    return pin;
}

START_TEST(ending_a_pin_twice_is_refused) {
    open_fixture();
    struct pf_handle *pin = pin_a_node();
    pf_unpin(fixture.heap, pin);
    ck_assert_refused(pf_unpin(fixture.heap, pin), "pf_unpin,no pin,ended before");
}
END_TEST

START_TEST(ending_a_strong_handle_as_a_pin_is_refused) {
    struct pf_handle *handle = NULL;
    open_fixture();
    ck_assert_int_eq(pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, NULL, &handle), PINFOLD_OK);
    ck_assert_refused(pf_unpin(fixture.heap, handle), "pf_unpin,no pin");
}
END_TEST

START_TEST(ending_a_pin_of_another_heap_is_refused) {
    struct pf_heap *other = NULL;
    struct pf_options options = fixture_tiny_options();
    open_fixture();
    ck_assert_int_eq(pf_heap_create(&options, &other, NULL), PINFOLD_OK);
    struct pf_handle *pin = pin_a_node();
    ck_assert_refused(pf_unpin(other, pin), "another heap");
    pf_heap_destroy(other);
}
END_TEST

START_TEST(pinning_what_is_no_object_of_the_heap_is_refused) {
    struct node on_the_stack = {&node_type, NULL, NULL, 0};
    struct pf_handle *pin = NULL;
    open_fixture();
    ck_assert_refused((void)!pf_pin(fixture.heap, &on_the_stack, &pin), "pf_pin,no object of this heap");
    ck_assert_refused((void)!pf_pin(fixture.heap, NULL, &pin), "pf_pin,no object of this heap");
    ck_assert_ptr_null(pin);
}
END_TEST

START_TEST(a_pin_without_a_heap_or_a_place_for_the_result_is_refused) {
    struct pf_handle *pin = NULL;
    open_fixture();
    struct node *node = fixture_node(fixture.thread, 1);
    ck_assert_refused((void)!pf_pin(fixture.heap, node, NULL), "pf_pin,NULL");
    ck_assert_refused((void)!pf_pin(NULL, node, &pin), "pf_pin,NULL");
}
END_TEST

START_TEST(a_pinning_frame_without_slots_to_look_at_is_refused) {
    struct pf_frame frame;
    open_fixture();
    ck_assert_refused((void)!pf_frame_push_pinning(fixture.thread, &frame, NULL, 1), "pf_frame_push_pinning,NULL");
    ck_assert_refused((void)!pf_frame_push_pinning(NULL, &frame, NULL, 0), "pf_frame_push_pinning,NULL");
    void *slot = NULL;
    ck_assert_refused((void)!pf_frame_push_pinning(fixture.thread, &frame, &slot, (size_t)-1),
                      "pf_frame_push_pinning,-1 slots");
}
END_TEST

START_TEST(detaching_with_a_pinning_frame_still_pushed_is_refused) {
    void *slot = NULL;
    struct pf_frame frame;
    open_fixture();
    ck_assert_int_eq(pf_frame_push_pinning(fixture.thread, &frame, &slot, 1), PINFOLD_OK);
    ck_assert_refused(pf_thread_detach(fixture.thread), "detach,frame");
}
END_TEST

START_TEST(asking_whether_nothing_is_pinned_is_refused) {
    open_fixture();
    ck_assert_refused((void)pf_is_pinned(fixture.heap, NULL), "pf_is_pinned,NULL");
    ck_assert_refused((void)pf_is_pinned(NULL, &node_type), "pf_is_pinned,NULL");
}
END_TEST

START_TEST(a_report_of_pins_without_a_function_is_refused) {
    open_fixture();
    ck_assert_refused((void)pf_pin_report(fixture.thread, NULL, NULL), "pf_pin_report,NULL");
}
END_TEST

/* --- collecting and allocating --- */

START_TEST(collecting_a_generation_beyond_the_oldest_is_refused) {
    open_fixture();
    ck_assert_refused(pf_collect(fixture.thread, 3, PINFOLD_COLLECT_DEFAULT), "generation");
}
END_TEST

START_TEST(collecting_a_negative_generation_is_refused) {
    open_fixture();
    ck_assert_refused(pf_collect(fixture.thread, -1, PINFOLD_COLLECT_DEFAULT), "generation");
}
END_TEST

START_TEST(collecting_in_an_unknown_mode_is_refused) {
    open_fixture();
    ck_assert_refused(pf_collect(fixture.thread, 0, (enum pf_collect_mode)9), "mode");
}
END_TEST

START_TEST(allocating_an_array_of_negative_length_is_refused) {
    open_fixture();
    ck_assert_refused((void)pf_alloc_array(fixture.thread, &vector_type, (size_t)-1), "length");
}
END_TEST

START_TEST(allocating_an_array_just_above_the_largest_length_is_refused) {
    open_fixture();
    ck_assert_refused((void)pf_alloc_array(fixture.thread, &vector_type, pf_max_length(&vector_type) + 1), "length");
}
END_TEST

START_TEST(allocating_an_array_of_a_type_that_has_no_elements_is_refused) {
    open_fixture();
    ck_assert_refused((void)pf_alloc_array(fixture.thread, &node_type, 1), "node");
}
END_TEST

START_TEST(allocating_a_single_object_of_an_array_type_is_refused) {
    open_fixture();
    ck_assert_refused((void)pf_alloc(fixture.thread, &vector_type), "array,vector");
}
END_TEST

/* --- NULL --- */

START_TEST(a_pinned_object_with_an_alignment_that_is_none_is_refused) {
    open_fixture();
    ck_assert_refused((void)pf_alloc_pinned(fixture.thread, &node_type, 24), "node,24,power of two");
    ck_assert_refused((void)pf_try_alloc_pinned(fixture.thread, &node_type, 4), "node,4,power of two");
    ck_assert_refused((void)pf_alloc_array_pinned(fixture.thread, &bytes_type, 9, 1), "bytes,1,power of two");
    ck_assert_refused((void)pf_try_alloc_array_pinned(fixture.thread, &bytes_type, 9, SIZE_MAX), "bytes,power of two");
}
END_TEST

START_TEST(a_pinned_array_without_elements_or_of_negative_length_is_refused) {
    open_fixture();
    ck_assert_refused((void)pf_alloc_array_pinned(fixture.thread, &bytes_type, (size_t)-1, 0), "bytes,-1,negative");
    ck_assert_refused((void)pf_alloc_array_pinned(fixture.thread, &node_type, 0, 0), "node,not an array");
    ck_assert_refused((void)pf_alloc_pinned(fixture.thread, &bytes_type, 0), "bytes,length");
}
END_TEST

START_TEST(a_pinned_object_without_a_thread_or_a_type_is_refused) {
    open_fixture();
    ck_assert_refused((void)pf_alloc_pinned(NULL, &node_type, 0), "thread,NULL");
    ck_assert_refused((void)pf_try_alloc_array_pinned(fixture.thread, NULL, 1, 0), "type,NULL");
}
END_TEST

START_TEST(a_heap_without_a_place_for_the_result_is_refused) {
    struct pf_options options = fixture_tiny_options();
    ck_assert_refused((void)!pf_heap_create(&options, NULL, NULL), "heap,NULL");
}
END_TEST

START_TEST(attaching_to_no_heap_is_refused) {
    struct pf_thread *thread = NULL;
    ck_assert_refused((void)!pf_thread_attach(NULL, &thread), "heap,NULL");
}
END_TEST

START_TEST(attaching_without_a_place_for_the_result_is_refused) {
    struct pf_options options = fixture_tiny_options();
    struct pf_message message;
    ck_assert_int_eq(pf_heap_create(&options, &fixture.heap, &message), PINFOLD_OK);
    ck_assert_refused((void)!pf_thread_attach(fixture.heap, NULL), "thread,NULL");
}
END_TEST

START_TEST(detaching_no_thread_is_refused) {
    ck_assert_refused(pf_thread_detach(NULL), "thread,NULL");
}
END_TEST

START_TEST(collecting_with_no_thread_is_refused) {
    ck_assert_refused(pf_collect(NULL, 0, PINFOLD_COLLECT_DEFAULT), "thread,NULL");
}
END_TEST

START_TEST(a_handle_without_a_place_for_the_result_is_refused) {
    open_fixture();
    ck_assert_refused((void)!pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, NULL, NULL), "handle,NULL");
}
END_TEST

START_TEST(reading_no_handle_is_refused) {
    ck_assert_refused((void)pf_handle_get(NULL), "handle,NULL");
}
END_TEST

START_TEST(setting_no_handle_is_refused) {
    open_fixture();
    ck_assert_refused(pf_handle_set(fixture.heap, NULL, NULL), "handle");
}
END_TEST

START_TEST(adding_no_root_source_is_refused) {
    open_fixture();
    ck_assert_refused(pf_root_source_add(fixture.heap, NULL), "source,NULL");
}
END_TEST

START_TEST(adding_a_root_source_without_a_function_is_refused) {
    static struct pf_root_source source;
    open_fixture();
    ck_assert_refused(pf_root_source_add(fixture.heap, &source), "source,function,NULL");
}
END_TEST

START_TEST(walking_without_a_function_is_refused) {
    open_fixture();
    ck_assert_refused((void)pf_heap_walk(fixture.thread, NULL, NULL), "callback,NULL");
}
END_TEST

START_TEST(statistics_without_a_place_for_them_are_refused) {
    open_fixture();
    ck_assert_refused(pf_heap_statistics(fixture.heap, NULL), "statistics,NULL");
}
END_TEST

/* --- native threads --- */

START_TEST(a_native_thread_that_asks_where_objects_lie_or_changes_its_stack_is_refused) {
    char stack[64];
    open_fixture();
    pf_native_enter(fixture.thread);
    ck_assert_refused((void)pf_object_containing(fixture.thread, &fixture), "object_containing,native");
    ck_assert_refused(pf_thread_set_stack(fixture.thread, stack, stack + sizeof stack), "set_stack,native");
}
END_TEST

SUITE("death/misuse", popping_a_frame_that_is_not_the_newest_is_refused, popping_a_frame_twice_is_refused,
      detaching_with_a_frame_still_pushed_is_refused, destroying_a_heap_with_an_attached_thread_is_refused,
      destroying_a_handle_twice_is_refused, a_handle_of_another_heap_is_refused,
      destroying_a_handle_twice_is_refused_even_with_others_created_before_it, a_handle_of_an_unknown_kind_is_refused,
      asking_another_handle_for_the_value_of_a_dependent_one_is_refused,
      using_a_dependent_handle_after_its_end_is_refused,
      a_dependent_handle_without_a_heap_or_a_place_for_the_result_is_refused,
      an_address_stamp_of_what_is_no_object_is_refused, removing_a_root_source_that_was_never_added_is_refused,
      removing_a_root_source_twice_is_refused, adding_a_root_source_twice_is_refused,
      a_root_source_that_collects_is_refused, ending_a_pin_twice_is_refused, ending_a_strong_handle_as_a_pin_is_refused,
      ending_a_pin_of_another_heap_is_refused, pinning_what_is_no_object_of_the_heap_is_refused,
      a_pin_without_a_heap_or_a_place_for_the_result_is_refused, a_pinning_frame_without_slots_to_look_at_is_refused,
      detaching_with_a_pinning_frame_still_pushed_is_refused, asking_whether_nothing_is_pinned_is_refused,
      a_report_of_pins_without_a_function_is_refused, collecting_a_generation_beyond_the_oldest_is_refused,
      collecting_a_negative_generation_is_refused, collecting_in_an_unknown_mode_is_refused,
      allocating_an_array_of_negative_length_is_refused, allocating_an_array_just_above_the_largest_length_is_refused,
      allocating_an_array_of_a_type_that_has_no_elements_is_refused,
      allocating_a_single_object_of_an_array_type_is_refused, a_pinned_object_with_an_alignment_that_is_none_is_refused,
      a_pinned_array_without_elements_or_of_negative_length_is_refused,
      a_pinned_object_without_a_thread_or_a_type_is_refused, a_heap_without_a_place_for_the_result_is_refused,
      attaching_to_no_heap_is_refused, attaching_without_a_place_for_the_result_is_refused,
      detaching_no_thread_is_refused, collecting_with_no_thread_is_refused,
      a_handle_without_a_place_for_the_result_is_refused, reading_no_handle_is_refused, setting_no_handle_is_refused,
      adding_no_root_source_is_refused, adding_a_root_source_without_a_function_is_refused,
      walking_without_a_function_is_refused, statistics_without_a_place_for_them_are_refused,
      a_native_thread_that_asks_where_objects_lie_or_changes_its_stack_is_refused)
