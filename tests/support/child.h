/* SPDX-License-Identifier: MIT
 *
 * Runs a function in a child process and tells how it ended and what it wrote on standard error: for endings that take
 * the process with them.
 */
#ifndef TESTS_SUPPORT_CHILD_H
#define TESTS_SUPPORT_CHILD_H

struct child_result {
    int exited; /* 1: by exit, with `code`; 0: by the signal `code` */
    int code;
    char text[2048]; /* the beginning of standard error */
};

/* The child exits with 0 when `body` returns. It leaves no core file. */
struct child_result child_run(void (*body)(void));

#endif
