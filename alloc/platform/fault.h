/* SPDX-License-Identifier: MIT
 *
 * Fault points: every call to the system that can fail passes one, so that a test can make it fail.
 *
 *     int result = pfi_fault(PINFOLD_FAULT_COMMIT, size) ? -1 : mprotect(...);
 *
 * A *site* is a kind of call. Where PINFOLD_FAULTS is 0, as in every library that is installed, a fault point is a
 * constant and costs nothing. Where it is 1, it counts the call, and decides by the plan that is armed whether the call
 * is to fail; if so, it sets errno as the call would have done. Calls that cannot fail on the systems that are
 * supported (locks and conditions with default attributes, clocks, the page size) have no site.
 *
 * Owner: the test program. Any thread passes fault points; plans change while no other thread does.
 */
#ifndef PINFOLD_PLATFORM_FAULT_H
#define PINFOLD_PLATFORM_FAULT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef PINFOLD_FAULTS
#define PINFOLD_FAULTS 0
#endif

/* Site, errno of its failures, and the call. */
#define PINFOLD_FAULT_SITES(SITE)                              \
    SITE(RESERVE, ENOMEM, "mmap of address space")             \
    SITE(RESERVE_AT, ENOMEM, "mmap of certain addresses")      \
    SITE(MAP, ENOMEM, "mmap of memory")                        \
    SITE(UNMAP, ENOMEM, "munmap")                              \
    SITE(COMMIT, ENOMEM, "mprotect")                           \
    SITE(DECOMMIT, ENOMEM, "mmap over committed memory")       \
    SITE(DISCARD, EINVAL, "madvise MADV_DONTNEED")             \
    SITE(HUGE_PAGES, EINVAL, "madvise MADV_HUGEPAGE")          \
    SITE(ALLOCATE, ENOMEM, "malloc, calloc and aligned_alloc") \
    SITE(REALLOCATE, ENOMEM, "realloc")                        \
    SITE(OPEN_FILE, EMFILE, "fopen")                           \
    SITE(PHYSICAL_MEMORY, EINVAL, "sysconf _SC_PHYS_PAGES")    \
    SITE(LIMIT, EINVAL, "getrlimit RLIMIT_AS")                 \
    SITE(AFFINITY, EPERM, "sched_getaffinity")                 \
    SITE(THREAD_ATTRIBUTES, ENOMEM, "pthread_attr_init")       \
    SITE(THREAD, EAGAIN, "pthread_create")                     \
    SITE(THREAD_KEY, EAGAIN, "pthread_key_create")             \
    SITE(THREAD_VALUE, ENOMEM, "pthread_setspecific")          \
    SITE(THREAD_NAME, ENOENT, "pthread_getname_np")            \
    SITE(STACK_BOUNDS, ENOMEM, "pthread_getattr_np")           \
    SITE(UNWIND, EINVAL, "unw_init_local")

enum pfi_fault_site {
#define PINFOLD_FAULT_SITE(name, error, call) PINFOLD_FAULT_##name,
    PINFOLD_FAULT_SITES(PINFOLD_FAULT_SITE)
#undef PINFOLD_FAULT_SITE
        PINFOLD_FAULT_ANY /* their number; in a plan: any of them */
};

#if PINFOLD_FAULTS
/* Whether the call, which asks for `size` bytes (0: it has no size), is to fail. */
bool pfi_fault(enum pfi_fault_site site, size_t size);
#else
static inline bool pfi_fault(enum pfi_fault_site site, size_t size) {
    (void)site;
    (void)size;
    return false;
}
#endif

/* --- what follows exists where PINFOLD_FAULTS is 1 --- */

/* The plan counts the calls of `site` that ask for `smallest` bytes or more. Those with the numbers first ..
 * first + count - 1 fail. */
struct pfi_fault_plan {
    enum pfi_fault_site site;
    size_t smallest;
    uintptr_t first; /* 1 is the first call after the plan was armed; 0: none fails */
    uintptr_t count;
    int error; /* 0: what the site says */
};

/* Forgets what was counted. */
void pfi_fault_arm(const struct pfi_fault_plan *plan);
/* Until the plan goes on, calls neither count nor fail. A process begins like this. */
void pfi_fault_pause(void);
void pfi_fault_go_on(void);

/* Since the plan was armed: calls that it counted, calls of a site, and how many of these failed. */
uintptr_t pfi_fault_counted(void);
uintptr_t pfi_fault_hits(enum pfi_fault_site site);
uintptr_t pfi_fault_failures(enum pfi_fault_site site);

/* "COMMIT", "mprotect" */
const char *pfi_fault_name(enum pfi_fault_site site);
const char *pfi_fault_call(enum pfi_fault_site site);

#endif
