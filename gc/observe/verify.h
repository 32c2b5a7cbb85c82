/* SPDX-License-Identifier: MIT
 *
 * Verify: checks the whole heap by a traversal of its own, in any build. What it checks:
 *
 *     segments and starts are ordered; every byte belongs to an object or a free object, with a plausible type
 *     every reference of every object, and every root, is the start of an object
 *     a reference from an older object to generation 0 or 1 lies on a dirty card
 *     object_starts leads to real objects; bins hold free objects of their class and generation, sums equal counters
 *     no mark bits; committed bytes are accounted for
 *     handles, weak and dependent ones too, hold objects; ages <= generation; free slots are empty
 *
 * On failure the message names object, the one before it, slot, holder, segment and generation.
 */
#ifndef PINFOLD_GC_OBSERVE_VERIFY_H
#define PINFOLD_GC_OBSERVE_VERIFY_H

#include "alloc/share.h"
#include "gc/root/roots.h"

/* Entry: world stopped, contexts closed. 0 = clean, 1 = damaged. Takes memory of its own (1/64 of the heap); -1 when it
 * cannot be had and nothing was checked. */
int pfi_verify(const struct pfi_share *share, struct pfi_roots *roots, struct pfi_tags tags,
               struct pf_message *message);

#endif
