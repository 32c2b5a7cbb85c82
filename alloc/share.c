/* SPDX-License-Identifier: MIT */
#include "alloc/share.h"

#include "alloc/card_table.h"
#include "alloc/free_pages.h"
#include "alloc/object.h"
#include "alloc/object_starts.h"
#include "alloc/platform/check.h"

enum {
    SMALL_BINS = 12,
    SMALL_FIRST_LIMIT = PINFOLD_WORD_BITS == 64 ? 256 : 128,
    LARGE_BINS = 7,
    LARGE_FIRST_LIMIT = 1 << 16,
    PINNED_BINS = 12,
    PINNED_FIRST_LIMIT = 256,
};

/* The first segment of small objects, and of large ones where the layout asks for it. A reserved arena has them. */
static void make_first_segments(struct pfi_arena *arena, const struct pf_options *options,
                                struct pfi_segment *first[2]) {
    const size_t sizes[2] = {options->segment_size, options->large_segment_size};
    const enum pf_segment_kind kinds[2] = {PINFOLD_SEGMENT_SMALL, PINFOLD_SEGMENT_LARGE};
    bool wants_large = !arena->is_reserved && (options->initial_layout == PINFOLD_LAYOUT_AT_ONCE ||
                                               options->initial_layout == PINFOLD_LAYOUT_TWO_BLOCKS);
    bool wants_one_block = wants_large && options->initial_layout == PINFOLD_LAYOUT_AT_ONCE;
    if (wants_one_block && pfi_segment_create_pair(arena, sizes, kinds, first)) {
        return;
    }
    first[0] = pfi_segment_create_between(arena, pfi_share_least_segment(options), sizes[0], kinds[0]);
    first[1] = wants_large && first[0] != NULL ? pfi_segment_create(arena, sizes[1], kinds[1]) : NULL;
}

static enum pf_status open_segments(struct pfi_arena *arena, struct pfi_segment *const first[2]) {
    if (first[0] == NULL) {
        return PINFOLD_CANNOT_RESERVE;
    }
    if (!pfi_segment_commit(arena, first[0], first[0]->first)) {
        pfi_segment_release(arena, first[0]);
        if (first[1] != NULL) {
            pfi_segment_release(arena, first[1]);
        }
        return PINFOLD_CANNOT_COMMIT;
    }
    return PINFOLD_OK;
}

enum pf_status pfi_share_init(struct pfi_share *share, struct pfi_arena *arena, const struct pf_options *options) {
    struct pfi_segment *first[2] = {NULL, NULL};
    make_first_segments(arena, options, first);
    enum pf_status status = open_segments(arena, first);
    if (status != PINFOLD_OK) {
        return status;
    }
    struct pfi_segment *segment = first[0];
    memset(share, 0, sizeof *share);
    pfi_mutex_init(&share->small_lock);
    pfi_mutex_init(&share->old_lock);
    share->arena = arena;
    share->options = options;
    share->segments = segment;
    share->ephemeral = segment;
    share->large_segments = first[1];
    share->start[0] = segment->first;
    share->start[1] = segment->first;
    share->quantum = options->stress.collect_every != 0 ? 0 : options->allocation_quantum;
    pfi_free_list_init(&share->generations[0].free_list, SMALL_BINS, SMALL_FIRST_LIMIT);
    pfi_free_list_init(&share->generations[1].free_list, 1, 0);
    pfi_free_list_init(&share->generations[2].free_list, SMALL_BINS, SMALL_FIRST_LIMIT);
    pfi_free_list_init(&share->generations[PINFOLD_LARGE].free_list, LARGE_BINS, LARGE_FIRST_LIMIT);
    pfi_free_list_init(&share->generations[PINFOLD_PINNED].free_list, PINNED_BINS, PINNED_FIRST_LIMIT);
    return PINFOLD_OK;
}

void pfi_share_finish(struct pfi_share *share) {
    pfi_mutex_finish(&share->small_lock);
    pfi_mutex_finish(&share->old_lock);
}

int pfi_share_generation_of(const struct pfi_share *share, uintptr_t address) {
    const struct pfi_segment *segment = pfi_arena_segment_of(share->arena, address);
    if (segment == NULL || address < segment->first || address >= pfi_segment_allocated_now(segment)) {
        return -1;
    }
    if (segment->kind != PINFOLD_SEGMENT_SMALL) {
        return segment->kind == PINFOLD_SEGMENT_LARGE ? PINFOLD_LARGE : PINFOLD_PINNED;
    }
    if (segment != share->ephemeral || address < share->start[1]) {
        return 2;
    }
    return address < share->start[0] ? 1 : 0;
}

