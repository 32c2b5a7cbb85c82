/* SPDX-License-Identifier: MIT
 *
 * One Check suite with one test case. The time limit is for one test; a slow machine raises it with
 * CK_TIMEOUT_MULTIPLIER, and a longer stress run gets the time that was asked for on top.
 */
#include "tests/support/suite.h"

#include <stdlib.h>

#include "tests/support/settings.h"

static const double seconds_per_test = 240;

int suite_run(const char *name, const TTest *const *tests, size_t count) {
    settings_read();
    Suite *suite = suite_create(name);
    TCase *test_case = tcase_create(name);
    tcase_set_timeout(test_case, seconds_per_test + (double)settings_seconds(0));
    for (size_t i = 0; i < count; i++) {
        tcase_add_test(test_case, tests[i]);
    }
    suite_add_tcase(suite, test_case);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
