/* SPDX-License-Identifier: MIT */
#include "gc/cycle_budget.h"

enum {
    GEN2_SHARE = 16 /* generation 2's budget is at least this part of what lives: a full collection looks at all */
};

/* Bytes of pins that this collection has left in their generation, or a younger one. */
static size_t demoted_from(const struct pfi_cycle *cycle, int generation) {
    return cycle->compacts && generation < PINFOLD_LARGE ? cycle->plan.demoted[generation] : 0;
}

size_t pfi_cycle_demoted_bytes(const struct pfi_cycle *cycle) {
    return cycle->compacts ? pfi_move_plan_demoted(&cycle->plan) : 0;
}

/* What survival asks for. Pins that stay say nothing of how long other objects live. */
static size_t wanted_budget(const struct pfi_cycle *cycle, int generation) {
    const struct pfi_budget_rule *rule = &cycle->heap->budget_rules[generation];
    size_t demoted = generation < 2 ? demoted_from(cycle, generation) : 0;
    size_t before = cycle->size_before[generation] - demoted;
    size_t survived = cycle->record.survived_bytes[generation] - demoted;
    return generation < 2 ? pfi_budget_young(rule, before, survived)
                          : pfi_budget_old(rule, before, survived, cycle->record.after_bytes[generation]);
}

/* What the heap as a whole allows. Where address space is short, the segment may be, too. */
static size_t bound_budget(const struct pfi_cycle *cycle, int generation, size_t budget) {
    const struct pf_heap *heap = cycle->heap;
    size_t min = heap->budget_rules[generation].min;
    if (generation == 0 && pfi_cycle_demoted_bytes(cycle) != 0) {
        budget = pfi_budget_between_pins(&heap->budget_rules[0], pfi_cycle_demoted_bytes(cycle));
    }
    if (generation == 0 && heap->probing.is_quiet && heap->gen0_size_of_one != 0) {
        return pfi_budget_quiet(budget, heap->live_after_full + 8 * pfi_cycle_demoted_bytes(cycle));
    }
    if (generation == 0 && pfi_cycle_demoted_bytes(cycle) != 0) {
        return budget;
    }
    if (generation < 2) {
        size_t least = pfi_max(min, heap->budget_rules[0].min >> generation);
        size_t bound = pfi_budget_young_for_heap(budget, least, heap->live_after_full / 2 >> generation);
        return generation == 0 ? pfi_min(bound, pfi_share_ephemeral_size(&heap->share) / 2) : bound;
    }
    if (generation > 2) {
        size_t old = pfi_share_beside_gen2_bytes(&heap->share) + cycle->record.after_bytes[2];
        return pfi_budget_large_for_heap(budget, min, old / 100 * heap->options.large_growth_percent);
    }
    return pfi_max(budget, heap->live_after_full / GEN2_SHARE); /* what lives is young, or beside generation 2 */
}

static size_t new_budget(const struct pfi_cycle *cycle, int generation) {
    size_t smooth = pfi_budget_smooth(cycle->heap->share.generations[generation].budget,
                                      cycle->budget_left_before[generation], wanted_budget(cycle, generation));
    size_t bounded = bound_budget(cycle, generation, smooth);
    return pfi_limits_budget(generation, bounded, cycle->heap->budget_rules[generation].min,
                             pfi_heap_limit_room(cycle->heap, generation));
}

/* What of the budgets was used since the last full collection. */
static void note_use(struct pfi_cycle *cycle) {
    struct pf_heap *heap = cycle->heap;
    for (int generation = 0; generation < PINFOLD_GENERATIONS && cycle->record.generation == 2; ++generation) {
        int64_t used = (int64_t)heap->share.generations[generation].budget - cycle->budget_left_before[generation];
        heap->giving.used[generation] = used > 0 ? (size_t)used : 0;
    }
}

void pfi_cycle_set_budgets(struct pfi_cycle *cycle) {
    note_use(cycle);
    struct pfi_share *share = &cycle->heap->share;
    int condemned = cycle->record.generation;
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        struct pfi_generation *numbers = &share->generations[generation];
        if (generation <= condemned || condemned == 2) {
            bool starts_anew = cycle->request.mode == PINFOLD_COLLECT_AGGRESSIVE;
            numbers->budget = starts_anew ? cycle->heap->budget_rules[generation].min : new_budget(cycle, generation);
            numbers->budget_left = (int64_t)numbers->budget;
        }
        cycle->record.budget_bytes[generation] = numbers->budget;
    }
    if (condemned < 2) {
        size_t promoted = cycle->record.survived_bytes[condemned] - demoted_from(cycle, condemned);
        share->generations[condemned + 1].budget_left -= (int64_t)promoted;
    }
    if (cycle->plan.promotes_in_place) {
        share->generations[2].budget_left -= (int64_t)(cycle->record.survived_bytes[0] - demoted_from(cycle, 0));
    }
    cycle->heap->pins_budget = pfi_cycle_demoted_bytes(cycle) == 0 ? 0 : share->generations[0].budget;
    pfi_heap_set_quantum(cycle->heap);
}
