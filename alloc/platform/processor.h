/* SPDX-License-Identifier: MIT
 *
 * How many processors there are for this process, and what their caches hold.
 */
#ifndef PINFOLD_PLATFORM_PROCESSOR_H
#define PINFOLD_PLATFORM_PROCESSOR_H

#include <stddef.h>

/* Size in bytes of the largest cache that processor 0 sees (one cache, never a sum over sockets), from sysfs; 0 when
 * the system does not tell. */
size_t pfi_processor_largest_cache(void);

/* Size in bytes of the largest cache that belongs to one core alone (its level 2 cache, as a rule); 0 when unknown. */
size_t pfi_processor_private_cache(void);

/* Processors that the process may use: those that it is allowed to run on, but no more than the quota of its container
 * pays for. At least 1. */
unsigned pfi_processor_count(void);

#endif
