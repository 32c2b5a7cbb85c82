/* SPDX-License-Identifier: MIT
 *
 * Runs a program (fault_program.h) in a process of its own while calls to the system fail by plan, and judges what came
 * of it: refusals have a status that says so, what was not refused is right, everything works again as soon as calls
 * do, and at the end neither a mapping nor a block of memory is left, nor has anything hung or ended early.
 */
#ifndef TESTS_FAULT_SUPPORT_FAULT_RUN_H
#define TESTS_FAULT_SUPPORT_FAULT_RUN_H

#include "alloc/platform/fault.h"
#include "tests/fault/support/fault_program.h"

/* Which calls fail. */
enum fault_mode {
    FAULT_ONCE, /* number n */
    FAULT_ON,   /* number n and all that follow it */
    FAULT_MODES
};

struct fault_case {
    const struct fault_program *program;
    enum pfi_fault_site site; /* whose calls are counted; PINFOLD_FAULT_ANY: all */
    enum fault_mode mode;
    uintptr_t number; /* n */
};

/* What all runs have seen: calls by site, and failures. */
struct fault_tally {
    uintptr_t hits[PINFOLD_FAULT_ANY];
    uintptr_t failures[PINFOLD_FAULT_ANY];
};

/* Before the first run, in the process that starts them all. */
void fault_run_prepare(uint64_t seed);
/* Random programs draw other numbers from here on. */
void fault_run_next_seed(void);

/* Runs the case in a child, adds to the tally, and returns how many calls have failed. A run with a fault fails the
 * test, with a line by which it can be repeated. */
uintptr_t fault_run(const struct fault_case *run, struct fault_tally *tally);

/* "random:COMMIT:17:once", and back. 0: this is no case. */
void fault_case_print(const struct fault_case *run, char *text, size_t size);
int fault_case_parse(const char *text, struct fault_case *run);

#endif
