/* SPDX-License-Identifier: MIT
 *
 * Large objects: where they are placed, what is left of the runs they are placed in, and memory that is given back.
 */
#include "alloc/large.h"

#include <string.h>

#include "alloc/free_pages.h"
#include "alloc/object_starts.h"
#include "alloc/walk.h"
#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"
#include "tests/support/take_old.h"
#include "tests/unit/resident.h"

enum { PAGE = PINFOLD_PAGE, MOST_OBJECTS = 64, OPERATIONS = 3000 };

static struct pfi_arena arena;
static struct pfi_share share;
static struct pf_options options;

static void open_share(size_t large_segment_size) {
    options = fixture_tiny_options();
    options.large_segment_size = large_segment_size;
    ck_assert(pfi_arena_init(&arena, 64 * PINFOLD_UNIT, PINFOLD_UNIT));
    ck_assert_int_eq(pfi_share_init(&share, &arena, &options), PINFOLD_OK);
    share.generations[PINFOLD_LARGE].budget_left = INT64_MAX;
}

static void close_share(void) {
    pfi_arena_finish(&arena);
}

static void write_header(uintptr_t object, size_t size) {
    pfi_words(object)[0] = (uintptr_t)&bytes_type;
    pfi_words(object)[1] = size - PINFOLD_MIN_OBJECT;
}

static uintptr_t allocate(size_t size) {
    uintptr_t object = 0;
    ck_assert_int_eq(take_large(&share, size, &object), PINFOLD_EXHAUSTED_NOT);
    ck_assert_uint_eq(object % PAGE, 0);
    if (!is_zero(object, object + pfi_large_footprint(size))) {
        ck_abort_msg("a new object of %zu bytes is not zero", size);
    }
    write_header(object, size);
    return object;
}

static const struct pfi_free_list *free_runs(void) {
    return &share.generations[PINFOLD_LARGE].free_list;
}

/* Makes an object's pages a free run, as a sweep does. */
static void make_free(uintptr_t object, size_t size) {
    share.large_bytes -= size;
    pfi_large_thread_run(&share, object, size, 0);
}

START_TEST(objects_take_whole_pages_side_by_side) {
    open_share(PINFOLD_UNIT);
    uintptr_t first = allocate(5000);
    uintptr_t second = allocate(4096);
    uintptr_t third = allocate(4097);
    ck_assert_uint_eq(second, first + 2 * PAGE);
    ck_assert_uint_eq(third, second + PAGE);
    ck_assert_uint_eq(share.large_bytes, 5 * PAGE);
    ck_assert_uint_eq(share.old_allocated_bytes, 5 * PAGE);
    ck_assert_uint_eq(pfi_share_generation_bytes(&share, PINFOLD_LARGE), 5 * PAGE);
    ck_assert_int_eq(pfi_share_generation_of(&share, third), PINFOLD_LARGE);
    close_share();
}
END_TEST

START_TEST(every_card_of_an_object_leads_to_its_start) {
    open_share(PINFOLD_UNIT);
    uintptr_t first = allocate(5000);
    uintptr_t second = allocate(100000);
    for (uintptr_t address = second; address < second + 100000; address += PINFOLD_CARD) {
        ck_assert_uint_eq(pfi_object_starts_before(arena.object_starts, first, address), second);
    }
    close_share();
}
END_TEST

START_TEST(a_free_run_is_used_first_and_its_rest_stays_free) {
    open_share(PINFOLD_UNIT);
    uintptr_t first = allocate(20 * PAGE);
    uintptr_t second = allocate(4096);
    memset((void *)first, 0xAA, 20 * PAGE);
    make_free(first, 20 * PAGE);
    ck_assert_uint_eq(allocate(6 * PAGE), first);
    ck_assert_uint_eq(free_runs()->bytes, 14 * PAGE);
    ck_assert(pfi_object_is_free(first + 6 * PAGE));
    ck_assert_uint_eq(allocate(14 * PAGE), first + 6 * PAGE);
    ck_assert_uint_eq(free_runs()->bytes, 0);
    ck_assert_uint_eq(share.generations[PINFOLD_LARGE].free_bytes, 0);
    ck_assert_uint_eq(allocate(4096), second + PAGE); /* then the end of the segment */
    close_share();
}
END_TEST

START_TEST(the_first_run_that_fits_is_taken) {
    open_share(PINFOLD_UNIT);
    uintptr_t runs[3];
    static const size_t pages[3] = {9, 11, 10}; /* one bin: 8 to 16 pages */
    for (size_t index = 0; index < 3; ++index) {
        runs[index] = allocate(pages[index] * PAGE);
        (void)allocate(4096);
    }
    for (size_t index = 0; index < 3; ++index) {
        make_free(runs[index], pages[index] * PAGE);
    }
    ck_assert_uint_eq(allocate(10 * PAGE), runs[1]);
    ck_assert_uint_eq(allocate(10 * PAGE), runs[2]);
    ck_assert_uint_eq(allocate(9 * PAGE), runs[0]);
    close_share();
}
END_TEST

