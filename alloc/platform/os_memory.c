/* SPDX-License-Identifier: MIT */
#include "alloc/platform/os_memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "alloc/platform/fault.h"
#include "alloc/platform/file.h"
#include "alloc/platform/unmap.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* systems that do not know it take the address for a hint */
#endif

enum { PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };

/* What could not be unmapped earlier goes first. false: too much of it is left to map more. */
static bool may_reserve(void) {
    pfi_unmap_again();
    return !pfi_unmap_is_behind();
}

static uintptr_t map(size_t size, int protection, enum pfi_fault_site site) {
    int saved_errno = errno;
    void *memory = pfi_fault(site, size) ? MAP_FAILED : mmap(NULL, size, protection, PRIVATE, -1, 0);
    errno = saved_errno;
    return memory == MAP_FAILED ? 0 : (uintptr_t)memory;
}

uintptr_t pfi_os_reserve(size_t size, size_t alignment) {
    size_t room = size + alignment;
    if (room < size || !may_reserve()) {
        return 0;
    }
    uintptr_t start = map(room, PROT_NONE, PINFOLD_FAULT_RESERVE);
    if (start == 0) {
        return 0;
    }
    uintptr_t aligned = (start + alignment - 1) & ~(uintptr_t)(alignment - 1);
    if (aligned > start) {
        pfi_os_release(start, aligned - start);
    }
    if (aligned + size < start + room) {
        pfi_os_release(aligned + size, start + room - (aligned + size));
    }
    return aligned;
}

enum pfi_os_place pfi_os_reserve_at(uintptr_t address, size_t size) {
    if (!may_reserve()) {
        return PINFOLD_PLACE_REFUSED;
    }
    int saved_errno = errno;
    int flags = PRIVATE | MAP_FIXED_NOREPLACE;
    void *memory =
        pfi_fault(PINFOLD_FAULT_RESERVE_AT, size) ? MAP_FAILED : mmap((void *)address, size, PROT_NONE, flags, -1, 0);
    bool is_refused = memory == MAP_FAILED && errno == ENOMEM;
    errno = saved_errno;
    if (memory != MAP_FAILED && (uintptr_t)memory != address) {
        pfi_os_release((uintptr_t)memory, size);
        return PINFOLD_PLACE_TAKEN;
    }
    return is_refused ? PINFOLD_PLACE_REFUSED : memory == MAP_FAILED ? PINFOLD_PLACE_TAKEN : PINFOLD_PLACE_HAD;
}

bool pfi_os_is_free(uintptr_t address, size_t size) {
    enum pfi_os_place place = pfi_os_reserve_at(address, size);
    if (place == PINFOLD_PLACE_HAD) {
        pfi_os_release(address, size);
    }
    return place != PINFOLD_PLACE_TAKEN;
}

uintptr_t pfi_os_map_lazy(size_t size) {
    return map(size, PROT_READ | PROT_WRITE, PINFOLD_FAULT_MAP);
}

void pfi_os_release(uintptr_t address, size_t size) {
    pfi_unmap(address, size);
}

bool pfi_os_commit(uintptr_t address, size_t size) {
    int saved_errno = errno;
    int result = pfi_fault(PINFOLD_FAULT_COMMIT, size) ? -1 : mprotect((void *)address, size, PROT_READ | PROT_WRITE);
    errno = saved_errno;
    return result == 0;
}

/* A new mapping in place of the old one: taking the rights away would leave the memory counted. */
void pfi_os_decommit(uintptr_t address, size_t size) {
    int saved_errno = errno;
    int flags = PRIVATE | MAP_FIXED;
    void *memory =
        pfi_fault(PINFOLD_FAULT_DECOMMIT, size) ? MAP_FAILED : mmap((void *)address, size, PROT_NONE, flags, -1, 0);
    errno = saved_errno;
    if (memory == MAP_FAILED && !pfi_os_discard(address, size)) { /* too many mappings: the memory at least goes */
        memset((void *)address, 0, size);
    }
}

bool pfi_os_discard(uintptr_t address, size_t size) {
    int saved_errno = errno;
    int result = pfi_fault(PINFOLD_FAULT_DISCARD, size) ? -1 : madvise((void *)address, size, MADV_DONTNEED);
    errno = saved_errno;
    return result == 0;
}

void pfi_os_wish_huge_pages(uintptr_t address, size_t size, bool wanted) {
    int saved_errno = errno;
    if (!pfi_fault(PINFOLD_FAULT_HUGE_PAGES, size)) {
        madvise((void *)address, size, wanted ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    }
    errno = saved_errno;
}

size_t pfi_os_page_size(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

size_t pfi_os_physical_memory(void) {
    int saved_errno = errno;
    long pages = pfi_fault(PINFOLD_FAULT_PHYSICAL_MEMORY, 0) ? -1 : sysconf(_SC_PHYS_PAGES);
    errno = saved_errno;
    size_t page = pfi_os_page_size();
    /* A machine may have more than one process can address. */
    return pages <= 0 ? 0 : (size_t)pages > SIZE_MAX / page ? SIZE_MAX : (size_t)pages * page;
}

size_t pfi_os_address_space_limit(void) {
    struct rlimit limit;
    int saved_errno = errno;
    int result = pfi_fault(PINFOLD_FAULT_LIMIT, 0) ? -1 : getrlimit(RLIMIT_AS, &limit);
    bool is_limited = result == 0 && limit.rlim_cur != RLIM_INFINITY;
    errno = saved_errno;
    return is_limited && limit.rlim_cur < SIZE_MAX ? (size_t)limit.rlim_cur : SIZE_MAX;
}

unsigned pfi_os_memory_load(void) {
    int saved_errno = errno;
    unsigned long long total = 0;
    unsigned long long available = 0;
    char line[128];
    FILE *file = pfi_file_open("/proc/meminfo");
    while (file != NULL && fgets(line, sizeof line, file) != NULL && available == 0) {
        if (sscanf(line, "MemTotal: %llu", &total) != 1) {
            (void)sscanf(line, "MemAvailable: %llu", &available);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    errno = saved_errno;
    return total == 0 || available > total ? 0 : (unsigned)((total - available) * 100 / total);
}
