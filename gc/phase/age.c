/* SPDX-License-Identifier: MIT */
#include "gc/phase/age.h"

static uint8_t age_of(const struct pfi_share *share, struct pfi_tags tags, uintptr_t value) {
    if (!pfi_tags_is_reference(tags, value)) {
        return PINFOLD_OLDEST_AGE;
    }
    int generation = pfi_share_generation_of(share, value & ~tags.mask);
    return generation < 0 || generation > PINFOLD_OLDEST_AGE ? PINFOLD_OLDEST_AGE : (uint8_t)generation;
}

void pfi_age_handles(struct pfi_handle_table *table, const struct pfi_share *share, int condemned,
                     struct pfi_tags tags) {
    for (struct pfi_handle_block *block = table->blocks; block != NULL; block = block->next) {
        if (block->age > condemned) {
            continue;
        }
        block->age = PINFOLD_OLDEST_AGE;
        for (uint64_t bits = block->in_use; bits != 0; bits &= bits - 1) {
            uint8_t age = age_of(share, tags, block->slots[pfi_bits_lowest(bits)].object);
            block->age = age < block->age ? age : block->age;
        }
    }
}
