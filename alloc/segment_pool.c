/* SPDX-License-Identifier: MIT */
#include "alloc/segment_pool.h"

#include "alloc/card_table.h"
#include "alloc/platform/check.h"
#include "alloc/segment.h"

void pfi_segment_pool_open(struct pfi_segment_pool *pool, size_t small_size, size_t large_size) {
    *pool = (struct pfi_segment_pool){.standard_size = {small_size, large_size, large_size}};
}

static size_t touched(const struct pfi_segment *segment) {
    return segment->used - segment->base;
}

static struct pfi_segment *pop(struct pfi_segment_pool *pool, enum pf_segment_kind kind) {
    struct pfi_segment *segment = pool->first[kind];
    pool->first[kind] = segment->next;
    --pool->counts[kind];
    pool->least[kind] = pfi_min(pool->least[kind], pool->counts[kind]);
    --pool->count;
    pool->bytes -= segment->end - segment->base;
    pool->touched_bytes -= touched(segment);
    return segment;
}

bool pfi_segment_pool_put(struct pfi_arena *arena, struct pfi_segment *segment) {
    struct pfi_segment_pool *pool = &arena->pool;
    size_t size = segment->end - segment->base;
    if (size != pool->standard_size[segment->kind]) {
        return false;
    }
    PINFOLD_REQUIRE(segment->committed == segment->base, "segment %#zx goes on standby with %zu bytes committed",
                    (size_t)segment->base, (size_t)(segment->committed - segment->base));
    pfi_cards_clean(arena->cards, segment->base, segment->used);
    segment->allocated = segment->first; /* no address in it belongs to an object */
    segment->next = pool->first[segment->kind];
    pool->first[segment->kind] = segment;
    ++pool->counts[segment->kind];
    ++pool->count;
    pool->bytes += size;
    pool->touched_bytes += touched(segment);
    return true;
}

struct pfi_segment *pfi_segment_pool_take(struct pfi_arena *arena, size_t size, enum pf_segment_kind kind) {
    struct pfi_segment_pool *pool = &arena->pool;
    if (pool->first[kind] == NULL || pfi_align_up(size, PINFOLD_UNIT) != pool->standard_size[kind]) {
        return NULL;
    }
    return pop(pool, kind);
}

size_t pfi_segment_pool_age(struct pfi_arena *arena) {
    struct pfi_segment_pool *pool = &arena->pool;
    size_t aged = 0;
    for (int kind = 0; kind < PINFOLD_SEGMENT_KINDS; ++kind) {
        for (size_t rest = pool->least[kind]; rest != 0; --rest) {
            pfi_arena_return(arena, pop(pool, (enum pf_segment_kind)kind));
            ++aged;
        }
        pool->least[kind] = pool->counts[kind];
    }
    return aged;
}

bool pfi_segment_pool_drain(struct pfi_arena *arena) {
    bool had_some = arena->pool.count != 0;
    for (int kind = 0; kind < PINFOLD_SEGMENT_KINDS; ++kind) {
        while (arena->pool.first[kind] != NULL) {
            pfi_arena_return(arena, pop(&arena->pool, (enum pf_segment_kind)kind));
        }
    }
    return had_some;
}

bool pfi_segment_pool_is_valid(const struct pfi_segment_pool *pool) {
    struct pfi_segment_pool sum = {.count = 0};
    for (int kind = 0; kind < PINFOLD_SEGMENT_KINDS; ++kind) {
        size_t before = sum.count;
        for (const struct pfi_segment *segment = pool->first[kind]; segment != NULL; segment = segment->next) {
            size_t size = segment->end - segment->base;
            if (segment->kind != (enum pf_segment_kind)kind || segment->committed != segment->base ||
                segment->allocated != segment->first || size != pool->standard_size[kind]) {
                return false;
            }
            ++sum.count;
            sum.bytes += size;
            sum.touched_bytes += touched(segment);
        }
        if (sum.count - before != pool->counts[kind] || pool->least[kind] > pool->counts[kind]) {
            return false;
        }
    }
    return sum.count == pool->count && sum.bytes == pool->bytes && sum.touched_bytes == pool->touched_bytes;
}
