/* SPDX-License-Identifier: MIT
 *
 * Heaps: creation and destruction.
 */
#include <stdio.h>
#include <string.h>

#include "alloc/platform/check.h"
#include "alloc/platform/memory.h"
#include "alloc/platform/os_memory.h"
#include "alloc/platform/processor.h"
#include "gc/api/limits.h"
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

/* Segments are at most a quarter of the room: a tight limit on address space shrinks them, rather than refuse a heap.
 */
static size_t fit_segment(size_t wanted, size_t room) {
    size_t size = power_of_two_from(wanted);
    while (size > PINFOLD_UNIT && size > room / 4) {
        size /= 2;
    }
    return size;
}

/* Budgets follow from what the program gave, from the segments, and from the limit, which may change later. */
static void derive_budgets(struct pf_options *options, const struct pf_options *given, size_t limit) {
    size_t segment = options->segment_size;
    size_t least = given->gen0_size;
    if (least == 0) {
        size_t part = pfi_limits_gen0_max(segment, limit);
        least = pfi_budget_gen0_min(pfi_processor_largest_cache(), pfi_processor_private_cache(), part);
    }
    size_t most = given->gen0_max_size == 0 ? (size_t)200 << 20 : given->gen0_max_size;
    options->gen0_size = pfi_limits_least_budget(pfi_min(least, segment / 2), limit);
    options->gen0_max_size =
        pfi_clamp(pfi_limits_gen0_max(most, limit), options->gen0_size, pfi_max(segment / 2, options->gen0_size));
}

/* Replaces what is "derived" by values, and brings values into relation, once the arena is there. */
static void derive_options(struct pf_options *options, const struct pfi_limits *limits, const struct pfi_arena *arena) {
    const struct pf_options given = *options;
    size_t limit = limits->whole.bytes;
    size_t small = pfi_limits_of_space(limits, PINFOLD_SEGMENT_SMALL);
    size_t room = pfi_arena_room(arena);
    options->reserve_size = arena->is_reserved ? arena->end - arena->base : arena->most_mapped;
    if (options->initial_layout == PINFOLD_LAYOUT_DERIVED) {
        options->initial_layout = arena->is_reserved ? PINFOLD_LAYOUT_AT_ONCE : PINFOLD_LAYOUT_ONE_BY_ONE;
    }
    options->segment_size = fit_segment(pfi_limits_segment(given.segment_size, PINFOLD_DEFAULT_SEGMENT, small), room);
    options->large_segment_size =
        fit_segment(pfi_limits_segment(given.large_segment_size, PINFOLD_DEFAULT_LARGE_SEGMENT, limit), room);
    options->large_threshold = pfi_align_up(options->large_threshold, PINFOLD_GRANULE);
    options->large_threshold = pfi_min(options->large_threshold, options->segment_size / 4);
    options->allocation_quantum = pfi_align_up(options->allocation_quantum, PINFOLD_GRANULE);
    options->mark_stack_size = pfi_limits_mark_stack(given.mark_stack_size, limit);
    if (options->mark_workers == 0) {
        uint32_t workers = (uint32_t)pfi_clamp(pfi_processor_count(), 1, MOST_DERIVED_WORKERS);
        options->mark_workers = pfi_limits_workers(workers, limit);
    }
    derive_budgets(options, &given, small);
}

static struct pfi_budget_rule old_rule(double limit, double max_limit, size_t least, size_t hard_limit) {
    return (struct pfi_budget_rule){limit, max_limit, pfi_limits_least_budget(least, hard_limit), SIZE_MAX};
}

