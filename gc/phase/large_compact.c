/* SPDX-License-Identifier: MIT
 *
 * Moving large objects to their planned places (large_plan.c), in walk order. While they move, the mark bit of an
 * object goes with it; afterwards the bits tell where objects lie, and what is between them becomes free runs.
 *
 * A free run that had been given back counts as committed again: objects may have moved into it.
 */
#include "alloc/free_pages.h"
#include "alloc/large.h"
#include "alloc/object_starts.h"
#include "alloc/platform/bitmap.h"
#include "alloc/platform/check.h"
#include "alloc/platform/os_memory.h"
#include "gc/phase/large.h"

/* Where more is in use than a limit allows, as objects move into what had been given back, the memory that each leaves
 * goes at once, and not with the rest after the collection: the limit may be that of a container, which kills. The
 * account goes on counting it until the free run that it becomes is given back. */
static void leave_pages(struct pfi_arena *arena, uintptr_t object, uintptr_t place, size_t size) {
    bool overlaps = place < object && object - place < size;
    uintptr_t start = overlaps ? place + size : object;
    if (pfi_account_is_above_limit(&arena->account)) {
        (void)pfi_os_discard(start, object + size - start);
    }
}

static void move_object(struct pfi_arena *arena, uintptr_t object, size_t size) {
    uintptr_t *slide = &arena->slides[object >> PINFOLD_CARD_SHIFT];
    uintptr_t place = *slide;
    if (place == 0) {
        return;
    }
    PINFOLD_REQUIRE(!pfi_bits_test(arena->pin_words, object >> PINFOLD_GRANULE_SHIFT),
                    "the pinned large object %#zx was to move to %#zx", (size_t)object, (size_t)place);
    *slide = 0;
    memmove((void *)place, (const void *)object, pfi_object_size(object));
    leave_pages(arena, object, place, size);
    pfi_bits_clear(arena->mark_words, object >> PINFOLD_GRANULE_SHIFT);
    pfi_bits_set(arena->mark_words, place >> PINFOLD_GRANULE_SHIFT);
    pfi_object_starts_set(arena->object_starts, place, place + size);
}

/* Places lie before the walk, so what is ahead of it is still whole. */
static void move_objects(struct pfi_arena *arena, const struct pfi_segment *segment) {
    for (uintptr_t object = segment->first; object < segment->allocated;) {
        size_t size = pfi_large_footprint(pfi_object_size(object));
        if (pfi_bits_test(arena->mark_words, object >> PINFOLD_GRANULE_SHIFT)) {
            move_object(arena, object, size);
        } else if (pfi_object_is_free(object)) {
            pfi_account_add(&arena->account, PINFOLD_SPACE_LARGE, pfi_free_pages_clean(object));
        }
        object += size;
    }
}

/* First marked object at or after `address`; `limit` when there is none. */
static uintptr_t next_object(const struct pfi_arena *arena, uintptr_t address, uintptr_t limit) {
    return pfi_bits_find_one(arena->mark_words, address >> PINFOLD_GRANULE_SHIFT, limit >> PINFOLD_GRANULE_SHIFT)
           << PINFOLD_GRANULE_SHIFT;
}

static void settle_segment(struct pfi_share *share, struct pfi_segment *segment) {
    struct pfi_arena *arena = share->arena;
    uintptr_t free_start = segment->first;
    segment->allocated = segment->plan_allocated;
    segment->used = pfi_max(segment->used, segment->allocated);
    while (free_start < segment->allocated) {
        uintptr_t object = next_object(arena, free_start, segment->allocated);
        PINFOLD_ASSERT(object < segment->allocated); /* a segment ends with an object */
        if (object > free_start) {
            pfi_large_thread_run(share, free_start, object - free_start, 0);
        }
        size_t size = pfi_large_footprint(pfi_object_size(object));
        pfi_bits_clear(arena->mark_words, object >> PINFOLD_GRANULE_SHIFT);
        pfi_bits_clear(arena->pin_words, object >> PINFOLD_GRANULE_SHIFT);
        share->large_bytes += size;
        free_start = object + size;
    }
    pfi_share_poison_tail(share, segment);
}

void pfi_compact_large(struct pfi_share *share, struct pfi_segment **emptied) {
    struct pfi_generation *large = &share->generations[PINFOLD_LARGE];
    size_t live_before = share->large_bytes;
    large->free_bytes = 0;
    large->clean_bytes = 0;
    pfi_free_list_clear(&large->free_list);
    share->large_bytes = 0;
    for (const struct pfi_segment *segment = share->large_segments; segment != NULL; segment = segment->next) {
        move_objects(share->arena, segment);
    }
    for (struct pfi_segment *segment = share->large_segments; segment != NULL; segment = segment->next) {
        settle_segment(share, segment);
    }
    PINFOLD_REQUIRE(share->large_bytes <= live_before, "large objects take %zu bytes after compaction, %zu before",
                    share->large_bytes, live_before);
    pfi_unlink_empty_large(share, emptied);
}
