/* SPDX-License-Identifier: MIT */
#include "gc/policy/budget.h"

#include "alloc/layout.h"

static size_t clamp(double value, size_t min, size_t max) {
    if (value <= (double)min) {
        return min;
    }
    return value >= (double)max ? max : (size_t)value;
}

double pfi_budget_growth(const struct pfi_budget_rule *rule, double survival) {
    double limit = rule->limit;
    double max_limit = rule->max_limit;
    if (survival < (max_limit - limit) / (limit * (max_limit - 1))) {
        return (limit - limit * survival) / (1 - limit * survival);
    }
    return max_limit;
}

static double survival_of(size_t size, size_t survived) {
    return size == 0 ? 0 : (double)survived / (double)size;
}

size_t pfi_budget_young(const struct pfi_budget_rule *rule, size_t size, size_t survived) {
    double factor = pfi_budget_growth(rule, survival_of(size, survived));
    return clamp(factor * (double)survived, rule->min, rule->max);
}

size_t pfi_budget_old(const struct pfi_budget_rule *rule, size_t size_before, size_t survived, size_t size_after) {
    double factor = pfi_budget_growth(rule, survival_of(size_before, survived));
    return clamp((factor - 1) * (double)size_after, rule->min, rule->max);
}

size_t pfi_budget_smooth(size_t old_budget, int64_t budget_left, size_t new_budget) {
    if (old_budget == 0 || budget_left <= 0) {
        return new_budget;
    }
    double used = 1 - (double)budget_left / (double)old_budget;
    if (used < 0 || used >= 0.95) {
        return new_budget;
    }
    return (size_t)(used * (double)new_budget + (1 - used) * (double)old_budget);
}

size_t pfi_budget_young_for_heap(size_t budget, size_t min, size_t share) {
    size_t most = share > min ? share : min;
    return budget < most ? budget : most;
}

size_t pfi_budget_quiet(size_t budget, size_t live) {
    enum { SMALLEST = 8 << 20 };
    size_t most = live / 8 > SMALLEST ? live / 8 : SMALLEST;
    return budget < most ? budget : most;
}

size_t pfi_budget_large_for_heap(size_t budget, size_t min, size_t share) {
    size_t most = share > min ? share : min;
    size_t least = share / 2 > min ? share / 2 : min;
    return budget < least ? least : budget > most ? most : budget;
}

size_t pfi_budget_heap_limit(size_t live_after_full, size_t gen0_min) {
    size_t growth = live_after_full / 10 * 8 + gen0_min / 2 * 3;
    return live_after_full <= SIZE_MAX - growth ? live_after_full + growth : SIZE_MAX;
}

size_t pfi_budget_gen0_min(size_t largest_cache, size_t private_cache, size_t segment_size) {
    enum { SHARED_BY = 24, SMALLEST = 256 << 10 };
    /* A last-level cache that a whole socket shares is not one process's: count at most 24 private caches of it. */
    size_t cache =
        private_cache != 0 && largest_cache > SHARED_BY * private_cache ? SHARED_BY * private_cache : largest_cache;
    size_t budget = cache / 5 * 4;
    budget = (budget < SMALLEST ? SMALLEST : budget) / 8 * 5;
    return budget < segment_size / 4 ? budget : segment_size / 4;
}

size_t pfi_budget_between_pins(const struct pfi_budget_rule *rule, size_t pinned) {
    size_t budget = pinned < rule->max ? pinned + pinned / 16 : rule->max;
    return budget < rule->min ? rule->min : budget < rule->max ? budget : rule->max;
}

size_t pfi_budget_quantum(size_t most, size_t gen0_budget, size_t threads) {
    enum { SMALLEST = 1024, SEVERAL = 8 };
    size_t part = gen0_budget / pfi_max(threads, 1);
    size_t quantum = pfi_min(most, part / 2);
    if (threads > 1) {
        quantum = pfi_max(quantum, pfi_min(most * SEVERAL, part / SEVERAL));
    }
    return pfi_align_down(pfi_max(quantum, pfi_min(most, SMALLEST)), PINFOLD_GRANULE);
}

size_t pfi_budget_gen0_min_of_threads(size_t gen0_min, size_t threads, size_t processors, size_t most) {
    size_t cores = pfi_clamp(threads, 1, pfi_max(processors, 1));
    return pfi_max(gen0_min, pfi_min(gen0_min * cores, most));
}
