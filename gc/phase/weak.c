/* SPDX-License-Identifier: MIT */
#include "gc/phase/weak.h"

struct clearer {
    const uint64_t *mark_words;
    uintptr_t condemned_low;
    uintptr_t condemned_size;
    struct pfi_tags tags;
};

static bool is_dead(const struct clearer *clearer, uintptr_t value) {
    uintptr_t object = value & ~clearer->tags.mask;
    return object - clearer->condemned_low < clearer->condemned_size && pfi_tags_is_reference(clearer->tags, value) &&
           !pfi_bits_test(clearer->mark_words, object >> PINFOLD_GRANULE_SHIFT);
}

static void clear_slots(void *context, uintptr_t slots, size_t count) {
    const struct clearer *clearer = context;
    for (size_t index = 0; index < count; ++index) {
        uintptr_t *slot = &pfi_words(slots)[index];
        if (is_dead(clearer, *slot)) {
            *slot = 0;
        }
    }
}

void pfi_weak_clear(struct pfi_handle_table *table, enum pf_handle_kind kind, const struct pfi_move_plan *plan,
                    struct pfi_tags tags) {
    struct clearer clearer = {plan->share->arena->mark_words, plan->condemned_low, plan->condemned_size, tags};
    pfi_handles_visit(table, kind, plan->condemned, clear_slots, &clearer);
}
