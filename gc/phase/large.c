/* SPDX-License-Identifier: MIT */
#include "gc/phase/large.h"

#include "alloc/card_table.h"
#include "alloc/free_pages.h"
#include "alloc/large.h"
#include "alloc/platform/bitmap.h"

/* The dead run that is being joined. */
struct dead_run {
    uintptr_t start;
    uintptr_t end;
    size_t clean_bytes; /* of all free runs in it */
    size_t clean_end;   /* of the last one, if the run ends with it */
};

static void close_run(struct pfi_share *share, struct dead_run *run, uintptr_t next) {
    size_t size = run->end - run->start;
    if (size != 0) { /* what had been given back in the middle counts as committed again */
        size_t clean = pfi_large_thread_run(share, run->start, size, run->clean_end);
        pfi_account_add(&share->arena->account, PINFOLD_SPACE_LARGE, run->clean_bytes - clean);
    }
    *run = (struct dead_run){next, next, 0, 0};
}

static bool take_mark(const struct pfi_arena *arena, uintptr_t object) {
    size_t granule = object >> PINFOLD_GRANULE_SHIFT;
    bool marked = pfi_bits_test(arena->mark_words, granule);
    pfi_bits_clear(arena->mark_words, granule);
    if (pfi_bits_test(arena->pin_words, granule)) { /* pins are rare, and the table takes memory where it is written */
        pfi_bits_clear(arena->pin_words, granule);
    }
    return marked;
}

/* Dead bytes behind the last object are no run: the segment ends earlier. */
static void cut_segment(struct pfi_share *share, struct pfi_segment *segment, const struct dead_run *run) {
    pfi_account_add(&share->arena->account, PINFOLD_SPACE_LARGE, run->clean_bytes);
    pfi_cards_clean(share->arena->cards, run->start, segment->allocated);
    segment->allocated = run->start;
    pfi_share_poison_tail(share, segment);
}

static void sweep_segment(struct pfi_share *share, struct pfi_segment *segment) {
    struct dead_run run = {segment->first, segment->first, 0, 0};
    for (uintptr_t object = segment->first; object < segment->allocated;) {
        size_t size = pfi_large_footprint(pfi_object_size(object));
        bool is_free = pfi_object_is_free(object);
        if (!is_free && take_mark(share->arena, object)) {
            close_run(share, &run, object + size);
            share->large_bytes += size;
        } else {
            run.clean_end = is_free ? pfi_free_pages_clean(object) : 0;
            run.clean_bytes += run.clean_end;
            run.end = object + size;
        }
        object += size;
    }
    cut_segment(share, segment, &run);
}

void pfi_unlink_empty_large(struct pfi_share *share, struct pfi_segment **emptied) {
    for (struct pfi_segment **link = &share->large_segments; *link != NULL;) {
        struct pfi_segment *segment = *link;
        if (segment->allocated != segment->first) {
            link = &segment->next;
            continue;
        }
        *link = segment->next;
        segment->next = *emptied;
        *emptied = segment;
    }
}

void pfi_sweep_large(struct pfi_share *share, struct pfi_segment **emptied) {
    struct pfi_generation *large = &share->generations[PINFOLD_LARGE];
    large->free_bytes = 0;
    large->clean_bytes = 0;
    pfi_free_list_clear(&large->free_list);
    share->large_bytes = 0;
    for (struct pfi_segment *segment = share->large_segments; segment != NULL; segment = segment->next) {
        sweep_segment(share, segment);
    }
    pfi_unlink_empty_large(share, emptied);
}
