/* SPDX-License-Identifier: MIT
 *
 * The one way to collect.
 */
#ifndef PINFOLD_GC_COLLECT_H
#define PINFOLD_GC_COLLECT_H

#include "gc/cycle.h"

/* Collects what the request and the budgets ask for; returns the record's generation. The world
 * is stopped (pfi_heap_stop). */
int pfi_collect(struct pf_heap *heap, const struct pfi_request *request);

/* The same for a managed thread, with all that belongs to it: stops the others, collects, lets them go on, and gives
 * memory back. */
void pfi_stop_and_collect(struct pf_heap *heap, struct pf_thread *self, const struct pfi_request *request);
/* The same, but gives way when another thread is stopping the world: nothing is collected then, and the answer false.
 */
bool pfi_try_stop_and_collect(struct pf_heap *heap, struct pf_thread *self, const struct pfi_request *request);

#endif
