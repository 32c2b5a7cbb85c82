/* SPDX-License-Identifier: MIT
 *
 * Processor quotas and memory limits of control groups, read from a folder that looks like the root of a system.
 */
#include "alloc/platform/cgroup.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc/platform/processor.h"
#include "tests/support/suite.h"

static char root[] = "/tmp/pinfold-cgroup-XXXXXX";

/* Writes a file below the root, with the folders that lead to it. */
__attribute__((format(printf, 2, 3))) static void write_file(const char *path, const char *format, ...) {
    char full[512];
    int length = snprintf(full, sizeof full, "%s%s", root, path);
    ck_assert_int_lt(length, (int)sizeof full);
    for (char *end = full + sizeof root; *end != '\0'; ++end) {
        if (*end == '/') {
            *end = '\0';
            ck_assert(mkdir(full, 0700) == 0 || errno == EEXIST);
            *end = '/';
        }
    }
    FILE *file = fopen(full, "w");
    ck_assert_ptr_nonnull(file);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(file, format, arguments);
    va_end(arguments);
    ck_assert_int_eq(fclose(file), 0);
}

static void open_root(void) {
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void close_root(void) {
    char command[sizeof root + 16];
    snprintf(command, sizeof command, "rm -rf %s", root);
    ck_assert_int_eq(system(command), 0);
}

/* A version 2 system whose process is in `group`; the mount shows `mount_root` as its top. */
static void write_v2(const char *group, const char *mount_root) {
    write_file("/proc/self/cgroup", "0::%s\n", group);
    write_file("/proc/self/mountinfo",
               "22 1 0:20 / / rw,relatime - ext4 /dev/root rw\n"
               "30 22 0:26 %s /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
               mount_root);
}

static void write_v1(const char *group) {
    write_file("/proc/self/cgroup", "9:memory:/elsewhere\n4:cpuacct,cpuset:/wrong\n3:cpu,cpuacct:%s\n0::/\n", group);
    write_file("/proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
                                       "33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
                                       "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n");
}

START_TEST(a_quota_is_rounded_up_to_whole_processors) {
    static const struct {
        const char *line;
        unsigned processors;
    } cases[] = {
        {"150000 100000\n", 2},
        {"100000 100000\n", 1},
        {"1000 100000\n", 1},
        {"400000 100000\n", 4},
        {"50000 20000\n", 3},
        {"max 100000\n", 0},
        {"\n", 0},
        {"150000\n", 0},
        {"100000 0\n", 0},
        {"-1 100000\n", 0},
    };
    open_root();
    write_v2("/app", "/");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file("/sys/fs/cgroup/app/cpu.max", "%s", cases[i].line);
        ck_assert_msg(pfi_cgroup_processors(root) == cases[i].processors, "case %zu: %u processors", i,
                      pfi_cgroup_processors(root));
    }
    close_root();
}
END_TEST

START_TEST(the_smallest_quota_on_the_way_to_the_top_counts) {
    open_root();
    write_v2("/slice/service/worker", "/");
    write_file("/sys/fs/cgroup/slice/service/worker/cpu.max", "800000 100000\n");
    ck_assert_uint_eq(pfi_cgroup_processors(root), 8);
    write_file("/sys/fs/cgroup/slice/cpu.max", "300000 100000\n");
    write_file("/sys/fs/cgroup/slice/service/cpu.max", "max 100000\n");
    ck_assert_uint_eq(pfi_cgroup_processors(root), 3);
    write_file("/sys/fs/cgroup/cpu.max", "200000 100000\n");
    ck_assert_uint_eq(pfi_cgroup_processors(root), 2);
    close_root();
}
END_TEST

START_TEST(a_container_finds_its_group_below_the_root_of_its_mount) {
    open_root();
    write_v2("/docker/1f/inner", "/docker/1f");
    write_file("/sys/fs/cgroup/inner/cpu.max", "500000 100000\n");
    ck_assert_uint_eq(pfi_cgroup_processors(root), 5);
    write_v2("/docker/1f", "/docker/1f");
    write_file("/sys/fs/cgroup/cpu.max", "400000 100000\n");
    ck_assert_uint_eq(pfi_cgroup_processors(root), 4);
    write_v2("/docker/1f22", "/docker/1f"); /* another group, of which only the mount's top can be seen */
    ck_assert_uint_eq(pfi_cgroup_processors(root), 4);
    close_root();
}
END_TEST

START_TEST(version_1_is_read_from_the_cpu_controllers_group) {
    open_root();
    write_v1("/app");
    write_file("/sys/fs/cgroup/cpu/app/cpu.cfs_quota_us", "250000\n");
    write_file("/sys/fs/cgroup/cpu/app/cpu.cfs_period_us", "100000\n");
    write_file("/sys/fs/cgroup/cpuset/app/cpu.cfs_quota_us", "100000\n");
    write_file("/sys/fs/cgroup/cpuset/app/cpu.cfs_period_us", "100000\n");
    ck_assert_uint_eq(pfi_cgroup_processors(root), 3);
    write_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    write_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    ck_assert_uint_eq(pfi_cgroup_processors(root), 3);
    write_file("/sys/fs/cgroup/cpu/app/cpu.cfs_quota_us", "-1\n");
    ck_assert_uint_eq(pfi_cgroup_processors(root), 0);
    close_root();
}
END_TEST

