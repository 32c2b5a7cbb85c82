/* SPDX-License-Identifier: MIT
 *
 * What a pass over the roots does with the slots that it comes to: marking follows them, relocation writes them anew,
 * verification looks at them.
 */
#ifndef PINFOLD_GC_ROOT_VISITS_H
#define PINFOLD_GC_ROOT_VISITS_H

#include "alloc/object.h"

struct pfi_root_visits {
    pfi_slots_function *exact;
    pfi_slots_function *interior;
    pfi_slots_function *possible; /* words of conservative stacks: copies */
    void *context;
};

/* For kinds of slots that a pass has nothing to do with. */
static inline void pfi_slots_ignore(void *context, uintptr_t slots, size_t count) {
    (void)context;
    (void)slots;
    (void)count;
}

/* The visitor that callbacks of the embedder get. */
static inline struct pf_visitor pfi_root_visitor(struct pfi_root_visits visits) {
    return (struct pf_visitor){.visit = visits.exact,
                               .context = visits.context,
                               .high = UINTPTR_MAX,
                               .interior = visits.interior,
                               .possible = visits.possible};
}

#endif
