/* SPDX-License-Identifier: MIT */
#include "alloc/chunk.h"

#include "alloc/segment.h"
#include "alloc/side_tables.h"
#include "alloc/unit_map.h"

/* Whether another segment has a part in this chunk: a described part, or any. */
static bool is_shared(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t chunk,
                      bool described) {
    size_t first = pfi_unit_of(arena, chunk);
    for (size_t unit = first; unit < first + PINFOLD_CHUNK / PINFOLD_UNIT; ++unit) {
        const struct pfi_segment *owner = pfi_unit_owner(arena, unit);
        if (owner != NULL && owner != segment && (!described || owner->described > pfi_unit_base(arena, unit))) {
            return true;
        }
    }
    return false;
}

struct pfi_chunk_range pfi_chunks_alone(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t low,
                                        uintptr_t high, bool described) {
    struct pfi_chunk_range range = {pfi_align_down(low - arena->base, PINFOLD_CHUNK) + arena->base,
                                    pfi_align_up(high - arena->base, PINFOLD_CHUNK) + arena->base};
    if (range.low < range.high && is_shared(arena, segment, range.low, described)) {
        range.low += PINFOLD_CHUNK;
    }
    if (range.low < range.high && is_shared(arena, segment, range.high - PINFOLD_CHUNK, described)) {
        range.high -= PINFOLD_CHUNK;
    }
    return range;
}

static bool describe_locked(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t to)
    PINFOLD_NEEDS(arena->lock) {
    struct pfi_chunk_range range = pfi_chunks_alone(arena, segment, segment->described, to, true);
    size_t size = pfi_side_tables_size(range.high - range.low);
    if (!pfi_arena_charge(arena, size)) {
        return false;
    }
    if (!pfi_side_tables_commit(arena, range.low, range.high)) {
        pfi_arena_discharge(arena, size);
        return false;
    }
    segment->described = to;
    return true;
}

/* Where the chunk around an address of the segment ends, or the segment. */
static uintptr_t described_end(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t address) {
    return pfi_min(pfi_align_up(address - arena->base, PINFOLD_CHUNK) + arena->base, segment->end);
}

bool pfi_arena_describe(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t address) {
    if (address <= segment->described) {
        return true;
    }
    pfi_mutex_lock(&arena->lock);
    bool done = describe_locked(arena, segment, described_end(arena, segment, address));
    pfi_mutex_unlock(&arena->lock);
    return done;
}

void pfi_chunks_forget_locked(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t from) {
    uintptr_t to = segment->described;
    segment->described = from;
    struct pfi_chunk_range range = pfi_chunks_alone(arena, segment, from, to, true);
    if (range.low >= range.high) {
        pfi_side_tables_clear(arena, from, to);
        return;
    }
    pfi_side_tables_clear(arena, from, pfi_max(range.low, from));
    pfi_side_tables_clear(arena, pfi_min(range.high, to), to);
    pfi_side_tables_decommit(arena, range.low, range.high);
    pfi_arena_discharge(arena, pfi_side_tables_size(range.high - range.low));
}

void pfi_arena_forget(struct pfi_arena *arena, struct pfi_segment *segment, uintptr_t address) {
    uintptr_t from = address <= segment->base ? segment->base : described_end(arena, segment, address);
    if (from < segment->described) {
        pfi_mutex_lock(&arena->lock);
        pfi_chunks_forget_locked(arena, segment, from);
        pfi_mutex_unlock(&arena->lock);
    }
}
