/* SPDX-License-Identifier: MIT */
#include "gc/cycle.h"

#include "alloc/context.h"
#include "alloc/platform/check.h"
#include "alloc/platform/clock.h"
#include "gc/cycle_budget.h"
#include "gc/give_back.h"
#include "gc/observe/verify.h"
#include "gc/observe/verify_account.h"
#include "gc/observe/walkable.h"
#include "gc/policy/condemn.h"
#include "gc/policy/decide.h"
#include "gc/policy/notice.h"
#include "gc/policy/probe.h"
#include "gc/root/cards.h"
#include "gc/world/mutator.h"

static bool is_last_chance(const struct pfi_cycle *cycle) {
    return cycle->request.reason == PINFOLD_REASON_LAST_CHANCE;
}

static bool is_probe(const struct pfi_cycle *cycle) {
    return cycle->request.reason == PINFOLD_REASON_PROBE;
}

/* The program or a stress mode names the generation; nothing else raises it. */
static bool is_induced(enum pf_reason reason) {
    return reason == PINFOLD_REASON_INDUCED || reason == PINFOLD_REASON_STRESS || reason == PINFOLD_REASON_IDLE;
}

static size_t heap_limit(const struct pf_heap *heap) {
    return pfi_budget_heap_limit(heap->live_after_full, pfi_max(heap->budget_rules[0].min, heap->pins_budget));
}

static size_t occupied_bytes(const struct pfi_share *share) {
    size_t bytes = 0;
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        bytes += pfi_share_generation_bytes(share, generation) - share->generations[generation].free_bytes;
    }
    return bytes;
}

static bool limit_is_near(const struct pf_heap *heap) {
    size_t occupied = occupied_bytes(&heap->share);
    size_t grown = occupied - pfi_min(occupied, heap->live_after_full);
    return pfi_limits_is_near(pfi_heap_limit_load(heap), grown, pfi_heap_limit_room(heap, 2));
}

/* What a full collection looks at and a young one does not. */
static size_t old_bytes(const struct pfi_share *share) {
    return pfi_share_generation_bytes(share, 2) - share->generations[2].free_bytes + pfi_share_beside_gen2_bytes(share);
}

static struct pfi_probe_input probe_input(const struct pf_heap *heap) {
    const struct pfi_probing *probing = &heap->probing;
    uint64_t now_ns = heap->world.stop_began_ns;
    return (struct pfi_probe_input){
        .first_ns = (uint64_t)heap->options.probe_interval_ms * 1000000,
        .since_full_ns = now_ns > probing->full_end_ns ? now_ns - probing->full_end_ns : 0,
        .full_ns = probing->full_ns,
        .futile = probing->futile,
        .follow_ups = probing->follow_ups,
        .live_after_full = heap->live_after_full,
        .old_bytes = old_bytes(&heap->share),
    };
}

/* Only where allocation goes on, and its budgets lead to a collection anyway. */
static bool is_probe_due(const struct pf_heap *heap, enum pf_reason reason) {
    struct pfi_probe_input input = probe_input(heap);
    bool may_probe = reason == PINFOLD_REASON_BUDGET || reason == PINFOLD_REASON_LARGE_BUDGET ||
                     reason == PINFOLD_REASON_PINNED_BUDGET;
    return may_probe && pfi_probe_is_due(&input);
}

