/* SPDX-License-Identifier: MIT */
#include "gc/root/frames.h"

static inline void visit_kind(const struct pf_frame *frame, enum pf_frame_kind kind, pfi_slots_function *visit,
                              void *context) {
    if (frame->kind == kind && frame->count != 0) {
        visit(context, (uintptr_t)frame->slots, frame->count);
    }
}

void pfi_frames_visit(const struct pf_thread *thread, pfi_slots_function *visit, void *context) {
    for (const struct pf_frame *frame = thread->frames; frame != NULL; frame = frame->previous) {
        visit_kind(frame, PINFOLD_FRAME_EXACT, visit, context);
    }
}

void pfi_frames_visit_interior(const struct pf_thread *thread, pfi_slots_function *visit, void *context) {
    for (const struct pf_frame *frame = thread->frames; frame != NULL; frame = frame->previous) {
        visit_kind(frame, PINFOLD_FRAME_INTERIOR, visit, context);
    }
}

void pfi_frames_visit_pins(const struct pf_thread *thread, pfi_slots_function *visit, void *context) {
    for (const struct pf_frame *frame = thread->frames; frame != NULL && frame->pins != 0; frame = frame->previous) {
        visit_kind(frame, PINFOLD_FRAME_PINNING, visit, context);
    }
}
