/* SPDX-License-Identifier: MIT
 *
 * Files in which the system tells of itself.
 */
#ifndef PINFOLD_PLATFORM_FILE_H
#define PINFOLD_PLATFORM_FILE_H

#include <stdio.h>

#include "alloc/platform/fault.h"

/* For reading, and closed in programs that this process becomes; NULL, and errno, when it cannot be opened. */
static inline FILE *pfi_file_open(const char *path) {
    return pfi_fault(PINFOLD_FAULT_OPEN_FILE, 0) ? NULL : fopen(path, "re");
}

#endif
