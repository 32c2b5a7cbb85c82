/* SPDX-License-Identifier: MIT
 *
 * A heap share: which generation an address belongs to, how much each holds, and gaps that become free objects.
 */
#include "alloc/share.h"

#include <string.h>

#include "alloc/large.h"
#include "alloc/object.h"
#include "alloc/object_starts.h"
#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/segment_clear.h"
#include "tests/support/suite.h"
#include "tests/support/take_old.h"

static struct pfi_arena arena;
static struct pfi_share share;
static struct pf_options options;

static void open_share(void) {
    options = fixture_tiny_options();
    ck_assert(pfi_arena_init(&arena, 16 * PINFOLD_UNIT, PINFOLD_UNIT));
    ck_assert_int_eq(pfi_share_init(&share, &arena, &options), PINFOLD_OK);
}

static void close_share(void) {
    ck_assert(pfi_share_is_valid(&share));
    pfi_arena_finish(&arena);
}

/* 1000, 2000 and 3000 bytes of generations 2, 1 and 0. */
static uintptr_t lay_out_generations(void) {
    struct pfi_segment *segment = share.ephemeral;
    ck_assert(pfi_segment_commit(&arena, segment, segment->first + 6000));
    segment_clear(segment, segment->first, segment->first + 6000);
    segment->allocated = segment->first + 6000;
    share.start[1] = segment->first + 1000;
    share.start[0] = segment->first + 3000;
    return segment->first;
}

START_TEST(a_new_share_has_one_empty_segment) {
    open_share();
    ck_assert_ptr_eq(share.segments, share.ephemeral);
    ck_assert_ptr_null(share.ephemeral->next);
    ck_assert_ptr_null(share.large_segments);
    for (int generation = 0; generation < PINFOLD_GENERATIONS; ++generation) {
        ck_assert_uint_eq(pfi_share_generation_bytes(&share, generation), 0);
        ck_assert_uint_eq(share.generations[generation].free_bytes, 0);
    }
    close_share();
}
END_TEST

START_TEST(a_share_without_room_for_a_segment_of_usual_size_begins_with_a_shorter_one) {
    options = fixture_tiny_options();
    options.segment_size = 4 * PINFOLD_UNIT;
    options.large_threshold = PINFOLD_UNIT / 4;
    ck_assert(pfi_arena_init(&arena, 3 * PINFOLD_UNIT, PINFOLD_UNIT));
    ck_assert_int_eq(pfi_share_init(&share, &arena, &options), PINFOLD_OK);
    ck_assert_uint_eq(pfi_share_ephemeral_size(&share), 2 * PINFOLD_UNIT);
    close_share();
}
END_TEST

START_TEST(a_share_without_room_for_a_segment_is_refused_and_keeps_nothing) {
    options = fixture_tiny_options();
    options.segment_size = 4 * PINFOLD_UNIT;
    options.large_threshold = PINFOLD_UNIT; /* a segment has to hold four */
    ck_assert(pfi_arena_init(&arena, 3 * PINFOLD_UNIT, PINFOLD_UNIT));
    ck_assert_int_eq(pfi_share_init(&share, &arena, &options), PINFOLD_CANNOT_RESERVE);
    ck_assert_uint_eq(pfi_account_segments(&arena.account), 0);
    pfi_arena_finish(&arena);
}
END_TEST

START_TEST(starts_and_ends_of_generations_meet) {
    open_share();
    uintptr_t first = lay_out_generations();
    ck_assert_uint_eq(pfi_share_start(&share, 2), first);
    ck_assert_uint_eq(pfi_share_end(&share, 2), first + 1000);
    ck_assert_uint_eq(pfi_share_start(&share, 1), first + 1000);
    ck_assert_uint_eq(pfi_share_end(&share, 1), first + 3000);
    ck_assert_uint_eq(pfi_share_start(&share, 0), first + 3000);
    ck_assert_uint_eq(pfi_share_end(&share, 0), first + 6000);
    close_share();
}
END_TEST

START_TEST(an_address_belongs_to_the_generation_it_lies_in) {
    open_share();
    uintptr_t first = lay_out_generations();
    uintptr_t large = 0;
    share.generations[PINFOLD_LARGE].budget_left = 1;
    ck_assert_int_eq(take_large(&share, 5000, &large), PINFOLD_EXHAUSTED_NOT);
    const struct {
        uintptr_t address;
        int generation;
    } cases[] = {
        {first - 1, -1},    {first, 2},        {first + 999, 2},   {first + 1000, 1}, {first + 2999, 1},
        {first + 3000, 0},  {first + 5999, 0}, {first + 6000, -1}, {large, 3},        {large + 8191, 3},
        {large + 8192, -1}, {0, -1},           {arena.end, -1},
    };
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; ++index) {
        ck_assert_int_eq(pfi_share_generation_of(&share, cases[index].address), cases[index].generation);
    }
    close_share();
}
END_TEST

START_TEST(generation_2_is_its_own_segments_and_its_part_of_the_ephemeral_one) {
    open_share();
    (void)lay_out_generations();
    struct pfi_segment *old = pfi_segment_create(&arena, PINFOLD_UNIT, PINFOLD_SEGMENT_SMALL);
    ck_assert(old != NULL && pfi_segment_commit(&arena, old, old->first + 4000));
    old->allocated = old->first + 4000;
    old->next = share.ephemeral;
    share.segments = old;
    ck_assert_uint_eq(pfi_share_generation_bytes(&share, 2), 5000);
    ck_assert_uint_eq(pfi_share_generation_bytes(&share, 1), 2000);
    ck_assert_uint_eq(pfi_share_generation_bytes(&share, 0), 3000);
    ck_assert_int_eq(pfi_share_generation_of(&share, old->first), 2);
    close_share();
}
END_TEST

