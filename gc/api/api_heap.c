/* SPDX-License-Identifier: MIT
 *
 * Heaps: creation and destruction.
 */
#include <stdio.h>

#include "alloc/platform/check.h"
#include "alloc/platform/memory.h"
#include "alloc/platform/os_memory.h"
#include "alloc/platform/processor.h"
#include "gc/api/options.h"
#include "gc/heap.h"

enum { SMALLEST_HUGE_SEGMENT = 32 << 20, SMALLEST_ARENA = 4 << 20, MOST_DERIVED_WORKERS = 16 };

static size_t power_of_two_from(size_t size) {
    size_t power = PINFOLD_UNIT;
    while (power < size) {
        power *= 2;
    }
    return power;
}

/* Segments are at most a quarter of the arena: a tight limit on address space shrinks them, rather than refuse a heap.
 */
static size_t fit_segment(size_t wanted, size_t arena_size) {
    size_t size = power_of_two_from(wanted);
    while (size > PINFOLD_UNIT && size > arena_size / 4) {
        size /= 2;
    }
    return size;
}

/* Replaces what is "derived" by values, and brings values into relation, once the arena is there. */
static void derive_options(struct pf_options *options, size_t arena_size) {
    options->reserve_size = arena_size;
    options->segment_size = fit_segment(options->segment_size, arena_size);
    options->large_segment_size = fit_segment(options->large_segment_size, arena_size);
    options->large_threshold = pfi_align_up(options->large_threshold, PINFOLD_GRANULE);
    options->large_threshold = pfi_min(options->large_threshold, options->segment_size / 4);
    options->allocation_quantum = pfi_align_up(options->allocation_quantum, PINFOLD_GRANULE);
    if (options->mark_workers == 0) {
        options->mark_workers = (uint32_t)pfi_clamp(pfi_processor_count(), 1, MOST_DERIVED_WORKERS);
    }
    if (options->gen0_size == 0) {
        options->gen0_size =
            pfi_budget_gen0_min(pfi_processor_largest_cache(), pfi_processor_private_cache(), options->segment_size);
    }
    options->gen0_size = pfi_min(options->gen0_size, options->segment_size / 2);
    if (options->gen0_max_size == 0) {
        options->gen0_max_size = pfi_min(options->segment_size / 2, (size_t)200 << 20);
    }
    options->gen0_max_size = pfi_clamp(options->gen0_max_size, options->gen0_size, options->segment_size / 2);
}

static uintptr_t limit_from(size_t option) {
    return option == 0 ? UINTPTR_MAX : option;
}

static void set_limits(struct pfi_account *account, const struct pf_options *options) {
    account->limit = limit_from(options->hard_limit);
    account->space_limits[PINFOLD_SPACE_SMALL] = limit_from(options->small_hard_limit);
    account->space_limits[PINFOLD_SPACE_LARGE] = limit_from(options->large_hard_limit);
    account->space_limits[PINFOLD_SPACE_PINNED] = limit_from(options->pinned_hard_limit);
}

static void make_budget_rules(struct pf_heap *heap) {
    const struct pf_options *options = &heap->options;
    size_t gen1_max = pfi_max((size_t)6 << 20, options->segment_size / 2);
    heap->budget_rules[0] = (struct pfi_budget_rule){9, 20, options->gen0_size, options->gen0_max_size};
    heap->budget_rules[1] = (struct pfi_budget_rule){2, 7, options->gen1_size, pfi_max(gen1_max, options->gen1_size)};
    heap->budget_rules[2] = (struct pfi_budget_rule){1.2, 1.8, options->gen2_size, SIZE_MAX};
    heap->budget_rules[PINFOLD_LARGE] = (struct pfi_budget_rule){1.25, 4.5, options->large_size, SIZE_MAX};
    heap->budget_rules[PINFOLD_PINNED] = (struct pfi_budget_rule){1.25, 4.5, options->pinned_size, SIZE_MAX};
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        struct pfi_generation *numbers = &heap->share.generations[generation];
        numbers->budget = heap->budget_rules[generation].min;
        numbers->budget_left = (int64_t)numbers->budget;
    }
}

static enum pf_status refuse(enum pf_status status, struct pf_message *message, const char *what, size_t size) {
    if (message != NULL) {
        snprintf(message->text, sizeof message->text, "%s (%s, %zu bytes)", pf_status_text(status), what, size);
    }
    return status;
}

