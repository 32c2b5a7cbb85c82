/* SPDX-License-Identifier: MIT
 *
 * From any address to the object around it: for interior pointers, words of a stack that may be references, and
 * questions of the program. Reads segments and object_starts and changes neither; any number of threads may ask.
 *
 * With the world stopped, contexts closed and nothing moved yet, every answer is exact. While threads allocate, the
 * chunks that they allocate from end in zeroed memory: a lookup that comes to it knows that there is no object.
 */
#ifndef PINFOLD_ALLOC_LOOKUP_H
#define PINFOLD_ALLOC_LOOKUP_H

#include "alloc/segment.h"

/* The object that contains the byte at `address`; 0 when none does: free space counts as none. */
uintptr_t pfi_lookup_object(const struct pfi_arena *arena, uintptr_t address);

/* The same where `segment` is the one that contains the address (NULL: there is none). */
uintptr_t pfi_lookup_object_in(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t address);

#endif
