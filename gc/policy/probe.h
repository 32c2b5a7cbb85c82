/* SPDX-License-Identifier: MIT
 *
 * Probe: when a full collection looks whether the old generation has died, though nothing else asks for one. Pure
 * functions of numbers; sizes are bytes.
 *
 * Budgets are spent by allocation that survives. A program that has dropped two gigabytes and then allocates only what
 * dies young spends none of generation 2's, so that no collection ever finds out. Time is the only sign that is left:
 * the longer nobody has looked, the more a look may find. A probe costs what the last full collection took, so this is
 * what time is measured by:
 *
 *     last full collection ... [ interval ] ... probe -- futile --> [ twice that ] ... probe -- futile --> [ twice .. ]
 *
 * (futile: it found less than half of what is old dead.) The first interval is `first_ns`, or twice the last full
 * collection. It doubles with each futile probe up to a hundred times the last full collection: then probes take a
 * hundredth of the program's time, and memory that dies is noticed that late. A heap that has grown by a quarter starts
 * anew, as what has come in a burst may go as one.
 *
 * A probe that finds half of the old generation dead is followed by two more, ten times its length apart (a tenth of
 * the first interval at least). What it moved is young or in generation 1 at first, pins among it are kept young with
 * the space between them, and what is kept for allocation is what was needed when the dead were made: all this is over
 * two collections later. The same if another full collection has found it, and the next one, a first interval later or
 * more, finds the heap no larger. Until the heap grows again it counts as quiet, and generation 0's budget is small.
 */
#ifndef PINFOLD_GC_POLICY_PROBE_H
#define PINFOLD_GC_POLICY_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PINFOLD_PROBE_FOLLOW_UPS = 2 };

struct pfi_probe_input {
    uint64_t first_ns;      /* 0: never */
    uint64_t since_full_ns; /* since the end of the last full collection */
    uint64_t full_ns;       /* what that one took */
    unsigned futile;        /* probes that found no death, one after the other */
    unsigned follow_ups;    /* probes that are to follow a useful one soon */
    size_t live_after_full;
    size_t old_bytes; /* in generation 2, large and pinned objects now */
};

/* How long after a full collection a probe is due if nothing grows. */
uint64_t pfi_probe_interval(const struct pfi_probe_input *input);

/* Now, because the interval is over, or because what is old has grown by an eighth and the last full collection was
 * 25 times its length ago. Never where less than 4 MiB are old. */
bool pfi_probe_is_due(const struct pfi_probe_input *input);

/* Whether a full collection freed half of what was old, and 16 MiB at least. Any other probe was futile: what it found,
 * a budget would have asked for before long. */
bool pfi_probe_found_death(size_t old_before, size_t old_after);

/* Whether the heap has grown since intervals were counted from `live_then`, so that they start anew. */
bool pfi_probe_starts_anew(size_t live_then, size_t live_now);

#endif
