/* SPDX-License-Identifier: MIT
 *
 * A test program: its Check tests and a main. Every test runs in a process of its own (unless CK_FORK=no), so a test
 * may leave heaps, handlers and limits as they are when it fails.
 *
 *     START_TEST(a_sentence_that_says_what_holds) { ... } END_TEST
 *     SUITE("folder/file", a_sentence_that_says_what_holds, another_sentence)
 */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <check.h>
#include <stddef.h>

/* Runs the tests and prints those that fail; EXIT_SUCCESS when all passed, else EXIT_FAILURE. */
int suite_run(const char *name, const TTest *const *tests, size_t count);

#define SUITE(name, ...)                                                                   \
    int main(void) {                                                                       \
        const TTest *const suite_tests[] = {__VA_ARGS__};                                  \
        return suite_run(name, suite_tests, sizeof(suite_tests) / sizeof(suite_tests[0])); \
    }

#endif
