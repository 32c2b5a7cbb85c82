/* SPDX-License-Identifier: MIT */
#include "gc/root/handles.h"

static void visit_block(struct pfi_handle_block *block, pfi_slots_function *visit, void *context) {
    uint64_t bits = block->in_use;
    while (bits != 0) {
        unsigned first = pfi_bits_lowest(bits);
        uint64_t rest = ~(bits >> first);
        unsigned count = rest == 0 ? PINFOLD_HANDLES_PER_BLOCK : pfi_bits_lowest(rest);
        visit(context, (uintptr_t)&block->slots[first].object, count);
        bits &= count == PINFOLD_HANDLES_PER_BLOCK ? 0 : ~(pfi_bits_below(count) << first);
    }
}

void pfi_handles_visit(struct pfi_handle_table *table, enum pf_handle_kind kind, int condemned,
                       pfi_slots_function *visit, void *context) {
    for (struct pfi_handle_block *block = table->blocks; block != NULL; block = block->next) {
        if (block->kind == kind && block->age <= condemned) {
            visit_block(block, visit, context);
        }
    }
}
