/* SPDX-License-Identifier: MIT
 *
 * Time and memory of this process, as the operating system counts them.
 */
#ifndef BENCH_HARNESS_CLOCK_H
#define BENCH_HARNESS_CLOCK_H

#include <stdint.h>

/* Seconds on a clock that only goes forward. */
double bench_clock_wall(void);

/* User and system time of all threads of the process, in seconds. */
double bench_clock_cpu(void);

/* Largest resident set so far, in KiB. */
uint64_t bench_peak_rss_kib(void);

/* Most address space so far, in KiB: what RLIMIT_AS limits. 0: the system does not tell. */
uint64_t bench_peak_address_space_kib(void);

#endif
