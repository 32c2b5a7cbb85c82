/* SPDX-License-Identifier: MIT */
#include "gc/heap.h"

#include "alloc/context.h"
#include "alloc/platform/clock.h"
#include "alloc/platform/os_memory.h"
#include "gc/give_back.h"
#include "gc/world/mutator.h"

enum { LOAD_INTERVAL_NS = 100000000 };

static void close_contexts(struct pf_heap *heap) {
    for (struct pf_thread *thread = heap->roots.threads; thread != NULL; thread = thread->next) {
        pfi_context_close(&heap->share, thread);
    }
}

/* The handle lock stays locked until the world goes on. */
PINFOLD_NOT_ANALYSED static bool try_stop(struct pf_heap *heap, struct pf_thread *self, struct pfi_caller caller) {
    if (self != NULL) {
        pfi_mutator_note_stop(self, caller);
    }
    if (!pfi_world_stop(&heap->world, self)) {
        return false;
    }
    pfi_mutex_lock(&heap->handle_lock);
    close_contexts(heap);
    PINFOLD_SEND(&heap->events, world_stopped, heap->world.stop_ns);
    return true;
}

/* What they note is a frame that stays while the world is stopped: their caller's. */
__attribute__((noinline)) bool pfi_heap_try_stop(struct pf_heap *heap, struct pf_thread *self) {
    return try_stop(heap, self, PINFOLD_CALLER());
}

__attribute__((noinline)) void pfi_heap_stop(struct pf_heap *heap, struct pf_thread *self) {
    while (!try_stop(heap, self, PINFOLD_CALLER())) {
    }
}

PINFOLD_NOT_ANALYSED static void end_rest(struct pf_heap *heap) {
    if (heap->events.listener != NULL && heap->events.listener->world_resumes != NULL) {
        heap->events.listener->world_resumes(heap->events.data);
    }
    pfi_mutex_unlock(&heap->handle_lock);
}

void pfi_heap_resume(struct pf_heap *heap) {
    end_rest(heap);
    pfi_world_resume(&heap->world);
}

void pfi_heap_resume_alone(struct pf_heap *heap, struct pf_thread *self) {
    end_rest(heap);
    pfi_world_restart_alone(&heap->world, self);
}

const struct pf_thread *pfi_heap_hold(struct pf_heap *heap) {
    const struct pf_thread *self = pfi_mutator_managed(heap);
    if (self != NULL) {
        pfi_world_hold_managed(&heap->world);
    } else {
        pfi_world_hold(&heap->world, NULL);
    }
    return self;
}

static void *try_take(struct pf_heap *heap, size_t size) {
    pfi_mutex_lock(&heap->handle_lock);
    void *memory = pfi_bookkeeping_take_zeroed(&heap->arena.account, size);
    heap->loose_bytes += memory == NULL ? 0 : size;
    pfi_mutex_unlock(&heap->handle_lock);
    return memory;
}

void *pfi_heap_take(struct pf_heap *heap, size_t size) {
    void *memory = try_take(heap, size);
    return memory != NULL || !pfi_heap_relieve(heap) ? memory : try_take(heap, size);
}

static void give_locked(struct pf_heap *heap, void *memory, size_t size) PINFOLD_NEEDS(heap->handle_lock) {
    heap->loose_bytes -= memory == NULL ? 0 : size;
    pfi_bookkeeping_give(&heap->arena.account, memory, size);
}

void pfi_heap_give(struct pf_heap *heap, void *memory, size_t size) {
    pfi_mutex_lock(&heap->handle_lock);
    give_locked(heap, memory, size);
    pfi_mutex_unlock(&heap->handle_lock);
}

void pfi_heap_free_mutator_locked(struct pf_heap *heap, struct pfi_mutator *mutator) {
    give_locked(heap, mutator->thread.stack, sizeof *mutator->thread.stack);
    give_locked(heap, mutator, sizeof *mutator);
}

bool pfi_heap_may_hold(const struct pf_heap *heap, uintptr_t object) {
    const struct pfi_segment *segment = pfi_arena_segment_of(&heap->arena, object);
    return segment != NULL && object >= segment->first && object < pfi_segment_allocated_now(segment) &&
           object % PINFOLD_GRANULE == 0;
}

bool pfi_heap_reserve_pins_locked(struct pf_heap *heap, size_t more) {
    size_t handles = heap->roots.handles.count[PINFOLD_HANDLE_PINNED];
    return pfi_pin_queue_reserve(&heap->pin_queue, handles + heap->frame_pins + more);
}

static void set_quantum_locked(struct pf_heap *heap) PINFOLD_NEEDS(heap->share.small_lock) {
    struct pfi_share *share = &heap->share;
    if (heap->options.stress.collect_every == 0) { /* else every allocation is to be seen */
        share->quantum = pfi_budget_quantum(heap->options.allocation_quantum, share->generations[0].budget,
                                            heap->world.thread_count);
    }
}

void pfi_heap_set_quantum(struct pf_heap *heap) {
    pfi_mutex_lock(&heap->share.small_lock);
    set_quantum_locked(heap);
    pfi_mutex_unlock(&heap->share.small_lock);
}

