/* SPDX-License-Identifier: MIT */
#include "alloc/segment.h"

#include <string.h>

#include "alloc/platform/check.h"

/* What is on standby must not make a request fail that the arena could serve. */
static struct pfi_segment *find_range(struct pfi_arena *arena, size_t size, enum pf_segment_kind kind) {
    struct pfi_segment *segment = pfi_segment_pool_take(arena, size, kind);
    if (segment == NULL) {
        segment = pfi_arena_carve(arena, size);
    }
    if (segment == NULL && pfi_segment_pool_drain(arena)) {
        segment = pfi_arena_carve(arena, size);
    }
    return segment;
}

struct pfi_segment *pfi_segment_create(struct pfi_arena *arena, size_t size, enum pf_segment_kind kind) {
    struct pfi_segment *segment = find_range(arena, size, kind);
    if (segment == NULL) {
        return NULL;
    }
    segment->kind = kind;
    segment->first = segment->base + (kind == PINFOLD_SEGMENT_SMALL ? PINFOLD_MIN_OBJECT : 0);
    segment->allocated = segment->first;
    segment->plan_allocated = segment->first;
    segment->used = segment->base;
    segment->committed = segment->base;
    segment->next = NULL;
    return segment;
}

void pfi_segment_release(struct pfi_arena *arena, struct pfi_segment *segment) {
    uintptr_t used = segment->used;
    pfi_segment_trim(arena, segment, segment->base);
    segment->used = used;
    if (!pfi_segment_pool_put(arena, segment)) {
        pfi_arena_return(arena, segment);
    }
}

static bool commit_to(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t end) {
    if (!pfi_arena_commit(arena, pfi_segment_space(segment), segment->committed, end - segment->committed)) {
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
    /* Near a limit no more than what is needed. */
    return commit_to(arena, segment, pfi_align_up(address, PINFOLD_PAGE));
}

void pfi_segment_trim(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t address) {
    uintptr_t end = pfi_align_up(address, PINFOLD_PAGE);
    if (end >= segment->committed) {
        return;
    }
    pfi_arena_decommit(arena, pfi_segment_space(segment), end, segment->committed - end);
    segment->committed = end;
    segment->used = pfi_min(segment->used, end);
}

size_t pfi_segment_use(struct pfi_segment *segment, uintptr_t start, uintptr_t end) {
    size_t dirty = start < segment->used ? pfi_min(end, segment->used) - start : 0;
    segment->used = pfi_max(segment->used, end);
    return dirty;
}

bool pfi_segment_is_valid(const struct pfi_segment *segment) {
    return segment->base <= segment->first && segment->first <= segment->allocated &&
           segment->allocated <= pfi_max(segment->committed, segment->first) && segment->committed <= segment->end &&
           segment->used <= segment->committed;
}
