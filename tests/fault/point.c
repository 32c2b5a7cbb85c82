/* SPDX-License-Identifier: MIT
 *
 * Fault points themselves (alloc/platform/fault.h): which calls a plan counts, and which of them fail.
 */
#include "alloc/platform/fault.h"

#include <string.h>

#include "tests/fault/support/fault_run.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

/* One character a call, of alternating sites and growing sizes: 'x' fails. */
static const char *outcome(const struct pfi_fault_plan *plan) {
    static char text[9];
    pfi_fault_arm(plan);
    for (size_t i = 0; i < 8; i++) {
        text[i] = pfi_fault(i % 2 ? PINFOLD_FAULT_COMMIT : PINFOLD_FAULT_MAP, 100 * i) ? 'x' : '.';
    }
    return text;
}

START_TEST(a_plan_counts_calls_of_its_site_and_size_and_fails_those_with_its_numbers) {
    const struct {
        struct pfi_fault_plan plan;
        const char *outcome;
    } cases[] = {
        {{PINFOLD_FAULT_ANY, 0, 0, UINTPTR_MAX, 0}, "........"},
        {{PINFOLD_FAULT_ANY, 0, 3, 1, 0}, "..x....."},
        {{PINFOLD_FAULT_ANY, 0, 3, 2, 0}, "..xx...."},
        {{PINFOLD_FAULT_ANY, 0, 3, UINTPTR_MAX, 0}, "..xxxxxx"},
        {{PINFOLD_FAULT_COMMIT, 0, 1, 1, 0}, ".x......"},
        {{PINFOLD_FAULT_COMMIT, 0, 2, UINTPTR_MAX, 0}, "...x.x.x"},
        {{PINFOLD_FAULT_MAP, 400, 1, 1, 0}, "....x..."},
        {{PINFOLD_FAULT_ANY, 401, 2, 2, 0}, "......xx"},
        {{PINFOLD_FAULT_UNMAP, 0, 1, 9, 0}, "........"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(outcome(&cases[i].plan), cases[i].outcome);
    }
}
END_TEST

START_TEST(calls_and_failures_are_counted_by_site_and_a_new_plan_forgets_them) {
    struct pfi_fault_plan plan = {PINFOLD_FAULT_COMMIT, 300, 2, UINTPTR_MAX, 0};
    (void)outcome(&plan);
    ck_assert_uint_eq(pfi_fault_hits(PINFOLD_FAULT_COMMIT), 4);
    ck_assert_uint_eq(pfi_fault_hits(PINFOLD_FAULT_MAP), 4);
    ck_assert_uint_eq(pfi_fault_counted(), 3);
    ck_assert_uint_eq(pfi_fault_failures(PINFOLD_FAULT_COMMIT), 2);
    ck_assert_uint_eq(pfi_fault_failures(PINFOLD_FAULT_MAP), 0);
    plan.first = 0;
    pfi_fault_arm(&plan);
    ck_assert_uint_eq(pfi_fault_hits(PINFOLD_FAULT_COMMIT) + pfi_fault_failures(PINFOLD_FAULT_COMMIT), 0);
    ck_assert_uint_eq(pfi_fault_counted(), 0);
}
END_TEST

START_TEST(between_pause_and_going_on_calls_neither_count_nor_fail) {
    struct pfi_fault_plan plan = {PINFOLD_FAULT_ANY, 0, 2, UINTPTR_MAX, 0};
    ck_assert(!pfi_fault(PINFOLD_FAULT_MAP, 0)); /* as a process begins */
    pfi_fault_arm(&plan);
    ck_assert(!pfi_fault(PINFOLD_FAULT_MAP, 0));
    pfi_fault_pause();
    ck_assert(!pfi_fault(PINFOLD_FAULT_MAP, 0) && !pfi_fault(PINFOLD_FAULT_MAP, 0));
    pfi_fault_go_on();
    ck_assert(pfi_fault(PINFOLD_FAULT_MAP, 0));
    ck_assert_uint_eq(pfi_fault_hits(PINFOLD_FAULT_MAP), 2);
}
END_TEST

START_TEST(a_failure_sets_errno_to_what_the_plan_says_or_else_the_site) {
    struct pfi_fault_plan plan = {PINFOLD_FAULT_ANY, 0, 1, UINTPTR_MAX, 0};
    pfi_fault_arm(&plan);
    ck_assert(pfi_fault(PINFOLD_FAULT_THREAD, 0));
    ck_assert_int_eq(errno, EAGAIN);
    plan.error = EDOM;
    pfi_fault_arm(&plan);
    ck_assert(pfi_fault(PINFOLD_FAULT_THREAD, 0));
    ck_assert_int_eq(errno, EDOM);
}
END_TEST

enum { THREADS = 4, CALLS = 20000 };
static size_t failed; /* atomic */

static void make_calls(void *data, size_t index) {
    (void)data;
    (void)index;
    for (size_t i = 0; i < CALLS; i++) {
        if (pfi_fault(PINFOLD_FAULT_ALLOCATE, 0)) {
            __atomic_add_fetch(&failed, 1, __ATOMIC_RELAXED);
        }
    }
}

START_TEST(each_number_is_given_to_one_of_several_threads) {
    struct pfi_fault_plan plan = {PINFOLD_FAULT_ALLOCATE, 0, 1000, 777, 0};
    pfi_fault_arm(&plan);
    struct team team = team_start(THREADS, make_calls, NULL);
    team_join(&team);
    ck_assert_uint_eq(failed, 777);
    ck_assert_uint_eq(pfi_fault_failures(PINFOLD_FAULT_ALLOCATE), 777);
    ck_assert_uint_eq(pfi_fault_hits(PINFOLD_FAULT_ALLOCATE), (size_t)THREADS * CALLS);
    ck_assert_uint_eq(pfi_fault_counted(), (size_t)THREADS * CALLS);
}
END_TEST

START_TEST(a_case_is_text_and_text_that_is_no_case_is_refused) {
    static const char *const none[] = {"",
                                       "first",
                                       "first:any:1",
                                       "first:any:1:never",
                                       "nobody:any:1:on",
                                       "first:NOTHING:1:on",
                                       "first:any:x:on",
                                       "first:any:1:on:more"};
    struct fault_case run;
    char text[100];
    ck_assert(fault_case_parse("finalizers:COMMIT:17:once", &run));
    ck_assert_str_eq(run.program->name, "finalizers");
    ck_assert(run.site == PINFOLD_FAULT_COMMIT && run.number == 17 && run.mode == FAULT_ONCE);
    fault_case_print(&run, text, sizeof(text));
    ck_assert_str_eq(text, "finalizers:COMMIT:17:once");
    ck_assert(fault_case_parse("list:any:1:on", &run));
    ck_assert(run.site == PINFOLD_FAULT_ANY && run.mode == FAULT_ON);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        ck_assert_msg(!fault_case_parse(none[i], &run), "'%s' was taken for a case", none[i]);
    }
}
END_TEST

SUITE("fault/point", a_plan_counts_calls_of_its_site_and_size_and_fails_those_with_its_numbers,
      calls_and_failures_are_counted_by_site_and_a_new_plan_forgets_them,
      between_pause_and_going_on_calls_neither_count_nor_fail,
      a_failure_sets_errno_to_what_the_plan_says_or_else_the_site, each_number_is_given_to_one_of_several_threads,
      a_case_is_text_and_text_that_is_no_case_is_refused)
