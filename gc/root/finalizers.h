/* SPDX-License-Identifier: MIT
 *
 * The finalizer queue as roots. What is ready is alive until it is taken; what is registered is looked at only when
 * objects move.
 */
#ifndef PINFOLD_GC_ROOT_FINALIZERS_H
#define PINFOLD_GC_ROOT_FINALIZERS_H

#include "alloc/object.h"
#include "gc/state/finalizer_queue.h"

void pfi_finalizers_visit_ready(struct pfi_finalizer_queue *queue, pfi_slots_function *visit, void *context);

/* The registrations of objects that can be in generation `condemned` or a younger one. */
void pfi_finalizers_visit_registered(struct pfi_finalizer_queue *queue, int condemned, pfi_slots_function *visit,
                                     void *context);

#endif
