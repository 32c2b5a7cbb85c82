/* SPDX-License-Identifier: MIT
 *
 * Budgets: how much may be allocated or promoted into a generation before it is collected again. Pure functions of
 * numbers; sizes are bytes.
 *
 * The growth factor: with survival s = survivors / size, f(s) = (L - L s) / (1 - L s), capped at M, and M where the
 * formula has no meaning. (L, M): generation 0 (9, 20), 1 (2, 7), 2 (1.2, 1.8), large and pinned objects (1.25, 4.5):
 * the figures of the CLR's collector.
 */
#ifndef PINFOLD_GC_POLICY_BUDGET_H
#define PINFOLD_GC_POLICY_BUDGET_H

#include <stddef.h>
#include <stdint.h>

struct pfi_budget_rule {
    double limit;     /* L */
    double max_limit; /* M */
    size_t min;
    size_t max;
};

/* f(s). */
double pfi_budget_growth(const struct pfi_budget_rule *rule, double survival);

/* For generations 0 and 1, which empty themselves: f * survivors, clamped. size = bytes before the collection. */
size_t pfi_budget_young(const struct pfi_budget_rule *rule, size_t size, size_t survived);

/* For generation 2 and large objects, which stay: how far they may grow beyond their size after the collection. */
size_t pfi_budget_old(const struct pfi_budget_rule *rule, size_t size_before, size_t survived, size_t size_after);

/* When only a share of the old budget was used before the collection, the new one counts only by that share. */
size_t pfi_budget_smooth(size_t old_budget, int64_t budget_left, size_t new_budget);

/* A young generation's budget is room that the heap takes beyond its live data: at most `share` of these, but not below
 * min on that account. */
size_t pfi_budget_young_for_heap(size_t budget, size_t min, size_t share);

/* For generation 0 when pins were left in it. What it allocates until the next collection stays behind as holes between
 * pins, so more than the rule's min is memory kept, not borrowed. But every collection looks at all of these pins, so
 * that a sixteenth more bytes than they take are allocated in between, which go into the holes first. */
size_t pfi_budget_between_pins(const struct pfi_budget_rule *rule, size_t pinned);

/* A full collection costs what lives in the whole heap, so large objects' budget must not be small beside that; and it
 * is memory, so it must not be large either: between half of `share` and `share`, not below min. */
size_t pfi_budget_large_for_heap(size_t budget, size_t min, size_t share);

/* Generation 0's budget in a heap that has shrunk to half and not grown since: an eighth of what lives, at least 8 MiB.
 * A heap that is busy may take more than lives for what dies young; one of which much is gone should be seen to be
 * small. */
size_t pfi_budget_quiet(size_t budget, size_t live);

/* What the heap may grow to before a full collection, given what was live after the last one: 1.8 times that, and one
 * and a half smallest budgets of generation 0 (or those that its pins ask for). */
size_t pfi_budget_heap_limit(size_t live_after_full, size_t gen0_min);

/* Most bytes that a context gets at a time: `most` for a thread that is alone, eight times as much for each of several,
 * whose chunks lie side by side: 64 cards share a cache line, those of 32 KiB, and threads that keep dirtying cards of
 * the same line wait for each other. Never more than half of a thread's part of generation 0's budget, so that a small
 * budget is not spent on chunks that nobody fills (an eighth for the larger chunks); at least 1 KiB, or `most`. */
size_t pfi_budget_quantum(size_t most, size_t gen0_budget, size_t threads);

/* Smallest budget of generation 0: five eighths of four fifths of the cache, at most a quarter of a segment:
 * with half, a segment is low as soon as one budget is spent, and collections of generation 0 alone never happen. */
size_t pfi_budget_gen0_min(size_t largest_cache, size_t private_cache, size_t segment_size);

/* The same for a heap in which `threads` allocate on `processors`: every core has caches of its own, and what several
 * threads are building at a time survives each collection. So as much for each, `most` in all. */
size_t pfi_budget_gen0_min_of_threads(size_t gen0_min, size_t threads, size_t processors, size_t most);

#endif
