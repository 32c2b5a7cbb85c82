/* SPDX-License-Identifier: MIT
 *
 * A random heap with a plan of what moves in it: several segments, free lists with room, generations that begin
 * anywhere, plugs that part company in the middle of a card, and, if wanted, pins of every size: alone, side by side,
 * and touched by plugs from both sides. One for each program that includes this.
 */
#ifndef TESTS_UNIT_PLANNED_WORLD_H
#define TESTS_UNIT_PLANNED_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "alloc/object_starts.h"
#include "gc/heap.h"
#include "gc/phase/compact.h"
#include "gc/phase/plan.h"
#include "gc/phase/relocate.h"
#include "gc/state/move_plan.h"
#include "tests/support/fixture.h"
#include "tests/support/mark_all.h"
#include "tests/support/random.h"
#include "tests/support/suite.h"

enum { MOST_LIVE = 60000, MOST_SEGMENTS = 3, MOST_PINS = 4000 };

struct world {
    struct fixture fixture;
    struct pfi_share *share;
    struct pf_root_source source;
    uintptr_t live[MOST_LIVE]; /* roots of everything that lives */
    uintptr_t wanted[MOST_LIVE];
    uint8_t patterns[MOST_LIVE]; /* what an object is filled with */
    size_t live_count;
    struct pf_handle *pins[MOST_PINS];
    size_t pin_count;
    bool crowded; /* long runs of live and of dead objects, not a mixture */
    unsigned live_percent;
};

static struct world world;

static inline void enumerate(struct pf_visitor *visitor, void *data) {
    (void)data;
    pf_visit_slots(visitor, world.live, world.live_count);
}

static inline size_t random_size(struct random *random) {
    size_t top = random_chance(random, 2) ? 12000 : random_chance(random, 10) ? 700 : 60;
    return random_between(random, PINFOLD_MIN_OBJECT, top) & ~(size_t)(PINFOLD_GRANULE - 1);
}

static inline bool chooses_live(struct random *random, size_t number) {
    bool in_run = random_mix(number / 40 + world.live_percent) % 100 < world.live_percent;
    return world.crowded ? in_run : random_chance(random, world.live_percent);
}

/* Dead objects of generation 2 become free objects now and then, so that generation 1 has somewhere to go. */
static inline void put(struct random *random, uintptr_t start, size_t size, int generation, size_t number) {
    bool is_live = world.live_count < MOST_LIVE && chooses_live(random, number);
    if (!is_live && generation == 2 && random_chance(random, 50)) {
        pfi_share_thread_gap(world.share, 2, start, size);
        return;
    }
    pfi_words(start)[0] = (uintptr_t)&bytes_type;
    pfi_words(start)[1] = size - PINFOLD_MIN_OBJECT;
    memset((void *)(start + PINFOLD_MIN_OBJECT), (uint8_t)number, size - PINFOLD_MIN_OBJECT);
    pfi_object_starts_set(world.share->arena->object_starts, start, start + size);
    if (is_live) {
        world.patterns[world.live_count] = (uint8_t)number;
        world.live[world.live_count++] = start;
    }
}

static inline void fill(struct random *random, struct pfi_segment *segment, int generation, size_t bytes) {
    uintptr_t end = pfi_min(segment->allocated + bytes, segment->end - 16384);
    ck_assert(pfi_segment_commit(world.share->arena, segment, segment->end));
    for (size_t number = 0; segment->allocated < end; ++number) {
        size_t size = random_size(random);
        put(random, segment->allocated, size, generation, number);
        segment->allocated += size;
    }
    segment->used = segment->allocated;
}

static inline void add_old_segment(struct random *random) {
    struct pfi_segment *segment = pfi_segment_create(world.share->arena, PINFOLD_UNIT, PINFOLD_SEGMENT_SMALL);
    ck_assert_ptr_nonnull(segment);
    segment->next = world.share->segments;
    world.share->segments = segment;
    fill(random, segment, 2, random_below(random, PINFOLD_UNIT));
}

/* Now and then a row of neighbours, which are one plug if nothing dead lies between them. */
static inline void pin_some(struct random *random) {
    unsigned percent = (unsigned)random_between(random, 1, random_chance(random, 30) ? 90 : 10);
    unsigned goes_on = (unsigned)random_below(random, 90);
    bool was_pinned = false;
    for (size_t index = 0; index < world.live_count && world.pin_count < MOST_PINS; ++index) {
        was_pinned = random_chance(random, was_pinned ? goes_on : percent);
        if (was_pinned) {
            struct pf_handle **pin = &world.pins[world.pin_count++];
            ck_assert_int_eq(pf_pin(world.fixture.heap, (void *)world.live[index], pin), PINFOLD_OK);
        }
    }
}

static inline void open_world(struct random *random) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "large_threshold", "64Ki");
    fixture_set(&options, "reserve_size", "8Mi");
    memset(&world, 0, sizeof world);
    world.crowded = random_chance(random, 40);
    world.live_percent = (unsigned)random_between(random, 1, 100);
    world.fixture = fixture_open(&options);
    world.share = &world.fixture.heap->share;
    world.source = (struct pf_root_source){enumerate, NULL, NULL};
    pf_root_source_add(world.fixture.heap, &world.source);
    for (size_t count = random_below(random, MOST_SEGMENTS + 1); count > 0; --count) {
        add_old_segment(random);
    }
    for (int generation = 2; generation >= 0; --generation) {
        if (generation < 2) {
            world.share->start[generation] = world.share->ephemeral->allocated;
        }
        fill(random, world.share->ephemeral, generation, random_below(random, 70000));
    }
    fixture_verify(&world.fixture);
}

static inline void close_world(void) {
    for (size_t index = 0; index < world.pin_count; ++index) {
        pf_unpin(world.fixture.heap, world.pins[index]);
    }
    pf_root_source_remove(world.fixture.heap, &world.source);
    fixture_close(&world.fixture);
}

static inline void make_plan(struct pfi_move_plan *plan, int condemned) {
    struct pf_heap *heap = world.fixture.heap;
    pfi_plan_open(plan, world.share, &heap->pin_queue, &heap->plug_list, condemned);
    mark_all(heap, plan);
    pfi_plan(plan);
}

static inline void compact(struct pfi_move_plan *plan) {
    struct pf_heap *heap = world.fixture.heap;
    struct pfi_segment *emptied = NULL;
    if (plan->condemned == 1) {
        pfi_fit_cursor_commit(&plan->cursor, world.share);
    }
    pfi_relocate(plan, &heap->roots, heap->tags);
    pfi_compact(plan, &emptied);
    while (emptied != NULL) {
        struct pfi_segment *next = emptied->next;
        pfi_heap_release_segment(heap, emptied);
        emptied = next;
    }
}

#endif
