/* SPDX-License-Identifier: MIT
 *
 * Calls to the system fail, in every program (tests/fault/support/fault_program.h), in three ways:
 *     call number n alone, for n = 1, 2, ... until a run makes no such call;
 *     number n and all that follow, for the same n;
 *     all calls of one site, for each site that the program comes to.
 * What a run has to keep to is in tests/fault/support/fault_run.h. The list of sites, with the calls that were made and
 * those that were made to fail, is printed at the end, and none may never have failed.
 *     PINFOLD_TEST_FAULT=program:site:n:mode   this case alone; site `any` counts all calls, mode is `once` or `on`
 *     PINFOLD_TEST_SECONDS=n                   at least so long, in further random programs
 * Sanitizers make runs more than ten times as long; then every 29th n has to do.
 */
#include <stdio.h>

#include "tests/fault/support/fault_run.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

enum { STRIDE = PINFOLD_TEST_SANITIZED ? 29 : 1 };

static void run_numbers(const struct fault_program *program, enum fault_mode mode, struct fault_tally *tally) {
    struct fault_case run = {program, PINFOLD_FAULT_ANY, mode, 1};
    while (fault_run(&run, tally) != 0) {
        run.number += STRIDE;
    }
}

static void run_sites(const struct fault_program *program, struct fault_tally *tally) {
    struct fault_tally made = {{0}, {0}};
    struct fault_case run = {program, PINFOLD_FAULT_ANY, FAULT_ON, 0};
    (void)fault_run(&run, &made);
    for (int site = 0; site < PINFOLD_FAULT_ANY; site++) {
        if (made.hits[site] != 0) {
            run = (struct fault_case){program, (enum pfi_fault_site)site, FAULT_ON, 1};
            (void)fault_run(&run, tally); /* threads may come to other calls each time */
        }
    }
}

static void run_program(const struct fault_program *program, struct fault_tally *tally) {
    run_numbers(program, FAULT_ONCE, tally);
    run_numbers(program, FAULT_ON, tally);
    run_sites(program, tally);
}

static void run_random(struct fault_tally *tally) {
    fault_run_next_seed();
    for (size_t i = 0; i < fault_program_count(); i++) {
        if (fault_program_is_random(fault_program(i))) {
            run_program(fault_program(i), tally);
        }
    }
}

static void list_sites(const struct fault_tally *tally) {
    printf("%-18s %-36s %10s %10s\n", "site", "call", "made", "failed");
    for (int i = 0; i < PINFOLD_FAULT_ANY; i++) {
        enum pfi_fault_site site = (enum pfi_fault_site)i;
        printf("%-18s %-36s %10zu %10zu\n", pfi_fault_name(site), pfi_fault_call(site), (size_t)tally->hits[site],
               (size_t)tally->failures[site]);
    }
    (void)fflush(stdout);
}

START_TEST(whatever_call_fails_ends_in_a_status_or_in_a_heap_that_goes_on) {
    struct fault_tally tally = {{0}, {0}};
    uint64_t end_ms = team_now_ms() + settings_seconds(0) * 1000;
    fault_run_prepare(settings_seeds(1).first);
    if (settings_fault() != NULL) {
        struct fault_case run;
        ck_assert_msg(fault_case_parse(settings_fault(), &run), "PINFOLD_TEST_FAULT=%s is no case", settings_fault());
        (void)fault_run(&run, &tally);
        return;
    }
    for (size_t i = 0; i < fault_program_count(); i++) {
        run_program(fault_program(i), &tally);
    }
    while (team_now_ms() < end_ms) {
        run_random(&tally);
    }
    list_sites(&tally);
    for (int site = 0; site < PINFOLD_FAULT_ANY; site++) {
        ck_assert_msg(tally.failures[site] != 0, "site %s never failed", pfi_fault_name((enum pfi_fault_site)site));
    }
}
END_TEST

SUITE("fault/sweep", whatever_call_fails_ends_in_a_status_or_in_a_heap_that_goes_on)
