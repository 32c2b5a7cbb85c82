/* SPDX-License-Identifier: MIT
 *
 * Root sources: the embedder enumerates its own slots through a visitor.
 */
#ifndef PINFOLD_GC_ROOT_SOURCES_H
#define PINFOLD_GC_ROOT_SOURCES_H

#include "alloc/object.h"
#include "pinfold/root.h"

/* What a pass over the roots does with slots of each kind. */
struct pfi_root_visits {
    pfi_slots_function *exact;
    pfi_slots_function *interior;
    pfi_slots_function *possible; /* words of conservative stacks: copies */
    void *context;
};

void pfi_sources_visit(const struct pf_root_source *sources, struct pfi_root_visits visits);

/* For kinds of slots that a pass has nothing to do with. */
void pfi_slots_ignore(void *context, uintptr_t slots, size_t count);

#endif
