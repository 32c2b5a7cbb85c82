/* SPDX-License-Identifier: MIT */
#include "alloc/platform/processor.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/platform/cgroup.h"
#include "alloc/platform/fault.h"
#include "alloc/platform/file.h"
#include "alloc/platform/memory.h"

static int read_line(int index, const char *name, char *line, size_t size) {
    char path[96];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, name);
    FILE *file = pfi_file_open(path);
    if (file == NULL) {
        return 0;
    }
    int done = fgets(line, (int)size, file) != NULL;
    fclose(file);
    return done;
}

static size_t parse_size(const char *text) {
    char *unit = NULL;
    unsigned long value = strtoul(text, &unit, 10);
    switch (*unit) {
    case 'K':
        return (size_t)value << 10;
    case 'M':
        return (size_t)value << 20;
    default:
        return (size_t)value;
    }
}

/* level 0 = any level. Instruction caches do not count. */
static size_t largest_cache(int highest_level) {
    int saved_errno = errno;
    size_t largest = 0;
    char line[64];
    for (int index = 0; index < 8 && read_line(index, "type", line, sizeof line); ++index) {
        int is_data = strncmp(line, "Instruction", 11) != 0;
        int level_fits = read_line(index, "level", line, sizeof line) && atoi(line) <= highest_level;
        if (is_data && level_fits && read_line(index, "size", line, sizeof line) && parse_size(line) > largest) {
            largest = parse_size(line);
        }
    }
    errno = saved_errno;
    return largest;
}

size_t pfi_processor_largest_cache(void) {
    return largest_cache(9);
}

size_t pfi_processor_private_cache(void) {
    return largest_cache(2);
}

/* The mask is as long as the kernel was built for, which no one tells: longer ones are tried until it is accepted. */
static unsigned count_allowed(void) {
    enum { MOST_PROCESSORS = 1 << 16 };
    for (size_t processors = CPU_SETSIZE; processors <= MOST_PROCESSORS; processors *= 2) {
        cpu_set_t *set = pfi_malloc(CPU_ALLOC_SIZE(processors));
        if (set == NULL) {
            return 1;
        }
        size_t size = CPU_ALLOC_SIZE(processors);
        int result = pfi_fault(PINFOLD_FAULT_AFFINITY, size) ? -1 : sched_getaffinity(0, size, set);
        bool is_long_enough = result == 0;
        int count = is_long_enough ? CPU_COUNT_S(size, set) : 0;
        free(set);
        if (is_long_enough || errno != EINVAL) {
            return count > 0 ? (unsigned)count : 1;
        }
    }
    return 1;
}

unsigned pfi_processor_count(void) {
    int saved_errno = errno;
    unsigned allowed = count_allowed();
    unsigned quota = pfi_cgroup_processors("");
    errno = saved_errno;
    return quota != 0 && quota < allowed ? quota : allowed;
}
