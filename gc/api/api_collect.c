/* SPDX-License-Identifier: MIT
 *
 * Collections that the program asks for, or leaves time for.
 */
#include "alloc/platform/check.h"
#include "alloc/platform/clock.h"
#include "alloc/platform/os_memory.h"
#include "gc/collect.h"
#include "gc/give_back.h"
#include "gc/policy/induced.h"
#include "pinfold/collect.h"

static void require(const struct pf_thread *thread, const char *caller) {
    PINFOLD_REQUIRE(thread != NULL, "%s: the thread is NULL", caller);
    PINFOLD_REQUIRE(!pf_thread_is_native(thread), "%s: thread %s is native", caller, pf_thread_name(thread));
}

static void require_generation(int generation, const char *caller) {
    PINFOLD_REQUIRE(generation >= 0 && generation <= 2, "%s: there is no generation %d, only 0, 1 and 2", caller,
                    generation);
}

void pf_collect(struct pf_thread *thread, int generation, enum pf_collect_mode mode) {
    require(thread, "pf_collect");
    require_generation(generation, "pf_collect");
    PINFOLD_REQUIRE((unsigned)mode <= PINFOLD_COLLECT_AGGRESSIVE, "pf_collect: there is no mode %d", (int)mode);
    PINFOLD_REQUIRE(mode != PINFOLD_COLLECT_AGGRESSIVE || generation == 2,
                    "pf_collect: an aggressive collection is one of generation 2, not of %d", generation);
    struct pfi_request request = {generation, PINFOLD_REASON_INDUCED, mode, 0};
    pfi_stop_and_collect(thread->heap, thread, &request);
    if (mode == PINFOLD_COLLECT_AGGRESSIVE) {
        pfi_heap_give_back_all(thread->heap, 0);
    }
}

/* The world stands still, or its share is locked. */
static void read_budgets(const struct pf_heap *heap, struct pfi_due_input *input) {
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        input->budget[generation] = heap->share.generations[generation].budget;
        input->budget_left[generation] = heap->share.generations[generation].budget_left;
    }
}

static void read_budgets_running(struct pf_heap *heap, struct pfi_due_input *input) {
    pfi_mutex_lock(&heap->share.small_lock);
    pfi_mutex_lock(&heap->share.old_lock);
    read_budgets(heap, input);
    unsigned limit_load = pfi_heap_limit_load(heap);
    input->memory_load = limit_load > input->memory_load ? limit_load : input->memory_load;
    pfi_mutex_unlock(&heap->share.old_lock);
    pfi_mutex_unlock(&heap->share.small_lock);
}

int pf_collect_if_due(struct pf_thread *thread, int generation) {
    require(thread, "pf_collect_if_due");
    require_generation(generation, "pf_collect_if_due");
    struct pf_heap *heap = thread->heap;
    struct pfi_due_input input = {.generation = generation, .memory_load = pfi_os_memory_load()};
    read_budgets_running(heap, &input);
    if (heap->region.is_kept || !pfi_induced_is_due(&input)) {
        return 0;
    }
    pf_collect(thread, generation, PINFOLD_COLLECT_DEFAULT);
    return 1;
}

size_t pf_heap_trim(struct pf_thread *thread, size_t keep_bytes) {
    require(thread, "pf_heap_trim");
    struct pf_heap *heap = thread->heap;
    return heap->region.is_kept ? 0 : pfi_heap_give_back_all(heap, pfi_min(keep_bytes, heap->options.segment_size));
}

/* ---- Time to spare ---------------------------------------------------------------------------------------------- */

int pf_heap_idle(struct pf_thread *thread, uint64_t nanoseconds) {
    require(thread, "pf_heap_idle");
    struct pf_heap *heap = thread->heap;
    uint64_t deadline = pfi_clock_deadline(nanoseconds);
    struct pfi_due_input budgets;
    if (heap->region.is_kept) {
        return 0;
    }
    read_budgets_running(heap, &budgets);
    struct pfi_idle_input input = {
        .budget = budgets.budget[0],
        .budget_left = budgets.budget_left[0],
        .expected_pause_ns = pfi_history_expected_pause(&heap->history, 0),
        .available_ns = nanoseconds,
    };
    enum pfi_idle_step step = pfi_idle_decide(&input);
    if (step == PINFOLD_IDLE_COLLECT) {
        struct pfi_request request = {0, PINFOLD_REASON_IDLE, PINFOLD_COLLECT_DEFAULT, 0};
        if (!pfi_try_stop_and_collect(heap, thread, &request)) {
            return 0; /* another thread needed the heap at rest, perhaps to begin a region without collections */
        }
    }
    uint64_t now = pfi_clock_now_ns();
    size_t limit = pfi_align_down(pfi_idle_bytes(now < deadline ? deadline - now : 0), PINFOLD_PAGE);
    size_t given = pfi_heap_give_back_at_most(heap, limit);
    return step == PINFOLD_IDLE_TOO_SHORT || (limit != 0 && given >= limit);
}