static size_t chain_bytes(const struct pfi_segment *segment) {
    size_t bytes = 0;
    for (; segment != NULL; segment = segment->next) {
        bytes += pfi_segment_bytes(segment);
    }
    return bytes;
}

size_t pfi_share_generation_bytes(const struct pfi_share *share, int generation) {
    switch (generation) {
    case 0:
    case 1:
        return pfi_share_end(share, generation) - pfi_share_start(share, generation);
    case 2:
        return chain_bytes(share->segments) - (share->ephemeral->allocated - share->start[1]);
    case PINFOLD_LARGE:
        return chain_bytes(share->large_segments);
    default:
        return chain_bytes(share->pinned_segments);
    }
}

size_t pfi_share_beside_gen2_bytes(const struct pfi_share *share) {
    size_t free_bytes = share->generations[PINFOLD_PINNED].free_bytes;
    return share->large_bytes + pfi_share_generation_bytes(share, PINFOLD_PINNED) - free_bytes;
}

void pfi_share_format_gap(struct pfi_share *share, int generation, uintptr_t start, size_t size) {
    if (size == 0) {
        return;
    }
    PINFOLD_REQUIRE(size >= PINFOLD_MIN_OBJECT, "a gap of %zu bytes at %#zx cannot be formatted", size, (size_t)start);
    pfi_free_object_format(start, size);
    if (share->options->stress.poison) {
        memset((void *)(start + PINFOLD_MIN_OBJECT), PINFOLD_POISON, size - PINFOLD_MIN_OBJECT);
    }
    pfi_free_pages_set_clean(start, size, 0);
    pfi_object_starts_set(share->arena->object_starts, start, start + size);
    share->generations[generation].free_bytes += size;
}

void pfi_share_thread_gap(struct pfi_share *share, int generation, uintptr_t start, size_t size) {
    pfi_share_format_gap(share, generation, start, size);
    if (size >= PINFOLD_MIN_FREE_ITEM) {
        pfi_free_list_append(&share->generations[generation].free_list, start);
    }
}

void pfi_share_forget_free(struct pfi_share *share, int oldest) {
    for (int generation = 0; generation <= oldest; ++generation) {
        pfi_account_add(&share->arena->account, PINFOLD_SPACE_SMALL, share->generations[generation].clean_bytes);
        share->generations[generation].clean_bytes = 0;
        share->generations[generation].free_bytes = 0;
        pfi_free_list_clear(&share->generations[generation].free_list);
    }
}

void pfi_share_poison_tail(const struct pfi_share *share, const struct pfi_segment *segment) {
    if (share->options->stress.poison && segment->allocated < segment->used) {
        memset((void *)segment->allocated, PINFOLD_POISON, segment->used - segment->allocated);
    }
}

void pfi_share_clean_young_cards(struct pfi_share *share) {
    pfi_cards_clean_inside(share->arena->cards, share->start[1],
                           pfi_align_up(share->ephemeral->allocated, PINFOLD_CARD));
}

void pfi_share_append_ephemeral(struct pfi_share *share, struct pfi_segment *segment) {
    struct pfi_segment **link = &share->segments;
    while (*link != NULL) {
        if (*link == segment) {
            *link = segment->next;
        } else {
            link = &(*link)->next;
        }
    }
    *link = segment;
    segment->next = NULL;
    share->ephemeral = segment;
}

struct pfi_segment *pfi_share_unlink_empty(struct pfi_share *share) {
    struct pfi_segment *emptied = NULL;
    for (struct pfi_segment **link = &share->segments; *link != share->ephemeral;) {
        struct pfi_segment *segment = *link;
        if (segment->allocated != segment->first) {
            link = &segment->next;
            continue;
        }
        *link = segment->next;
        segment->next = emptied;
        emptied = segment;
    }
    return emptied;
}

bool pfi_share_is_valid(const struct pfi_share *share) {
    const struct pfi_segment *last = share->segments;
    while (last->next != NULL) {
        if (!pfi_segment_is_valid(last)) {
            return false;
        }
        last = last->next;
    }
    return last == share->ephemeral && pfi_segment_is_valid(last) && last->first <= share->start[1] &&
           share->start[1] <= share->start[0] && share->start[0] <= last->allocated;
}
