/* SPDX-License-Identifier: MIT */
#include "alloc/platform/readable.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PROBED = 8 /* bytes of the kernel's set of signals */ };

/* The kernel reads the set of signals before it looks at what to do with it, and there is nothing of that number. */
static bool probe(uintptr_t address) {
    enum { NOTHING_TO_DO = -1 };
    return syscall(SYS_rt_sigprocmask, NOTHING_TO_DO, (void *)address, NULL, (size_t)PROBED) == 0 || errno != EFAULT;
}

bool pfi_memory_is_readable(uintptr_t address, size_t size) {
    if (address == 0 || address + size < address) { /* no address is no set of signals, rather than a bad one */
        return false;
    }
    int saved_errno = errno;
    bool readable = probe(address) && (size <= PROBED || probe(address + size - PROBED));
    errno = saved_errno;
    return readable;
}
