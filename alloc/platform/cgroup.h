/* SPDX-License-Identifier: MIT
 *
 * What a container may use, from the control groups of the calling process, version 1 and 2.
 */
#ifndef PINFOLD_PLATFORM_CGROUP_H
#define PINFOLD_PLATFORM_CGROUP_H

#include <stdint.h>

/* How many processors' time the process may use, rounded up: the smallest quota of its group and all groups around it.
 * 0 when there is none, or the system does not tell. `root` goes before every path that is read: "" but in tests. */
unsigned pfi_cgroup_processors(const char *root);

/* How many bytes of memory the process may use together with all others of its group: the smallest limit of that and
 * all groups around it. 0 and `root` as above; UNKNOWN: there may be one, but the process has no file descriptor or no
 * memory left to look. */
#define PINFOLD_CGROUP_UNKNOWN UINT64_MAX
uint64_t pfi_cgroup_memory(const char *root);

#endif