START_TEST(starts_out_of_order_are_not_valid) {
    open_share();
    uintptr_t first = lay_out_generations();
    ck_assert(pfi_share_is_valid(&share));
    share.start[1] = first + 3008;
    ck_assert(!pfi_share_is_valid(&share));
    share.start[1] = first - 8;
    ck_assert(!pfi_share_is_valid(&share));
    share.start[1] = first;
    share.start[0] = first + 6008;
    ck_assert(!pfi_share_is_valid(&share));
    share.start[0] = first;
    close_share();
}
END_TEST

START_TEST(a_gap_becomes_one_free_object_that_is_counted_listed_and_found) {
    open_share();
    uintptr_t first = lay_out_generations();
    pfi_share_thread_gap(&share, 2, first, 1000);
    ck_assert(pfi_object_is_free(first));
    ck_assert_uint_eq(pfi_object_size(first), 1000);
    ck_assert_uint_eq(share.generations[2].free_bytes, 1000);
    ck_assert_uint_eq(share.generations[2].free_list.bytes, 1000);
    ck_assert_uint_eq(pfi_object_starts_before(arena.object_starts, first, first + 900), first);
    ck_assert_uint_eq(pfi_free_list_take(&share.generations[2].free_list, 1000), first);
    close_share();
}
END_TEST

START_TEST(a_gap_too_small_for_a_link_is_counted_but_not_listed) {
    open_share();
    uintptr_t first = lay_out_generations();
    pfi_share_thread_gap(&share, 2, first, 16);
    pfi_share_thread_gap(&share, 2, first + 16, 24);
    pfi_share_thread_gap(&share, 2, first + 40, 0);
    ck_assert_uint_eq(share.generations[2].free_bytes, 40);
    ck_assert_uint_eq(share.generations[2].free_list.bytes, 0);
    ck_assert_uint_eq(share.generations[2].free_list.nonempty, 0);
    pfi_share_thread_gap(&share, 2, first + 40, PINFOLD_MIN_FREE_ITEM);
    ck_assert_uint_eq(share.generations[2].free_list.bytes, PINFOLD_MIN_FREE_ITEM);
    close_share();
}
END_TEST

START_TEST(a_gap_of_8_bytes_is_a_broken_contract) {
    open_share();
    uintptr_t first = lay_out_generations();
    ck_assert_refused(pfi_share_thread_gap(&share, 2, first, 8), "gap, 8 bytes");
}
END_TEST

START_TEST(forgetting_empties_the_lists_of_the_generations_that_are_collected) {
    open_share();
    uintptr_t first = lay_out_generations();
    pfi_share_thread_gap(&share, 2, first, 1000);
    pfi_share_thread_gap(&share, 1, first + 1000, 2000);
    pfi_share_forget_free(&share, 1);
    ck_assert_uint_eq(share.generations[1].free_bytes, 0);
    ck_assert_uint_eq(share.generations[1].free_list.bytes, 0);
    ck_assert_uint_eq(share.generations[2].free_list.bytes, 1000);
    pfi_share_forget_free(&share, 2);
    ck_assert_uint_eq(share.generations[2].free_list.nonempty, 0);
    close_share();
}
END_TEST

START_TEST(poison_fills_free_objects_and_the_tail_when_asked_for) {
    for (int poison = 0; poison <= 1; ++poison) {
        open_share();
        options.stress.poison = (uint8_t)poison;
        uintptr_t first = lay_out_generations();
        struct pfi_segment *segment = share.ephemeral;
        pfi_share_format_gap(&share, 2, first, 1000);
        segment->allocated = first + 4000;
        pfi_share_poison_tail(&share, segment);
        uint8_t wanted = poison ? 0xDB : 0;
        for (uintptr_t address = first + PINFOLD_MIN_OBJECT; address < segment->used; ++address) {
            bool is_free = address < first + 1000 || address >= first + 4000;
            if (*(uint8_t *)address != (is_free ? wanted : 0)) {
                ck_abort_msg("byte %zu is %#x", (size_t)(address - first), *(uint8_t *)address);
            }
        }
        close_share();
    }
}
END_TEST

SUITE("unit/share", a_share_without_room_for_a_segment_of_usual_size_begins_with_a_shorter_one,
      a_new_share_has_one_empty_segment, a_share_without_room_for_a_segment_is_refused_and_keeps_nothing,
      starts_and_ends_of_generations_meet, an_address_belongs_to_the_generation_it_lies_in,
      generation_2_is_its_own_segments_and_its_part_of_the_ephemeral_one, starts_out_of_order_are_not_valid,
      a_gap_becomes_one_free_object_that_is_counted_listed_and_found,
      a_gap_too_small_for_a_link_is_counted_but_not_listed, a_gap_of_8_bytes_is_a_broken_contract,
      forgetting_empties_the_lists_of_the_generations_that_are_collected,
      poison_fills_free_objects_and_the_tail_when_asked_for)
