/* SPDX-License-Identifier: MIT */
#include "gc/root/frames.h"

void pfi_frames_visit(const struct pf_thread *thread, pfi_slots_function *visit, void *context) {
    for (const struct pf_frame *frame = thread->frames; frame != NULL; frame = frame->previous) {
        if (frame->count != 0) {
            visit(context, (uintptr_t)frame->slots, frame->count);
        }
    }
}
