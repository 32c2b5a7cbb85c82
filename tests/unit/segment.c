/* SPDX-License-Identifier: MIT
 *
 * Segments: how their ends move, and that memory which is said to be zero is.
 */
#include "alloc/segment.h"

#include <string.h>
#include <sys/resource.h>

#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/segment_clear.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"
#include "tests/unit/resident.h"

enum { ARENA = 32 << 20, SEGMENT = 2 << 20, OPERATIONS = 1500 };

static struct pfi_arena arena;
static struct pfi_segment *segment;

static void open_segment(enum pf_segment_kind kind) {
    ck_assert(pfi_arena_init(&arena, ARENA, PINFOLD_UNIT));
    segment = pfi_segment_create(&arena, SEGMENT, kind);
    ck_assert_ptr_nonnull(segment);
}

static void close_segment(void) {
    pfi_segment_release(&arena, segment);
    ck_assert_uint_eq(pfi_account_segments(&arena.account), 0);
    pfi_arena_finish(&arena);
}

START_TEST(a_new_segment_is_empty_and_has_nothing_committed) {
    open_segment(PINFOLD_SEGMENT_SMALL);
    ck_assert(pfi_segment_is_valid(segment));
    ck_assert_uint_eq(segment->first, segment->base + 16); /* the gap for the very first record */
    ck_assert_uint_eq(pfi_segment_bytes(segment), 0);
    ck_assert_uint_eq(segment->committed, segment->base);
    ck_assert_uint_eq(segment->end - segment->base, SEGMENT);
    ck_assert_ptr_null(segment->next);
    close_segment();
    open_segment(PINFOLD_SEGMENT_LARGE);
    ck_assert(pfi_segment_is_valid(segment));
    ck_assert_uint_eq(segment->first, segment->base); /* large objects begin at pages */
    close_segment();
}
END_TEST

/* Many small commits would each be a system call and a mapping. */
START_TEST(commits_are_rounded_up_to_steps_and_stop_at_the_end) {
    open_segment(PINFOLD_SEGMENT_SMALL);
    size_t step = arena.commit_step;
    ck_assert_uint_eq(step % PINFOLD_PAGE, 0);
    ck_assert(pfi_segment_commit(&arena, segment, segment->base + 1));
    ck_assert_uint_eq(segment->committed, pfi_min(pfi_align_up(segment->base + 1, step), segment->end));
    uintptr_t before = segment->committed;
    ck_assert(pfi_segment_commit(&arena, segment, before)); /* is committed already */
    ck_assert_uint_eq(segment->committed, before);
    ck_assert(pfi_segment_commit(&arena, segment, segment->end - 1));
    ck_assert_uint_eq(segment->committed, segment->end);
    ck_assert(!pfi_segment_commit(&arena, segment, segment->end + 1));
    ck_assert_uint_eq(pfi_account_segments(&arena.account), SEGMENT);
    close_segment();
}
END_TEST

START_TEST(trimming_gives_memory_back_from_the_next_page_on) {
    open_segment(PINFOLD_SEGMENT_SMALL);
    ck_assert(pfi_segment_commit(&arena, segment, segment->end));
    memset((void *)segment->base, 1, SEGMENT);
    segment->used = segment->end;
    pfi_segment_trim(&arena, segment, segment->base + 10 * PINFOLD_PAGE + 1);
    ck_assert_uint_eq(segment->committed, segment->base + 11 * PINFOLD_PAGE);
    ck_assert_uint_eq(segment->used, segment->committed);
    ck_assert_uint_eq(pfi_account_segments(&arena.account), 11 * PINFOLD_PAGE);
    ck_assert_uint_eq(resident_pages(segment->committed, segment->end - segment->committed), 0);
    pfi_segment_trim(&arena, segment, segment->end); /* nothing there to give back */
    ck_assert_uint_eq(pfi_account_segments(&arena.account), 11 * PINFOLD_PAGE);
    close_segment();
}
END_TEST

/* What has never been written needs no clearing: it must stay untouched by memory and by time. */
START_TEST(clearing_does_not_touch_pages_that_were_never_used) {
    open_segment(PINFOLD_SEGMENT_SMALL);
    ck_assert(pfi_segment_commit(&arena, segment, segment->end));
    segment_clear(segment, segment->first, segment->end);
    ck_assert_uint_eq(resident_pages(segment->base, SEGMENT), 0);
    ck_assert_uint_eq(segment->used, segment->end);
    close_segment();
    open_segment(PINFOLD_SEGMENT_SMALL); /* the same when a part of the range was used */
    ck_assert(pfi_segment_commit(&arena, segment, segment->end));
    memset((void *)segment->base, 1, 100);
    segment->used = segment->base + 100;
    segment_clear(segment, segment->first, segment->end);
    ck_assert_uint_eq(resident_pages(segment->base, SEGMENT), 1);
    close_segment();
}
END_TEST

