/* SPDX-License-Identifier: MIT
 *
 * What the system says about this process, and limits on it.
 */
#ifndef TESTS_SUPPORT_PROCESS_H
#define TESTS_SUPPORT_PROCESS_H

#include <stddef.h>
#include <stdint.h>

/* Number of mappings, the lines of /proc/self/maps; those at the break, which malloc moves, do not count. */
size_t process_mappings(void);

/* Whether a sanitizer runs in this process. It has mappings and memory of its own, which come and go. */
int process_is_sanitized(void);

/* Address space in use, in bytes. */
size_t process_address_space(void);

/* Memory in RAM, in bytes. */
size_t process_resident_memory(void);

/* What the kernel says of all mappings that touch one of these spans of addresses, from /proc/self/smaps: their extent,
 * how much of it is in RAM, and how many they are. */
struct process_range {
    size_t size;
    size_t resident;
    size_t mappings;
};
struct process_span {
    uintptr_t start;
    uintptr_t end;
};
struct process_range process_range_memory(const struct process_span *spans, size_t count);

/* Memory in RAM as /proc/self/smaps_rollup has it, in bytes: exact, where statm lags behind by some pages a thread. */
size_t process_resident_exactly(void);

/* Allows `more` bytes of address space beyond what is in use. Returns 0 when a sanitizer occupies so much of it that no
 * limit makes sense; then nothing is limited. */
int process_limit_address_space(size_t more);

/* The same for writable private memory (RLIMIT_DATA), which a heap's commits count against. malloc gets `for_malloc`
 * bytes beforehand and keeps them, so that the test itself does not run dry. */
int process_limit_writable_memory(size_t for_malloc, size_t more);

/* Both without limit again. */
void process_lift_limits(void);

#endif
