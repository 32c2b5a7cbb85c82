/* SPDX-License-Identifier: MIT
 *
 * What a run looks like from outside: a line of figures once a second, and the largest of them for the end.
 */
#ifndef PINNED_ECHO_MONITOR_H
#define PINNED_ECHO_MONITOR_H

#include <pinfold/pinfold.h>
#include <time.h>

#include "clients.h"

/* All pins of the heap together, from pf_pin_report. */
struct pin_totals {
    size_t count;
    size_t bytes;
    size_t held_bytes; /* free, and out of reach for what slides because a pin stands behind it */
    uint64_t oldest;   /* collections that the oldest pin has seen */
};

struct monitor {
    struct pf_thread *thread;
    const struct client_progress *progress;
    struct timespec begin;
    unsigned rows;
    struct pin_totals most; /* each figure by itself */
    double worst_fragmentation;
};

void monitor_init(struct monitor *monitor, struct pf_thread *thread, const struct client_progress *progress);

double monitor_seconds(const struct monitor *monitor);

/* Milliseconds until the next line is due; 0 when it is now. */
int monitor_milliseconds_to_row(const struct monitor *monitor);

/* Prints a line, under a heading every 20 lines. No safepoint. */
void monitor_print_row(struct monitor *monitor, unsigned open_connections);

#endif
