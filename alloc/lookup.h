/* SPDX-License-Identifier: MIT
 *
 * From any address to the object around it: for interior pointers, words of a stack that may be references, and
 * questions of the program. Reads segments and object_starts and changes neither.
 */
#ifndef PINFOLD_ALLOC_LOOKUP_H
#define PINFOLD_ALLOC_LOOKUP_H

#include "alloc/segment.h"
#include "alloc/share.h"
#include "pinfold/thread.h"

/* The object that contains the byte at `address`; 0 when none does: free space counts as none. With the world stopped,
 * contexts closed, and nothing moved yet. */
uintptr_t pfi_lookup_object(const struct pfi_arena *arena, uintptr_t address);

/* The same where `segment` is the one that contains the address (NULL: there is none). */
uintptr_t pfi_lookup_object_in(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t address);

/* The same while threads run; for a managed one, with the world held, so that `threads` stays as it is. Takes the
 * share's locks. Exact for objects that the calling thread knows of. */
uintptr_t pfi_lookup_object_held(struct pfi_share *share, const struct pf_thread *threads, uintptr_t address);

#endif
