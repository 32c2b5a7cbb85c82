/* SPDX-License-Identifier: MIT
 *
 * The standby list (option retain_vm): which released segments stay on it, what they keep, whom they serve, and that
 * they stand in nobody's way; first on a bare arena, then through the public interface.
 */
#include "alloc/segment_pool.h"

#include "alloc/card_table.h"
#include "alloc/object_starts.h"
#include "alloc/segment.h"
#include "gc/heap.h"
#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/segment_clear.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"
#include "tests/unit/resident.h"

enum { UNIT = PINFOLD_UNIT, SMALL = 2 * UNIT, LARGE = 4 * UNIT, UNITS = 16, OPERATIONS = 2000, MOST_SEGMENTS = 16 };

static struct pfi_arena arena;

static void open_arena(void) {
    ck_assert(pfi_arena_init(&arena, UNITS * UNIT, UNIT));
    pfi_segment_pool_open(&arena.pool, SMALL, LARGE);
}

static void close_arena(void) {
    ck_assert(pfi_segment_pool_is_valid(&arena.pool));
    pfi_arena_finish(&arena);
}

/* A segment that looks as if it had been in use: memory, an object start and a dirty card on every page. */
static struct pfi_segment *use(struct pfi_segment *segment) {
    ck_assert_ptr_nonnull(segment);
    ck_assert(pfi_segment_commit(&arena, segment, segment->end));
    segment_clear(segment, segment->base, segment->end);
    for (uintptr_t page = segment->base; page < segment->end; page += PINFOLD_PAGE) {
        *(uintptr_t *)page = 1;
        pfi_object_starts_set(arena.object_starts, page, page + PINFOLD_PAGE);
        pfi_card_dirty(arena.cards, page);
    }
    segment->allocated = segment->end;
    return segment;
}

START_TEST(without_the_option_a_released_range_is_the_arenas) {
    ck_assert(pfi_arena_init(&arena, UNITS * UNIT, UNIT));
    struct pfi_segment *segment = use(pfi_segment_create(&arena, SMALL, PINFOLD_SEGMENT_SMALL));
    uintptr_t base = segment->base;
    pfi_segment_release(&arena, segment);
    ck_assert_ptr_null(pfi_arena_segment_of(&arena, base));
    ck_assert_uint_eq(arena.pool.count, 0);
    close_arena();
}
END_TEST

START_TEST(a_segment_on_standby_has_its_range_and_no_memory) {
    open_arena();
    struct pfi_segment *segment = use(pfi_segment_create(&arena, SMALL, PINFOLD_SEGMENT_SMALL));
    uintptr_t base = segment->base;
    size_t bookkeeping = pfi_arena_bookkeeping(&arena);
    pfi_segment_release(&arena, segment);
    ck_assert_uint_eq(resident_pages(base, SMALL), 0);
    ck_assert_uint_eq(pfi_account_segments(&arena.account), 0);
    ck_assert_ptr_eq(pfi_arena_segment_of(&arena, base), segment);
    ck_assert_uint_eq(arena.pool.count, 1);
    ck_assert_uint_eq(arena.pool.bytes, SMALL);
    ck_assert_uint_eq(pfi_arena_bookkeeping(&arena), bookkeeping); /* its tables are still there */
    ck_assert_int_ne(arena.object_starts[base >> PINFOLD_CARD_SHIFT], 0);
    close_arena();
}
END_TEST

START_TEST(it_serves_the_next_request_of_its_kind_like_a_new_one) {
    open_arena();
    struct pfi_segment *segment = use(pfi_segment_create(&arena, SMALL, PINFOLD_SEGMENT_SMALL));
    uintptr_t base = segment->base;
    pfi_segment_release(&arena, segment);
    size_t carved = arena.used_units;
    ck_assert_ptr_eq(pfi_segment_create(&arena, SMALL, PINFOLD_SEGMENT_SMALL), segment);
    ck_assert(pfi_segment_is_valid(segment));
    ck_assert_uint_eq(segment->base, base);
    ck_assert_uint_eq(segment->allocated, segment->first);
    ck_assert_uint_eq(segment->used, base);
    ck_assert_ptr_null(segment->next);
    ck_assert_uint_eq(arena.used_units, carved);
    ck_assert_uint_eq(arena.pool.count + arena.pool.bytes + arena.pool.touched_bytes, 0);
    ck_assert_uint_eq(pfi_cards_count(arena.cards, base, base + SMALL), 0);
    ck_assert(pfi_segment_commit(&arena, segment, segment->end));
    ck_assert(is_zero(base, base + SMALL));
    close_arena();
}
END_TEST