static int choose_generation(struct pf_heap *heap, const struct pfi_request *request) {
    const struct pfi_share *share = &heap->share;
    const struct pfi_generation *old = &share->generations[2];
    struct pfi_condemn_input input = {
        .requested = request->generation,
        .is_induced = is_induced(request->reason),
        .segment_room = share->ephemeral->end - share->ephemeral->allocated + share->generations[0].free_list.bytes,
        .segment_need = pfi_heap_room_needed(heap),
        .gen2_bytes = pfi_share_generation_bytes(share, 2),
        .gen2_unusable = old->free_bytes - old->free_list.bytes,
        .heap_bytes = occupied_bytes(share),
        .heap_limit = heap_limit(heap),
        .limit_is_near = limit_is_near(heap),
        .wants_reuse = heap->wants_reuse,
        .last_full_was_futile = heap->last_full_was_futile,
        .since_full = heap->since_full,
    };
    pfi_heap_memory_load(heap);
    input.memory_load = heap->system_load;
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        input.budget_left[generation] = share->generations[generation].budget_left;
    }
    int generation = pfi_condemn(&input);
    if (generation == 1 && !input.is_induced && !heap->last_full_was_futile) {
        size_t dirty = pfi_cards_count_older(share) << PINFOLD_CARD_SHIFT;
        size_t young = pfi_share_generation_bytes(share, 0) + pfi_share_generation_bytes(share, 1);
        return pfi_condemn_prefers_full(dirty, input.gen2_bytes, pfi_share_beside_gen2_bytes(share), young) ? 2 : 1;
    }
    return generation;
}

void pfi_cycle_open(struct pfi_cycle *cycle, struct pf_heap *heap, const struct pfi_request *request) {
    memset(cycle, 0, sizeof *cycle);
    cycle->heap = heap;
    cycle->request = *request;
    cycle->record.stop_ns = heap->world.stop_ns;
    pfi_region_break(&heap->region, &heap->share, request->reason);
    cycle->record.number = heap->history.count + 1;
    cycle->record.generation = choose_generation(heap, request);
    if (cycle->record.generation < 2 && is_probe_due(heap, request->reason)) {
        cycle->request.reason = PINFOLD_REASON_PROBE;
        cycle->record.generation = 2;
    }
    cycle->record.reason = cycle->request.reason;
    cycle->old_before = old_bytes(&heap->share);
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        cycle->size_before[generation] = pfi_share_generation_bytes(&heap->share, generation);
        cycle->record.before_bytes[generation] = cycle->size_before[generation];
        cycle->budget_left_before[generation] = heap->share.generations[generation].budget_left;
    }
    PINFOLD_SEND(&heap->events, collection_begin, cycle->record.number, cycle->record.generation, cycle->record.reason);
}

void pfi_cycle_begin_phase(struct pfi_cycle *cycle, enum pf_phase phase) {
    pfi_check_set_phase(pf_phase_text(phase), cycle->record.number);
    PINFOLD_SEND(&cycle->heap->events, phase_begin, phase);
    cycle->phase_started_ns = pfi_clock_now_ns();
}

static bool verifies(const struct pf_heap *heap) {
    return heap->options.verify || heap->options.stress.verify;
}

static void check_walkable(const struct pfi_cycle *cycle, enum pf_phase phase) {
    const struct pf_heap *heap = cycle->heap;
    struct pf_message message;
    if (verifies(heap)) {
        int result = pfi_check_walkable(&heap->share, cycle->is_settled ? NULL : &cycle->plan, &message);
        PINFOLD_REQUIRE(result == 0, "after phase %s of collection %llu: %s", pf_phase_text(phase),
                        (unsigned long long)cycle->record.number, message.text);
    }
}

void pfi_cycle_end_phase(struct pfi_cycle *cycle, enum pf_phase phase) {
    cycle->record.phase_ns[phase] += pfi_clock_now_ns() - cycle->phase_started_ns;
    cycle->is_settled |= phase == PINFOLD_PHASE_COMPACT || phase == PINFOLD_PHASE_SWEEP;
    check_walkable(cycle, phase);
    PINFOLD_SEND(&cycle->heap->events, phase_end, phase);
    pfi_check_set_phase(NULL, 0);
}

void pfi_cycle_verify(const struct pfi_cycle *cycle, const char *when) {
    struct pf_heap *heap = cycle->heap;
    struct pf_message message;
    if (verifies(heap)) {
        int result = pfi_verify(&heap->share, &heap->roots, heap->tags, &message);
        result = result == 0 ? pfi_verify_account(heap, &message) : result;
        PINFOLD_REQUIRE(result <= 0, "the heap is damaged %s collection %llu: %s", when,
                        (unsigned long long)cycle->record.number, message.text);
    }
}