void pfi_heap_make_budget_rules(struct pf_heap *heap) {
    struct pf_options options = heap->options;
    size_t small = pfi_limits_of_space(&heap->limits, PINFOLD_SEGMENT_SMALL);
    size_t large = pfi_limits_of_space(&heap->limits, PINFOLD_SEGMENT_LARGE);
    size_t pinned = pfi_limits_of_space(&heap->limits, PINFOLD_SEGMENT_PINNED);
    derive_budgets(&options, &heap->given, small);
    size_t gen1_least = pfi_limits_least_budget(options.gen1_size, small);
    size_t gen1_max = pfi_max((size_t)6 << 20, options.segment_size / 2);
    heap->gen0_size_of_one = heap->given.gen0_size == 0 ? options.gen0_size : 0;
    heap->budget_rules[0] = (struct pfi_budget_rule){9, 20, options.gen0_size, options.gen0_max_size};
    heap->budget_rules[1] = (struct pfi_budget_rule){2, 7, gen1_least, pfi_max(gen1_max, gen1_least)};
    heap->budget_rules[2] = old_rule(1.2, 1.8, options.gen2_size, small);
    heap->budget_rules[PINFOLD_LARGE] = old_rule(1.25, 4.5, options.large_size, large);
    heap->budget_rules[PINFOLD_PINNED] = old_rule(1.25, 4.5, options.pinned_size, pinned);
}

