/* SPDX-License-Identifier: MIT
 *
 * All roots of a heap, in the order in which every pass visits them: frames and stacks, sources, finalizers, handles.
 * Pins are roots of their own: they are visited to mark, but what they hold does not move. Weak and dependent handles
 * keep nothing alive, but their slots follow what they hold. (Cards are roots of partial collections and have their own
 * pass.)
 */
#ifndef PINFOLD_GC_ROOT_ROOTS_H
#define PINFOLD_GC_ROOT_ROOTS_H

#include "gc/root/finalizers.h"
#include "gc/root/frames.h"
#include "gc/root/handles.h"
#include "gc/root/sources.h"
#include "gc/root/stacks.h"

struct pfi_roots {
    struct pf_thread *threads; /* the attached ones, linked by `next` */
    struct pf_root_source *sources;
    struct pf_frame_map *frame_maps;
    struct pfi_handle_table handles;
    struct pfi_finalizer_queue finalizers;
};

static inline void pfi_roots_visit(struct pfi_roots *roots, int condemned, struct pfi_root_visits visits) {
    for (const struct pf_thread *thread = roots->threads; thread != NULL; thread = thread->next) {
        pfi_frames_visit(thread, visits.exact, visits.context);
        pfi_frames_visit_interior(thread, visits.interior, visits.context);
        if (thread->stack != NULL) {
            pfi_stack_visit(thread->stack, roots->frame_maps, visits);
        }
    }
    pfi_sources_visit(roots->sources, visits);
    pfi_finalizers_visit_ready(&roots->finalizers, visits.exact, visits.context);
    pfi_handles_visit(&roots->handles, PINFOLD_HANDLE_STRONG, condemned, visits.exact, visits.context);
}

/* What follows objects without keeping them: once marking has cleared what is dead, each slot holds a live object. */
static inline void pfi_roots_visit_weak(struct pfi_roots *roots, int condemned, pfi_slots_function *visit,
                                        void *context) {
    pfi_handles_visit(&roots->handles, PINFOLD_HANDLE_WEAK, condemned, visit, context);
    pfi_handles_visit(&roots->handles, PINFOLD_HANDLE_WEAK_LONG, condemned, visit, context);
    pfi_handles_visit(&roots->handles, PINFOLD_HANDLE_DEPENDENT, condemned, visit, context);
    pfi_handles_visit_values(&roots->handles, condemned, visit, context);
}

static inline void pfi_roots_visit_pins(struct pfi_roots *roots, int condemned, pfi_slots_function *visit,
                                        void *context) {
    for (const struct pf_thread *thread = roots->threads; thread != NULL; thread = thread->next) {
        pfi_frames_visit_pins(thread, visit, context);
    }
    pfi_handles_visit(&roots->handles, PINFOLD_HANDLE_PINNED, condemned, visit, context);
}

#endif
