/* SPDX-License-Identifier: MIT */
#include "gc/root/sources.h"

#include "alloc/platform/check.h"
#include "gc/root/stacks.h"
#include "pinfold/stack.h"

void pfi_sources_visit(const struct pf_root_source *sources, struct pfi_root_visits visits) {
    struct pf_visitor visitor = pfi_root_visitor(visits);
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

void pf_visit_interior_slots(struct pf_visitor *visitor, void *slots, size_t count) {
    PINFOLD_REQUIRE(visitor->interior != NULL,
                    "pf_visit_interior_slots: slots of objects hold references, only root sources have interior ones");
    if (count != 0) {
        visitor->interior(visitor->context, (uintptr_t)slots, count);
    }
}

void pf_visit_conservative(struct pf_visitor *visitor, const void *low, const void *high) {
    PINFOLD_REQUIRE(visitor->possible != NULL,
                    "pf_visit_conservative: objects say where their references are, only root sources may not know");
    pfi_words_visit((uintptr_t)low, (uintptr_t)high, visitor->possible, visitor->context);
}
