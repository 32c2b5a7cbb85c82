/* SPDX-License-Identifier: MIT
 *
 * fork, a pipe, and a wait. The child leaves by _exit, so that nothing of the test's own is flushed or reported twice.
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/support/child.h"

#include <check.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void be_child(int error_pipe, void (*body)(void)) {
    const struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)dup2(error_pipe, STDERR_FILENO);
    (void)close(error_pipe);
    body();
    _exit(0);
}

static void read_all(int descriptor, char *text, size_t size) {
    size_t length = 0;
    char rest[256];
    for (;;) {
        int is_full = length + 1 >= size;
        ssize_t got =
            is_full ? read(descriptor, rest, sizeof(rest)) : read(descriptor, text + length, size - 1 - length);
        if (got <= 0) {
            break;
        }
        length += is_full ? 0 : (size_t)got;
    }
    text[length] = '\0';
}

struct child_result child_run(void (*body)(void)) {
    struct child_result result;
    int ends[2];
    memset(&result, 0, sizeof(result));
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)close(ends[0]);
        be_child(ends[1], body);
    }
    (void)close(ends[1]);
    read_all(ends[0], result.text, sizeof(result.text));
    (void)close(ends[0]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    result.exited = WIFEXITED(status);
    result.code = result.exited ? WEXITSTATUS(status) : WTERMSIG(status);
    return result;
}