void pfi_cycle_decide(struct pfi_cycle *cycle) {
    struct pf_heap *heap = cycle->heap;
    const struct pfi_move_plan *plan = &cycle->plan;
    const struct pfi_account *account = &heap->arena.account;
    size_t large_committed = pfi_account_space(account, PINFOLD_SPACE_LARGE);
    size_t survived = plan->survived[0] + plan->survived[1] + plan->survived[2];
    struct pfi_decide_input input = {
        .condemned = plan->condemned,
        .mode = cycle->request.mode,
        .stress_compact = heap->options.stress.compact,
        .stress_sweep = heap->options.stress.sweep,
        .stress_expand = heap->options.stress.expand,
        .is_last_chance = is_last_chance(cycle),
        .is_probe = is_probe(cycle),
        .must_not_move = plan->ignores_pins,
        .room_if_swept = heap->share.ephemeral->end - plan->swept_end,
        .room_needed = pfi_heap_room_needed(heap),
        .gaps = plan->gaps,
        .survived = survived,
        .moved = plan->moved,
        .pinned = plan->pinned_survived,
        .youngest_holes = plan->held[0],
        .memory_load = heap->memory_load,
        .hard_limit = pfi_account_limit(account, PINFOLD_SPACE_SMALL),
        .large_free = large_committed - pfi_min(large_committed, heap->share.large_bytes),
    };
    cycle->record.decision = pfi_decide(&input);
    cycle->compacts = pfi_decision_compacts(cycle->record.decision);
    cycle->compacts_large = cycle->compacts && plan->condemned == 2 &&
                            (cycle->request.mode >= PINFOLD_COLLECT_COMPACT_LARGE || is_last_chance(cycle) ||
                             pfi_decide_compacts_large(&input));
}

/* Where much has died a moment ago, the space between pins is more than generation 0 needs, and goes back to the system
 * once it is generation 2's, where later probes leave it. At the last chance it must go back, since what is to be had
 * may be no small object, or larger than each of these holes. Nor may generation 2's clean pages become generation 0's,
 * where they count as committed, if a limit has no room for them. */
bool pfi_cycle_keeps_pins_young(const struct pfi_cycle *cycle) {
    const struct pf_heap *heap = cycle->heap;
    bool has_just_died = heap->probing.follow_ups != 0 || (heap->probing.is_quiet && is_probe(cycle));
    bool may_count_anew = cycle->record.generation < 2 || pfi_heap_may_count_anew(heap);
    return heap->options.demotion && !has_just_died && may_count_anew && !is_last_chance(cycle);
}

size_t pfi_cycle_room_needed(const struct pfi_cycle *cycle) {
    return cycle->request.room != 0 ? cycle->request.room : pfi_heap_room_needed(cycle->heap);
}

/* Whether the compaction leaves no such room behind generation 0 as was asked for; holes do not count. */
static bool lacks_requested_room(struct pfi_cycle *cycle) {
    const struct pfi_segment *segment = cycle->heap->share.ephemeral;
    cycle->plan.needs_fresh = true;
    return segment->end - segment->plan_allocated < cycle->request.room;
}

