/* SPDX-License-Identifier: MIT
 *
 * Looking up new addresses, on random heaps: for every granule of every live object, the slides, the search and the
 * place where compaction really puts it agree. Heaps have several segments, free lists with room, generations that
 * begin anywhere, and plugs that part company in the middle of a card.
 */
#include "gc/state/move_plan.h"

#include <stdlib.h>
#include <string.h>

#include "alloc/object_starts.h"
#include "gc/heap.h"
#include "gc/phase/compact.h"
#include "gc/phase/expand.h"
#include "gc/phase/mark.h"
#include "gc/phase/plan.h"
#include "gc/phase/relocate.h"
#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { MOST_LIVE = 60000, MOST_SEGMENTS = 3 };

struct world {
    struct fixture fixture;
    struct pfi_share *share;
    struct pf_root_source source;
    uintptr_t live[MOST_LIVE]; /* roots of everything that lives */
    uintptr_t wanted[MOST_LIVE];
    uint8_t patterns[MOST_LIVE]; /* what an object is filled with */
    size_t live_count;
    bool crowded; /* long runs of live and of dead objects, not a mixture */
    unsigned live_percent;
};

static struct world world;

static void enumerate(struct pf_visitor *visitor, void *data) {
    (void)data;
    pf_visit_slots(visitor, world.live, world.live_count);
}

static size_t random_size(struct random *random) {
    size_t top = random_chance(random, 2) ? 12000 : random_chance(random, 10) ? 700 : 60;
    return random_between(random, PINFOLD_MIN_OBJECT, top) & ~(size_t)(PINFOLD_GRANULE - 1);
}

static bool chooses_live(struct random *random, size_t number) {
    bool in_run = random_mix(number / 40 + world.live_percent) % 100 < world.live_percent;
    return world.crowded ? in_run : random_chance(random, world.live_percent);
}

