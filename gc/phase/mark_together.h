/* SPDX-License-Identifier: MIT
 *
 * Marking by several workers at once, each from its own stack (gc/state/mark_queue.h is what lies between them).
 */
#ifndef PINFOLD_GC_PHASE_MARK_TOGETHER_H
#define PINFOLD_GC_PHASE_MARK_TOGETHER_H

#include "gc/phase/mark.h"

/* Follows everything that the marker still has to follow, with the help of the heap's other workers. What found no room
 * on one of their stacks is overflow of the marker's. */
void pfi_mark_together(struct pfi_marker *marker);

#endif
