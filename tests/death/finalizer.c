/* SPDX-License-Identifier: MIT
 *
 * Misuse of finalizers is refused with a sentence that names what was wrong.
 */
#include "pinfold/finalizer.h"

#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static struct fixture fixture; /* static: a refused call leaves the heap behind, and it should stay reachable */

static void open_fixture(void) {
    struct pf_options options = fixture_tiny_options();
    fixture = fixture_open(&options);
}

START_TEST(registering_what_is_no_object_of_the_heap_is_refused) {
    struct node outside = {&node_type, NULL, NULL, 0};
    open_fixture();
    char *node = (char *)fixture_node(fixture.thread, 1);
    ck_assert_refused((void)!pf_finalizer_register(fixture.thread, NULL), "register,no object");
    ck_assert_refused((void)!pf_finalizer_register(fixture.thread, &outside), "register,no object");
    ck_assert_refused((void)!pf_finalizer_register(fixture.thread, node + 1), "register,no object");
}
END_TEST

START_TEST(suppressing_what_is_no_object_of_the_heap_is_refused) {
    open_fixture();
    ck_assert_refused((void)pf_finalizer_suppress(fixture.thread, NULL), "suppress,no object");
    ck_assert_refused((void)pf_finalizer_suppress(fixture.thread, &fixture), "suppress,no object");
}
END_TEST

START_TEST(finalizers_without_a_thread_are_refused) {
    void *object;
    ck_assert_refused((void)!pf_finalizer_register(NULL, &object), "register,thread,NULL");
    ck_assert_refused((void)pf_finalizer_suppress(NULL, &object), "suppress,thread,NULL");
    ck_assert_refused((void)pf_finalizer_next(NULL, &object), "next,thread,NULL");
    ck_assert_refused((void)pf_finalizer_wait(NULL, 0, &object), "wait,thread,NULL");
    ck_assert_refused(pf_finalizer_all_ready(NULL), "all_ready,thread,NULL");
    ck_assert_refused(pf_finalizer_stop_waiting(NULL), "stop_waiting,heap,NULL");
}
END_TEST

START_TEST(taking_without_a_place_for_the_object_is_refused) {
    open_fixture();
    ck_assert_refused((void)pf_finalizer_next(fixture.thread, NULL), "next,place,NULL");
    ck_assert_refused((void)pf_finalizer_wait(fixture.thread, 0, NULL), "wait,place,NULL");
}
END_TEST

START_TEST(a_native_thread_may_not_touch_finalizers) {
    void *object;
    open_fixture();
    struct node *node = fixture_node(fixture.thread, 1);
    pf_native_enter(fixture.thread);
    ck_assert_refused((void)!pf_finalizer_register(fixture.thread, node), "register,native");
    ck_assert_refused((void)pf_finalizer_suppress(fixture.thread, node), "suppress,native");
    ck_assert_refused((void)pf_finalizer_next(fixture.thread, &object), "next,native");
    ck_assert_refused((void)pf_finalizer_wait(fixture.thread, 0, &object), "wait,native");
    ck_assert_refused(pf_finalizer_all_ready(fixture.thread), "all_ready,native");
}
END_TEST

SUITE("death/finalizer", registering_what_is_no_object_of_the_heap_is_refused,
      suppressing_what_is_no_object_of_the_heap_is_refused, finalizers_without_a_thread_are_refused,
      taking_without_a_place_for_the_object_is_refused, a_native_thread_may_not_touch_finalizers)
