/* SPDX-License-Identifier: MIT
 *
 * Whether memory may be read, for those who look at words that should be pointers and may be anything.
 */
#ifndef PINFOLD_PLATFORM_READABLE_H
#define PINFOLD_PLATFORM_READABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether all of [address, address + size) may be read; size is at most a page. Any thread; a system call or two. */
bool pfi_memory_is_readable(uintptr_t address, size_t size);

#endif
