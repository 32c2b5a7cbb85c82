/* SPDX-License-Identifier: MIT */
#include "gc/phase/pinned.h"

#include "alloc/card_table.h"
#include "alloc/free_pages.h"
#include "alloc/object_starts.h"
#include "alloc/pinned_heap.h"

/* How many bits marking sets for an object: one for each granule, but for large objects only the first. */
static size_t marked_granules(const struct pfi_share *share, size_t size) {
    return size < share->options->large_threshold ? size >> PINFOLD_GRANULE_SHIFT : 1;
}

/* Clears what marking set for an object; whether it did. */
static bool take_marks(const struct pfi_share *share, uintptr_t object, size_t size) {
    const struct pfi_arena *arena = share->arena;
    size_t granule = object >> PINFOLD_GRANULE_SHIFT;
    if (!pfi_bits_test(arena->mark_words, granule)) {
        return false;
    }
    size_t count = marked_granules(share, size);
    pfi_bits_clear_run(arena->mark_words, granule, count);
    if (pfi_bits_test(arena->pin_words, granule)) {
        pfi_bits_clear_run(arena->pin_words, granule, count);
    }
    return true;
}

/* The dead run that is being joined. */
struct dead_run {
    uintptr_t start;
    size_t clean_bytes; /* of all free objects in it */
    size_t clean_end;   /* of the last one, if the run ends with it */
};

/* What had been given back in the middle counts as committed again. */
static void close_run(struct pfi_share *share, const struct dead_run *run, uintptr_t end) {
    size_t clean = pfi_pinned_heap_thread(share, run->start, end - run->start, run->clean_end);
    pfi_account_add(&share->arena->account, PINFOLD_SPACE_PINNED, run->clean_bytes - clean);
}

/* Dead bytes behind the last object are no run: the segment ends earlier. */
static void cut_segment(struct pfi_share *share, struct pfi_segment *segment, const struct dead_run *run) {
    pfi_account_add(&share->arena->account, PINFOLD_SPACE_PINNED, run->clean_bytes);
    pfi_cards_clean_inside(share->arena->cards, run->start, pfi_align_up(segment->allocated, PINFOLD_CARD));
    segment->allocated = run->start;
    pfi_share_poison_tail(share, segment);
}

static void sweep_segment(struct pfi_share *share, struct pfi_segment *segment) {
    struct dead_run run = {segment->first, 0, 0};
    for (uintptr_t object = segment->first; object < segment->allocated;) {
        size_t size = pfi_object_size(object);
        if (pfi_object_is_free(object)) {
            run.clean_end = pfi_free_pages_clean(object);
            run.clean_bytes += run.clean_end;
        } else if (take_marks(share, object, size)) {
            close_run(share, &run, object);
            pfi_object_starts_note(share->arena->object_starts, object);
            run = (struct dead_run){object + size, 0, 0};
        } else {
            run.clean_end = 0;
        }
        object += size;
    }
    cut_segment(share, segment, &run);
}

void pfi_sweep_pinned(struct pfi_share *share, struct pfi_segment **emptied) {
    struct pfi_generation *pinned = &share->generations[PINFOLD_PINNED];
    pinned->free_bytes = 0;
    pinned->clean_bytes = 0;
    pfi_free_list_clear(&pinned->free_list);
    for (struct pfi_segment **link = &share->pinned_segments; *link != NULL;) {
        struct pfi_segment *segment = *link;
        sweep_segment(share, segment);
        if (segment->allocated != segment->first) {
            link = &segment->next;
            continue;
        }
        *link = segment->next;
        segment->next = *emptied;
        *emptied = segment;
    }
}
