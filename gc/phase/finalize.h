/* SPDX-License-Identifier: MIT
 *
 * Finalize: among the registered objects of the condemned generations, those that marking has not reached become ready,
 * and are kept alive with all they refer to until the program takes them. All are judged before any is kept: an object
 * that only other dead ones refer to becomes ready with them. After the collection the live ones age.
 */
#ifndef PINFOLD_GC_PHASE_FINALIZE_H
#define PINFOLD_GC_PHASE_FINALIZE_H

#include "gc/root/finalizers.h"
#include "gc/state/move_plan.h"

/* Entry: marking is drained, and short weak handles are cleared. `mark` gets the slot of each object that has become
 * ready; it is to be drained afterwards. Returns how many there are. */
size_t pfi_finalize(const struct pfi_move_plan *plan, struct pfi_finalizer_queue *queue, struct pfi_tags tags,
                    pfi_slots_function *mark, void *context);

/* Puts the registrations that this collection looked at into the lists of the generations where their objects are now.
 * Entry: all objects are in their final places. */
void pfi_age_finalizers(struct pfi_finalizer_queue *queue, const struct pfi_share *share, int condemned,
                        struct pfi_tags tags);

#endif
