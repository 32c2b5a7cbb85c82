/* SPDX-License-Identifier: MIT
 *
 * What may be allocated or promoted until the next collection: the budgets that a collection leaves, from what survived
 * (policy/budget.h), what lives in all, pins that stayed young, and limits. At the end of a collection, when its record
 * is complete.
 */
#ifndef PINFOLD_GC_CYCLE_BUDGET_H
#define PINFOLD_GC_CYCLE_BUDGET_H

#include "gc/cycle.h"

/* Of all collected generations, and what is promoted is charged to the next one. Notes for giving memory back how much
 * of the old ones was used. */
void pfi_cycle_set_budgets(struct pfi_cycle *cycle);

/* Bytes of pins that this collection has left in their generation, or a younger one. */
size_t pfi_cycle_demoted_bytes(const struct pfi_cycle *cycle);

#endif
