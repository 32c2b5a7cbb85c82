/* SPDX-License-Identifier: MIT */
#include "gc/root/frames.h"

static bool is_pinning(const struct pf_frame *frame) {
    return frame->pins != (frame->previous == NULL ? 0 : frame->previous->pins);
}

void pfi_frames_visit(const struct pf_thread *thread, pfi_slots_function *visit, void *context) {
    for (const struct pf_frame *frame = thread->frames; frame != NULL; frame = frame->previous) {
        if (frame->count != 0 && !is_pinning(frame)) {
            visit(context, (uintptr_t)frame->slots, frame->count);
        }
    }
}

void pfi_frames_visit_pins(const struct pf_thread *thread, pfi_slots_function *visit, void *context) {
    for (const struct pf_frame *frame = thread->frames; frame != NULL && frame->pins != 0; frame = frame->previous) {
        if (is_pinning(frame)) {
            visit(context, (uintptr_t)frame->slots, frame->count);
        }
    }
}
