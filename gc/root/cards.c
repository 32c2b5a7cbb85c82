/* SPDX-License-Identifier: MIT */
#include "gc/root/cards.h"

#include "alloc/card_table.h"
#include "alloc/object_starts.h"
#include "alloc/walk.h"

static uintptr_t first_object(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t from,
                              uintptr_t low) {
    if (low <= from) {
        return from;
    }
    return segment->kind == PINFOLD_SEGMENT_LARGE ? pfi_object_starts_before(arena->object_starts, segment->first, low)
                                                  : pfi_object_starts_find(arena->object_starts, segment->first, low);
}

/* A run of dirty cards, [low, high) in bytes. */
struct run {
    uintptr_t low;
    uintptr_t high;
};

/* End of the last run of dirty cards that begins inside [from, to); `from` when there is none. */
static uintptr_t last_dirty(const struct pfi_arena *arena, uintptr_t from, uintptr_t to, uint8_t interest) {
    uintptr_t last = from >> PINFOLD_CARD_SHIFT;
    uintptr_t limit = to >> PINFOLD_CARD_SHIFT;
    for (uintptr_t card = last; card < limit;) {
        card = pfi_card_find(arena->cards, card, limit, interest, true);
        if (card < limit) {
            card = pfi_card_find(arena->cards, card, limit, interest, false);
            last = card;
        }
    }
    return last << PINFOLD_CARD_SHIFT;
}

/* The slots in [low, high), the bytes of one run of dirty cards. Returns up to where they are done: a visit callback
 * walks its whole object however little is wanted, so an object of such a type is done up to its last dirty card at
 * once, and the runs in between are done with it. */
static uintptr_t visit_run(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t from,
                           const struct run *run, uint8_t interest, pfi_slots_function *visit, void *context) {
    uintptr_t low = run->low;
    uintptr_t high = run->high;
    uintptr_t object = first_object(arena, segment, from, low);
    while (object < high) {
        uintptr_t next = object + pfi_walk_step(segment, object);
        if (next > high && pfi_object_type(object)->scan == PINFOLD_SCAN_CALLBACK) {
            uintptr_t last = last_dirty(arena, high, next, interest);
            pfi_cards_clean_inside(arena->cards, high, last);
            high = pfi_max(high, last);
        }
        if (object >= low && next <= high) {
            pfi_object_visit(object, pfi_object_type(object), visit, context);
        } else {
            pfi_object_visit_range(object, low, high, visit, context);
        }
        object = next;
    }
    return high;
}

/* Dirty cards lie far apart, so almost every one is a cache miss: the start table, the object before the card and the
 * card itself are fetched several runs ahead. */
static void prefetch_run(const struct pfi_arena *arena, const struct run *run) {
    __builtin_prefetch(&arena->object_starts[(run->low >> PINFOLD_CARD_SHIFT) - 1]);
    for (uintptr_t line = run->low - 64; line < run->low + PINFOLD_CARD; line += 64) {
        __builtin_prefetch((const void *)line);
    }
}

struct run_finder {
    const struct pfi_arena *arena;
    uintptr_t card;
    uintptr_t limit;
    uint8_t interest;
};

static size_t find_runs(struct run_finder *finder, struct run *runs, size_t capacity) {
    uint8_t *cards = finder->arena->cards;
    size_t count = 0;
    while (count < capacity) {
        uintptr_t card = pfi_card_find(cards, finder->card, finder->limit, finder->interest, true);
        if (card == finder->limit) {
            finder->card = card;
            break;
        }
        finder->card = pfi_card_find(cards, card, finder->limit, finder->interest, false);
        runs[count] = (struct run){card << PINFOLD_CARD_SHIFT, finder->card << PINFOLD_CARD_SHIFT};
        prefetch_run(finder->arena, &runs[count++]);
    }
    return count;
}

void pfi_cards_visit(const struct pfi_arena *arena, const struct pfi_segment *segment, uintptr_t from, uintptr_t to,
                     uint8_t interest, pfi_slots_function *visit, void *context) {
    enum { AHEAD = 4 };
    struct run runs[AHEAD];
    struct run_finder finder = {arena, from >> PINFOLD_CARD_SHIFT, (to + PINFOLD_CARD - 1) >> PINFOLD_CARD_SHIFT,
                                interest};
    uintptr_t done = from;
    for (size_t count = find_runs(&finder, runs, AHEAD); count != 0; count = find_runs(&finder, runs, AHEAD)) {
        for (const struct run *run = runs; run < runs + count; ++run) {
            uintptr_t low = pfi_max(run->low, done);
            if (low >= run->high) {
                continue;
            }
            memset(&arena->cards[low >> PINFOLD_CARD_SHIFT], 0,
                   (run->high - low + PINFOLD_CARD - 1) >> PINFOLD_CARD_SHIFT);
            struct run rest = {low, pfi_min(run->high, to)};
            done = visit_run(arena, segment, from, &rest, interest, visit, context);
            if (run->high > to && segment->allocated > to) { /* shared with younger objects, which were not asked */
                pfi_card_dirty(arena->cards, run->high - 1);
            }
        }
    }
}

static void visit_chain(const struct pfi_share *share, const struct pfi_segment *segment, uint8_t interest,
                        pfi_slots_function *visit, void *context) {
    for (; segment != NULL; segment = segment->next) {
        pfi_cards_visit(share->arena, segment, segment->first, segment->allocated, interest, visit, context);
    }
}

void pfi_cards_visit_older(const struct pfi_share *share, int condemned, pfi_slots_function *visit, void *context) {
    uint8_t interest = pfi_card_interest(condemned);
    if (condemned >= 2) {
        return;
    }
    for (const struct pfi_segment *segment = share->segments; segment != NULL; segment = segment->next) {
        uintptr_t to = segment == share->ephemeral ? pfi_share_start(share, condemned) : segment->allocated;
        pfi_cards_visit(share->arena, segment, segment->first, to, interest, visit, context);
    }
    visit_chain(share, share->large_segments, interest, visit, context);
    visit_chain(share, share->pinned_segments, interest, visit, context);
}

size_t pfi_cards_count_older(const struct pfi_share *share) {
    size_t count = 0;
    for (const struct pfi_segment *segment = share->segments; segment != NULL; segment = segment->next) {
        uintptr_t to = segment == share->ephemeral ? share->start[1] : segment->allocated;
        count += pfi_cards_count(share->arena->cards, segment->first, to);
    }
    return count;
}

static void remember_chain(const struct pfi_share *share, const struct pfi_segment *segment) {
    for (; segment != NULL; segment = segment->next) {
        pfi_cards_remember_stored(share->arena->cards, segment->first, segment->allocated);
    }
}

void pfi_cards_remember_older(const struct pfi_share *share) {
    for (const struct pfi_segment *segment = share->segments; segment != NULL; segment = segment->next) {
        uintptr_t to = segment == share->ephemeral ? share->start[1] : segment->allocated;
        pfi_cards_remember_stored(share->arena->cards, segment->first, to);
    }
    remember_chain(share, share->large_segments);
    remember_chain(share, share->pinned_segments);
}
