/* SPDX-License-Identifier: MIT
 *
 * Giving address space back. munmap fails where it would split a mapping and the process has as many as it may have
 * (vm.max_map_count); nothing that ends can wait for that to change.
 */
#ifndef PINFOLD_PLATFORM_UNMAP_H
#define PINFOLD_PLATFORM_UNMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Unmaps whole pages, now or later: what the system refuses to unmap gives its memory back at once, is remembered, and
 * is tried again by each later call of the functions below, in whatever heap. Nobody may use it in between. */
void pfi_unmap(uintptr_t address, size_t size);

/* Unmaps what was refused before, where that works now. */
void pfi_unmap_again(void);

/* Bytes that wait for it. */
size_t pfi_unmap_waiting(void);

/* Whether so much waits that nobody may map more: what could not be remembered would be lost for good. */
bool pfi_unmap_is_behind(void);

#endif
