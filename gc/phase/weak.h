/* SPDX-License-Identifier: MIT
 *
 * Weak: clears weak handles whose objects are dead. Input: mark bits. Short ones are cleared before dead finalizable
 * objects are marked, so that nobody gets at an object that is being finalized; long ones after it, so that they follow
 * an object for as long as it exists.
 */
#ifndef PINFOLD_GC_PHASE_WEAK_H
#define PINFOLD_GC_PHASE_WEAK_H

#include "gc/root/handles.h"
#include "gc/state/move_plan.h"

/* `kind` is WEAK or WEAK_LONG. Entry: mark bits are complete for what counts as alive for it. Only objects of condemned
 * generations can be dead. */
void pfi_weak_clear(struct pfi_handle_table *table, enum pf_handle_kind kind, const struct pfi_move_plan *plan,
                    struct pfi_tags tags);

#endif