START_TEST(a_full_segment_is_followed_by_a_new_one) {
    open_share(PINFOLD_UNIT);
    (void)allocate(PINFOLD_UNIT);
    const struct pfi_segment *first = share.large_segments;
    ck_assert_ptr_null(first->next);
    uintptr_t object = allocate(4096);
    ck_assert_ptr_ne(share.large_segments, first);
    ck_assert_ptr_eq(share.large_segments->next, first);
    ck_assert_ptr_eq(pfi_arena_segment_of(&arena, object), share.large_segments);
    close_share();
}
END_TEST

START_TEST(an_object_longer_than_a_segment_gets_a_longer_segment) {
    open_share(PINFOLD_UNIT);
    uintptr_t object = allocate(5 * PINFOLD_UNIT + 1);
    const struct pfi_segment *segment = pfi_arena_segment_of(&arena, object);
    ck_assert_uint_eq(segment->end - segment->base, 6 * PINFOLD_UNIT);
    ck_assert_uint_eq(segment->allocated - segment->base, 5 * PINFOLD_UNIT + PAGE);
    close_share();
}
END_TEST

START_TEST(a_spent_budget_and_a_full_arena_are_told_apart) {
    uintptr_t object = 4711;
    open_share(PINFOLD_UNIT);
    share.generations[PINFOLD_LARGE].budget_left = 0;
    ck_assert_int_eq(take_large(&share, 5000, &object), PINFOLD_EXHAUSTED_BUDGET);
    share.generations[PINFOLD_LARGE].budget_left = 1;
    ck_assert_int_eq(take_large(&share, 64 * PINFOLD_UNIT, &object), PINFOLD_EXHAUSTED_SPACE);
    ck_assert_ptr_null(share.large_segments);
    ck_assert_uint_eq(object, 4711);
    ck_assert_int_eq(take_large(&share, 5000, &object), PINFOLD_EXHAUSTED_NOT);
    ck_assert_int_eq(share.generations[PINFOLD_LARGE].budget_left, 1 - 2 * PAGE);
    close_share();
}
END_TEST

enum { RUN = 64 * PAGE };

/* A free run of RUN bytes full of garbage, with an object behind it. */
static size_t give(size_t keep, size_t limit) {
    return pfi_free_pages_give(&share, PINFOLD_LARGE, PINFOLD_SHORTEST_GIVEN, keep, limit).bytes;
}

static uintptr_t make_dirty_run(void) {
    uintptr_t run = allocate(RUN);
    (void)allocate(4096);
    memset((void *)run, 0xAA, RUN);
    write_header(run, RUN);
    make_free(run, RUN);
    ck_assert_uint_eq(resident_pages(run, RUN), RUN / pfi_align_up(PAGE, (uintptr_t)sysconf(_SC_PAGESIZE)));
    return run;
}

START_TEST(giving_free_runs_back_lowers_resident_memory_and_the_account) {
    open_share(2 * PINFOLD_UNIT);
    uintptr_t run = make_dirty_run();
    size_t committed = pfi_account_segments(&arena.account);
    ck_assert_uint_eq(give(0, SIZE_MAX), RUN - PAGE);
    ck_assert_uint_eq(resident_pages(run, RUN), 1); /* the header */
    ck_assert_uint_eq(pfi_account_segments(&arena.account), committed - RUN + PAGE);
    ck_assert(pfi_object_is_free(run));
    ck_assert_uint_eq(pfi_object_size(run), RUN);
    ck_assert_uint_eq(pfi_free_pages_clean(run), RUN - PAGE);
    ck_assert_uint_eq(give(0, SIZE_MAX), 0); /* once */
    close_share();
}
END_TEST

/* allocate() finds the memory zero; that it was not cleared shows in the pages behind the object's first, which are
 * still not there before anything reads them. */
START_TEST(a_clean_run_is_not_cleared_again_but_zero) {
    open_share(2 * PINFOLD_UNIT);
    uintptr_t run = make_dirty_run();
    size_t committed = pfi_account_segments(&arena.account);
    give(0, SIZE_MAX);
    uintptr_t object = 0;
    ck_assert_int_eq(take_large(&share, RUN / 2, &object), PINFOLD_EXHAUSTED_NOT);
    ck_assert_uint_eq(object, run);
    ck_assert_uint_eq(resident_pages(run, RUN / 2), 1);
    ck_assert(is_zero(run, run + RUN / 2));
    ck_assert_uint_eq(pfi_free_pages_clean(run + RUN / 2), RUN / 2 - PAGE);
    ck_assert_uint_eq(pfi_account_segments(&arena.account), committed - RUN / 2 + PAGE);
    ck_assert_uint_eq(allocate(RUN / 2), run + RUN / 2);
    ck_assert_uint_eq(pfi_account_segments(&arena.account), committed);
    close_share();
}
END_TEST