/* Dead objects of generation 2 become free objects now and then, so that generation 1 has somewhere to go. */
static void put(struct random *random, uintptr_t start, size_t size, int generation, size_t number) {
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

static void fill(struct random *random, struct pfi_segment *segment, int generation, size_t bytes) {
    uintptr_t end = pfi_min(segment->allocated + bytes, segment->end - 16384);
    ck_assert(pfi_segment_commit(world.share->arena, segment, segment->end));
    for (size_t number = 0; segment->allocated < end; ++number) {
        size_t size = random_size(random);
        put(random, segment->allocated, size, generation, number);
        segment->allocated += size;
    }
    segment->used = segment->allocated;
}

static void add_old_segment(struct random *random) {
    struct pfi_segment *segment = pfi_segment_create(world.share->arena, PINFOLD_UNIT, PINFOLD_SEGMENT_SMALL);
    ck_assert_ptr_nonnull(segment);
    segment->next = world.share->segments;
    world.share->segments = segment;
    fill(random, segment, 2, random_below(random, PINFOLD_UNIT));
}

static void open_world(struct random *random) {
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

static void close_world(void) {
    pf_root_source_remove(world.fixture.heap, &world.source);
    fixture_close(&world.fixture);
}

static bool is_condemned(const struct pfi_move_plan *plan, uintptr_t object) {
    return object - plan->condemned_low < plan->condemned_size;
}

/* Every granule, interior ones too; and one address in the middle of the first granule. */
static void check_object(const struct pfi_move_plan *plan, uintptr_t object, size_t *irregular) {
    uintptr_t place = pfi_move_plan_new_address(plan, object);
    size_t size = pfi_object_size(object);
    for (size_t offset = 0; offset < size; offset += PINFOLD_GRANULE) {
        uintptr_t slide = plan->share->arena->slides[(object + offset) >> PINFOLD_CARD_SHIFT];
        *irregular += slide & PINFOLD_SLIDE_IRREGULAR;
        if (pfi_move_plan_new_address(plan, object + offset) != place + offset ||
            pfi_move_plan_search(plan, object + offset) != place + offset) {
            replay_fail("byte %zu of the object at %#zx: slide %#zx says %#zx, the search %#zx, its start %#zx", offset,
                        (size_t)object, (size_t)slide, (size_t)pfi_move_plan_new_address(plan, object + offset),
                        (size_t)pfi_move_plan_search(plan, object + offset), (size_t)(place + offset));
        }
    }
    if (pfi_move_plan_new_address(plan, object + 3) != place + 3) {
        replay_fail("an address inside a granule is looked up wrong");
    }
}

/* Notes where everything must be afterwards; what is not condemned stays. Returns granules on irregular cards. */
static size_t predict(const struct pfi_move_plan *plan) {
    size_t irregular = 0;
    for (size_t index = 0; index < world.live_count; ++index) {
        uintptr_t object = world.live[index];
        world.wanted[index] = object;
        if (is_condemned(plan, object)) {
            check_object(plan, object, &irregular);
            world.wanted[index] = pfi_move_plan_new_address(plan, object);
        }
    }
    return irregular;
}

static void make_plan(struct pfi_move_plan *plan, int condemned) {
    struct pf_heap *heap = world.fixture.heap;
    pfi_plan_open(plan, world.share, &heap->pin_queue, &heap->plug_list, condemned);
    pfi_mark(plan, &heap->roots, &heap->mark_stack, heap->tags);
    pfi_plan(plan);
}

static void compact(struct pfi_move_plan *plan) {
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

/* Every survivor is where it was predicted, whole. */
static void check_survivors(void) {
    for (size_t index = 0; index < world.live_count; ++index) {
        uintptr_t object = world.live[index];
        if (object != world.wanted[index] || pfi_object_type(object) != &bytes_type) {
            replay_fail("object %zu is at %#zx instead of %#zx", index, (size_t)object, (size_t)world.wanted[index]);
        }
        for (size_t offset = PINFOLD_MIN_OBJECT; offset < pfi_object_size(object); ++offset) {
            if (((const uint8_t *)object)[offset] != world.patterns[index]) {
                replay_fail("byte %zu of object %zu was overwritten", offset, index);
            }
        }
    }
}

static size_t run_one(struct random *random, int condemned, bool expands) {
    struct pfi_move_plan plan;
    open_world(random);
    make_plan(&plan, condemned);
    if (expands) {
        pfi_expand(&plan, 0);
    }
    size_t irregular = predict(&plan);
    compact(&plan);
    check_survivors();
    close_world(); /* verifies */
    return irregular;
}

START_TEST(every_granule_of_every_survivor_is_where_slides_and_search_said) {
    static const char *const names[] = {"generation 0", "generation 1", "all generations"};
    struct seed_range seeds = settings_seeds(60);
    size_t irregular = 0;
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        for (int condemned = 0; condemned <= 2; ++condemned) {
            struct random random = {seed};
            replay_begin(names[condemned], seed);
            irregular += run_one(&random, condemned, false);
        }
    }
    ck_assert_msg(irregular > 0 || seeds.count == 1, "no card was irregular: the search was never asked");
}
END_TEST

/* Expansion gives generation 0's plugs a new place after all slides are written. */
START_TEST(lookups_hold_after_survivors_were_planned_anew_into_a_new_segment) {
    struct seed_range seeds = settings_seeds(40);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        for (int condemned = 1; condemned <= 2; ++condemned) {
            struct random random = {seed};
            replay_begin(condemned == 1 ? "generation 1, expanding" : "all generations, expanding", seed);
            run_one(&random, condemned, true);
        }
    }
}
END_TEST

/* Segments, boundaries between them, and every condemned byte exactly once. */
START_TEST(condemned_ranges_go_from_old_to_young_and_cover_what_is_condemned) {
    for (int condemned = 0; condemned <= 2; ++condemned) {
        struct random random = {11};
        struct pfi_condemned_range range;
        size_t bytes[3] = {0, 0, 0};
        int last = 2;
        open_world(&random);
        pfi_condemned_range_first(world.share, condemned, &range);
        do {
            ck_assert_int_le(range.generation, last);
            last = range.generation;
            bytes[range.generation] += range.end - range.start;
        } while (pfi_condemned_range_next(world.share, &range));
        ck_assert_int_eq(last, 0);
        for (int generation = 0; generation <= 2; ++generation) {
            size_t wanted = generation <= condemned ? pfi_share_generation_bytes(world.share, generation) : 0;
            ck_assert_uint_eq(bytes[generation], wanted);
        }
        close_world();
    }
}
END_TEST

SUITE("unit/move_plan", every_granule_of_every_survivor_is_where_slides_and_search_said,
      lookups_hold_after_survivors_were_planned_anew_into_a_new_segment,
      condemned_ranges_go_from_old_to_young_and_cover_what_is_condemned)
