/* SPDX-License-Identifier: MIT
 *
 * A heap that was damaged on purpose cannot be walked, and the check says where: of a whole heap, of one in the middle
 * of a collection, where what is dead may hold anything, and between the phases of a real one.
 */
#include "gc/observe/walkable.h"

#include <stdio.h>

#include "tests/support/fatal.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/unit/planned_world.h"

static const char *address_text(uintptr_t address) {
    static char text[32];
    (void)snprintf(text, sizeof text, "%#zx", (size_t)address);
    return text;
}

static void check_walks(const struct pfi_move_plan *plan) {
    struct pf_message message = {""};
    if (pfi_check_walkable(world.share, plan, &message) != 0) {
        replay_fail("%s", message.text);
    }
}

static void check_found(const struct pfi_move_plan *plan, uintptr_t object) {
    struct pf_message message = {""};
    if (pfi_check_walkable(world.share, plan, &message) == 0) {
        replay_fail("damage at %#zx was not found", (size_t)object);
    }
    if (!fatal_says(message.text, "segment,cannot be walked") || !fatal_says(message.text, address_text(object))) {
        replay_fail("'%s' does not name the object at %#zx", message.text, (size_t)object);
    }
}

/* ---- What may be a type ------------------------------------------------------------------------------------------ */

START_TEST(a_type_word_is_aligned_outside_the_heap_and_neither_null_nor_poison) {
    struct random random = {1};
    open_world(&random);
    const struct pfi_arena *arena = world.share->arena;
    struct pfi_readable_types types = {0};
    uintptr_t object[2] = {(uintptr_t)&bytes_type, 0};
    ck_assert(pfi_type_is_plausible(arena, (uintptr_t)object, &types));
    memset(object, PINFOLD_POISON, sizeof object);
    uintptr_t poison = object[0];
    const uintptr_t words[] = {
        0,
        8,
        PINFOLD_PAGE - 8,
        poison,
        poison ^ 1,
        (uintptr_t)&bytes_type + 1,
        (uintptr_t)&bytes_type + sizeof(void *) / 2,
        arena->base,
        world.share->ephemeral->first,
        arena->end - 8,
        UINTPTR_MAX - 7,
    };
    for (size_t index = 0; index < sizeof words / sizeof words[0]; ++index) {
        object[0] = words[index];
        ck_assert_msg(!pfi_type_is_plausible(arena, (uintptr_t)object, &types), "%#zx passes for a type",
                      (size_t)words[index]);
    }
    close_world();
}
END_TEST

/* ---- A whole heap ------------------------------------------------------------------------------------------------ */

/* One way to damage an object. */
typedef void damage(uintptr_t object);

static void clear_type(uintptr_t object) {
    pfi_words(object)[0] = 0;
}

static void refer_to_itself(uintptr_t object) {
    pfi_words(object)[0] = object;
}

static void poison_type(uintptr_t object) {
    memset((void *)object, PINFOLD_POISON, sizeof(uintptr_t));
}

static void lengthen(uintptr_t object) {
    pfi_words(object)[1] = SIZE_MAX / 8;
}

static damage *const damages[] = {clear_type, refer_to_itself, poison_type, lengthen};
enum { DAMAGES = sizeof damages / sizeof damages[0] };

/* Afterwards the object is what it was. */
static void damage_and_heal(const struct pfi_move_plan *plan, uintptr_t object, damage *how) {
    uintptr_t words[2] = {pfi_words(object)[0], pfi_words(object)[1]};
    how(object);
    check_found(plan, object);
    memcpy((void *)object, words, sizeof words);
}

/* The row goes on eight bytes early, in the middle of the bytes with which the object is filled. */
static void shorten_and_heal(const struct pfi_move_plan *plan, uintptr_t object) {
    size_t size = pfi_object_size(object);
    if (size > PINFOLD_MIN_OBJECT) {
        pfi_words(object)[1] -= PINFOLD_GRANULE;
        check_found(plan, object + size - PINFOLD_GRANULE);
        pfi_words(object)[1] += PINFOLD_GRANULE;
    }
}

static void damage_some(const struct pfi_move_plan *plan, struct random *random) {
    for (int count = 0; count < 20 && world.live_count > 0; ++count) {
        uintptr_t object = world.live[random_below(random, world.live_count)];
        damage_and_heal(plan, object, damages[random_below(random, DAMAGES)]);
        shorten_and_heal(plan, object);
    }
    check_walks(plan);
}

START_TEST(every_damaged_object_of_a_whole_heap_is_named) {
    struct seed_range seeds = settings_seeds(20);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin("whole heap", seed);
        open_world(&random);
        check_walks(NULL);
        damage_some(NULL, &random);
        close_world();
    }
}
END_TEST

static void check_beside_generation_2(uintptr_t object) {
    check_walks(NULL);
    for (size_t index = 0; index < DAMAGES; ++index) {
        damage_and_heal(NULL, object, damages[index]);
    }
    check_walks(NULL);
}

START_TEST(a_damaged_object_that_is_large_or_was_born_pinned_is_named) {
    struct random random = {1};
    replay_begin("large and pinned", 1);
    open_world(&random);
    check_beside_generation_2((uintptr_t)pf_alloc_array(world.fixture.thread, &bytes_type, 100000));
    check_beside_generation_2((uintptr_t)pf_alloc_array_pinned(world.fixture.thread, &bytes_type, 1000, 256));
    close_world();
}
END_TEST

/* ---- A heap with a plan ------------------------------------------------------------------------------------------ */

static uint8_t kept[(MOST_SEGMENTS + 1) * PINFOLD_UNIT]; /* what was scribbled over */