bool pfi_cycle_expands(struct pfi_cycle *cycle) {
    struct pf_heap *heap = cycle->heap;
    if (cycle->request.room != 0) {
        return lacks_requested_room(cycle);
    }
    cycle->plan.needs_fresh =
        is_last_chance(cycle); /* one with pins would keep the space between them for generation 0 */
    const struct pf_options *options = &heap->options;
    const struct pfi_segment *ephemeral = heap->share.ephemeral;
    size_t room = pfi_decide_room(ephemeral->end - ephemeral->plan_allocated, cycle->plan.held[0],
                                  cycle->plan.largest_hole, pfi_share_largest_chunk(&heap->share));
    size_t demoted = pfi_move_plan_demoted(&cycle->plan);
    size_t budget =
        demoted == 0 ? heap->share.generations[0].budget : pfi_budget_between_pins(&heap->budget_rules[0], demoted);
    if (!pfi_decide_expands(cycle->plan.condemned, options->stress.expand, room, pfi_heap_room_wanted(heap, budget))) {
        return false;
    }
    heap->wants_reuse = options->segment_reuse && !options->stress.expand && !heap->reuse_was_futile &&
                        pfi_decide_waits_for_reuse(cycle->plan.condemned, heap->share.generations[2].free_bytes,
                                                   options->segment_size, heap->last_full_was_futile);
    return !heap->wants_reuse;
}

static size_t live_bytes(const struct pfi_cycle *cycle) {
    size_t live = 0;
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        live += cycle->record.after_bytes[generation] - cycle->record.free_bytes[generation];
    }
    return live;
}

static void note_progress(struct pfi_cycle *cycle) {
    struct pf_heap *heap = cycle->heap;
    if (cycle->record.generation < 2) {
        ++heap->since_full;
        return;
    }
    size_t before = 0;
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        before += cycle->size_before[generation];
    }
    heap->since_full = 0;
    heap->reuse_was_futile = (heap->wants_reuse || heap->reuse_was_futile) && !cycle->plan.reuses;
    heap->wants_reuse = false;
    heap->last_full_was_futile = heap->live_after_full > before / 10 * 9;
}

/* What this collection tells of when the next probe is due, but for its time; before new budgets are made. */
static void note_probe(struct pfi_cycle *cycle) {
    struct pf_heap *heap = cycle->heap;
    struct pfi_probing *probing = &heap->probing;
    size_t old_after = old_bytes(&heap->share);
    if (cycle->record.generation < 2) {
        return;
    }
    bool found_death = pfi_probe_found_death(cycle->old_before, old_after);
    uint64_t now_ns = heap->world.stop_began_ns;
    bool is_old_news = probing->has_died && now_ns - probing->died_ns >= probe_input(heap).first_ns;
    if (!is_probe(cycle) && !is_old_news) {
        probing->died_ns = found_death ? now_ns : probing->died_ns;
        probing->has_died |= found_death;
        probing->futile = found_death ? 0 : probing->futile;
    } else {
        found_death |= probing->has_died;
        probing->has_died = false;
        probing->futile = found_death ? 0 : probing->futile + 1;
        probing->follow_ups = found_death ? PINFOLD_PROBE_FOLLOW_UPS : probing->follow_ups - (probing->follow_ups != 0);
        probing->is_quiet |= found_death;
    }
    if (pfi_probe_starts_anew(probing->counted_from, heap->live_after_full)) {
        *probing = (struct pfi_probing){.counted_from = heap->live_after_full};
    }
    probing->counted_from = pfi_min(probing->counted_from, heap->live_after_full);
}

static void note_full_time(struct pfi_cycle *cycle) {
    struct pf_heap *heap = cycle->heap;
    if (cycle->record.generation == 2) {
        heap->probing.full_end_ns = heap->world.stop_began_ns + cycle->record.pause_ns;
        heap->probing.full_ns = cycle->record.pause_ns;
    }
}

