/* SPDX-License-Identifier: MIT
 *
 * Frames: precise roots on the C stacks of attached threads.
 */
#ifndef PINFOLD_GC_ROOT_FRAMES_H
#define PINFOLD_GC_ROOT_FRAMES_H

#include "alloc/object.h"
#include "pinfold/root.h"

void pfi_frames_visit(const struct pf_thread *thread, pfi_slots_function *visit, void *context);

#endif
