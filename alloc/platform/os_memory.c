/* SPDX-License-Identifier: MIT */
#include "alloc/platform/os_memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uintptr_t map(size_t size, int protection) {
    int saved_errno = errno;
    void *memory = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    errno = saved_errno;
    return memory == MAP_FAILED ? 0 : (uintptr_t)memory;
}

uintptr_t pfi_os_reserve(size_t size, size_t alignment) {
    size_t room = size + alignment;
    if (room < size) {
        return 0;
    }
    uintptr_t start = map(room, PROT_NONE);
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

uintptr_t pfi_os_map_lazy(size_t size) {
    return map(size, PROT_READ | PROT_WRITE);
}

void pfi_os_release(uintptr_t address, size_t size) {
    int saved_errno = errno;
    munmap((void *)address, size);
    errno = saved_errno;
}

bool pfi_os_commit(uintptr_t address, size_t size) {
    int saved_errno = errno;
    bool done = mprotect((void *)address, size, PROT_READ | PROT_WRITE) == 0;
    errno = saved_errno;
    return done;
}

void pfi_os_decommit(uintptr_t address, size_t size) {
    int saved_errno = errno;
    if (madvise((void *)address, size, MADV_DONTNEED) != 0) {
        memset((void *)address, 0, size); /* locked memory cannot be given back, but it must read as zero */
    }
    errno = saved_errno;
}

void pfi_os_wish_huge_pages(uintptr_t address, size_t size) {
    int saved_errno = errno;
    madvise((void *)address, size, MADV_HUGEPAGE);
    errno = saved_errno;
}

size_t pfi_os_page_size(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

size_t pfi_os_physical_memory(void) {
    return (size_t)sysconf(_SC_PHYS_PAGES) * pfi_os_page_size();
}

unsigned pfi_os_memory_load(void) {
    int saved_errno = errno;
    unsigned long long total = 0;
    unsigned long long available = 0;
    char line[128];
    FILE *file = fopen("/proc/meminfo", "re");
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
