/* SPDX-License-Identifier: MIT */
#include "alloc/decommit_queue.h"

#include "alloc/card_table.h"
#include "alloc/segment.h"

void pfi_decommit_queue_init(struct pfi_decommit_queue *queue) {
    *queue = (struct pfi_decommit_queue){.count = 0};
    pfi_mutex_init(&queue->lock);
}

void pfi_decommit_queue_finish(struct pfi_decommit_queue *queue) {
    pfi_mutex_finish(&queue->lock);
}

static size_t committed(const struct pfi_segment *segment) {
    return segment->committed - segment->base;
}

void pfi_decommit_queue_put(struct pfi_arena *arena, struct pfi_segment *segment) {
    struct pfi_decommit_queue *queue = &arena->waiting;
    pfi_mutex_lock(&queue->lock);
    segment->allocated = segment->first;
    segment->next = NULL;
    if (queue->last != NULL) {
        queue->last->next = segment;
    } else {
        queue->first = segment;
    }
    queue->last = segment;
    ++queue->count;
    queue->range_bytes += segment->end - segment->base;
    queue->bytes += committed(segment);
    pfi_mutex_unlock(&queue->lock);
}

/* Takes the segment behind `before` (NULL: the first) off the list. */
static struct pfi_segment *unlink_locked(struct pfi_decommit_queue *queue, struct pfi_segment *before)
    PINFOLD_NEEDS(queue->lock) {
    struct pfi_segment **link = before == NULL ? &queue->first : &before->next;
    struct pfi_segment *segment = *link;
    *link = segment->next;
    if (queue->last == segment) {
        queue->last = before;
    }
    --queue->count;
    queue->range_bytes -= segment->end - segment->base;
    queue->bytes -= committed(segment);
    segment->next = NULL;
    return segment;
}

static bool serves(const struct pfi_segment *segment, size_t size, enum pf_segment_kind kind) {
    size_t range = segment->end - segment->base;
    return segment->kind == kind && range >= size && range / 2 < size;
}

static struct pfi_segment *take_newest_locked(struct pfi_decommit_queue *queue, size_t size, enum pf_segment_kind kind)
    PINFOLD_NEEDS(queue->lock) {
    struct pfi_segment *before = NULL;
    struct pfi_segment *before_newest = NULL;
    bool is_found = false;
    for (struct pfi_segment *segment = queue->first; segment != NULL; segment = segment->next) {
        if (serves(segment, size, kind)) {
            before_newest = before;
            is_found = true;
        }
        before = segment;
    }
    return is_found ? unlink_locked(queue, before_newest) : NULL;
}

struct pfi_segment *pfi_decommit_queue_take(struct pfi_arena *arena, size_t size, enum pf_segment_kind kind) {
    struct pfi_decommit_queue *queue = &arena->waiting;
    pfi_mutex_lock(&queue->lock);
    struct pfi_segment *segment = take_newest_locked(queue, size, kind);
    pfi_mutex_unlock(&queue->lock);
    if (segment != NULL) {
        pfi_cards_clean(arena->cards, segment->base, segment->used);
        segment->used = pfi_min(segment->used, segment->committed);
        pfi_segment_close_holes(arena, segment);
    }
    return segment;
}

/* From the end downwards. */
static size_t give_from(struct pfi_arena *arena, struct pfi_segment *segment, size_t limit)
    PINFOLD_NEEDS(arena->waiting.lock) {
    struct pfi_decommit_queue *queue = &arena->waiting;
    size_t size = pfi_min(committed(segment), limit);
    if (size != 0) {
        pfi_arena_decommit(arena, pfi_segment_space(segment), segment->committed - size, size);
        segment->committed -= size;
        queue->bytes -= size;
    }
    return size;
}

size_t pfi_decommit_queue_give(struct pfi_arena *arena, size_t limit) {
    size_t given = 0;
    limit =
        limit > SIZE_MAX - PINFOLD_PAGE ? pfi_align_down(SIZE_MAX, PINFOLD_PAGE) : pfi_align_up(limit, PINFOLD_PAGE);
    pfi_mutex_lock(&arena->waiting.lock);
    for (struct pfi_segment *segment = arena->waiting.first; segment != NULL && given < limit;
         segment = segment->next) {
        given += give_from(arena, segment, limit - given);
    }
    pfi_mutex_unlock(&arena->waiting.lock);
    return given;
}

bool pfi_decommit_queue_return(struct pfi_arena *arena) {
    struct pfi_decommit_queue *queue = &arena->waiting;
    struct pfi_segment *before = NULL;
    pfi_mutex_lock(&queue->lock);
    struct pfi_segment *segment = queue->first;
    while (segment != NULL && segment->committed != segment->base) {
        before = segment;
        segment = segment->next;
    }
    if (segment != NULL) {
        unlink_locked(queue, before);
    }
    pfi_mutex_unlock(&queue->lock);
    if (segment == NULL) {
        return false;
    }
    pfi_segment_close_holes(arena, segment);
    if (!pfi_segment_pool_put(arena, segment)) {
        pfi_arena_return(arena, segment);
    }
    return true;
}

bool pfi_decommit_queue_drain(struct pfi_arena *arena) {
    bool had_some = arena->waiting.count != 0;
    pfi_decommit_queue_give(arena, SIZE_MAX);
    while (pfi_decommit_queue_return(arena)) {
    }
    return had_some;
}

bool pfi_decommit_queue_is_valid(const struct pfi_decommit_queue *queue) {
    struct pfi_decommit_queue sum = {.count = 0};
    const struct pfi_segment *last = NULL;
    for (const struct pfi_segment *segment = queue->first; segment != NULL; segment = segment->next) {
        if (segment->allocated != segment->first || segment->committed < segment->base ||
            segment->committed > segment->end) {
            return false;
        }
        ++sum.count;
        sum.range_bytes += segment->end - segment->base;
        sum.bytes += committed(segment);
        last = segment;
    }
    return last == queue->last && sum.count == queue->count && sum.range_bytes == queue->range_bytes &&
           sum.bytes == queue->bytes;
}
