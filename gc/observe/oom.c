/* SPDX-License-Identifier: MIT */
#include "gc/observe/oom.h"

#include <stdarg.h>
#include <stdio.h>

#include "alloc/large.h"
#include "alloc/platform/clock.h"
#include "alloc/side_tables.h"
#include "gc/heap.h"

/* ---- Numbers ---------------------------------------------------------------------------------------------------- */

static size_t room_below(size_t limit, size_t used) {
    return used < limit ? limit - used : 0;
}

/* Numbers tell where no charge was refused, because it was no use to try one. The tighter limit is told, since raising
 * the other one would not help. */
enum pf_oom_reason pfi_oom_find_reason(const struct pfi_oom_input *input) {
    if (input->why == PINFOLD_EXHAUSTED_BOOKKEEPING) {
        return PINFOLD_OOM_BOOKKEEPING;
    }
    if (input->refusal != PINFOLD_REFUSED_NOT) {
        return input->refusal == PINFOLD_REFUSED_BY_LIMIT ? PINFOLD_OOM_HARD_LIMIT : PINFOLD_OOM_SPACE_LIMIT;
    }
    if (input->needed > input->space_room && input->space_room <= input->room) {
        return PINFOLD_OOM_SPACE_LIMIT;
    }
    if (input->needed > input->room) {
        return PINFOLD_OOM_HARD_LIMIT;
    }
    bool has_gap = input->largest_gap >= input->needed_gap;
    return input->why == PINFOLD_EXHAUSTED_COMMIT || has_gap ? PINFOLD_OOM_SYSTEM_REFUSED : PINFOLD_OOM_SEGMENT_SPACE;
}

static const struct pfi_segment *chain_of(const struct pfi_share *share, enum pf_segment_kind kind) {
    return kind == PINFOLD_SEGMENT_LARGE ? share->large_segments : share->pinned_segments;
}

/* Room for small objects is behind generation 0 only, and for others at the end of any segment. */
static size_t largest_end(const struct pfi_share *share, enum pf_segment_kind kind) {
    if (kind == PINFOLD_SEGMENT_SMALL) {
        return share->ephemeral->end - share->ephemeral->allocated;
    }
    size_t largest = 0;
    for (const struct pfi_segment *segment = chain_of(share, kind); segment != NULL; segment = segment->next) {
        largest = pfi_max(largest, segment->end - segment->allocated);
    }
    return largest;
}

static size_t largest_free(const struct pfi_share *share, enum pf_segment_kind kind) {
    static const int generations[PINFOLD_SEGMENT_KINDS] = {0, PINFOLD_LARGE, PINFOLD_PINNED};
    size_t between = pfi_free_list_largest(&share->generations[generations[kind]].free_list);
    return pfi_max(between, largest_end(share, kind));
}

/* What a new segment takes at least: a page, with the tables of a chunk and the segment's header. */
static size_t segment_cost(void) {
    return 2 * PINFOLD_PAGE + pfi_side_tables_size(PINFOLD_CHUNK);
}

/* What would have to be committed for it: where a segment has committed memory behind its objects, that much less. */
static size_t needed_bytes(const struct pfi_share *share, const struct pfi_oom_failure *failure) {
    const struct pfi_segment *segment = share->ephemeral;
    if (failure->kind != PINFOLD_SEGMENT_SMALL) {
        return pfi_large_footprint(failure->size);
    }
    uintptr_t end = segment->allocated + failure->size + PINFOLD_MIN_OBJECT;
    if (end > segment->end) {
        return pfi_large_footprint(failure->size) + segment_cost(); /* on a new one */
    }
    return end > segment->committed ? pfi_align_up(end, PINFOLD_PAGE) - segment->committed : 0;
}

static size_t needed_gap(const struct pf_options *options, const struct pfi_oom_failure *failure) {
    size_t gap = failure->kind == PINFOLD_SEGMENT_SMALL ? options->segment_size : failure->size + failure->alignment;
    return pfi_align_up(gap, PINFOLD_UNIT);
}

