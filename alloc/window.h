/* SPDX-License-Identifier: MIT
 *
 * Where the window of an arena on demand lies, and the tables for it: both in addresses that nothing else uses now, and
 * that the system does not hand out of itself as long as it has others. Neither is reserved: what comes to lie there
 * later makes some places of the window useless, no more.
 */
#ifndef PINFOLD_ALLOC_WINDOW_H
#define PINFOLD_ALLOC_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "alloc/layout.h"

struct pfi_window {
    uintptr_t base;
    uintptr_t end;
    uintptr_t tables;
};

/* Whether a heap has to be modest: a 32-bit system, or a limit on address space. */
bool pfi_window_is_short(void);

/* Size of a window where there is no reason to be modest: four times physical memory, 64 GiB to PINFOLD_LARGEST_ARENA.
 */
size_t pfi_window_largest(void);

/* With 64-bit addresses: how many ranges of this size, side by side from 1 << shift on, are looked at. All of them are
 * addresses that a program can have: the system refuses others as it refuses what exceeds a limit. */
size_t pfi_window_places(unsigned shift, uint64_t size);

/* For segments that may take `most` bytes together (SIZE_MAX: any number). false: no place was found. */
bool pfi_window_choose(size_t most, struct pfi_window *window);

#endif
