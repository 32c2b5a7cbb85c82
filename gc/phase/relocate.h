/* SPDX-License-Identifier: MIT
 *
 * Relocate: writes the new addresses of moving objects into every slot that refers to them. Objects are still at their
 * old places. Each slot once: roots, cards of older objects, survivors, large objects. Cards are made anew on the way,
 * at the new address of the slot; so is object_starts for every place that something moves to.
 */
#ifndef PINFOLD_GC_PHASE_RELOCATE_H
#define PINFOLD_GC_PHASE_RELOCATE_H

#include "alloc/object.h"
#include "gc/root/roots.h"
#include "gc/state/move_plan.h"

/* Entry: the collection compacts; plan (and expand) are complete. Large objects have not been swept yet. */
void pfi_relocate(const struct pfi_move_plan *plan, struct pfi_roots *roots, struct pfi_tags tags);

#endif
