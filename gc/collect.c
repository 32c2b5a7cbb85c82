/* SPDX-License-Identifier: MIT
 *
 * THE SCRIPT of a collection. Each step is a phase in gc/phase; read them in this order.
 *
 *     roots --mark--> bits --plan--> plugs and their places --decide--+--> expand? relocate, compact
 *                                                                     +--> sweep
 */
#include "gc/collect.h"

#include "gc/give_back.h"
#include "gc/observe/pin_events.h"
#include "gc/phase/age.h"
#include "gc/phase/compact.h"
#include "gc/phase/expand.h"
#include "gc/phase/finalize.h"
#include "gc/phase/large.h"
#include "gc/phase/mark.h"
#include "gc/phase/mark_dependent.h"
#include "gc/phase/pinned.h"
#include "gc/phase/plan.h"
#include "gc/phase/relocate.h"
#include "gc/phase/sweep.h"
#include "gc/phase/weak.h"

static void mark_slots(void *marker, uintptr_t slots, size_t count) {
    pfi_mark_slots(marker, slots, count);
}

/* What is alive, and what else becomes so on the way: values of dependent handles, whose keys may be found alive by
 * each of the other steps. The order is the semantics of weak handles. */
static void mark(struct pfi_cycle *cycle) {
    struct pf_heap *heap = cycle->heap;
    struct pfi_handle_table *handles = &heap->roots.handles;
    struct pfi_marker marker;
    struct pfi_dependents dependents;
    pfi_mark_open(&marker, &cycle->plan, &heap->mark_team, &heap->workers, heap->tags);
    pfi_mark_roots(&marker, &heap->roots);
    pfi_mark_drain(&marker);
    pfi_mark_dependents_open(&dependents, handles, cycle->plan.condemned);
    pfi_mark_dependents(&dependents, &marker);
    pfi_weak_clear(handles, PINFOLD_HANDLE_WEAK, &cycle->plan, heap->tags);
    cycle->record.finalizers_ready =
        pfi_finalize(&cycle->plan, &heap->roots.finalizers, heap->tags, mark_slots, &marker);
    pfi_mark_drain(&marker);
    pfi_mark_dependents(&dependents, &marker);
    pfi_weak_clear(handles, PINFOLD_HANDLE_WEAK_LONG, &cycle->plan, heap->tags);
    pfi_mark_dependents_clear_dead(&dependents);
    pfi_mark_close(&marker, &cycle->plan);
}

static void mark_and_plan(struct pfi_cycle *cycle) {
    struct pf_heap *heap = cycle->heap;
    pfi_plan_open(&cycle->plan, &heap->share, &heap->pin_queue, &heap->plug_list, cycle->record.generation);
    cycle->plan.demotes = pfi_cycle_keeps_pins_young(cycle);

    pfi_cycle_begin_phase(cycle, PINFOLD_PHASE_MARK);
    mark(cycle);
    pfi_move_plan_reserve_pins(&cycle->plan);
    pfi_cycle_end_phase(cycle, PINFOLD_PHASE_MARK);

    pfi_cycle_begin_phase(cycle, PINFOLD_PHASE_PLAN);
    pfi_plan(&cycle->plan);
    pfi_cycle_end_phase(cycle, PINFOLD_PHASE_PLAN);
}

static void expand(struct pfi_cycle *cycle) {
    struct pf_heap *heap = cycle->heap;
    pfi_expand(&cycle->plan, pfi_cycle_room_needed(cycle));
    if (cycle->plan.promotes_in_place) {
        return;
    }
    struct pfi_segment *segment = cycle->plan.new_ephemeral;
    cycle->record.expanded = 1;
    if (cycle->plan.reuses) {
        return;
    }
    PINFOLD_SEND(&heap->events, segment_created, (void *)segment->base, segment->end - segment->base,
                 PINFOLD_SEGMENT_SMALL);
}