START_TEST(a_memory_limit_is_a_number_of_bytes_that_can_be_meant) {
    static const struct {
        const char *line;
        uint64_t bytes;
    } cases[] = {
        {"536870912\n", 536870912},
        {"536870912", 536870912},
        {"4096\n", 4096},
        {"max\n", 0},
        {"-1\n", 0},
        {"9223372036854771712\n", 0}, /* version 1, without a limit */
        {"99999999999999999999999\n", 0},
        {"0\n", 0},
        {"512M\n", 0},
        {"\n", 0},
    };
    open_root();
    write_v2("/app", "/");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file("/sys/fs/cgroup/app/memory.max", "%s", cases[i].line);
        ck_assert_msg(pfi_cgroup_memory(root) == cases[i].bytes, "case %zu: %llu bytes", i,
                      (unsigned long long)pfi_cgroup_memory(root));
    }
    close_root();
}
END_TEST

START_TEST(the_smallest_memory_limit_on_the_way_to_the_top_counts_and_so_does_high) {
    open_root();
    write_v2("/slice/service", "/");
    write_file("/sys/fs/cgroup/slice/service/memory.max", "%d\n", 8 << 20);
    ck_assert_uint_eq(pfi_cgroup_memory(root), 8 << 20);
    write_file("/sys/fs/cgroup/slice/service/memory.high", "%d\n", 7 << 20);
    ck_assert_uint_eq(pfi_cgroup_memory(root), 7 << 20);
    write_file("/sys/fs/cgroup/slice/memory.max", "%d\n", 6 << 20);
    ck_assert_uint_eq(pfi_cgroup_memory(root), 6 << 20);
    write_file("/sys/fs/cgroup/slice/memory.high", "max\n");
    ck_assert_uint_eq(pfi_cgroup_memory(root), 6 << 20);
    ck_assert_uint_eq(pfi_cgroup_processors(root), 0);
    close_root();
}
END_TEST

START_TEST(version_1_is_read_from_the_memory_controllers_group) {
    open_root();
    write_file("/proc/self/cgroup", "4:memory:/docker/1f\n3:cpu:/wrong\n0::/\n");
    write_file("/proc/self/mountinfo", "33 31 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                                       "35 31 0:32 /docker/1f /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    write_file("/sys/fs/cgroup/cpu/wrong/memory.limit_in_bytes", "4096\n");
    write_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    ck_assert_uint_eq(pfi_cgroup_memory(root), 0);
    write_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "%d\n", 5 << 20);
    ck_assert_uint_eq(pfi_cgroup_memory(root), 5 << 20);
    close_root();
}
END_TEST

START_TEST(where_both_versions_set_a_memory_limit_the_smaller_one_counts) {
    open_root();
    write_file("/proc/self/cgroup", "4:memory:/app\n0::/app\n");
    write_file("/proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
                                       "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    write_file("/sys/fs/cgroup/memory/app/memory.limit_in_bytes", "%d\n", 5 << 20);
    write_file("/sys/fs/cgroup/unified/app/memory.max", "%d\n", 4 << 20);
    ck_assert_uint_eq(pfi_cgroup_memory(root), 4 << 20);
    write_file("/sys/fs/cgroup/unified/app/memory.max", "max\n");
    ck_assert_uint_eq(pfi_cgroup_memory(root), 5 << 20);
    close_root();
}
END_TEST

START_TEST(a_system_without_groups_sets_no_limit) {
    open_root();
    ck_assert_uint_eq(pfi_cgroup_processors(root), 0);
    ck_assert_uint_eq(pfi_cgroup_memory(root), 0);
    write_file("/proc/self/cgroup", "%s", "nonsense\n::\n0:\n");
    write_file("/proc/self/mountinfo", "%s", "nonsense - \n - cgroup2\n");
    ck_assert_uint_eq(pfi_cgroup_processors(root), 0);
    ck_assert_uint_eq(pfi_cgroup_memory(root), 0);
    close_root();
}
END_TEST

START_TEST(this_process_has_processors_and_asking_leaves_errno_alone) {
    enum { UNLIKELY = 4711 };
    errno = UNLIKELY;
    unsigned count = pfi_processor_count();
    ck_assert_int_eq(errno, UNLIKELY);
    ck_assert_uint_ge(count, 1);
    ck_assert_int_le((int)count, (int)sysconf(_SC_NPROCESSORS_CONF));
}
END_TEST

SUITE("unit/cgroup", a_quota_is_rounded_up_to_whole_processors, the_smallest_quota_on_the_way_to_the_top_counts,
      a_memory_limit_is_a_number_of_bytes_that_can_be_meant,
      the_smallest_memory_limit_on_the_way_to_the_top_counts_and_so_does_high,
      version_1_is_read_from_the_memory_controllers_group,
      where_both_versions_set_a_memory_limit_the_smaller_one_counts,
      a_container_finds_its_group_below_the_root_of_its_mount, version_1_is_read_from_the_cpu_controllers_group,
      a_system_without_groups_sets_no_limit, this_process_has_processors_and_asking_leaves_errno_alone)
