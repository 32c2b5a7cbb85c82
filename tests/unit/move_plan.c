/* SPDX-License-Identifier: MIT
 *
 * Looking up new addresses, on random heaps: for every granule of every live object, the slides, the search, the
 * plug's record and the place where compaction really puts it agree.
 */
#include "gc/state/move_plan.h"

#include "gc/phase/expand.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/unit/planned_world.h"

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

/* The record of a plug is the truth: slides were written from the same figure, and lookups read the slides. A pin's
 * record says that it stays. */
static void check_plug(const struct pfi_move_plan *plan, const struct pfi_plug *plug, size_t *by_entry) {
    uintptr_t distance = (uintptr_t)plug->record->distance;
    if (plug->is_pinned && distance != 0) {
        replay_fail("the pinned plug at %#zx would move", (size_t)plug->start);
    }
    for (uintptr_t address = plug->start; address < plug->end; address += PINFOLD_GRANULE) {
        uintptr_t slide = plan->share->arena->slides[address >> PINFOLD_CARD_SHIFT];
        *by_entry += (slide & PINFOLD_SLIDE_IRREGULAR) != 0 && (slide & PINFOLD_SLIDE_ENTRY) != 0 && !plug->is_pinned;
        if (pfi_move_plan_new_address(plan, address) != address + distance) {
            replay_fail("%s plug [%#zx, %#zx) moves by %zd, but %#zx to %#zx (slide %#zx)",
                        plug->is_pinned ? "pinned" : "unpinned", (size_t)plug->start, (size_t)plug->end,
                        (ptrdiff_t)distance, (size_t)address, (size_t)pfi_move_plan_new_address(plan, address),
                        (size_t)slide);
        }
    }
}

/* Returns granules whose record is found through the number of an entry. */
static size_t check_plugs(const struct pfi_move_plan *plan) {
    struct pfi_plug_walk walk;
    struct pfi_plug plug;
    size_t by_entry = 0;
    pfi_plug_walk_open(&walk, plan);
    while (pfi_plug_walk_next(&walk, &plug)) {
        check_plug(plan, &plug, &by_entry);
    }
    return by_entry;
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

/* Granules that were looked up the long way. */
struct searches {
    size_t irregular;
    size_t by_entry;
    size_t reuses;
};

static void run_one(struct random *random, int condemned, bool expands, bool pins, struct searches *searches) {
    struct pfi_move_plan plan;
    open_world(random);
    if (pins) {
        pin_some(random);
    }
    make_plan(&plan, condemned);
    if (expands) {
        pfi_expand(&plan, 0);
    }
    searches->reuses += plan.reuses;
    searches->by_entry += check_plugs(&plan);
    searches->irregular += predict(&plan);
    compact(&plan);
    check_survivors();
    close_world(); /* verifies */
}

/* Random heaps of every seed, with or without pins, expanding or not; a collection of generation 0 never expands. */
static struct searches run_seeds(uint64_t count, bool expands, bool with_pins, uint64_t *seeds_run) {
    static const char *const names[] = {"generation 0", "generation 1", "all generations"};
    struct seed_range seeds = settings_seeds(count);
    struct searches searches = {0, 0, 0};
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        for (int condemned = expands ? 1 : 0; condemned <= 2; ++condemned) {
            struct random random = {seed};
            replay_begin(names[condemned], seed);
            run_one(&random, condemned, expands, with_pins, &searches);
        }
    }
    *seeds_run = seeds.count;
    return searches;
}

START_TEST(every_granule_of_every_survivor_is_where_slides_and_search_said) {
    uint64_t seeds;
    struct searches searches = run_seeds(60, false, false, &seeds);
    ck_assert_msg(searches.irregular > 0 || seeds == 1, "no card was irregular: the search was never asked");
}
END_TEST

/* Expansion gives generation 0's plugs a new place after all slides are written. */
START_TEST(lookups_hold_after_survivors_were_planned_anew_into_a_new_segment) {
    uint64_t seeds;
    (void)run_seeds(40, true, false, &seeds);
}
END_TEST

START_TEST(around_pins_every_granule_of_every_plug_goes_where_its_record_says) {
    uint64_t seeds;
    struct searches searches = run_seeds(60, false, true, &seeds);
    ck_assert_msg(searches.by_entry > 0 || seeds == 1, "no slide was the number of an entry");
}
END_TEST

