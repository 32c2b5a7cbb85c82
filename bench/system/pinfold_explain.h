/* SPDX-License-Identifier: MIT
 *
 * What Pinfold's collections did, for people who tune it: one line for each of the newest collections, then totals by
 * generation. Totals are fed by the event listener and cover the whole run; the lines come from the heap's history.
 */
#ifndef BENCH_SYSTEM_PINFOLD_EXPLAIN_H
#define BENCH_SYSTEM_PINFOLD_EXPLAIN_H

#include <pinfold/pinfold.h>
#include <stdio.h>

enum { EXPLAIN_HISTORY = 256, EXPLAIN_REASONS = 16, EXPLAIN_DECISIONS = 16 };

/* Collections of one generation. */
struct explain_total {
    uint64_t count;
    uint64_t compacted;
    uint64_t expanded;
    uint64_t pause_ns;
    uint64_t pause_max_ns;
    uint64_t phase_ns[PINFOLD_PHASES];
    uint64_t condemned_bytes; /* size of the collected generations before */
    uint64_t survived_bytes;
    uint64_t moved_bytes;
};

struct explain_totals {
    struct explain_total generation[3];
    uint64_t reasons[EXPLAIN_REASONS];
    uint64_t decisions[EXPLAIN_DECISIONS];
    struct pf_collection history[EXPLAIN_HISTORY];
    size_t history_count;
};

void explain_totals_add(struct explain_totals *totals, const struct pf_collection *record);
void explain_history_take(struct explain_totals *totals, struct pf_heap *heap);
void explain_print(const struct explain_totals *totals, FILE *out);

#endif
