/* SPDX-License-Identifier: MIT
 *
 * What is being run at this moment, so that any failure, a crash of the collector included, says how to see it again:
 *     variant tiny, seed 7, operation 1234: payload differs (PINFOLD_TEST_SEED=7 runs this seed alone)
 */
#ifndef TESTS_SUPPORT_REPLAY_H
#define TESTS_SUPPORT_REPLAY_H

#include <stdint.h>

/* `variant` must be a string that outlives the run. From now on crashes and broken contracts are reported as well. */
void replay_begin(const char *variant, uint64_t seed);

/* The number of the operation that begins now, on this thread. */
void replay_operation(uint64_t number);

/* Fails the test with the place and a message. */
__attribute__((noreturn, format(printf, 1, 2))) void replay_fail(const char *format, ...);

#endif
