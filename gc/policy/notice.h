/* SPDX-License-Identifier: MIT
 *
 * Notice: how near the next full collection is. Pure functions of numbers; sizes are bytes.
 */
#ifndef PINFOLD_GC_POLICY_NOTICE_H
#define PINFOLD_GC_POLICY_NOTICE_H

#include <stddef.h>
#include <stdint.h>

/* Percent of a budget that is spent, 0 to 100. */
unsigned pfi_notice_spent(size_t budget, int64_t budget_left);

/* Percent of the way that the heap has gone from what was live after the last full collection to its limit. */
unsigned pfi_notice_grown(size_t live_after_full, size_t heap_bytes, size_t heap_limit);

#endif
