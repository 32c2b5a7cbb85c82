/* SPDX-License-Identifier: MIT
 *
 * Misuse of what says when to collect is refused with a sentence that names what was wrong.
 */
#include "pinfold/collect.h"

#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static struct fixture fixture; /* static: a refused call leaves the heap behind, and it should stay reachable */

static void open_fixture(void) {
    struct pf_options options = fixture_tiny_options();
    fixture = fixture_open(&options);
}

START_TEST(an_aggressive_collection_of_a_young_generation_is_refused) {
    open_fixture();
    ck_assert_refused(pf_collect(fixture.thread, 1, PINFOLD_COLLECT_AGGRESSIVE), "aggressive,generation 2,1");
}
END_TEST

START_TEST(suggesting_a_generation_that_there_is_not_is_refused) {
    open_fixture();
    ck_assert_refused((void)pf_collect_if_due(fixture.thread, 3), "if_due,generation 3");
    ck_assert_refused((void)pf_collect_if_due(fixture.thread, -1), "if_due,generation -1");
}
END_TEST

START_TEST(a_region_in_a_region_is_refused) {
    open_fixture();
    ck_assert_int_eq(pf_no_collection_begin(fixture.thread, 1000, 0), PINFOLD_OK);
    ck_assert_refused((void)!pf_no_collection_begin(fixture.thread, 1000, 0), "begin,not ended");
}
END_TEST

START_TEST(a_region_that_a_collection_has_ended_must_be_ended_all_the_same) {
    open_fixture();
    ck_assert_int_eq(pf_no_collection_begin(fixture.thread, 1000, 0), PINFOLD_OK);
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT);
    ck_assert_refused((void)!pf_no_collection_begin(fixture.thread, 1000, 0), "begin,not ended");
}
END_TEST

START_TEST(ending_a_region_that_was_not_begun_is_refused) {
    open_fixture();
    ck_assert_refused((void)!pf_no_collection_end(fixture.thread), "end,no region");
}
END_TEST

START_TEST(ending_a_region_twice_is_refused) {
    open_fixture();
    ck_assert_int_eq(pf_no_collection_begin(fixture.thread, 1000, 0), PINFOLD_OK);
    ck_assert_int_eq(pf_no_collection_end(fixture.thread), PINFOLD_OK);
    ck_assert_refused((void)!pf_no_collection_end(fixture.thread), "end,has ended");
}
END_TEST

START_TEST(removing_more_external_memory_than_was_added_is_refused) {
    open_fixture();
    pf_external_memory_add(fixture.heap, 100);
    ck_assert_refused(pf_external_memory_remove(fixture.heap, 101), "remove,101,100");
}
END_TEST

START_TEST(adding_more_external_memory_than_can_be_is_refused) {
    open_fixture();
    pf_external_memory_add(fixture.heap, 100);
    ck_assert_refused(pf_external_memory_add(fixture.heap, SIZE_MAX), "add,100,cannot be");
}
END_TEST

START_TEST(nothing_of_this_works_without_a_thread_or_a_heap) {
    ck_assert_refused((void)pf_collect_if_due(NULL, 0), "if_due,thread,NULL");
    ck_assert_refused((void)pf_heap_idle(NULL, 0), "idle,thread,NULL");
    ck_assert_refused((void)!pf_no_collection_begin(NULL, 0, 0), "begin,thread,NULL");
    ck_assert_refused((void)!pf_no_collection_end(NULL), "end,thread,NULL");
    ck_assert_refused(pf_external_memory_add(NULL, 1), "add,heap,NULL");
    ck_assert_refused(pf_external_memory_remove(NULL, 1), "remove,heap,NULL");
}
END_TEST

START_TEST(a_native_thread_may_not_ask_for_collections) {
    open_fixture();
    pf_native_enter(fixture.thread);
    ck_assert_refused(pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT), "pf_collect,native");
    ck_assert_refused((void)pf_collect_if_due(fixture.thread, 0), "if_due,native");
    ck_assert_refused((void)pf_heap_idle(fixture.thread, 0), "idle,native");
    ck_assert_refused((void)!pf_no_collection_begin(fixture.thread, 0, 0), "begin,native");
    ck_assert_refused((void)!pf_no_collection_end(fixture.thread), "end,native");
}
END_TEST

SUITE("death/collect", an_aggressive_collection_of_a_young_generation_is_refused,
      suggesting_a_generation_that_there_is_not_is_refused, a_region_in_a_region_is_refused,
      a_region_that_a_collection_has_ended_must_be_ended_all_the_same, ending_a_region_that_was_not_begun_is_refused,
      ending_a_region_twice_is_refused, removing_more_external_memory_than_was_added_is_refused,
      adding_more_external_memory_than_can_be_is_refused, nothing_of_this_works_without_a_thread_or_a_heap,
      a_native_thread_may_not_ask_for_collections)
