/* SPDX-License-Identifier: MIT
 *
 * Time and memory of this process.
 */
#define _GNU_SOURCE
#include "harness/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

double bench_clock_wall(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double seconds(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

double bench_clock_cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/* A figure of /proc/self/status, in KiB; 0 when it is not there. */
static uint64_t status_kib(const char *name) {
    size_t length = strlen(name);
    unsigned long long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    if (status != NULL) {
        char line[256];
        while (fgets(line, sizeof line, status) != NULL &&
               (strncmp(line, name, length) != 0 || sscanf(line + length, ": %llu", &kib) != 1)) {
        }
        fclose(status);
    }
    return kib;
}

/* ru_maxrss survives exec and so begins at the size of whoever started the process; VmHWM belongs to this program's
 * memory alone. */
uint64_t bench_peak_rss_kib(void) {
    uint64_t kib = status_kib("VmHWM");
    if (kib == 0) {
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        kib = (uint64_t)usage.ru_maxrss;
    }
    return kib;
}

uint64_t bench_peak_address_space_kib(void) {
    return status_kib("VmPeak");
}
