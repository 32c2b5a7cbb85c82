/* SPDX-License-Identifier: MIT
 *
 * The decommit queue: emptied segments come back with their memory, go back to the system piece by piece, and make way
 * for a request that a limit would refuse.
 */
#include "alloc/decommit_queue.h"

#include "alloc/card_table.h"
#include "alloc/segment.h"
#include "tests/support/fixture.h"
#include "tests/support/segment_clear.h"
#include "tests/support/suite.h"
#include "tests/unit/resident.h"

enum { UNIT = PINFOLD_UNIT, SIZE = 4 * UNIT, UNITS = 32 };

static struct pfi_arena arena;

static void open_arena(void) {
    ck_assert(pfi_arena_init(&arena, UNITS * UNIT, UNIT));
}

static void close_arena(void) {
    ck_assert(pfi_decommit_queue_is_valid(&arena.waiting));
    pfi_arena_finish(&arena);
}

/* A segment full of objects that are dead, on the queue. */
static struct pfi_segment *empty_one(size_t size, enum pf_segment_kind kind) {
    struct pfi_segment *segment = pfi_segment_create(&arena, size, kind);
    ck_assert_ptr_nonnull(segment);
    ck_assert(pfi_segment_commit(&arena, segment, segment->end));
    segment_clear(segment, segment->base, segment->end);
    segment->used = segment->end;
    for (uintptr_t page = segment->base; page < segment->end; page += PINFOLD_PAGE) {
        *(uintptr_t *)page = 1;
        pfi_card_dirty(arena.cards, page);
    }
    segment->allocated = segment->end;
    pfi_decommit_queue_put(&arena, segment);
    return segment;
}

START_TEST(an_emptied_segment_comes_back_with_its_memory_and_clean_cards) {
    open_arena();
    struct pfi_segment *segment = empty_one(SIZE, PINFOLD_SEGMENT_SMALL);
    size_t committed = pfi_account_segments(&arena.account);
    ck_assert_uint_eq(arena.waiting.bytes, SIZE);
    ck_assert_ptr_eq(pfi_segment_create(&arena, SIZE, PINFOLD_SEGMENT_SMALL), segment);
    ck_assert(pfi_segment_is_valid(segment));
    ck_assert_uint_eq(segment->allocated, segment->first);
    ck_assert_uint_eq(segment->committed, segment->end);
    ck_assert_uint_eq(segment->used, segment->end); /* none of it is known to be zero */
    ck_assert_uint_eq(pfi_account_segments(&arena.account), committed);
    ck_assert_uint_eq(pfi_cards_count(arena.cards, segment->base, segment->end), 0);
    ck_assert_uint_eq(arena.waiting.count + arena.waiting.bytes + arena.waiting.range_bytes, 0);
    close_arena();
}
END_TEST

START_TEST(it_serves_no_other_kind_nothing_longer_and_nothing_half_as_long) {
    open_arena();
    struct pfi_segment *segment = empty_one(SIZE, PINFOLD_SEGMENT_LARGE);
    ck_assert_ptr_ne(pfi_segment_create(&arena, SIZE, PINFOLD_SEGMENT_SMALL), segment);
    ck_assert_ptr_ne(pfi_segment_create(&arena, SIZE, PINFOLD_SEGMENT_PINNED), segment);
    ck_assert_ptr_ne(pfi_segment_create(&arena, SIZE + UNIT, PINFOLD_SEGMENT_LARGE), segment);
    ck_assert_ptr_ne(pfi_segment_create(&arena, SIZE / 2, PINFOLD_SEGMENT_LARGE), segment);
    ck_assert_ptr_eq(pfi_segment_create(&arena, SIZE / 2 + UNIT, PINFOLD_SEGMENT_LARGE), segment);
    close_arena();
}
END_TEST

START_TEST(the_oldest_gives_first_and_the_newest_is_taken_first) {
    open_arena();
    struct pfi_segment *segments[3];
    for (size_t index = 0; index < 3; ++index) { /* all three at once: no one is the other anew */
        segments[index] = pfi_segment_create(&arena, SIZE, PINFOLD_SEGMENT_SMALL);
        ck_assert(pfi_segment_commit(&arena, segments[index], segments[index]->end));
    }
    for (size_t index = 0; index < 3; ++index) {
        pfi_decommit_queue_put(&arena, segments[index]);
    }
    ck_assert_uint_eq(pfi_decommit_queue_give(&arena, SIZE + UNIT), SIZE + UNIT);
    ck_assert_uint_eq(segments[0]->committed, segments[0]->base);
    ck_assert_uint_eq(segments[1]->committed, segments[1]->end - UNIT);
    ck_assert_uint_eq(segments[2]->committed, segments[2]->end);
    ck_assert_ptr_eq(pfi_segment_create(&arena, SIZE, PINFOLD_SEGMENT_SMALL), segments[2]);
    ck_assert_ptr_eq(pfi_segment_create(&arena, SIZE, PINFOLD_SEGMENT_SMALL), segments[1]);
    ck_assert_ptr_eq(pfi_segment_create(&arena, SIZE, PINFOLD_SEGMENT_SMALL), segments[0]);
    close_arena();
}
END_TEST

