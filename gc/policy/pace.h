/* SPDX-License-Identifier: MIT
 *
 * Pace: how much memory is given back to the system at a time. Pure functions of numbers; sizes are bytes.
 *
 * Memory that has just been emptied is often needed again in a moment, and giving it back costs system calls now and
 * page faults then. So it goes at a bounded rate, from the moment when there was something to give: what is taken into
 * use again before its turn comes has cost nothing.
 */
#ifndef PINFOLD_GC_POLICY_PACE_H
#define PINFOLD_GC_POLICY_PACE_H

#include <stddef.h>
#include <stdint.h>

/* What may be given `since_ns` after the last step: `step` an interval, and never more than one step. 0 as long as it
 * is less than a sixteenth of one, which is not worth the while. */
size_t pfi_pace_allowance(uint64_t since_ns, size_t step, uint64_t interval_ns);

#endif