START_TEST(the_segment_released_last_comes_first_and_kinds_are_kept_apart) {
    open_arena();
    struct pfi_segment *small[2];
    small[0] = pfi_segment_create(&arena, SMALL, PINFOLD_SEGMENT_SMALL);
    small[1] = pfi_segment_create(&arena, SMALL, PINFOLD_SEGMENT_SMALL);
    struct pfi_segment *large = pfi_segment_create(&arena, LARGE, PINFOLD_SEGMENT_LARGE);
    struct pfi_segment *pinned = pfi_segment_create(&arena, LARGE, PINFOLD_SEGMENT_PINNED);
    pfi_segment_release(&arena, small[0]);
    pfi_segment_release(&arena, large);
    pfi_segment_release(&arena, pinned);
    pfi_segment_release(&arena, small[1]);
    ck_assert_ptr_eq(pfi_segment_create(&arena, SMALL, PINFOLD_SEGMENT_SMALL), small[1]);
    ck_assert_ptr_eq(pfi_segment_create(&arena, LARGE, PINFOLD_SEGMENT_LARGE), large);
    ck_assert_ptr_eq(pfi_segment_create(&arena, LARGE, PINFOLD_SEGMENT_PINNED), pinned);
    ck_assert_ptr_eq(pfi_segment_create(&arena, SMALL, PINFOLD_SEGMENT_SMALL), small[0]);
    ck_assert_uint_eq(arena.pool.count, 0);
    close_arena();
}
END_TEST

START_TEST(segments_of_another_size_are_not_kept_and_requests_of_another_size_not_served) {
    open_arena();
    struct pfi_segment *odd = pfi_segment_create(&arena, LARGE + 1, PINFOLD_SEGMENT_LARGE);
    pfi_segment_release(&arena, odd);
    ck_assert_uint_eq(arena.pool.count, 0);
    struct pfi_segment *standard = pfi_segment_create(&arena, LARGE, PINFOLD_SEGMENT_LARGE);
    pfi_segment_release(&arena, standard);
    ck_assert_ptr_ne(pfi_segment_create(&arena, LARGE - UNIT, PINFOLD_SEGMENT_LARGE), standard);
    ck_assert_ptr_ne(pfi_segment_create(&arena, LARGE + 1, PINFOLD_SEGMENT_LARGE), standard);
    ck_assert_ptr_ne(pfi_segment_create(&arena, SMALL, PINFOLD_SEGMENT_SMALL), standard);
    ck_assert_ptr_eq(pfi_segment_create(&arena, LARGE - 1, PINFOLD_SEGMENT_LARGE), standard); /* rounded up to units */
    close_arena();
}
END_TEST

START_TEST(what_is_on_standby_gives_way_when_the_arena_has_no_other_room) {
    open_arena();
    struct pfi_segment *segments[UNITS * UNIT / SMALL];
    enum { COUNT = sizeof(segments) / sizeof(segments[0]) };
    for (size_t index = 0; index < COUNT; ++index) {
        segments[index] = use(pfi_segment_create(&arena, SMALL, PINFOLD_SEGMENT_SMALL));
    }
    for (size_t index = 0; index < COUNT; ++index) {
        pfi_segment_release(&arena, segments[index]);
    }
    ck_assert_uint_eq(arena.pool.bytes, UNITS * UNIT);
    struct pfi_segment *whole = pfi_segment_create(&arena, UNITS * UNIT, PINFOLD_SEGMENT_LARGE);
    ck_assert_ptr_nonnull(whole);
    ck_assert_uint_eq(arena.pool.count + arena.pool.bytes + arena.pool.touched_bytes, 0);
    ck_assert(pfi_arena_describe(&arena, whole, whole->end));
    ck_assert_int_eq(arena.object_starts[whole->base >> PINFOLD_CARD_SHIFT],
                     0); /* the arena's ranges have clean tables */
    ck_assert_ptr_null(pfi_segment_create(&arena, SMALL, PINFOLD_SEGMENT_SMALL));
    ck_assert(!pfi_segment_pool_drain(&arena));
    close_arena();
}
END_TEST