START_TEST(what_was_given_is_not_counted_not_resident_and_zero_when_it_is_used_again) {
    open_arena();
    struct pfi_segment *segment = empty_one(SIZE, PINFOLD_SEGMENT_PINNED);
    size_t committed = pfi_account_segments(&arena.account);
    ck_assert_uint_eq(pfi_decommit_queue_give(&arena, 1), PINFOLD_PAGE);
    ck_assert_uint_eq(pfi_decommit_queue_give(&arena, UNIT - PINFOLD_PAGE), UNIT - PINFOLD_PAGE);
    ck_assert_uint_eq(pfi_account_segments(&arena.account), committed - UNIT);
    ck_assert_uint_eq(resident_pages(segment->end - UNIT, UNIT), 0);
    ck_assert_ptr_eq(pfi_segment_create(&arena, SIZE, PINFOLD_SEGMENT_PINNED), segment);
    ck_assert_uint_eq(segment->used, segment->end - UNIT);
    ck_assert(pfi_segment_commit(&arena, segment, segment->end));
    ck_assert(is_zero(segment->end - UNIT, segment->end));
    close_arena();
}
END_TEST

START_TEST(a_segment_without_memory_returns_its_range) {
    open_arena();
    struct pfi_segment *segment = empty_one(SIZE, PINFOLD_SEGMENT_SMALL);
    uintptr_t base = segment->base;
    ck_assert(!pfi_decommit_queue_return(&arena)); /* it has memory */
    pfi_decommit_queue_give(&arena, SIZE);
    ck_assert_ptr_eq(pfi_arena_segment_of(&arena, base), segment);
    ck_assert(pfi_decommit_queue_return(&arena));
    ck_assert_ptr_null(pfi_arena_segment_of(&arena, base));
    ck_assert(!pfi_decommit_queue_return(&arena));
    ck_assert(!pfi_decommit_queue_drain(&arena));
    close_arena();
}
END_TEST

START_TEST(what_waits_makes_way_when_the_arena_has_no_other_room) {
    open_arena();
    for (int index = 0; index < UNITS / 8; ++index) {
        (void)pfi_segment_create(&arena, SIZE, PINFOLD_SEGMENT_SMALL);
    }
    (void)empty_one(SIZE, PINFOLD_SEGMENT_LARGE);
    struct pfi_segment *rest = pfi_segment_create(&arena, UNITS / 2 * UNIT, PINFOLD_SEGMENT_PINNED);
    ck_assert_ptr_nonnull(rest);
    ck_assert_uint_eq(arena.waiting.count, 0);
    close_arena();
}
END_TEST

/* What waits and what is on standby keeps address space, which on demand is all that there may be. */
START_TEST(on_demand_all_that_waits_or_stands_by_goes_before_a_segment_is_shrunk_or_refused) {
    ck_assert(pfi_arena_init_as(&arena, 3 * SIZE, PINFOLD_LAYOUT_ONE_BY_ONE));
    pfi_segment_pool_open(&arena.pool, SIZE, SIZE);
    struct pfi_segment *waiting = empty_one(SIZE, PINFOLD_SEGMENT_SMALL);
    struct pfi_segment *standby = pfi_segment_create(&arena, SIZE, PINFOLD_SEGMENT_PINNED);
    ck_assert(waiting != NULL && standby != NULL);
    pfi_segment_release(&arena, standby);
    ck_assert_uint_eq(arena.pool.count, 1);
    ck_assert_uint_eq(arena.mapped, 2 * SIZE);
    struct pfi_segment *large = pfi_segment_create_between(&arena, UNIT, 3 * SIZE, PINFOLD_SEGMENT_LARGE);
    ck_assert_ptr_nonnull(large);
    ck_assert_uint_eq(large->end - large->base, 3 * SIZE);
    ck_assert_uint_eq(arena.waiting.count + arena.pool.count, 0);
    ck_assert_uint_eq(arena.mapped, 3 * SIZE);
    ck_assert_uint_eq(pfi_account_segments(&arena.account), 0); /* the memory went with the range */
    close_arena();
}
END_TEST

START_TEST(what_waits_makes_way_when_a_limit_refuses_a_commit) {
    open_arena();
    struct pfi_segment *waiting = empty_one(SIZE, PINFOLD_SEGMENT_SMALL);
    struct pfi_segment *segment = pfi_segment_create(&arena, SIZE, PINFOLD_SEGMENT_LARGE);
    arena.account.limit = pfi_account_total(&arena.account) + PINFOLD_PAGE;
    ck_assert(pfi_segment_commit(&arena, segment, segment->base + 2 * PINFOLD_PAGE));
    ck_assert_uint_eq(waiting->committed, waiting->end - 2 * PINFOLD_PAGE); /* no more than was needed */
    ck_assert(pfi_segment_commit(&arena, segment, segment->end));
    ck_assert_uint_le(pfi_account_total(&arena.account), arena.account.limit);
    close_arena();
}
END_TEST

SUITE("unit/decommit_queue", on_demand_all_that_waits_or_stands_by_goes_before_a_segment_is_shrunk_or_refused,
      an_emptied_segment_comes_back_with_its_memory_and_clean_cards,
      it_serves_no_other_kind_nothing_longer_and_nothing_half_as_long,
      the_oldest_gives_first_and_the_newest_is_taken_first,
      what_was_given_is_not_counted_not_resident_and_zero_when_it_is_used_again,
      a_segment_without_memory_returns_its_range, what_waits_makes_way_when_the_arena_has_no_other_room,
      what_waits_makes_way_when_a_limit_refuses_a_commit)
