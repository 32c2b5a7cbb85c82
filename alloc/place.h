/* SPDX-License-Identifier: MIT
 *
 * Places for segments: free units of a reserved window, or on demand, addresses of the window where nothing is mapped,
 * neither there nor where the tables for it belong. Under the arena's lock.
 */
#ifndef PINFOLD_ALLOC_PLACE_H
#define PINFOLD_ALLOC_PLACE_H

#include "alloc/arena.h"

/* First of `count` units that are reserved now, with their slices of the tables; unit_count: there is no place. */
size_t pfi_place_take(struct pfi_arena *arena, size_t count);

/* Gives units back that nobody owns any more. */
void pfi_place_return(struct pfi_arena *arena, uintptr_t low, uintptr_t high);

#endif
