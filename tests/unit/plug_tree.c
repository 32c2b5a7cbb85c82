/* SPDX-License-Identifier: MIT
 *
 * Plug trees against linear search, from one plug in a brick to one in every granule.
 */
#include "gc/state/plug_tree.h"

#include <stdlib.h>
#include <string.h>

#include "alloc/segment.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { BRICK_GRANULES = PINFOLD_BRICK / PINFOLD_GRANULE, MOST_PLUGS = 4096, BRICKS = 40 };

static struct pfi_arena arena;
static struct pfi_segment *segment;
static struct pfi_pin_queue queue;
static struct pfi_pin_entry entries[MOST_PLUGS];
static struct pfi_plug plugs[MOST_PLUGS];
static size_t plug_count;
static struct pfi_plug_tree tree;

static void open_segment(size_t size) {
    ck_assert(pfi_arena_init(&arena, 2 * size, PINFOLD_UNIT));
    segment = pfi_segment_create(&arena, size, false);
    ck_assert_ptr_nonnull(segment);
    ck_assert(pfi_segment_commit(&arena, segment, segment->base + PINFOLD_UNIT));
    queue = (struct pfi_pin_queue){entries, 0, MOST_PLUGS};
    plug_count = 0;
    memset(&tree, 0, sizeof tree);
}

static void close_segment(void) {
    pfi_segment_release(&arena, segment);
    pfi_arena_finish(&arena);
}

/* Adds a plug; its record lies in the queue or in the 16 bytes before it. */
static void add_plug(uintptr_t start, uintptr_t end, bool is_queued) {
    struct pfi_plug *plug = &plugs[plug_count++];
    *plug = (struct pfi_plug){start, end, NULL};
    plug->record = is_queued ? &pfi_pin_queue_add(&queue, start)->record : pfi_plug_record_before(start);
    plug->record->word = 0;
    pfi_plug_tree_insert(&tree, arena.plug_roots, &queue, plug);
}

static unsigned depth_of(uintptr_t brick, unsigned node) {
    if (node == 0) {
        return 0;
    }
    const struct pfi_plug_record *record = pfi_plug_tree_record(&queue, brick, node);
    unsigned left = depth_of(brick, pfi_plug_record_left(record));
    unsigned right = depth_of(brick, pfi_plug_record_right(record));
    return 1 + (left > right ? left : right);
}

static unsigned log2_floor(size_t value) {
    unsigned result = 0;
    for (; value > 1; value /= 2) {
        ++result;
    }
    return result;
}

/* Every granule of every plug, by linear search: plugs[index] is the one. */
static void check_all(void) {
    for (size_t index = 0; index < plug_count; ++index) {
        for (uintptr_t address = plugs[index].start; address < plugs[index].end; address += PINFOLD_GRANULE) {
            if (pfi_plug_tree_find(arena.plug_roots, &queue, address) != plugs[index].record) {
                replay_fail("byte %zu of plug %zu of %zu is not found", (size_t)(address - plugs[index].start), index,
                            plug_count);
            }
        }
    }
}

static void check_depth(uintptr_t brick, size_t count) {
    unsigned depth = depth_of(brick, (unsigned)arena.plug_roots[brick]);
    if (depth > log2_floor(count) + 1) {
        replay_fail("%zu plugs lie %u deep", count, depth);
    }
}

/* A plug a granule, all records in the queue: the most that a brick can ever hold. */
START_TEST(trees_of_1_to_512_plugs_find_every_plug_and_are_no_deeper_than_a_balanced_tree) {
    replay_begin("plugs of one brick", 0);
    for (size_t count = 1; count <= BRICK_GRANULES; ++count) {
        replay_operation(count);
        open_segment(PINFOLD_UNIT);
        uintptr_t start = segment->base + PINFOLD_BRICK;
        for (size_t index = 0; index < count; ++index) {
            add_plug(start + index * PINFOLD_GRANULE, start + (index + 1) * PINFOLD_GRANULE, true);
        }
        check_all();
        check_depth(start >> PINFOLD_BRICK_SHIFT, count);
        close_segment();
    }
}
END_TEST

static size_t random_length(struct random *random, size_t longest) {
    return random_between(random, 2, random_chance(random, 10) ? longest : 6) * PINFOLD_GRANULE;
}

/* Many bricks, gaps of at least 16 bytes with the records in them, and now and then no gap and a queued record. */
static void fill_bricks(struct random *random) {
    uintptr_t end = segment->base + (uintptr_t)BRICKS * PINFOLD_BRICK;
    uintptr_t start = segment->first;
    unsigned queued = (unsigned)random_below(random, 30);
    size_t longest = random_chance(random, 50) ? 3 * BRICK_GRANULES : 40;
    while (start < end) {
        bool is_queued = random_chance(random, queued);
        if (!is_queued) {
            start += random_length(random, longest);
        }
        uintptr_t plug_end = start + random_length(random, longest);
        add_plug(start, plug_end, is_queued);
        start = plug_end;
    }
}

static void check_depths(void) {
    for (size_t index = 0; index < plug_count;) {
        uintptr_t brick = plugs[index].start >> PINFOLD_BRICK_SHIFT;
        size_t count = 0;
        for (; index < plug_count && plugs[index].start >> PINFOLD_BRICK_SHIFT == brick; ++index) {
            ++count;
        }
        check_depth(brick, count);
    }
}

START_TEST(random_plugs_over_many_bricks_are_found_as_by_linear_search) {
    struct seed_range seeds = settings_seeds(100);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin("plugs over bricks", seed);
        open_segment(PINFOLD_UNIT);
        fill_bricks(&random);
        check_all();
        check_depths();
        close_segment();
    }
}
END_TEST

/* Back links are 16 bits: a plug over 40000 bricks needs two steps back from its end. */
START_TEST(a_plug_longer_than_the_farthest_link_is_found_from_its_last_brick) {
    static const size_t bricks = 40000;
    open_segment((size_t)256 << 20);
    uintptr_t start = segment->first + 4096;
    uintptr_t end = start + bricks * PINFOLD_BRICK + 64;
    add_plug(segment->first, segment->first + 64, false);
    add_plug(start, end, false);
    for (uintptr_t address = start; address < end; address += PINFOLD_BRICK / 2) {
        if (pfi_plug_tree_find(arena.plug_roots, &queue, address) != plugs[1].record) {
            ck_abort_msg("not found from %zu bytes behind the start", (size_t)(address - start));
        }
    }
    ck_assert_ptr_eq(pfi_plug_tree_find(arena.plug_roots, &queue, end - PINFOLD_GRANULE), plugs[1].record);
    close_segment();
}
END_TEST

START_TEST(where_no_plug_is_known_nothing_is_found) {
    open_segment(PINFOLD_UNIT);
    ck_assert_ptr_null(pfi_plug_tree_find(arena.plug_roots, &queue, segment->base + 5 * PINFOLD_BRICK));
    close_segment();
}
END_TEST

SUITE("unit/plug_tree", trees_of_1_to_512_plugs_find_every_plug_and_are_no_deeper_than_a_balanced_tree,
      random_plugs_over_many_bricks_are_found_as_by_linear_search,
      a_plug_longer_than_the_farthest_link_is_found_from_its_last_brick, where_no_plug_is_known_nothing_is_found)
