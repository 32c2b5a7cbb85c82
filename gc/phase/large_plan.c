/* SPDX-License-Identifier: MIT
 *
 * Where large objects go when they are compacted. The walk keeps two kinds of room, both behind it in walk order:
 *
 *     AA..PP.BBB       the open room:  [room, the object at hand), into which the object may slide, over itself, too
 *       ^^  ^          closed holes:   what the open room was when a pinned object, or a segment's end, closed it
 *
 * An object goes into the first closed hole of its size class (or any of a greater one) that holds it, else it slides.
 * So an object that fits nowhere stays, and what is behind it may still fill the holes before it. Small classes first:
 * that fills the holes of segments which pins keep from leaving, before the ends of segments, and those before
 * segments that everything has moved out of.
 *
 * Holes are kept in bins like those of the free list, but may not be written to: live objects lie there until they are
 * moved. A hole's link and end are kept in the slides of the second and third card of its first page instead: no object
 * starts there, so nobody looks for a new address at them.
 */
#include "alloc/large.h"
#include "alloc/platform/bitmap.h"
#include "gc/phase/large.h"

enum { HOLE_TRIES = 64 }; /* in the bin of the object's own class, where a hole may be too short */
static_assert(PINFOLD_PAGE / PINFOLD_CARD >= 3, "the first page of a hole has slides that no object uses");

struct hole {
    uintptr_t next;
    uintptr_t end;
};

struct planner {
    struct pfi_share *share;
    const struct pfi_free_list *classes; /* whose bins sort the holes */
    uint32_t nonempty;
    struct {
        uintptr_t head;
        uintptr_t tail;
    } bins[PINFOLD_MAX_BINS];
    uintptr_t room; /* where the open room begins */
    size_t moved;
};

static struct hole *hole_at(const struct planner *planner, uintptr_t start) {
    return (struct hole *)&planner->share->arena->slides[(start >> PINFOLD_CARD_SHIFT) + 1];
}

/* The slides of the end of a segment may not be there yet. Without memory for them it is no hole. */
static bool can_be_hole(const struct planner *planner, uintptr_t start, uintptr_t end) {
    struct pfi_arena *arena = planner->share->arena;
    return start != end && pfi_arena_describe(arena, pfi_arena_segment_of(arena, start), start + PINFOLD_PAGE);
}

/* In walk order, so that what is taken from a bin is near the beginning of the walk. */
static void append_hole(struct planner *planner, uintptr_t start, uintptr_t end) {
    if (!can_be_hole(planner, start, end)) {
        return;
    }
    unsigned bin = pfi_free_list_bin(planner->classes, end - start);
    *hole_at(planner, start) = (struct hole){0, end};
    if (planner->bins[bin].head == 0) {
        planner->bins[bin].head = start;
    } else {
        hole_at(planner, planner->bins[bin].tail)->next = start;
    }
    planner->bins[bin].tail = start;
    planner->nonempty |= 1u << bin;
}

/* What is left of a hole comes first: others of its class lie behind it, as a rule. */
static void push_rest(struct planner *planner, uintptr_t start, uintptr_t end) {
    if (!can_be_hole(planner, start, end)) {
        return;
    }
    unsigned bin = pfi_free_list_bin(planner->classes, end - start);
    *hole_at(planner, start) = (struct hole){planner->bins[bin].head, end};
    if (planner->bins[bin].head == 0) {
        planner->bins[bin].tail = start;
    }
    planner->bins[bin].head = start;
    planner->nonempty |= 1u << bin;
}

static void unlink_hole(struct planner *planner, unsigned bin, uintptr_t previous, uintptr_t start) {
    uintptr_t next = hole_at(planner, start)->next;
    if (previous == 0) {
        planner->bins[bin].head = next;
    } else {
        hole_at(planner, previous)->next = next;
    }
    if (next == 0) {
        planner->bins[bin].tail = previous;
    }
    if (planner->bins[bin].head == 0) {
        planner->nonempty &= ~(1u << bin);
    }
    *hole_at(planner, start) = (struct hole){0, 0};
}

/* The ends of segments need not be committed; a failed commit is no more than a hole that is too short. */
static bool holds(const struct planner *planner, uintptr_t start, size_t size) {
    struct pfi_arena *arena = planner->share->arena;
    return size <= hole_at(planner, start)->end - start &&
           pfi_segment_commit(arena, pfi_arena_segment_of(arena, start), start + size);
}

static uintptr_t take_from_bin(struct planner *planner, unsigned bin, size_t size) {
    uintptr_t previous = 0;
    uintptr_t start = planner->bins[bin].head;
    for (int tries = 0; start != 0 && tries < HOLE_TRIES; ++tries) {
        if (holds(planner, start, size)) {
            uintptr_t end = hole_at(planner, start)->end;
            unlink_hole(planner, bin, previous, start);
            push_rest(planner, start + size, end);
            return start;
        }
        previous = start;
        start = hole_at(planner, start)->next;
    }
    return 0;
}

static uintptr_t take_hole(struct planner *planner, size_t size) {
    unsigned first = pfi_free_list_bin(planner->classes, size);
    for (uint32_t bins = planner->nonempty & ~((1u << first) - 1); bins != 0; bins &= bins - 1) {
        uintptr_t start = take_from_bin(planner, pfi_bits_lowest(bins), size);
        if (start != 0) {
            return start;
        }
    }
    return 0;
}

static uintptr_t place_object(struct planner *planner, size_t size) {
    uintptr_t place = take_hole(planner, size);
    if (place == 0) {
        place = planner->room;
        planner->room += size;
    }
    return place;
}

static void plan_object(struct planner *planner, uintptr_t object, size_t size) {
    struct pfi_arena *arena = planner->share->arena;
    uintptr_t place = object;
    if (pfi_bits_test(arena->pin_words, object >> PINFOLD_GRANULE_SHIFT)) {
        append_hole(planner, planner->room, object);
        planner->room = object + size;
    } else {
        place = place_object(planner, size);
    }
    if (place != object) {
        arena->slides[object >> PINFOLD_CARD_SHIFT] = place;
        planner->moved += size;
    }
    struct pfi_segment *segment = pfi_arena_segment_of(arena, place);
    segment->plan_allocated = pfi_max(segment->plan_allocated, place + size);
}

static void plan_segment(struct planner *planner, struct pfi_segment *segment) {
    const struct pfi_arena *arena = planner->share->arena;
    segment->plan_allocated = segment->first;
    planner->room = segment->first;
    for (uintptr_t object = segment->first; object < segment->allocated;) {
        size_t size = pfi_large_footprint(pfi_object_size(object));
        if (pfi_bits_test(arena->mark_words, object >> PINFOLD_GRANULE_SHIFT)) {
            plan_object(planner, object, size);
        }
        object += size;
    }
    append_hole(planner, planner->room, segment->end);
}

/* The slides that held holes must be as if nothing had ever been there. */
static void forget_holes(struct planner *planner) {
    for (unsigned bin = 0; bin < planner->classes->bin_count; ++bin) {
        while (planner->bins[bin].head != 0) {
            unlink_hole(planner, bin, 0, planner->bins[bin].head);
        }
    }
}

size_t pfi_plan_large(struct pfi_share *share) {
    struct planner planner = {.share = share, .classes = &share->generations[PINFOLD_LARGE].free_list};
    for (struct pfi_segment *segment = share->large_segments; segment != NULL; segment = segment->next) {
        plan_segment(&planner, segment);
    }
    forget_holes(&planner);
    return planner.moved;
}