static void set_first_budgets(struct pf_heap *heap) {
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

/* The same for memory, which a limit may have refused. */
static enum pf_status refuse_memory(const struct pf_heap *heap, enum pf_status status, struct pf_message *message,
                                    const char *what, size_t size) {
    refuse(status, message, what, size);
    const struct pfi_limit *limit = &heap->limits.whole;
    if (message != NULL && limit->bytes != PINFOLD_NO_LIMIT) {
        size_t length = strlen(message->text);
        snprintf(message->text + length, sizeof message->text - length,
                 "; the hard limit is %zu bytes (%s), and %zu are committed", limit->bytes,
                 pf_limit_source_text(limit->source), pfi_account_total(&heap->arena.account));
    }
    return status;
}

static void set_commit_step(struct pf_heap *heap) {
    size_t limit = heap->limits.whole.bytes;
    bool huge = heap->options.huge_pages && heap->options.segment_size >= SMALLEST_HUGE_SEGMENT &&
                pfi_limits_allow_huge_pages(limit);
    pfi_arena_set_commit_step(&heap->arena, huge ? PINFOLD_HUGE_PAGE : pfi_limits_commit_step(limit), huge);
}

/* Everything that can fail, each with its undoing. */
static enum pf_status build(struct pf_heap *heap, struct pf_message *message) {
    struct pf_options *options = &heap->options;
    enum pf_status status;
    if (pfi_os_page_size() > PINFOLD_PAGE) {
        return refuse(PINFOLD_CANNOT_RESERVE, message, "this system's pages are too large", pfi_os_page_size());
    }
    size_t reserve_size = options->reserve_size == 0 ? 0 : pfi_max(options->reserve_size, SMALLEST_ARENA);
    if (!pfi_arena_init_as(&heap->arena, reserve_size, (enum pf_initial_layout)options->initial_layout)) {
        return refuse(PINFOLD_CANNOT_RESERVE, message, "the arena", reserve_size);
    }
    derive_options(options, &heap->limits, &heap->arena);
    pfi_limits_enforce(&heap->arena.account, &heap->limits);
    struct pfi_account *account = &heap->arena.account;
    if (!pfi_account_charge(account, PINFOLD_SPACE_BOOKKEEPING, sizeof *heap)) {
        status = refuse_memory(heap, PINFOLD_OUT_OF_MEMORY, message, "the heap's own structure", sizeof *heap);
        goto fail_mark_team;
    }
    bool is_on_demand = !heap->arena.is_reserved;
    if (!pfi_mark_team_init(&heap->mark_team, account, options->mark_stack_size, is_on_demand, options->mark_workers)) {
        status = refuse_memory(heap, PINFOLD_CANNOT_RESERVE, message, "the mark stack", options->mark_stack_size);
        goto fail_mark_team;
    }
    if (!pfi_pin_queue_init(&heap->pin_queue, account)) {
        status = refuse_memory(heap, PINFOLD_OUT_OF_MEMORY, message, "the pin queue", sizeof(struct pfi_pin_entry));
        goto fail_pin_queue;
    }
    if (!pfi_plug_list_init(&heap->plug_list, account)) {
        status = refuse_memory(heap, PINFOLD_CANNOT_RESERVE, message, "the plug list", PINFOLD_LISTED_PLUGS);
        goto fail_plug_list;
    }
    set_commit_step(heap);
    if (options->retain_vm) {
        pfi_segment_pool_open(&heap->arena.pool, options->segment_size, options->large_segment_size);
    }
    status = pfi_share_init(&heap->share, &heap->arena, options);
    if (status != PINFOLD_OK) {
        refuse_memory(heap, status, message, "the first segment", options->segment_size);
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

static void init_parts(struct pf_heap *heap) {
    struct pfi_account *account = &heap->arena.account;
    pfi_handle_table_init(&heap->roots.handles, account);
    pfi_finalizer_queue_init(&heap->roots.finalizers, account);
    pfi_external_memory_init(&heap->external);
    pfi_mutex_init(&heap->handle_lock);
    pfi_mutex_init(&heap->limits_lock);
    pfi_world_init(&heap->world, &heap->roots.threads, (uint64_t)heap->given.slow_stop_us * 1000, report_slow_thread,
                   heap);
    pfi_workers_init(&heap->workers, (unsigned)heap->options.mark_workers);
    heap->processors = pfi_processor_count();
    pfi_heap_make_budget_rules(heap);
    set_first_budgets(heap);
}

static enum pf_status refuse_unknown_limit(struct pf_message *message) {
    if (message != NULL) {
        snprintf(message->text, sizeof message->text,
                 "%s (no file descriptor or no memory is left; container_limit=0 or hard_limit does without)",
                 pf_status_text(PINFOLD_LIMIT_UNKNOWN));
    }
    return PINFOLD_LIMIT_UNKNOWN;
}

enum pf_status pfi_heap_create_on(struct pfi_machine machine, const struct pf_options *options, struct pf_heap **heap,
                                  struct pf_message *message) {
    enum pf_status status = pfi_options_check(options, message);
    if (status != PINFOLD_OK) {
        return status;
    }
    if (!pfi_limits_are_known(options, machine)) {
        return refuse_unknown_limit(message);
    }
    struct pf_heap *created = pfi_calloc(1, sizeof *created);
    if (created == NULL) {
        return refuse(PINFOLD_OUT_OF_MEMORY, message, "the heap's own structure", sizeof *created);
    }
    created->options = *options;
    created->given = *options;
    created->machine = machine;
    created->limits = pfi_limits_derive(options, machine);
    created->tags = (struct pfi_tags){options->ref_tag_mask, options->ref_tags};
    status = build(created, message);
    if (status != PINFOLD_OK) {
        free(created);
        return status;
    }
    init_parts(created);
    *heap = created;
    return PINFOLD_OK;
}

enum pf_status pf_heap_create(const struct pf_options *options, struct pf_heap **heap, struct pf_message *message) {
    PINFOLD_REQUIRE(heap != NULL, "pf_heap_create: the place for the heap is NULL");
    if (options != NULL) {
        return pfi_heap_create_on(pfi_machine_now(), options, heap, message);
    }
    struct pf_options defaults;
    pf_options_init(&defaults);
    enum pf_status status = pf_options_from_environment(&defaults, message);
    return status == PINFOLD_OK ? pfi_heap_create_on(pfi_machine_now(), &defaults, heap, message) : status;
}

void pf_heap_destroy(struct pf_heap *heap) {
    if (heap == NULL) {
        return;
    }
    const struct pf_thread *thread = heap->roots.threads;
    PINFOLD_REQUIRE(thread == NULL, "pf_heap_destroy: thread %s is still attached", pf_thread_name(thread));
    pfi_world_finish(&heap->world);
    pfi_mutex_finish(&heap->limits_lock);
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
