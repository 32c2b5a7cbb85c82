/* SPDX-License-Identifier: MIT
 *
 * Reads /proc/self with plain reads into static storage, so that looking does not change what is looked at.
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/support/process.h"

#include <check.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t read_file(const char *path, char *text, size_t size) {
    int descriptor = open(path, O_RDONLY);
    ck_assert_int_ge(descriptor, 0);
    size_t length = 0;
    ssize_t got = 1;
    while (got > 0 && length < size - 1) {
        got = read(descriptor, text + length, size - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    }
    (void)close(descriptor);
    text[length] = '\0';
    return length;
}

size_t process_mappings(void) {
    static char text[1 << 20];
    size_t length = read_file("/proc/self/maps", text, sizeof(text));
    size_t lines = 0;
    for (size_t i = 0; i < length; i++) {
        lines += text[i] == '\n';
    }
    for (const char *found = strstr(text, "[heap]"); found != NULL; found = strstr(found + 1, "[heap]")) {
        lines--;
    }
    return lines;
}

/* A figure of statm, counted from 1, in bytes. */
static size_t memory_figure(int number) {
    char text[256];
    (void)read_file("/proc/self/statm", text, sizeof(text));
    const char *at = text;
    for (int field = 1; field < number; field++) {
        at += strcspn(at, " ") + 1;
    }
    return (size_t)strtoull(at, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

size_t process_address_space(void) {
    return memory_figure(1);
}

size_t process_resident_memory(void) {
    return memory_figure(2);
}

/* "Name:   123 kB" in bytes; `otherwise` if the line is about something else. */
static size_t kilobyte_line(const char *line, const char *name, size_t otherwise) {
    size_t length = strlen(name);
    return strncmp(line, name, length) != 0 ? otherwise : (size_t)strtoull(line + length, NULL, 10) * 1024;
}

/* Neighbours of the same kind are one mapping. */
static int touches(const struct process_span *spans, size_t count, uint64_t low, uint64_t high) {
    for (size_t index = 0; index < count; index++) {
        if (low < spans[index].end && high > spans[index].start) {
            return 1;
        }
    }
    return 0;
}

struct process_range process_range_memory(const struct process_span *spans, size_t count) {
    struct process_range sum = {0, 0, 0};
    char line[512];
    int is_inside = 0;
    FILE *file = fopen("/proc/self/smaps", "re");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        unsigned long long low;
        unsigned long long high;
        if (sscanf(line, "%llx-%llx ", &low, &high) == 2) {
            is_inside = touches(spans, count, low, high);
            sum.mappings += is_inside ? 1 : 0;
            sum.size += is_inside ? (size_t)(high - low) : 0;
        } else if (is_inside) {
            sum.resident += kilobyte_line(line, "Rss:", 0);
        }
    }
    (void)fclose(file);
    return sum;
}

size_t process_resident_exactly(void) {
    char line[256];
    size_t resident = SIZE_MAX;
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    ck_assert_ptr_nonnull(file);
    while (resident == SIZE_MAX && fgets(line, sizeof(line), file) != NULL) {
        resident = kilobyte_line(line, "Rss:", SIZE_MAX);
    }
    (void)fclose(file);
    ck_assert_uint_ne(resident, SIZE_MAX);
    return resident;
}

/* Data and stack. */
static size_t process_writable_memory(void) {
    return memory_figure(6);
}

/* No test maps as much as this by itself; AddressSanitizer and ThreadSanitizer map far more. */
static const uint64_t sanitized_address_space = (uint64_t)1 << 40;

int process_is_sanitized(void) {
    return process_address_space() >= sanitized_address_space;
}

static void let_malloc_keep(size_t bytes) {
    ck_assert_int_eq(mallopt(M_MMAP_THRESHOLD, 32 << 20), 1);
    ck_assert_int_eq(mallopt(M_TRIM_THRESHOLD, 1 << 30), 1);
    ck_assert_int_eq(mallopt(M_TOP_PAD, (int)bytes), 1);
    void *volatile block = malloc((size_t)8 << 20); /* volatile: the pair would be optimised away */
    ck_assert_ptr_nonnull(block);
    free(block);
    ck_assert_int_eq(mallopt(M_TOP_PAD, 1 << 16), 1);
}

int process_limit_writable_memory(size_t for_malloc, size_t more) {
    if (process_is_sanitized()) {
        return 0;
    }
    let_malloc_keep(for_malloc);
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_DATA, &limit), 0);
    limit.rlim_cur = process_writable_memory() + more;
    ck_assert_int_eq(setrlimit(RLIMIT_DATA, &limit), 0);
    return 1;
}

void process_lift_limits(void) {
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_DATA, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_DATA, &limit), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
}

int process_limit_address_space(size_t more) {
    size_t used = process_address_space();
    if (used >= sanitized_address_space) {
        return 0;
    }
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = used + more;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    return 1;
}
