/* SPDX-License-Identifier: MIT
 *
 * What a person may set for a test run:
 *     PINFOLD_TEST_SEED         run this seed only
 *     PINFOLD_TEST_OPERATIONS   operations per seed
 *     PINFOLD_TEST_SECONDS      how long a stress program goes on
 *     PINFOLD_TEST_FAULT        the one case of fault.sweep to run
 * The library refuses PINFOLD_ variables that are no options, so reading them takes them out of the environment.
 */
#ifndef TESTS_SUPPORT_SETTINGS_H
#define TESTS_SUPPORT_SETTINGS_H

#include <stdint.h>

/* Called by suite_run before the first test. */
void settings_read(void);

/* The seeds first..first + count - 1, or only the one that was asked for. */
struct seed_range {
    uint64_t first;
    uint64_t count;
};
struct seed_range settings_seeds(uint64_t count);
uint64_t settings_operations(uint64_t otherwise);
uint64_t settings_seconds(uint64_t otherwise);

/* NULL: not set. */
const char *settings_fault(void);

#endif