START_TEST(what_is_to_be_kept_and_the_limit_of_a_step_are_respected) {
    open_share(4 * PINFOLD_UNIT);
    uintptr_t runs[3];
    for (size_t index = 0; index < 3; ++index) {
        runs[index] = allocate(RUN);
        (void)allocate(4096);
    }
    for (size_t index = 0; index < 3; ++index) {
        make_free(runs[index], RUN);
    }
    ck_assert_uint_eq(give(3 * RUN, SIZE_MAX), 0);
    ck_assert_uint_eq(give(RUN, 1), PAGE); /* at least a page, from the end */
    ck_assert_uint_eq(resident_pages(runs[1] + RUN - PAGE, PAGE), 0);
    ck_assert_uint_eq(give(RUN, RUN - 3 * PAGE), RUN - 3 * PAGE);
    ck_assert_uint_eq(pfi_free_pages_clean(runs[0]), 0);
    ck_assert_uint_eq(pfi_free_pages_clean(runs[1]), RUN - 2 * PAGE);
    ck_assert_uint_eq(pfi_free_pages_clean(runs[2]), 0);
    ck_assert_uint_eq(give(0, SIZE_MAX), 2 * RUN - PAGE);
    ck_assert_uint_eq(share.generations[PINFOLD_LARGE].clean_bytes, 3 * (RUN - PAGE));
    close_share();
}
END_TEST

START_TEST(poisoned_runs_are_cleared_before_they_are_used_again) {
    open_share(2 * PINFOLD_UNIT);
    uintptr_t run = make_dirty_run();
    options.stress.poison = 1;
    pfi_free_list_clear(&share.generations[PINFOLD_LARGE].free_list);
    ck_assert_uint_eq(pfi_large_thread_run(&share, run, RUN, RUN),
                      0); /* even one that was clean before it was poisoned */
    ck_assert_uint_eq(pfi_free_pages_clean(run), 0);
    ck_assert_uint_eq(*(uint8_t *)(run + RUN - 1), 0xDB);
    ck_assert_uint_eq(give(0, SIZE_MAX), 0); /* poison must stay readable */
    ck_assert_uint_eq(allocate(RUN), run);
    close_share();
}
END_TEST

struct object {
    uintptr_t address;
    size_t size;
    uint8_t pattern;
};

static struct object objects[MOST_OBJECTS];
static size_t object_count;

static void check_patterns(void) {
    for (size_t index = 0; index < object_count; ++index) {
        const uint8_t *bytes = (const uint8_t *)objects[index].address;
        for (size_t byte = PINFOLD_MIN_OBJECT; byte < objects[index].size; byte += 509) {
            if (bytes[byte] != objects[index].pattern) {
                replay_fail("byte %zu of an object was overwritten", byte);
            }
        }
    }
}

static int add_bytes(void *context, const struct pfi_segment *segment, uintptr_t object, size_t size) {
    size_t *bytes = context;
    (void)segment;
    bytes[pfi_object_is_free(object)] += size;
    return 0;
}

static void operate(struct random *random) {
    size_t choice = random_below(random, 100);
    if (choice < 50 && object_count < MOST_OBJECTS) {
        size_t size = random_between(random, 4096, random_chance(random, 10) ? 300000 : 20000) & ~(size_t)7;
        struct object *object = &objects[object_count++];
        *object = (struct object){allocate(size), size, (uint8_t)random_between(random, 1, 255)};
        memset((void *)(object->address + PINFOLD_MIN_OBJECT), object->pattern, size - PINFOLD_MIN_OBJECT);
    } else if (choice < 97 && object_count > 0) {
        size_t index = random_below(random, object_count);
        make_free(objects[index].address, pfi_large_footprint(objects[index].size));
        objects[index] = objects[--object_count];
    } else {
        give(random_below(random, 500000), random_between(random, 1, 500000));
    }
}

START_TEST(random_allocations_are_zero_never_overlap_and_leave_walkable_segments) {
    struct seed_range seeds = settings_seeds(3);
    for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
        struct random random = {seed};
        replay_begin("large objects", seed);
        open_share(4 * PINFOLD_UNIT);
        object_count = 0;
        for (uint64_t operation = 0; operation < OPERATIONS; ++operation) {
            replay_operation(operation);
            operate(&random);
            if (operation % 30 == 0) {
                size_t bytes[2] = {0, 0};
                check_patterns();
                pfi_walk_share(&share, add_bytes, bytes);
                if (bytes[0] != share.large_bytes || bytes[1] != free_runs()->bytes) {
                    replay_fail("%zu bytes of objects counted as %zu, %zu free as %zu", bytes[0], share.large_bytes,
                                bytes[1], free_runs()->bytes);
                }
            }
        }
        close_share();
    }
}
END_TEST

SUITE("unit/large", objects_take_whole_pages_side_by_side, every_card_of_an_object_leads_to_its_start,
      a_free_run_is_used_first_and_its_rest_stays_free, the_first_run_that_fits_is_taken,
      a_full_segment_is_followed_by_a_new_one, an_object_longer_than_a_segment_gets_a_longer_segment,
      a_spent_budget_and_a_full_arena_are_told_apart, giving_free_runs_back_lowers_resident_memory_and_the_account,
      a_clean_run_is_not_cleared_again_but_zero, what_is_to_be_kept_and_the_limit_of_a_step_are_respected,
      random_allocations_are_zero_never_overlap_and_leave_walkable_segments,
      poisoned_runs_are_cleared_before_they_are_used_again)
