/* SPDX-License-Identifier: MIT
 *
 * What the inside of the library, and its tests, may know of limits: a machine that is told instead of looked at.
 */
#ifndef PINFOLD_GC_API_LIMITS_H
#define PINFOLD_GC_API_LIMITS_H

#include "gc/heap.h"

/* Memory of this machine and the limit of this container, as they are now. */
struct pfi_machine pfi_machine_now(void);

/* pf_heap_create on another machine. */
enum pf_status pfi_heap_create_on(struct pfi_machine machine, const struct pf_options *options, struct pf_heap **heap,
                                  struct pf_message *message);

/* pf_heap_refresh_limits when the machine has become this one. */
enum pf_status pfi_heap_refresh_limits_on(struct pfi_machine machine, struct pf_thread *thread);

/* From now on the account refuses what the limits forbid. */
void pfi_limits_enforce(struct pfi_account *account, const struct pfi_limits *limits);

/* Budgets follow from the options given and from the limits in force. Before the heap is used, or with its world held
 * and its small_lock. */
void pfi_heap_make_budget_rules(struct pf_heap *heap);

#endif
