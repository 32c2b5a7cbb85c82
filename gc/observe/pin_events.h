/* SPDX-License-Identifier: MIT
 *
 * Telling the listener of pins: each pinned object that a collection found, and each pinned plug with the hole before
 * it.
 */
#ifndef PINFOLD_GC_OBSERVE_PIN_EVENTS_H
#define PINFOLD_GC_OBSERVE_PIN_EVENTS_H

#include "gc/observe/event.h"
#include "gc/state/move_plan.h"

/* Entry: the plan (of an expansion, too) is complete, and nothing has been moved. Does nothing without a listener for
 * pins. */
void pfi_send_pins(const struct pfi_events *events, const struct pfi_move_plan *plan, bool compacts);

#endif
