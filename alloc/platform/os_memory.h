/* SPDX-License-Identifier: MIT
 *
 * Memory from the operating system. Reserved = address space only; committed = may be read and written. Every
 * function works on whole pages; failures are ordinary results.
 */
#ifndef PINFOLD_PLATFORM_OS_MEMORY_H
#define PINFOLD_PLATFORM_OS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reserves `size` bytes at a multiple of `alignment` (a power of two, at least a page); 0 when it cannot be had. */
uintptr_t pfi_os_reserve(size_t size, size_t alignment);

/* Reserves `size` bytes that read as zero and take memory only when written: for side tables. 0 on failure. */
uintptr_t pfi_os_map_lazy(size_t size);

/* What the system refuses to unmap now is unmapped later (unmap.h); nobody may use it in any case. */
void pfi_os_release(uintptr_t address, size_t size);

/* Makes reserved pages usable. Pages never used before, or decommitted, are zero. false: perhaps some of them are
 * usable, but the range counts as reserved, and may be committed later. */
bool pfi_os_commit(uintptr_t address, size_t size);

/* Gives the memory of committed pages back, where the system takes it; the range stays mapped, reads as zero in any
 * case and may be committed again. */
void pfi_os_decommit(uintptr_t address, size_t size);

/* Asks for huge pages where the range is committed in pieces of PINFOLD_HUGE_PAGE; a wish, never a failure. */
void pfi_os_wish_huge_pages(uintptr_t address, size_t size);

size_t pfi_os_page_size(void);
size_t pfi_os_physical_memory(void); /* 0: the system does not tell */

/* Share of physical memory in use, percent. */
unsigned pfi_os_memory_load(void);

#endif