enum scribble { SCRIBBLE, RESTORE };

/* What lies between live granules belongs to the collector: it may be garbage, there must be no walking over it. */
static size_t for_the_dead(const struct pfi_move_plan *plan, enum scribble what) {
    const struct pfi_arena *arena = world.share->arena;
    struct pfi_condemned_range range;
    size_t bytes = 0;
    pfi_condemned_range_first(world.share, plan->condemned, &range);
    do {
        for (uintptr_t dead = pfi_next_dead(arena, range.start, range.end); dead < range.end;) {
            uintptr_t live = pfi_next_live(arena, dead, range.end);
            if (what == SCRIBBLE) {
                memcpy(&kept[bytes], (const void *)dead, live - dead);
                memset((void *)dead, 0xEE, live - dead);
            } else {
                memcpy((void *)dead, &kept[bytes], live - dead);
            }
            bytes += live - dead;
            dead = pfi_next_dead(arena, live, range.end);
        }
    } while (pfi_condemned_range_next(world.share, &range));
    return bytes;
}

START_TEST(with_a_plan_the_dead_may_hold_anything_and_a_damaged_survivor_is_still_named) {
    struct seed_range seeds = settings_seeds(30);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        struct pfi_move_plan plan;
        struct pf_message message;
        replay_begin("planned heap", seed);
        open_world(&random);
        if (seed % 2 == 0) {
            pin_some(&random);
        }
        make_plan(&plan, (int)(seed % 3));
        check_walks(&plan);
        bool is_garbage = for_the_dead(&plan, SCRIBBLE) != 0;
        check_walks(&plan);
        ck_assert_int_eq(pfi_check_walkable(world.share, NULL, &message), is_garbage);
        damage_some(&plan, &random);
        for_the_dead(&plan, RESTORE);
        compact(&plan);
        check_walks(NULL);
        close_world();
    }
}
END_TEST

/* ---- A collection ------------------------------------------------------------------------------------------------ */

/* Damages an object when a phase begins. */
struct saboteur {
    enum pf_phase phase;
    void **object; /* a root: phases before may have moved it */
};

static void sabotage(void *data, enum pf_phase phase) {
    const struct saboteur *saboteur = data;
    if (phase == saboteur->phase) {
        *(uintptr_t *)*saboteur->object = 0;
    }
}

/* An old node in roots[0], a young one, which a collection moves if it compacts, in roots[1]. */
static void check_found_after(enum pf_phase phase, int root, int generation, enum pf_collect_mode mode) {
    enum { MOST = 8 };
    static const struct pf_listener listener = {.phase_begin = sabotage};
    static void *all_roots[MOST][2]; /* static, as the heaps: left behind when damaged */
    static struct pf_frame frames[MOST];
    static struct fixture fixtures[MOST];
    static size_t count;
    void **roots = all_roots[count];
    struct saboteur saboteur = {phase, &roots[root]};
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "verify", "1");
    fixtures[count] = fixture_open(&options);
    struct fixture fixture = fixtures[count];
    pf_frame_push(fixture.thread, &frames[count++], roots, 2);
    roots[0] = fixture_node(fixture.thread, 1);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    (void)fixture_node(fixture.thread, 2);
    roots[1] = fixture_node(fixture.thread, 3);
    fixture_verify(&fixture);
    pf_heap_set_listener(fixture.heap, &listener, &saboteur);
    char words[100];
    (void)snprintf(words, sizeof words, "after phase %s of collection 3,cannot be walked,type word",
                   pf_phase_text(phase));
    ck_assert_refused(pf_collect(fixture.thread, generation, mode), words);
}

START_TEST(an_old_object_damaged_while_young_ones_are_collected_is_found_when_the_phase_ends) {
    check_found_after(PINFOLD_PHASE_MARK, 0, 0, PINFOLD_COLLECT_COMPACT);
    check_found_after(PINFOLD_PHASE_PLAN, 0, 0, PINFOLD_COLLECT_COMPACT);
    check_found_after(PINFOLD_PHASE_RELOCATE, 0, 0, PINFOLD_COLLECT_COMPACT);
    check_found_after(PINFOLD_PHASE_COMPACT, 0, 0, PINFOLD_COLLECT_COMPACT);
    check_found_after(PINFOLD_PHASE_SWEEP, 0, 0, PINFOLD_COLLECT_SWEEP);
}
END_TEST

START_TEST(a_survivor_damaged_during_its_own_collection_is_found_when_the_phase_ends) {
    check_found_after(PINFOLD_PHASE_PLAN, 1, 0, PINFOLD_COLLECT_COMPACT);
    check_found_after(PINFOLD_PHASE_PLAN, 1, 2, PINFOLD_COLLECT_SWEEP);
    check_found_after(PINFOLD_PHASE_SWEEP, 1, 1, PINFOLD_COLLECT_SWEEP);
    check_found_after(PINFOLD_PHASE_LARGE, 1, 2, PINFOLD_COLLECT_COMPACT);
    check_found_after(PINFOLD_PHASE_LARGE, 0, 2, PINFOLD_COLLECT_SWEEP);
}
END_TEST

SUITE("unit/walkable", a_type_word_is_aligned_outside_the_heap_and_neither_null_nor_poison,
      every_damaged_object_of_a_whole_heap_is_named, a_damaged_object_that_is_large_or_was_born_pinned_is_named,
      with_a_plan_the_dead_may_hold_anything_and_a_damaged_survivor_is_still_named,
      an_old_object_damaged_while_young_ones_are_collected_is_found_when_the_phase_ends,
      a_survivor_damaged_during_its_own_collection_is_found_when_the_phase_ends)
