/* SPDX-License-Identifier: MIT */
#include "alloc/segment.h"

#include <string.h>

#include "alloc/platform/check.h"
#include "alloc/platform/os_memory.h"

/* Ranges that nobody uses must not make a request fail that the arena could serve. */
static struct pfi_segment *carve(struct pfi_arena *arena, size_t size) {
    struct pfi_segment *segment = pfi_arena_carve(arena, size);
    if (segment == NULL) {
        bool had_waiting = pfi_decommit_queue_drain(arena);
        bool had_standby = pfi_segment_pool_drain(arena);
        segment = had_waiting || had_standby ? pfi_arena_carve(arena, size) : NULL;
    }
    return segment;
}

static struct pfi_segment *find_range(struct pfi_arena *arena, size_t size, enum pf_segment_kind kind) {
    struct pfi_segment *segment = pfi_segment_pool_take(arena, size, kind);
    return segment != NULL ? segment : carve(arena, size);
}

/* Of its memory, [base, committed) is there, and [base, used) may not be zero. */
static void begin_with(struct pfi_segment *segment, enum pf_segment_kind kind, uintptr_t used, uintptr_t committed) {
    segment->kind = kind;
    segment->first = segment->base + (kind == PINFOLD_SEGMENT_SMALL ? PINFOLD_MIN_OBJECT : 0);
    segment->allocated = segment->first;
    segment->plan_allocated = segment->first;
    segment->used = used;
    segment->committed = committed;
    segment->next = NULL;
}

static void begin(struct pfi_segment *segment, enum pf_segment_kind kind) {
    begin_with(segment, kind, segment->base, segment->base);
}

struct pfi_segment *pfi_segment_create(struct pfi_arena *arena, size_t size, enum pf_segment_kind kind) {
    struct pfi_segment *segment = pfi_decommit_queue_take(arena, size, kind);
    if (segment != NULL) {
        begin_with(segment, kind, segment->used, segment->committed);
        return segment;
    }
    segment = find_range(arena, size, kind);
    if (segment != NULL) {
        begin(segment, kind);
    }
    return segment;
}

struct pfi_segment *pfi_segment_create_between(struct pfi_arena *arena, size_t least, size_t most,
                                               enum pf_segment_kind kind) {
    struct pfi_segment *segment = pfi_segment_create(arena, pfi_max(least, most), kind);
    for (size_t size = most / 2; segment == NULL && size > least; size /= 2) {
        segment = pfi_segment_create(arena, size, kind);
    }
    return segment != NULL || least >= most ? segment : pfi_segment_create(arena, least, kind);
}

bool pfi_segment_create_pair(struct pfi_arena *arena, const size_t sizes[2], const enum pf_segment_kind kinds[2],
                             struct pfi_segment *segments[2]) {
    size_t first_size = pfi_align_up(sizes[0], PINFOLD_UNIT);
    struct pfi_segment *first = pfi_arena_carve(arena, first_size + sizes[1]);
    if (first == NULL) {
        return false;
    }
    struct pfi_segment *second = pfi_arena_split(arena, first, first_size);
    if (second == NULL) {
        pfi_arena_return(arena, first);
        return false;
    }
    begin(first, kinds[0]);
    begin(second, kinds[1]);
    segments[0] = first;
    segments[1] = second;
    return true;
}

/* Gives the memory from `end` on back, but not what describes it. */
static void decommit_from(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t end) {
    if (end < segment->committed) {
        pfi_arena_decommit(arena, pfi_segment_space(segment), end, segment->committed - end);
        segment->committed = end;
    }
}

void pfi_segment_release(struct pfi_arena *arena, struct pfi_segment *segment) {
    decommit_from(arena, segment, segment->base);
    if (!pfi_segment_pool_put(arena, segment)) {
        pfi_arena_return(arena, segment);
    }
}

static bool commit_to(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t end) {
    if (!pfi_arena_describe(arena, segment, end) ||
        !pfi_arena_commit(arena, pfi_segment_space(segment), segment->committed, end - segment->committed)) {
        return false;
    }
    segment->committed = end;
    return true;
}

bool pfi_segment_commit(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t address) {
    if (address <= segment->committed) {
        return true;
    }
    if (address > segment->end) {
        return false;
    }
    uintptr_t end = pfi_min(pfi_align_up(address, arena->commit_step), segment->end);
    if (commit_to(arena, segment, end)) {
        return true;
    }
    /* Near a limit no more than what is needed, and before what waits to be given back. */
    end = pfi_align_up(address, PINFOLD_PAGE);
    return commit_to(arena, segment, end) ||
           (pfi_decommit_queue_give(arena, end - segment->committed) != 0 && commit_to(arena, segment, end));
}

void pfi_segment_trim(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t address) {
    uintptr_t end = pfi_align_up(address, PINFOLD_PAGE);
    decommit_from(arena, segment, end);
    segment->used = pfi_min(segment->used, segment->committed);
    pfi_arena_forget(arena, segment, segment->committed);
}

void pfi_segment_close_holes(struct pfi_arena *arena, struct pfi_segment *segment) {
    if (arena->wants_huge_pages && pfi_word_load(&segment->has_holes) != 0) {
        pfi_word_store(&segment->has_holes, 0);
        pfi_os_wish_huge_pages(segment->base, segment->end - segment->base, true);
    }
}

size_t pfi_segment_use(struct pfi_segment *segment, uintptr_t start, uintptr_t end) {
    size_t dirty = start < segment->used ? pfi_min(end, segment->used) - start : 0;
    segment->used = pfi_max(segment->used, end);
    return dirty;
}

bool pfi_segment_is_valid(const struct pfi_segment *segment) {
    return segment->base <= segment->first && segment->first <= segment->allocated &&
           segment->allocated <= pfi_max(segment->committed, segment->first) && segment->committed <= segment->end &&
           segment->used <= segment->committed && segment->committed <= segment->described &&
           segment->described <= segment->end;
}
