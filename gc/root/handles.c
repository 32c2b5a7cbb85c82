/* SPDX-License-Identifier: MIT */
#include "gc/root/handles.h"

void pfi_handles_visit(struct pfi_handle_table *table, int condemned, pfi_slots_function *visit, void *context) {
    for (struct pfi_handle_block *block = table->blocks; block != NULL; block = block->next) {
        if (block->age > condemned) {
            continue;
        }
        for (uint64_t bits = block->in_use; bits != 0; bits &= bits - 1) {
            visit(context, (uintptr_t)&block->slots[pfi_bits_lowest(bits)].object, 1);
        }
    }
}
