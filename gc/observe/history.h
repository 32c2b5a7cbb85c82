/* SPDX-License-Identifier: MIT
 *
 * The ring of collection records and the figures summed up from them. Written at the end of each collection; also read
 * from core dumps, so it is plain data inside the heap.
 */
#ifndef PINFOLD_GC_OBSERVE_HISTORY_H
#define PINFOLD_GC_OBSERVE_HISTORY_H

#include "pinfold/stats.h"

enum { PINFOLD_HISTORY = 256 };

struct pfi_history {
    uint64_t count; /* collections so far; record n is at (n - 1) % PINFOLD_HISTORY */
    uint64_t collections[3];
    uint64_t pause_total_ns;
    uint64_t pause_max_ns;
    uint64_t pause_histogram[64];
    struct pf_collection records[PINFOLD_HISTORY];
};

void pfi_history_add(struct pfi_history *history, const struct pf_collection *record);

/* Copies the newest `count` records, oldest first; returns how many. */
size_t pfi_history_copy(const struct pfi_history *history, struct pf_collection *records, size_t count);

/* The longest pause among the last eight kept collections of `generation`; 0 when there is none. */
uint64_t pfi_history_expected_pause(const struct pfi_history *history, int generation);

/* Pause that a share `quantile` of the kept collections did not exceed. */
uint64_t pfi_history_pause_quantile(const struct pfi_history *history, double quantile);

#endif