static void fill_limits(const struct pfi_account *account, struct pf_oom_record *record) {
    size_t limit = pfi_word_load(&account->limit);
    record->limit = limit == UINTPTR_MAX ? 0 : limit;
    record->committed_bytes = pfi_account_total(account);
    record->bookkeeping_bytes = pfi_account_space(account, PINFOLD_SPACE_BOOKKEEPING);
    for (int kind = 0; kind < PINFOLD_SEGMENT_KINDS; ++kind) {
        size_t space_limit = pfi_word_load(&account->space_limits[kind]);
        record->space_limits[kind] = space_limit == UINTPTR_MAX ? 0 : space_limit;
        record->space_bytes[kind] = pfi_account_space(account, (enum pfi_space)kind);
    }
}

static void fill_heap(const struct pf_heap *heap, struct pf_oom_record *record) {
    const struct pfi_share *share = &heap->share;
    struct pf_collection last;
    record->collected_generation = -1;
    if (pfi_history_copy(&heap->history, &last, 1) == 1) {
        record->collection_number = last.number;
        record->collected_generation = last.generation;
        record->pinned_objects = last.pinned_objects;
        record->pinned_bytes = last.pinned_bytes;
    }
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        record->free_bytes[generation] = share->generations[generation].free_bytes;
        record->live_bytes[generation] = pfi_share_generation_bytes(share, generation) - record->free_bytes[generation];
    }
    record->largest_free = largest_free(share, record->kind);
    record->largest_gap = pfi_arena_largest_gap(&heap->arena);
}

static enum pf_oom_reason find_reason(const struct pf_heap *heap, const struct pfi_oom_failure *failure,
                                      const struct pf_oom_record *record) {
    const struct pfi_account *account = &heap->arena.account;
    struct pfi_oom_input input = {
        .why = failure->why,
        .refusal = (enum pfi_refusal)pfi_word_load(&account->refusal),
        .needed = needed_bytes(&heap->share, failure),
        .room = room_below(pfi_word_load(&account->limit), record->committed_bytes),
        .space_room =
            room_below(pfi_word_load(&account->space_limits[failure->kind]), record->space_bytes[failure->kind]),
        .needed_gap = needed_gap(&heap->options, failure),
        .largest_gap = record->largest_gap,
    };
    return pfi_oom_find_reason(&input);
}

/* ---- Records ---------------------------------------------------------------------------------------------------- */

static void fill(const struct pfi_oom_failure *failure, struct pf_oom_record *record) {
    const struct pf_heap *heap = failure->thread->heap;
    *record = (struct pf_oom_record){
        .time_ns = pfi_clock_wall_ns(),
        .kind = failure->kind,
        .size = failure->size,
        .alignment = failure->alignment,
    };
    snprintf(record->type_name, sizeof record->type_name, "%s", failure->type->name);
    snprintf(record->thread_name, sizeof record->thread_name, "%s", pf_thread_name(failure->thread));
    fill_limits(&heap->arena.account, record);
    fill_heap(heap, record);
}

static void add(struct pfi_oom_ring *ring, struct pf_oom_record *record) {
    record->number = ++ring->count;
    ring->records[(record->number - 1) % PINFOLD_OOM_RECORDS] = *record;
}

void pfi_oom_record(const struct pfi_oom_failure *failure, struct pf_oom_record *record) {
    fill(failure, record);
    record->reason = find_reason(failure->thread->heap, failure, record);
    add(&failure->thread->heap->failures, record);
}

void pfi_oom_record_length(const struct pfi_oom_failure *failure, struct pf_oom_record *record) {
    fill(failure, record);
    record->reason = PINFOLD_OOM_LENGTH;
    add(&failure->thread->heap->failures, record);
}

size_t pfi_oom_ring_copy(const struct pfi_oom_ring *ring, struct pf_oom_record *records, size_t count) {
    count = pfi_min(count, ring->count < PINFOLD_OOM_RECORDS ? (size_t)ring->count : PINFOLD_OOM_RECORDS);
    for (size_t index = 0; index < count; ++index) {
        records[index] = ring->records[(ring->count - count + index) % PINFOLD_OOM_RECORDS];
    }
    return count;
}