START_TEST(clearing_zeroes_the_range_and_nothing_beside_it) {
    open_segment(PINFOLD_SEGMENT_SMALL);
    ck_assert(pfi_segment_commit(&arena, segment, segment->end));
    memset((void *)segment->base, 1, 8192);
    segment->used = segment->base + 8192;
    segment_clear(segment, segment->base + 1000, segment->base + 3000);
    ck_assert_int_eq(*(char *)(segment->base + 999), 1);
    ck_assert(is_zero(segment->base + 1000, segment->base + 3000));
    ck_assert_int_eq(*(char *)(segment->base + 3000), 1);
    ck_assert_uint_eq(segment->used, segment->base + 8192);
    segment_clear(segment, segment->base + 8000, segment->base + 9000);
    ck_assert_int_eq(*(char *)(segment->base + 7999), 1);
    ck_assert(is_zero(segment->base + 8000, segment->base + 9000));
    ck_assert_uint_eq(segment->used, segment->base + 9000);
    close_segment();
}
END_TEST

/* As allocation and collections do it: the end of the objects rises over cleared memory that is then written, and falls
 * back and leaves garbage behind; now and then the tail is given back. */
static void move_end(struct random *random) {
    uintptr_t end = segment->allocated;
    if (random_chance(random, 60)) {
        end = pfi_min(end + random_below(random, SEGMENT / 8), segment->end);
        ck_assert(pfi_segment_commit(&arena, segment, end));
        segment_clear(segment, segment->allocated, end);
        if (!is_zero(segment->allocated, end)) {
            replay_fail("cleared memory is not zero");
        }
        memset((void *)segment->allocated, 0xEE, end - segment->allocated);
    } else if (random_chance(random, 70)) {
        end = random_between(random, segment->first, segment->allocated);
    } else {
        pfi_segment_trim(&arena, segment, segment->allocated + random_below(random, SEGMENT / 4));
    }
    segment->allocated = end;
}

START_TEST(what_lies_between_used_and_committed_is_always_zero) {
    struct seed_range seeds = settings_seeds(2);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin("segment", seed);
        open_segment(PINFOLD_SEGMENT_SMALL);
        for (uint64_t operation = 0; operation < OPERATIONS; ++operation) {
            replay_operation(operation);
            move_end(&random);
            if (!pfi_segment_is_valid(segment) ||
                pfi_account_segments(&arena.account) != segment->committed - segment->base) {
                replay_fail("the ends are out of order, or the account is wrong");
            }
            if (operation % 20 == 0 && !is_zero(segment->used, segment->committed)) {
                replay_fail("memory that is said to be zero is not");
            }
        }
        close_segment();
    }
}
END_TEST

START_TEST(a_commit_that_the_system_refuses_changes_nothing) {
    struct rlimit limit = {0, 0};
    open_segment(PINFOLD_SEGMENT_SMALL);
    ck_assert(pfi_segment_commit(&arena, segment, segment->first));
    uintptr_t committed = segment->committed;
    ck_assert_int_eq(getrlimit(RLIMIT_DATA, &limit), 0);
    struct rlimit nothing_more = {4096, limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_DATA, &nothing_more), 0);
    bool done = pfi_segment_commit(&arena, segment, segment->end);
    ck_assert_int_eq(setrlimit(RLIMIT_DATA, &limit), 0);
    ck_assert(!done);
    ck_assert_uint_eq(segment->committed, committed);
    ck_assert_uint_eq(pfi_account_segments(&arena.account), committed - segment->base);
    ck_assert(pfi_segment_commit(&arena, segment, segment->end));
    close_segment();
}
END_TEST

START_TEST(a_released_range_is_zero_again_for_its_next_owner) {
    open_segment(PINFOLD_SEGMENT_SMALL);
    uintptr_t base = segment->base;
    ck_assert(pfi_segment_commit(&arena, segment, segment->end));
    memset((void *)segment->base, 1, SEGMENT);
    pfi_segment_release(&arena, segment);
    ck_assert_uint_eq(pfi_account_segments(&arena.account), 0);
    ck_assert_uint_eq(resident_pages(base, SEGMENT), 0);
    segment = pfi_segment_create(&arena, SEGMENT, PINFOLD_SEGMENT_LARGE);
    ck_assert_uint_eq(segment->base, base);
    ck_assert_int_eq(segment->kind, PINFOLD_SEGMENT_LARGE);
    ck_assert(pfi_segment_commit(&arena, segment, segment->end));
    ck_assert(is_zero(base, base + SEGMENT));
    close_segment();
}
END_TEST

SUITE("unit/segment", a_new_segment_is_empty_and_has_nothing_committed,
      commits_are_rounded_up_to_steps_and_stop_at_the_end, trimming_gives_memory_back_from_the_next_page_on,
      clearing_does_not_touch_pages_that_were_never_used, clearing_zeroes_the_range_and_nothing_beside_it,
      what_lies_between_used_and_committed_is_always_zero, a_commit_that_the_system_refuses_changes_nothing,
      a_released_range_is_zero_again_for_its_next_owner)