START_TEST(ranges_that_nobody_has_needed_for_a_while_return_to_the_arena) {
    open_arena();
    struct pfi_segment *segments[3];
    for (size_t index = 0; index < 3; ++index) {
        segments[index] = use(pfi_segment_create(&arena, SMALL, PINFOLD_SEGMENT_SMALL));
    }
    for (size_t index = 0; index < 3; ++index) {
        pfi_segment_release(&arena, segments[index]);
    }
    ck_assert_uint_eq(pfi_segment_pool_age(&arena), 0); /* they have come only now */
    ck_assert_ptr_nonnull(pfi_segment_create(&arena, SMALL, PINFOLD_SEGMENT_SMALL));
    struct pfi_segment *back = pfi_segment_create(&arena, SMALL, PINFOLD_SEGMENT_SMALL);
    pfi_segment_release(&arena, back);
    ck_assert_uint_eq(pfi_segment_pool_age(&arena), 1); /* two of three were needed at a time */
    ck_assert_uint_eq(arena.pool.count, 1);
    ck_assert_uint_eq(pfi_segment_pool_age(&arena), 1); /* and the other one was not since */
    ck_assert_uint_eq(pfi_segment_pool_age(&arena), 0);
    close_arena();
}
END_TEST

static struct pfi_segment *in_use[MOST_SEGMENTS];
static size_t in_use_count;

static void operate(struct random *random) {
    static const size_t sizes[] = {SMALL, LARGE, UNIT, 3 * UNIT};
    if (random_chance(random, 50) && in_use_count < MOST_SEGMENTS) {
        size_t size = sizes[random_below(random, 4)];
        struct pfi_segment *segment =
            pfi_segment_create(&arena, size, (enum pf_segment_kind)random_below(random, PINFOLD_SEGMENT_KINDS));
        if (segment != NULL) {
            in_use[in_use_count++] = segment;
            ck_assert(pfi_segment_commit(&arena, segment, segment->first + random_below(random, size)));
            segment_clear(segment, segment->base, segment->committed);
        }
    } else if (in_use_count > 0) {
        size_t index = random_below(random, in_use_count);
        pfi_segment_release(&arena, in_use[index]);
        in_use[index] = in_use[--in_use_count];
    }
}

static void check_sums(void) {
    size_t committed = 0;
    size_t ranges = 0;
    for (size_t index = 0; index < in_use_count; ++index) {
        committed += in_use[index]->committed - in_use[index]->base;
        ranges += in_use[index]->end - in_use[index]->base;
        if (pfi_arena_segment_of(&arena, in_use[index]->end - 1) != in_use[index]) {
            replay_fail("a range belongs to two segments");
        }
    }
    if (!pfi_segment_pool_is_valid(&arena.pool) || pfi_account_segments(&arena.account) != committed ||
        ranges + arena.pool.bytes > UNITS * UNIT) {
        replay_fail("the standby list or the account is wrong");
    }
}

START_TEST(random_requests_and_releases_keep_ranges_apart_and_sums_right) {
    struct seed_range seeds = settings_seeds(5);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin("standby", seed);
        open_arena();
        in_use_count = 0;
        for (uint64_t operation = 0; operation < OPERATIONS; ++operation) {
            replay_operation(operation);
            operate(&random);
            check_sums();
        }
        close_arena();
    }
}
END_TEST

/* ---- Through the public interface -------------------------------------------------------------------------------- */

enum { NODES = 40000, LARGE_OBJECTS = 8, MOST_EVENTS = 512 };

struct log {
    void *created[MOST_EVENTS];
    size_t created_count;
    size_t freed_count;
};

static void note_created(void *data, void *base, size_t size, enum pf_segment_kind kind) {
    struct log *log = data;
    (void)size;
    (void)kind;
    log->created[log->created_count++ % MOST_EVENTS] = base;
}

static void note_freed(void *data, void *base, size_t size, enum pf_segment_kind kind) {
    struct log *log = data;
    (void)base;
    (void)size;
    (void)kind;
    ++log->freed_count;
}

static const struct pf_listener listener = {.segment_created = note_created, .segment_freed = note_freed};

static struct pf_statistics statistics_of(const struct fixture *fixture) {
    struct pf_statistics statistics;
    pf_heap_statistics(fixture->heap, &statistics);
    return statistics;
}