START_TEST(lookups_hold_after_pins_were_left_behind_by_an_expansion) {
    uint64_t seeds;
    struct searches searches = run_seeds(60, true, true, &seeds);
    ck_assert_msg(searches.by_entry > 0 || seeds == 1, "no slide was the number of an entry");
    ck_assert_msg(searches.reuses > 0 || seeds == 1, "no segment was used again");
}
END_TEST

/* ---- Sums over pins ---------------------------------------------------------------------------------------------- */

/* Where the plug or pin ends that will lie right before `pin`; the start of what is condemned there if none does. */
static uintptr_t end_before(const struct pfi_move_plan *plan, const struct pfi_listed_plug *placed, size_t count,
                            uintptr_t pin) {
    const struct pfi_segment *segment = pfi_arena_segment_of(world.share->arena, pin);
    uintptr_t end = pfi_max(segment->first, plan->condemned_low);
    for (size_t index = 0; index < count; ++index) {
        uintptr_t place_end = placed[index].place + (placed[index].end - placed[index].start);
        end = placed[index].place < pin && place_end > end ? place_end : end;
    }
    return end;
}

/* Of pins that come to lie in a generation: bytes younger than due, holes before them, and the largest of these. */
struct pin_sums {
    size_t demoted;
    size_t held[3];
    size_t largest[3];
};

static int generation_afterwards(const struct pfi_move_plan *plan, uintptr_t address) {
    if (address < plan->new_start[1] || address >= plan->new_ephemeral->end) {
        return 2;
    }
    return address < plan->new_start[0] ? 1 : 0;
}

static void add_pin(const struct pfi_move_plan *plan, const struct pfi_plug *pin, uintptr_t hole_start,
                    struct pin_sums *sums) {
    int from = pfi_share_generation_of(world.share, pin->start);
    int to = generation_afterwards(plan, pin->start);
    size_t hole = pin->start - hole_start;
    sums->demoted += to <= from && to < 2 ? pin->end - pin->start : 0;
    sums->held[to] += hole;
    sums->largest[to] = pfi_max(sums->largest[to], hole);
}

static void check_sums(const struct pfi_move_plan *plan) {
    static struct pfi_listed_plug placed[MOST_LIVE];
    struct pfi_plug_walk walk;
    struct pfi_plug plug;
    struct pin_sums sums = {0};
    size_t count = 0;
    pfi_plug_walk_open(&walk, plan);
    while (pfi_plug_walk_next(&walk, &plug)) {
        placed[count++] = (struct pfi_listed_plug){plug.start, plug.end, pfi_plug_place(&plug)};
    }
    pfi_plug_walk_open(&walk, plan);
    while (pfi_plug_walk_next(&walk, &plug)) {
        if (plug.is_pinned) {
            add_pin(plan, &plug, end_before(plan, placed, count, plug.start), &sums);
        }
    }
    if (memcmp(plan->held, sums.held, sizeof sums.held) != 0 || plan->largest_hole != sums.largest[0] ||
        pfi_move_plan_demoted(plan) != sums.demoted) {
        replay_fail(
            "held %zu %zu %zu instead of %zu %zu %zu, largest hole %zu instead of %zu, demoted %zu instead of %zu",
            plan->held[0], plan->held[1], plan->held[2], sums.held[0], sums.held[1], sums.held[2], plan->largest_hole,
            sums.largest[0], pfi_move_plan_demoted(plan), sums.demoted);
    }
}

START_TEST(holes_and_demotion_are_summed_up_as_places_say) {
    struct seed_range seeds = settings_seeds(60);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        struct pfi_move_plan plan;
        int condemned = (int)(seed % 3);
        replay_begin("sums", seed);
        open_world(&random);
        pin_some(&random);
        make_plan(&plan, condemned);
        check_sums(&plan);
        if (condemned > 0 && seed % 2 == 0) {
            pfi_expand(&plan, 0);
            check_sums(&plan);
        }
        compact(&plan);
        close_world();
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
      around_pins_every_granule_of_every_plug_goes_where_its_record_says,
      lookups_hold_after_pins_were_left_behind_by_an_expansion, holes_and_demotion_are_summed_up_as_places_say,
      condemned_ranges_go_from_old_to_young_and_cover_what_is_condemned)
