/* SPDX-License-Identifier: MIT
 *
 * The command line: bench-SYSTEM WORKLOAD [--scale X] [--seed N] [--threads N] [...]. Parsing writes into a run and a
 * message and touches nothing else, so that it can be tested without a system.
 */
#ifndef BENCH_HARNESS_ARGUMENTS_H
#define BENCH_HARNESS_ARGUMENTS_H

#include "harness/bench.h"

enum bench_command {
    BENCH_COMMAND_RUN,
    BENCH_COMMAND_LIST,
    BENCH_COMMAND_LIST_THREADED,
    BENCH_COMMAND_HELP,
    BENCH_COMMAND_WRONG
};

/* `workloads` ends with NULL. On BENCH_COMMAND_WRONG, `message` is a sentence that says what is wrong. */
enum bench_command bench_arguments_parse(int count, char **arguments, const struct bench_workload *const *workloads,
                                         struct bench_run *run, char *message, size_t message_size);

#endif