static void fill_record(struct pfi_cycle *cycle) {
    const struct pfi_share *share = &cycle->heap->share;
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        cycle->record.survived_bytes[generation] = cycle->plan.survived[generation];
        cycle->record.after_bytes[generation] = pfi_share_generation_bytes(share, generation);
        cycle->record.free_bytes[generation] = share->generations[generation].free_bytes;
    }
    if (cycle->record.generation == 2) {
        cycle->record.survived_bytes[PINFOLD_LARGE] = share->large_bytes;
        cycle->record.survived_bytes[PINFOLD_PINNED] = pfi_share_beside_gen2_bytes(share) - share->large_bytes;
    }
    cycle->record.moved_bytes = cycle->compacts ? cycle->plan.moved : 0;
    cycle->record.compacted = cycle->compacts;
    cycle->record.reused = cycle->plan.reuses;
    cycle->record.pinned_objects = cycle->plan.pinned_objects;
    cycle->record.pinned_bytes = cycle->plan.pinned_bytes;
    cycle->record.mark_workers = cycle->plan.mark_workers;
    cycle->record.demoted_bytes = pfi_cycle_demoted_bytes(cycle);
    memcpy(cycle->record.held_bytes, cycle->plan.held, sizeof cycle->plan.held);
    cycle->record.large_compacted = cycle->compacts_large;
    cycle->record.promoted_in_place = cycle->plan.promotes_in_place;
}

/* What address stamps ask for. A compaction may also have made pins younger that it collected. */
static void note_moves(struct pfi_cycle *cycle) {
    for (int generation = 0; cycle->compacts && generation <= cycle->record.generation; ++generation) {
        cycle->heap->moved[generation] = cycle->record.number;
    }
    if (cycle->compacts_large) {
        cycle->heap->moved[PINFOLD_LARGE] = cycle->record.number;
    }
}

/* After a full collection nothing is near; after another one the next full one may be. */
static void tell_of_full_collections(struct pfi_cycle *cycle) {
    struct pf_heap *heap = cycle->heap;
    if (cycle->record.generation == 2) {
        if (heap->full_is_announced && heap->events.listener != NULL &&
            heap->events.listener->full_collection_over != NULL) {
            heap->events.listener->full_collection_over(heap->events.data);
        }
        heap->full_is_announced = 0;
        return;
    }
    unsigned percent = pfi_notice_grown(heap->live_after_full, occupied_bytes(&heap->share), heap_limit(heap));
    for (int generation = 2; generation < PINFOLD_GENERATIONS; ++generation) {
        const struct pfi_generation *numbers = &heap->share.generations[generation];
        percent = (unsigned)pfi_max(percent, pfi_notice_spent(numbers->budget, numbers->budget_left));
    }
    pfi_heap_announce_full(heap, percent);
}

static void release_emptied(struct pfi_cycle *cycle) {
    while (cycle->emptied != NULL) {
        struct pfi_segment *segment = cycle->emptied;
        cycle->emptied = segment->next;
        pfi_heap_release_segment(cycle->heap, segment);
    }
}

/* Pages that had been given back count as committed again when a sweep joins their run with others. They lie in free
 * runs, so at least as much can be given back, and no limit is exceeded when the program goes on. */
static void keep_limits(struct pf_heap *heap) {
    if (pfi_account_is_above_limit(&heap->arena.account)) {
        pfi_heap_give_back_all(heap, 0);
    }
}

void pfi_cycle_close(struct pfi_cycle *cycle) {
    struct pf_heap *heap = cycle->heap;
    release_emptied(cycle);
    pfi_mark_team_trim(&heap->mark_team);
    keep_limits(heap);
    fill_record(cycle);
    if (cycle->record.generation == 2) {
        heap->live_after_full = live_bytes(cycle);
    }
    note_probe(cycle);
    pfi_cycle_set_budgets(cycle);
    note_progress(cycle);
    pfi_external_memory_note_collection(&heap->external, cycle->record.generation);
    note_moves(cycle);
    for (struct pf_thread *thread = heap->roots.threads; thread != NULL; thread = thread->next) {
        pfi_mutator_publish_young(thread, &heap->share);
    }
    pfi_giving_note_collection(heap, cycle->record.generation, cycle->record.reason);
    cycle->record.pause_ns = pfi_clock_now_ns() - heap->world.stop_began_ns;
    note_full_time(cycle);
    pfi_history_add(&heap->history, &cycle->record);
    PINFOLD_SEND(&heap->events, collection_end, &cycle->record);
    tell_of_full_collections(cycle);
}