/* Everything that can fail, each with its undoing. */
static enum pf_status build(struct pf_heap *heap, struct pf_message *message) {
    struct pf_options *options = &heap->options;
    enum pf_status status;
    if (pfi_os_page_size() > PINFOLD_PAGE) {
        return refuse(PINFOLD_CANNOT_RESERVE, message, "this system's pages are too large", pfi_os_page_size());
    }
    if (!pfi_arena_init(&heap->arena, options->reserve_size, SMALLEST_ARENA)) {
        return refuse(PINFOLD_CANNOT_RESERVE, message, "the arena", pfi_max(options->reserve_size, SMALLEST_ARENA));
    }
    derive_options(options, heap->arena.end - heap->arena.base);
    set_limits(&heap->arena.account, options);
    if (!pfi_mark_team_init(&heap->mark_team, options->mark_stack_size, options->mark_workers)) {
        status = refuse(PINFOLD_CANNOT_RESERVE, message, "the mark stack", options->mark_stack_size);
        goto fail_mark_team;
    }
    if (!pfi_pin_queue_init(&heap->pin_queue)) {
        status = refuse(PINFOLD_OUT_OF_MEMORY, message, "the pin queue", sizeof(struct pfi_pin_entry));
        goto fail_pin_queue;
    }
    if (!pfi_plug_list_init(&heap->plug_list)) {
        status = refuse(PINFOLD_CANNOT_RESERVE, message, "the plug list", PINFOLD_LISTED_PLUGS);
        goto fail_plug_list;
    }
    if (options->huge_pages && options->segment_size >= SMALLEST_HUGE_SEGMENT) {
        pfi_arena_set_commit_step(&heap->arena, PINFOLD_HUGE_PAGE, true);
    }
    if (options->retain_vm) {
        pfi_segment_pool_open(&heap->arena.pool, options->segment_size, options->large_segment_size);
    }
    status = pfi_share_init(&heap->share, &heap->arena, options);
    if (status != PINFOLD_OK) {
        refuse(status, message, "the first segment", options->segment_size);
        goto fail_share;
    }
    return PINFOLD_OK;
fail_share:
    pfi_plug_list_finish(&heap->plug_list);
fail_plug_list:
    pfi_pin_queue_finish(&heap->pin_queue);
fail_pin_queue:
    pfi_mark_team_finish(&heap->mark_team);
fail_mark_team:
    pfi_arena_finish(&heap->arena);
    return status;
}

static void report_slow_thread(void *context, const struct pf_thread *thread, uint64_t waited_ns) {
    const struct pf_heap *heap = context;
    PINFOLD_SEND(&heap->events, slow_thread, thread, waited_ns);
}

enum pf_status pf_heap_create(const struct pf_options *options, struct pf_heap **heap, struct pf_message *message) {
    PINFOLD_REQUIRE(heap != NULL, "pf_heap_create: the place for the heap is NULL");
    struct pf_options in_force;
    if (options != NULL) {
        in_force = *options;
    } else {
        pf_options_init(&in_force);
        enum pf_status status = pf_options_from_environment(&in_force, message);
        if (status != PINFOLD_OK) {
            return status;
        }
    }
    enum pf_status status = pfi_options_check(&in_force, message);
    if (status != PINFOLD_OK) {
        return status;
    }
    struct pf_heap *created = pfi_calloc(1, sizeof *created);
    if (created == NULL) {
        return refuse(PINFOLD_OUT_OF_MEMORY, message, "the heap's own structure", sizeof *created);
    }
    created->options = in_force;
    created->tags = (struct pfi_tags){in_force.ref_tag_mask, in_force.ref_tags};
    status = build(created, message);
    if (status != PINFOLD_OK) {
        free(created);
        return status;
    }
    pfi_handle_table_init(&created->roots.handles);
    pfi_finalizer_queue_init(&created->roots.finalizers);
    pfi_external_memory_init(&created->external);
    pfi_mutex_init(&created->handle_lock);
    pfi_world_init(&created->world, &created->roots.threads, (uint64_t)in_force.slow_stop_us * 1000, report_slow_thread,
                   created);
    pfi_workers_init(&created->workers, (unsigned)created->options.mark_workers);
    created->processors = pfi_processor_count();
    created->gen0_size_of_one = in_force.gen0_size == 0 ? created->options.gen0_size : 0;
    make_budget_rules(created);
    *heap = created;
    return PINFOLD_OK;
}

void pf_heap_destroy(struct pf_heap *heap) {
    if (heap == NULL) {
        return;
    }
    const struct pf_thread *thread = heap->roots.threads;
    PINFOLD_REQUIRE(thread == NULL, "pf_heap_destroy: thread %s is still attached", pf_thread_name(thread));
    pfi_world_finish(&heap->world);
    pfi_mutex_finish(&heap->handle_lock);
    pfi_share_finish(&heap->share);
    pfi_external_memory_finish(&heap->external);
    pfi_finalizer_queue_finish(&heap->roots.finalizers);
    pfi_workers_finish(&heap->workers);
    pfi_handle_table_finish(&heap->roots.handles);
    pfi_plug_list_finish(&heap->plug_list);
    pfi_pin_queue_finish(&heap->pin_queue);
    pfi_mark_team_finish(&heap->mark_team);
    pfi_arena_finish(&heap->arena);
    free(heap);
}

const struct pf_options *pf_heap_options(const struct pf_heap *heap) {
    return &heap->options;
}

void pf_heap_set_out_of_memory_handler(struct pf_heap *heap, pf_out_of_memory_handler *handler, void *data) {
    heap->out_of_memory = handler;
    heap->out_of_memory_data = data;
}

void pf_heap_set_listener(struct pf_heap *heap, const struct pf_listener *listener, void *data) {
    heap->events = (struct pfi_events){listener, data};
}
