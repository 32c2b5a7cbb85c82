/* SPDX-License-Identifier: MIT
 *
 * Memory from the operating system. Reserved = address space only; committed = may be read and written. Every
 * function works on whole pages; failures are ordinary results.
 *
 *     unmapped --reserve--> reserved --commit--> committed --discard--> committed, reads as zero
 *        ^                   |    ^                  |
 *        +------release------+    +-----decommit-----+
 */
#ifndef PINFOLD_PLATFORM_OS_MEMORY_H
#define PINFOLD_PLATFORM_OS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reserves `size` bytes at a multiple of `alignment` (a power of two, at least a page); 0 when it cannot be had. */
uintptr_t pfi_os_reserve(size_t size, size_t alignment);

/* Whether a certain range could be reserved. */
enum pfi_os_place {
    PINFOLD_PLACE_HAD,    /* it was */
    PINFOLD_PLACE_TAKEN,  /* something is mapped in it, or the system keeps it for itself: another place may do */
    PINFOLD_PLACE_REFUSED /* nothing is there, but no more address space is granted: another place will not do */
};

/* Where 64-bit addresses of the program's own choice end. ThreadSanitizer ends a program that maps anything outside of
 * the few ranges that it knows, of which this is the lowest. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PINFOLD_CHOICE_SHIFT 39
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define PINFOLD_CHOICE_SHIFT 39
#elif !defined(PINFOLD_CHOICE_SHIFT)
#define PINFOLD_CHOICE_SHIFT 47
#endif

/* Reserves [address, address + size) if nothing is mapped in it. */
enum pfi_os_place pfi_os_reserve_at(uintptr_t address, size_t size);

/* Whether nothing is mapped in [address, address + size) now. */
bool pfi_os_is_free(uintptr_t address, size_t size);

/* Reserves `size` bytes that read as zero and take memory only when written: for tables. They are committed from the
 * start. 0 on failure. */
uintptr_t pfi_os_map_lazy(size_t size);

/* Of any range that was reserved or mapped here, and of parts of one. What the system refuses to unmap now is unmapped
 * later (unmap.h); nobody may use it in any case. */
void pfi_os_release(uintptr_t address, size_t size);

/* Makes reserved pages usable. Pages never used before, or decommitted, are zero. false: perhaps some of them are
 * usable, but the range counts as reserved, and may be committed later. */
bool pfi_os_commit(uintptr_t address, size_t size);

/* Gives committed pages back, and what the system had set aside for them: they are reserved as before, have forgotten
 * the wish for huge pages, and must be committed before they are used again. */
void pfi_os_decommit(uintptr_t address, size_t size);

/* Gives the memory of committed pages back; they stay committed and read as zero. For holes in ranges that are in use:
 * it never makes another mapping. false: the system does not take it, since it is locked, and nothing has changed. */
bool pfi_os_discard(uintptr_t address, size_t size);

/* Asks for huge pages where the range is committed in pieces of PINFOLD_HUGE_PAGE, or asks for none: then the system
 * does not fill what was discarded between used pages, to make huge ones of them. A wish, never a failure. */
void pfi_os_wish_huge_pages(uintptr_t address, size_t size, bool wanted);

size_t pfi_os_page_size(void);
size_t pfi_os_physical_memory(void); /* 0: the system does not tell */

/* Address space that the process may have (RLIMIT_AS); SIZE_MAX: no limit. */
size_t pfi_os_address_space_limit(void);

/* Share of physical memory in use, percent. */
unsigned pfi_os_memory_load(void);

#endif
