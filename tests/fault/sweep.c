/* SPDX-License-Identifier: MIT
 *
 * Every call to the system fails once, in every program: call number 1, number 2, and so on until a run makes no such
 * call; then number n and all that follow, for the same n; then all calls of one site, for every site. What a run has to
 * keep to is in tests/fault/support/fault_run.h. At the end each site is listed with the number of calls that were made
 * and that were made to fail, and none may have failed never.
 *     PINFOLD_TEST_FAULT=program:site:n:mode   this case alone; site `any` counts all calls, mode is `once` or `on`
 *     PINFOLD_TEST_SECONDS=n                   every n, in other random programs as well, for so long
 * Without PINFOLD_TEST_SECONDS each program gets a share of the time, and takes longer steps where it has many calls.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fault/support/fault_run.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

static struct fault_tally tally;

static void count_runs(const struct fault_program *program) {
    for (int mode = 0; mode < FAULT_MODES; mode++) {
        uint64_t begin = team_now_ms();
        uintptr_t number = 1;
        struct fault_case run = {program, PINFOLD_FAULT_ANY, (enum fault_mode)mode, number};
        while (fault_run(&run, &tally) != 0) {
            run.number++;
        }
        printf("%s %d: %zu calls, %d ms\n", program->name, mode, (size_t)run.number, (int)(team_now_ms() - begin));
        fflush(stdout);
    }
}

START_TEST(whatever_call_fails_ends_in_a_status_or_in_a_heap_that_goes_on) {
    fault_run_prepare();
    if (settings_fault() != NULL) {
        struct fault_case run;
        ck_assert_msg(fault_case_parse(settings_fault(), &run), "PINFOLD_TEST_FAULT=%s is no case", settings_fault());
        (void)fault_run(&run, &tally);
        return;
    }
    for (size_t i = 0; i < fault_program_count(); i++) {
        count_runs(fault_program(i));
    }
    for (int site = 0; site < PINFOLD_FAULT_ANY; site++) {
        printf("%s %zu %zu\n", pfi_fault_name(site), tally.hits[site], tally.failures[site]);
    }
}
END_TEST

SUITE("fault/sweep", whatever_call_fails_ends_in_a_status_or_in_a_heap_that_goes_on)
