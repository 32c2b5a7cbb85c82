/* SPDX-License-Identifier: MIT */
#include "gc/phase/age.h"

#include "gc/root/handles.h"

struct ager {
    const struct pfi_share *share;
    struct pfi_tags tags;
    int age; /* of the slots seen so far */
};

static int age_of(const struct ager *ager, uintptr_t value) {
    if (value == 0 || !pfi_tags_is_reference(ager->tags, value)) {
        return PINFOLD_OLDEST_AGE;
    }
    int generation = pfi_share_generation_of(ager->share, value & ~ager->tags.mask);
    return generation < 0 || generation > PINFOLD_OLDEST_AGE ? PINFOLD_OLDEST_AGE : generation;
}

static void look_at(struct ager *ager, const struct pf_handle *slots) {
    for (size_t index = 0; index < PINFOLD_HANDLES_PER_BLOCK && ager->age > 0; ++index) {
        int age = age_of(ager, slots[index].object);
        ager->age = age < ager->age ? age : ager->age;
    }
}

void pfi_age_handles(struct pfi_handle_table *table, const struct pfi_share *share, int condemned,
                     struct pfi_tags tags) {
    for (int kind = 0; kind < PINFOLD_HANDLE_KINDS; ++kind) {
        struct pfi_handle_walk walk = pfi_handle_walk_open(table, (enum pf_handle_kind)kind, condemned);
        for (struct pfi_handle_block *block; (block = pfi_handle_walk_next(&walk)) != NULL;) {
            struct ager ager = {share, tags, PINFOLD_OLDEST_AGE};
            look_at(&ager, block->slots);
            if (kind == PINFOLD_HANDLE_DEPENDENT) {
                look_at(&ager, pfi_handle_block_values(block));
            }
            pfi_handle_block_set_age_locked(block, ager.age);
        }
    }
}
