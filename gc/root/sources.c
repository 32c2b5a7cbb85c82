/* SPDX-License-Identifier: MIT */
#include "gc/root/sources.h"

void pfi_sources_visit(const struct pf_root_source *sources, pfi_slots_function *visit, void *context) {
    struct pf_visitor visitor = {visit, context, 0, UINTPTR_MAX};
    for (const struct pf_root_source *source = sources; source != NULL; source = source->next) {
        source->enumerate(&visitor, source->data);
    }
}

void pf_visit_slot(struct pf_visitor *visitor, void *slot) {
    pf_visit_slots(visitor, slot, 1);
}

void pf_visit_slots(struct pf_visitor *visitor, void *slots, size_t count) {
    pfi_slots_clip((uintptr_t)slots, count, visitor->low, visitor->high, visitor->visit, visitor->context);
}
