/* SPDX-License-Identifier: MIT
 *
 * Frames: precise roots on the C stacks of attached threads.
 */
#ifndef PINFOLD_GC_ROOT_FRAMES_H
#define PINFOLD_GC_ROOT_FRAMES_H

#include "alloc/object.h"
#include "pinfold/root.h"

/* The slots of ordinary frames. */
void pfi_frames_visit(const struct pf_thread *thread, pfi_slots_function *visit, void *context);

/* Those of interior frames. */
void pfi_frames_visit_interior(const struct pf_thread *thread, pfi_slots_function *visit, void *context);

/* The slots of pinning frames: what they hold does not move, so only marking visits them. */
void pfi_frames_visit_pins(const struct pf_thread *thread, pfi_slots_function *visit, void *context);

#endif