/* Small and large objects that take many segments, all alive at once; then none of them is. */
static void burst(const struct fixture *fixture) {
    PINFOLD_ROOTS(fixture->thread, root, LARGE_OBJECTS + 1);
    for (size_t index = 0; index < LARGE_OBJECTS; ++index) {
        root[index] = pf_alloc_array(fixture->thread, &bytes_type, 200000);
        memset(pf_elements(root[index]), 0x5A, 200000);
    }
    fixture_list(fixture->thread, &root[LARGE_OBJECTS], NODES);
    fixture_check_list(root[LARGE_OBJECTS], NODES);
}

static void die(const struct fixture *fixture) {
    pf_collect(fixture->thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_collect(fixture->thread, 2, PINFOLD_COLLECT_COMPACT);
}

static struct fixture open_heap(const char *retain, struct log *log) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "retain_vm", retain);
    fixture_set(&options, "reserve_size", "256Mi"); /* one range, from which segments are carved upwards */
    struct fixture fixture = fixture_open(&options);
    *log = (struct log){.created_count = 0};
    pf_heap_set_listener(fixture.heap, &listener, log);
    return fixture;
}

static bool was_created(const struct log *log, const void *base) {
    for (size_t index = 0; index < log->created_count; ++index) {
        if (log->created[index] == base) {
            return true;
        }
    }
    return false;
}

START_TEST(a_burst_that_comes_again_gets_the_same_addresses) {
    static struct log first;
    static struct log again;
    struct fixture fixture = open_heap("1", &first);
    for (int warm_up = 0; warm_up < 2; ++warm_up) { /* the first one's budgets are smaller */
        burst(&fixture);
        die(&fixture);
    }
    size_t carved = fixture.heap->arena.used_units;
    ck_assert_uint_gt(first.created_count, 10);
    ck_assert_uint_lt(first.created_count, MOST_EVENTS);
    ck_assert_uint_ge(statistics_of(&fixture).standby_segments, 10);
    ck_assert_uint_eq(statistics_of(&fixture).standby_bytes, statistics_of(&fixture).standby_segments * UNIT);

    /* An object that would fit into the ranges does not get them: they are not the arena's. */
    void *odd = pf_alloc_array(fixture.thread, &bytes_type, 3 * UNIT);
    ck_assert_uint_ge((uintptr_t)odd, fixture.heap->arena.base + carved * UNIT);
    die(&fixture);

    pf_heap_set_listener(fixture.heap, &listener, &again);
    burst(&fixture);
    for (size_t index = 0; index < again.created_count; ++index) {
        ck_assert_msg(was_created(&first, again.created[index]), "segment %p is new", again.created[index]);
    }
    ck_assert_uint_gt(again.created_count, 8);
    die(&fixture);
    fixture_close(&fixture);
}
END_TEST

START_TEST(memory_falls_as_much_as_without_standby) {
    size_t committed[2];
    for (int retain = 0; retain <= 1; ++retain) {
        static struct log log;
        struct fixture fixture = open_heap(retain ? "1" : "0", &log);
        burst(&fixture);
        die(&fixture);
        struct pf_statistics statistics = statistics_of(&fixture);
        committed[retain] = statistics.committed_bytes - statistics.bookkeeping_bytes;
        ck_assert_uint_eq(statistics.standby_segments != 0, retain != 0);
        ck_assert_uint_eq(log.created_count + 1, /* and the first */
                          statistics.segments + statistics.large_segments + log.freed_count);
        for (size_t index = 0; index < log.created_count; ++index) {
            const struct pfi_segment *segment =
                pfi_arena_segment_of(&fixture.heap->arena, (uintptr_t)log.created[index]);
            if (segment != NULL && segment->committed == segment->base) {
                ck_assert_uint_eq(resident_pages(segment->base, UNIT), 0);
            }
        }
        fixture_close(&fixture);
    }
    ck_assert_uint_eq(committed[1], committed[0]);
}
END_TEST

SUITE("unit/segment_pool", without_the_option_a_released_range_is_the_arenas,
      a_segment_on_standby_has_its_range_and_no_memory, it_serves_the_next_request_of_its_kind_like_a_new_one,
      the_segment_released_last_comes_first_and_kinds_are_kept_apart,
      segments_of_another_size_are_not_kept_and_requests_of_another_size_not_served,
      what_is_on_standby_gives_way_when_the_arena_has_no_other_room,
      ranges_that_nobody_has_needed_for_a_while_return_to_the_arena,
      random_requests_and_releases_keep_ranges_apart_and_sums_right, a_burst_that_comes_again_gets_the_same_addresses,
      memory_falls_as_much_as_without_standby)