/* From the first relocated reference on, nothing can fail: all memory is committed before. */
static void relocate_and_compact(struct pfi_cycle *cycle) {
    struct pf_heap *heap = cycle->heap;
    if (cycle->request.reason == PINFOLD_REASON_LAST_CHANCE) { /* what marking took may be what a new segment needs */
        pfi_mark_team_release(&heap->mark_team);
    }
    if (pfi_cycle_expands(cycle)) {
        expand(cycle);
    }
    pfi_send_pins(&heap->events, &cycle->plan, true);
    if (cycle->compacts_large) {
        pfi_cycle_begin_phase(cycle, PINFOLD_PHASE_LARGE);
        cycle->record.large_moved_bytes = pfi_plan_large(&heap->share);
        pfi_cycle_end_phase(cycle, PINFOLD_PHASE_LARGE);
    }
    pfi_cycle_begin_phase(cycle, PINFOLD_PHASE_RELOCATE);
    if (cycle->plan.condemned == 1) {
        pfi_fit_cursor_commit(&cycle->plan.cursor, &heap->share);
    }
    pfi_relocate(&cycle->plan, &heap->roots, heap->tags);
    pfi_cycle_end_phase(cycle, PINFOLD_PHASE_RELOCATE);

    pfi_cycle_begin_phase(cycle, PINFOLD_PHASE_COMPACT);
    pfi_compact(&cycle->plan, &cycle->emptied);
    pfi_cycle_end_phase(cycle, PINFOLD_PHASE_COMPACT);
}

static void sweep(struct pfi_cycle *cycle) {
    pfi_send_pins(&cycle->heap->events, &cycle->plan, false);
    pfi_fit_cursor_abandon(&cycle->plan.cursor);
    pfi_cycle_begin_phase(cycle, PINFOLD_PHASE_SWEEP);
    pfi_move_plan_sum_swept(&cycle->plan);
    pfi_sweep(&cycle->plan, &cycle->emptied);
    pfi_cycle_end_phase(cycle, PINFOLD_PHASE_SWEEP);
}

/* Large objects, compacted if that was decided, and those that were born pinned, which are swept always. */
static void settle_old(struct pfi_cycle *cycle) {
    pfi_cycle_begin_phase(cycle, PINFOLD_PHASE_LARGE);
    if (cycle->compacts_large) {
        pfi_compact_large(&cycle->heap->share, &cycle->emptied);
    } else {
        pfi_sweep_large(&cycle->heap->share, &cycle->emptied);
    }
    pfi_sweep_pinned(&cycle->heap->share, &cycle->emptied);
    pfi_cycle_end_phase(cycle, PINFOLD_PHASE_LARGE);
}

int pfi_collect(struct pf_heap *heap, const struct pfi_request *request) {
    struct pfi_cycle cycle;
    pfi_cycle_open(&cycle, heap, request);
    pfi_cycle_verify(&cycle, "before");
    mark_and_plan(&cycle);
    pfi_cycle_decide(&cycle);
    if (cycle.compacts) {
        relocate_and_compact(&cycle);
    } else {
        sweep(&cycle);
    }
    if (cycle.record.generation == 2) {
        settle_old(&cycle);
    }
    pfi_age_handles(&heap->roots.handles, &heap->share, cycle.record.generation, heap->tags);
    pfi_age_finalizers(&heap->roots.finalizers, &heap->share, cycle.record.generation, heap->tags);
    pfi_cycle_close(&cycle);
    pfi_cycle_verify(&cycle, "after");
    return cycle.record.generation;
}

bool pfi_try_stop_and_collect(struct pf_heap *heap, struct pf_thread *self, const struct pfi_request *request) {
    if (!pfi_heap_try_stop(heap, self)) {
        return false;
    }
    pfi_collect(heap, request);
    pfi_heap_resume(heap);
    pfi_heap_give_back(heap);
    return true;
}

void pfi_stop_and_collect(struct pf_heap *heap, struct pf_thread *self, const struct pfi_request *request) {
    while (!pfi_try_stop_and_collect(heap, self, request)) {
    }
}
