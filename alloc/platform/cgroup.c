/* SPDX-License-Identifier: MIT
 *
 *     /proc/self/cgroup       which group, by controller       4:cpu,cpuacct:/docker/1f    0::/user/session
 *     /proc/self/mountinfo    where groups can be read         ... /docker/1f /sys/fs/cgroup/cpu ... - cgroup cgroup
 * rw,cpu
 *
 * A container sees a mount whose root is its own group, so the group's path is taken relative to that root.
 */
#include "alloc/platform/cgroup.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/platform/file.h"

enum { PATH_SIZE = 1024, LINE_SIZE = 4096 };

/* Where the limits of the process's group can be read: `mount` and below it `group`, which is "" or begins with '/'. */
struct place {
    char mount[PATH_SIZE];
    char group[PATH_SIZE];
};

/* One search for a limit. */
struct reading {
    const char *root;
    bool is_cut; /* a file that may be there was not opened: the process lacks something */
};

static FILE *open_file(struct reading *reading, const char *path) {
    char full[3 * PATH_SIZE];
    int length = snprintf(full, sizeof full, "%s%s", reading->root, path);
    if (length <= 0 || (size_t)length >= sizeof full) {
        return NULL;
    }
    FILE *file = pfi_file_open(full);
    reading->is_cut |= file == NULL && (errno == EMFILE || errno == ENFILE || errno == ENOMEM);
    return file;
}