/* A smallest budget that has grown counts at once; one that has shrunk, from the next collection on. */
static void set_gen0_size_locked(struct pf_heap *heap) PINFOLD_NEEDS(heap->share.small_lock) {
    struct pfi_generation *youngest = &heap->share.generations[0];
    struct pfi_budget_rule *rule = &heap->budget_rules[0];
    if (heap->gen0_size_of_one == 0) {
        return;
    }
    rule->min = pfi_budget_gen0_min_of_threads(heap->gen0_size_of_one, heap->world.thread_count, heap->processors,
                                               pfi_min(pfi_share_ephemeral_size(&heap->share) / 4, rule->max));
    if (youngest->budget < rule->min && !heap->region.is_open && !heap->probing.is_quiet) {
        youngest->budget_left += (int64_t)(rule->min - youngest->budget);
        youngest->budget = rule->min;
    }
}

void pfi_heap_adapt_to_threads(struct pf_heap *heap) {
    pfi_mutex_lock(&heap->share.small_lock);
    set_gen0_size_locked(heap);
    set_quantum_locked(heap);
    pfi_mutex_unlock(&heap->share.small_lock);
}

/* A quiet heap has a budget below the usual smallest one: more room than that would be low again after each collection,
 * so that all would be of generation 1. */
static size_t least_room(const struct pf_heap *heap, size_t budget) {
    return heap->probing.is_quiet ? pfi_min(heap->options.gen0_size, budget) : heap->options.gen0_size;
}

size_t pfi_heap_room_needed(const struct pf_heap *heap) {
    size_t budget = heap->share.generations[0].budget;
    size_t need = pfi_max(least_room(heap, budget), budget / 3 * 2);
    return pfi_min(need, pfi_share_ephemeral_size(&heap->share) / 2);
}

size_t pfi_heap_room_wanted(const struct pf_heap *heap, size_t budget) {
    size_t most = pfi_min(heap->options.segment_size, pfi_share_ephemeral_size(&heap->share)) / 2;
    return pfi_min(pfi_max(least_room(heap, budget), budget / 2 * 3), most);
}

/* Committed, and free for objects of the generation. Free space in generation 1 and 2 serves collections alone. */
static size_t free_of_space(const struct pf_heap *heap, enum pfi_space space) {
    const struct pfi_share *share = &heap->share;
    if (space == PINFOLD_SPACE_SMALL) {
        return share->ephemeral->committed - share->ephemeral->allocated + share->generations[0].free_list.bytes;
    }
    size_t live = space == PINFOLD_SPACE_LARGE ? share->large_bytes
                                               : pfi_share_generation_bytes(share, PINFOLD_PINNED) -
                                                     share->generations[PINFOLD_PINNED].free_bytes;
    size_t committed = pfi_account_space(&heap->arena.account, space);
    return committed - pfi_min(committed, live);
}

size_t pfi_heap_limit_room(const struct pf_heap *heap, int generation) {
    const struct pfi_account *account = &heap->arena.account;
    enum pfi_space space = pfi_share_space(generation);
    if (pfi_account_limit(account, space) == UINTPTR_MAX) {
        return SIZE_MAX;
    }
    return pfi_account_room(account, space) + free_of_space(heap, space);
}

bool pfi_heap_may_count_anew(const struct pf_heap *heap) {
    size_t room = pfi_account_room(&heap->arena.account, PINFOLD_SPACE_SMALL);
    return heap->share.generations[2].clean_bytes <= room;
}

unsigned pfi_heap_limit_load(const struct pf_heap *heap) {
    const struct pfi_account *account = &heap->arena.account;
    unsigned load = 0;
    for (int generation = 2; generation < PINFOLD_GENERATIONS; ++generation) {
        enum pfi_space space = pfi_share_space(generation);
        if (generation == 2 || pfi_word_load(&account->space_limits[space]) != UINTPTR_MAX) {
            unsigned own = pfi_limits_load(pfi_account_limit(account, space), pfi_heap_limit_room(heap, generation));
            load = own > load ? own : load;
        }
    }
    return load;
}

unsigned pfi_heap_memory_load(struct pf_heap *heap) {
    uint64_t now = pfi_clock_now_ns();
    if (heap->system_load_time_ns == 0 || now - heap->system_load_time_ns > LOAD_INTERVAL_NS) {
        heap->system_load = pfi_os_memory_load();
        heap->system_load_time_ns = now;
    }
    unsigned own = pfi_heap_limit_load(heap);
    heap->memory_load = own > heap->system_load ? own : heap->system_load;
    return heap->memory_load;
}

void pfi_heap_release_segment(struct pf_heap *heap, struct pfi_segment *segment) {
    PINFOLD_SEND(&heap->events, segment_freed, (void *)segment->base, segment->end - segment->base, segment->kind);
    pfi_decommit_queue_put(&heap->arena, segment);
}

void pfi_heap_announce_full(struct pf_heap *heap, unsigned percent) {
    if (percent >= heap->options.full_notice_percent && pfi_word_fetch_or(&heap->full_is_announced, 1) == 0) {
        PINFOLD_SEND(&heap->events, full_collection_near, percent);
    }
}
