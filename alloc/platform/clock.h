/* SPDX-License-Identifier: MIT
 *
 * Time: monotonic for intervals and deadlines, and that of the calendar for records.
 */
#ifndef PINFOLD_PLATFORM_CLOCK_H
#define PINFOLD_PLATFORM_CLOCK_H

#include <stdint.h>

uint64_t pfi_clock_now_ns(void);

/* Nanoseconds since 1970. */
uint64_t pfi_clock_wall_ns(void);

/* The time in so many nanoseconds; UINT64_MAX when it cannot be represented. */
uint64_t pfi_clock_deadline(uint64_t duration_ns);

#endif