/* Whether `list`, separated by commas, contains `word`. */
static bool contains(const char *list, const char *word) {
    size_t length = strlen(word);
    for (const char *item = list; item != NULL; item = strchr(item, ',')) {
        item += *item == ',';
        if (strncmp(item, word, length) == 0 && (item[length] == ',' || item[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool copy(char *to, const char *from) {
    int length = snprintf(to, PATH_SIZE, "%s", from);
    return length >= 0 && length < PATH_SIZE;
}

/* The group of the controller, or with version 2 the one that there is. */
static bool find_group(struct reading *reading, bool is_v2, const char *controller, char *group) {
    char line[LINE_SIZE];
    bool found = false;
    FILE *file = open_file(reading, "/proc/self/cgroup");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        if (path != NULL) {
            *path++ = '\0';
            ++controllers;
            found = (is_v2 ? *controllers == '\0' : contains(controllers, controller)) && copy(group, path);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

/* Takes `group`, as the system names it, relative to a mount of which `mount_root` is the top. */
static void make_relative(char *group, const char *mount_root) {
    size_t length = strcmp(mount_root, "/") == 0 ? 0 : strlen(mount_root);
    bool is_inside = strncmp(group, mount_root, length) == 0 && (group[length] == '/' || group[length] == '\0');
    const char *rest = is_inside ? group + length : "";
    memmove(group, rest, strlen(rest) + 1);
    if (strcmp(group, "/") == 0) {
        group[0] = '\0';
    }
}

/* Reads "id parent device root mount options ... - type source options". */
static bool parse_mount(const char *line, bool is_v2, const char *controller, struct place *place) {
    char mount_root[PATH_SIZE];
    char type[32];
    char options[PATH_SIZE];
    const char *rest = strstr(line, " - ");
    if (rest == NULL || sscanf(line, "%*s %*s %*s %1023s %1023s", mount_root, place->mount) != 2 ||
        sscanf(rest, " - %31s %*s %1023s", type, options) != 2) {
        return false;
    }
    if (is_v2 ? strcmp(type, "cgroup2") != 0 : strcmp(type, "cgroup") != 0 || !contains(options, controller)) {
        return false;
    }
    make_relative(place->group, mount_root);
    return true;
}

static bool find_place(struct reading *reading, bool is_v2, const char *controller, struct place *place) {
    char line[LINE_SIZE];
    bool found = false;
    if (!find_group(reading, is_v2, controller, place->group)) {
        return false;
    }
    FILE *file = open_file(reading, "/proc/self/mountinfo");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        found = parse_mount(line, is_v2, controller, place);
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

/* The line of a file in the group; "" when there is none. */
static void read_limit(struct reading *reading, const struct place *place, const char *name, char *line, int size) {
    char path[2 * PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s%s/%s", place->mount, place->group, name);
    line[0] = '\0';
    FILE *file = open_file(reading, path);
    if (file != NULL) {
        if (fgets(line, size, file) == NULL) {
            line[0] = '\0';
        }
        fclose(file);
    }
}

/* A limit that one group sets; 0: none. */
typedef uint64_t limit_function(struct reading *reading, bool is_v2, const struct place *place);

static uint64_t smaller_limit(uint64_t a, uint64_t b) {
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* A group is bound by the limits of all groups around it as well. */
static uint64_t smallest_limit(struct reading *reading, bool is_v2, const char *controller, limit_function *limit_of) {
    struct place place;
    if (!find_place(reading, is_v2, controller, &place)) {
        return 0;
    }
    uint64_t smallest = limit_of(reading, is_v2, &place);
    for (char *end = strrchr(place.group, '/'); end != NULL; end = strrchr(place.group, '/')) {
        *end = '\0';
        smallest = smaller_limit(smallest, limit_of(reading, is_v2, &place));
    }
    return smallest;
}

/* Of both versions: a system may have some controllers in one hierarchy and some in the other. */
static uint64_t limit_of_process(struct reading *reading, const char *controller, limit_function *limit_of) {
    int saved_errno = errno;
    uint64_t limit = smaller_limit(smallest_limit(reading, false, controller, limit_of),
                                   smallest_limit(reading, true, controller, limit_of));
    errno = saved_errno;
    return limit;
}

/* Quota and period in microseconds, as one line. "max" and -1 are no limit. */
static uint64_t parse_quota(const char *line) {
    long long quota = 0;
    long long period = 0;
    if (sscanf(line, "%lld %lld", &quota, &period) != 2 || quota <= 0 || period <= 0) {
        return 0;
    }
    return (uint64_t)(quota / period + (quota % period != 0));
}

static uint64_t quota_of(struct reading *reading, bool is_v2, const struct place *place) {
    char line[64];
    if (is_v2) {
        read_limit(reading, place, "cpu.max", line, sizeof line);
        return parse_quota(line);
    }
    char period[64];
    char both[sizeof line + sizeof period + 1];
    read_limit(reading, place, "cpu.cfs_quota_us", line, sizeof line);
    read_limit(reading, place, "cpu.cfs_period_us", period, sizeof period);
    snprintf(both, sizeof both, "%s %s", line, period);
    return parse_quota(both);
}

/* "max" and the huge numbers that version 1 has in its place are no limit; nor is 0, which nothing could run under. */
static uint64_t parse_bytes(const char *line) {
    const uint64_t huge = UINT64_C(1) << 62;
    char *end = NULL;
    uint64_t bytes = isdigit((unsigned char)*line) ? strtoull(line, &end, 10) : 0;
    return end == NULL || (*end != '\n' && *end != '\0') || bytes >= huge ? 0 : bytes;
}

static uint64_t read_bytes(struct reading *reading, const struct place *place, const char *name) {
    char line[64];
    read_limit(reading, place, name, line, sizeof line);
    return parse_bytes(line);
}

/* Beyond memory.high a process is not killed, but held up until it stands still: a limit to a heap like the other. */
static uint64_t memory_of(struct reading *reading, bool is_v2, const struct place *place) {
    if (!is_v2) {
        return read_bytes(reading, place, "memory.limit_in_bytes");
    }
    return smaller_limit(read_bytes(reading, place, "memory.max"), read_bytes(reading, place, "memory.high"));
}

unsigned pfi_cgroup_processors(const char *root) {
    struct reading reading = {root, false};
    uint64_t processors = limit_of_process(&reading, "cpu", quota_of);
    return processors < UINT_MAX ? (unsigned)processors : UINT_MAX;
}

uint64_t pfi_cgroup_memory(const char *root) {
    struct reading reading = {root, false};
    uint64_t bytes = limit_of_process(&reading, "memory", memory_of);
    return reading.is_cut ? PINFOLD_CGROUP_UNKNOWN : bytes;
}
