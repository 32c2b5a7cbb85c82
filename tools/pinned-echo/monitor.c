/* SPDX-License-Identifier: MIT
 *
 * The figures of a run. Fragmentation is the share of the heap that is free space between objects; `held` is the part
 * of it that lies right before a pin.
 */
#include "monitor.h"

#include <inttypes.h>
#include <stdio.h>

enum { ROWS_A_HEADING = 20 };

static double mib(uint64_t bytes) {
    return (double)bytes / (1024 * 1024);
}

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

void monitor_init(struct monitor *monitor, struct pf_thread *thread, const struct client_progress *progress) {
    *monitor = (struct monitor){.thread = thread, .progress = progress};
    clock_gettime(CLOCK_MONOTONIC, &monitor->begin);
}

double monitor_seconds(const struct monitor *monitor) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - monitor->begin.tv_sec) + (double)(now.tv_nsec - monitor->begin.tv_nsec) / 1e9;
}

int monitor_milliseconds_to_row(const struct monitor *monitor) {
    double wait = (double)(monitor->rows + 1) - monitor_seconds(monitor);
    return wait <= 0 ? 0 : 1 + (int)(wait * 1000);
}

static int add_pin(const struct pf_pin_info *pin, void *data) {
    struct pin_totals *totals = data;
    totals->count++;
    totals->bytes += pin->size;
    totals->held_bytes += pin->held_bytes;
    totals->oldest = larger(totals->oldest, pin->age);
    return 0;
}

static double fragmentation_of(const struct pf_statistics *statistics) {
    size_t free_bytes = 0;
    for (int generation = 0; generation < PINFOLD_GENERATIONS; generation++) {
        free_bytes += statistics->free_bytes[generation];
    }
    return statistics->heap_bytes == 0 ? 0 : 100 * (double)free_bytes / (double)statistics->heap_bytes;
}

static void remember(struct monitor *monitor, const struct pin_totals *totals, double fragmentation) {
    monitor->most.count = (size_t)larger(monitor->most.count, totals->count);
    monitor->most.bytes = (size_t)larger(monitor->most.bytes, totals->bytes);
    monitor->most.held_bytes = (size_t)larger(monitor->most.held_bytes, totals->held_bytes);
    monitor->most.oldest = larger(monitor->most.oldest, totals->oldest);
    if (fragmentation > monitor->worst_fragmentation) {
        monitor->worst_fragmentation = fragmentation;
    }
}

void monitor_print_row(struct monitor *monitor, unsigned open_connections) {
    struct pf_statistics statistics;
    struct pin_totals totals = {0};
    pf_heap_statistics(monitor->thread->heap, &statistics);
    pf_pin_report(monitor->thread, add_pin, &totals);
    double fragmentation = fragmentation_of(&statistics);
    remember(monitor, &totals, fragmentation);
    if (monitor->rows % ROWS_A_HEADING == 0) {
        printf("                 |       MiB of the heap       |              pins              |      collections     "
               " |  MiB"
               "\n  second  open   |   heap    live  fragmented  |  count     MiB    held  oldest |  gen0   gen1   "
               "gen2  | verified\n");
    }
    monitor->rows++;
    printf("%8.0f %6u  | %6.1f  %6.1f %8.1f %%   | %6zu  %6.1f  %6.1f %7" PRIu64 " | %5" PRIu64 "  %5" PRIu64
           "  %5" PRIu64 "  | %8.1f\n",
           monitor_seconds(monitor), open_connections, mib(statistics.heap_bytes), mib(statistics.live_bytes),
           fragmentation, totals.count, mib(totals.bytes), mib(totals.held_bytes), totals.oldest,
           statistics.collections[0], statistics.collections[1], statistics.collections[2],
           mib(atomic_load_explicit(&monitor->progress->verified_bytes, memory_order_relaxed)));
}