/* ---- Text ------------------------------------------------------------------------------------------------------- */

/* What is written so far, and how long it would be with all the room in the world. */
struct text {
    char *start;
    size_t size;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void write_text(struct text *text, const char *format, ...) {
    va_list arguments;
    size_t written = pfi_min(text->length, text->size);
    va_start(arguments, format);
    int length = vsnprintf(text->start + written, text->size - written, format, arguments);
    va_end(arguments);
    text->length += length > 0 ? (size_t)length : 0;
}

static const char *const kind_texts[PINFOLD_SEGMENT_KINDS] = {"small", "large", "born pinned"};

static void write_summary(struct text *text, const struct pf_oom_record *record) {
    if (record->reason == PINFOLD_OOM_LENGTH) {
        write_text(text, "out of memory: a %s on thread %s: %s", record->type_name, record->thread_name,
                   pf_oom_reason_text(record->reason));
        return;
    }
    write_text(text, "out of memory: %zu bytes for a %s (%s) on thread %s: %s; %zu bytes of the heap are committed",
               record->size, record->type_name, kind_texts[record->kind], record->thread_name,
               pf_oom_reason_text(record->reason), record->committed_bytes);
}

static void write_limit(struct text *text, size_t limit) {
    if (limit != 0) {
        write_text(text, " of at most %zu", limit);
    }
}

static void write_committed(struct text *text, const struct pf_oom_record *record) {
    write_text(text, "  committed: %zu bytes", record->committed_bytes);
    write_limit(text, record->limit);
    for (int kind = 0; kind < PINFOLD_SEGMENT_KINDS; ++kind) {
        write_text(text, ", %s %zu", kind_texts[kind], record->space_bytes[kind]);
        write_limit(text, record->space_limits[kind]);
    }
    write_text(text, ", bookkeeping %zu\n", record->bookkeeping_bytes);
}

static void write_generations(struct text *text, const struct pf_oom_record *record) {
    static const char *const names[PINFOLD_GENERATIONS] = {"generation 0", "generation 1", "generation 2",
                                                           "large objects", "born pinned"};
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        size_t live = record->live_bytes[generation];
        size_t free = record->free_bytes[generation];
        if (live + free != 0) {
            write_text(text, "  %s: %zu bytes live, %zu free (%.1f %%)\n", names[generation], live, free,
                       100.0 * (double)free / (double)(live + free));
        }
    }
}

size_t pfi_oom_summarize(const struct pf_oom_record *record, char *text, size_t size) {
    struct text out = {text, size, 0};
    write_summary(&out, record);
    return out.length;
}

size_t pf_oom_describe(const struct pf_oom_record *record, char *text, size_t size) {
    struct text out = {text, size, 0};
    write_summary(&out, record);
    write_text(&out, "\n");
    write_committed(&out, record);
    write_generations(&out, record);
    write_text(&out, "  largest free run: %zu bytes; largest gap for a segment: %zu\n", record->largest_free,
               record->largest_gap);
    write_text(&out, "  pinned: %zu objects, %zu bytes\n", record->pinned_objects, record->pinned_bytes);
    if (record->collection_number != 0) {
        write_text(&out, "  failure %llu, after collection %llu, of generation %d\n",
                   (unsigned long long)record->number, (unsigned long long)record->collection_number,
                   record->collected_generation);
    } else {
        write_text(&out, "  failure %llu, before any collection\n", (unsigned long long)record->number);
    }
    return out.length;
}

const char *pf_oom_reason_text(enum pf_oom_reason reason) {
    static const char *const texts[] = {
#define PINFOLD_TEXT(name, sentence) sentence,
        PINFOLD_OOM_REASON_TABLE(PINFOLD_TEXT)
#undef PINFOLD_TEXT
    };
    return (unsigned)reason < sizeof texts / sizeof texts[0] ? texts[reason] : "unknown reason";
}
