/* SPDX-License-Identifier: MIT
 *
 * Ages of handle blocks: a collection looks only at the blocks that can hold something young enough, and computes their
 * ages anew.
 */
#include "gc/phase/age.h"

#include "gc/root/handles.h"
#include "tests/support/account.h"
#include "tests/support/fixture.h"
#include "tests/support/handle_slots.h"
#include "tests/support/suite.h"

enum { OBJECTS_BYTES = 3000 };

static struct pfi_arena arena;
static struct pfi_share share;
static struct pf_options options;
static struct pfi_handle_table table;
static uintptr_t object_of[4]; /* an object of each generation, 3 = large */
static const struct pfi_tags no_tags = {0, 1};
static const struct pfi_tags low_bit_is_a_number = {1, 1};

static void open_table(void) {
    options = fixture_tiny_options();
    ck_assert(pfi_arena_init(&arena, 8 * PINFOLD_UNIT, PINFOLD_UNIT));
    ck_assert_int_eq(pfi_share_init(&share, &arena, &options), PINFOLD_OK);
    struct pfi_segment *segment = share.ephemeral;
    ck_assert(pfi_segment_commit(&arena, segment, segment->first + OBJECTS_BYTES));
    segment->allocated = segment->first + OBJECTS_BYTES;
    share.start[1] = segment->first + 1000;
    share.start[0] = segment->first + 2000;
    struct pfi_segment *large = pfi_segment_create(&arena, PINFOLD_UNIT, PINFOLD_SEGMENT_LARGE);
    ck_assert(large != NULL && pfi_segment_commit(&arena, large, large->first + PINFOLD_PAGE));
    large->allocated = large->first + PINFOLD_PAGE;
    share.large_segments = large;
    for (int generation = 0; generation <= 2; ++generation) {
        object_of[generation] = pfi_share_start(&share, generation) + 64;
    }
    object_of[3] = large->first;
    pfi_handle_table_init(&table, test_account());
}

static void close_table(void) {
    pfi_handle_table_finish(&table);
    pfi_arena_finish(&arena);
}

static struct pf_handle *add(uintptr_t object) {
    struct pf_handle *handle = handle_slots_add(&table, PINFOLD_HANDLE_STRONG, object);
    ck_assert_ptr_nonnull(handle);
    return handle;
}

static void check_age(const struct pf_handle *handle, int age) {
    ck_assert_int_eq(pfi_handle_block_age(pfi_handle_block_around(handle)), age);
}

/* Fills one block with handles on `object`. */
static struct pfi_handle_block *add_block(uintptr_t object) {
    struct pf_handle *handle = NULL;
    for (int count = 0; count < PINFOLD_HANDLES_PER_BLOCK; ++count) {
        handle = add(object);
    }
    return pfi_handle_block_around(handle);
}

START_TEST(the_age_of_a_block_is_that_of_its_youngest_object) {
    open_table();
    struct pf_handle *handle = add(object_of[2]);
    add(object_of[1]);
    add(object_of[3]);
    pfi_age_handles(&table, &share, 2, no_tags);
    check_age(handle, 1);
    add(object_of[0]);
    pfi_age_handles(&table, &share, 2, no_tags);
    check_age(handle, 0);
    close_table();
}
END_TEST

START_TEST(old_and_large_objects_and_what_is_no_object_are_of_the_oldest_age) {
    open_table();
    struct pf_handle *handle = add(object_of[2]);
    add(object_of[3]);
    add(0);
    pfi_age_handles(&table, &share, 2, no_tags);
    check_age(handle, PINFOLD_OLDEST_AGE);
    close_table();
}
END_TEST

START_TEST(tags_decide_what_counts_as_a_reference) {
    open_table();
    struct pf_handle *handle = add(object_of[0] | 1); /* a number that looks like a young object */
    pfi_age_handles(&table, &share, 2, low_bit_is_a_number);
    check_age(handle, PINFOLD_OLDEST_AGE);
    close_table();
}
END_TEST

START_TEST(only_the_blocks_that_the_collection_looked_at_get_new_ages) {
    open_table();
    struct pfi_handle_block *block = add_block(object_of[2]);
    pfi_handle_block_set_age_locked(block, 1);
    pfi_age_handles(&table, &share, 0, no_tags);
    ck_assert_int_eq(pfi_handle_block_age(block), 1);
    pfi_age_handles(&table, &share, 1, no_tags);
    ck_assert_int_eq(pfi_handle_block_age(block), 2);
    close_table();
}
END_TEST

static void count_slots(void *context, uintptr_t slots, size_t count) {
    size_t *seen = context;
    for (size_t index = 0; index < count; ++index) {
        if (pfi_words(slots)[index] != 0) { /* a slot that is no handle */
            ++seen[pfi_share_generation_of(&share, pfi_words(slots)[index])];
        }
    }
}

START_TEST(a_collection_visits_the_handles_of_blocks_that_are_young_enough_each_once) {
    for (int condemned = 0; condemned <= 2; ++condemned) {
        size_t seen[4] = {0, 0, 0, 0};
        open_table();
        for (int generation = 0; generation <= 2; ++generation) {
            (void)add_block(object_of[generation]);
        }
        pfi_age_handles(&table, &share, 2, no_tags);
        pfi_handles_visit(&table, PINFOLD_HANDLE_STRONG, condemned, count_slots, seen);
        for (int generation = 0; generation <= 2; ++generation) {
            ck_assert_uint_eq(seen[generation], generation <= condemned ? PINFOLD_HANDLES_PER_BLOCK : 0);
        }
        close_table();
    }
}
END_TEST

START_TEST(removed_handles_are_neither_visited_nor_do_they_keep_a_block_young) {
    size_t seen[4] = {0, 0, 0, 0};
    open_table();
    struct pf_handle *young = add(object_of[0]);
    struct pf_handle *old = add(object_of[2]);
    handle_slots_remove(&table, young);
    pfi_handles_visit(&table, PINFOLD_HANDLE_STRONG, 2, count_slots, seen);
    ck_assert_uint_eq(seen[0], 0);
    ck_assert_uint_eq(seen[2], 1);
    pfi_age_handles(&table, &share, 2, no_tags);
    check_age(old, 2);
    close_table();
}
END_TEST

START_TEST(the_value_of_a_dependent_handle_counts_like_its_key) {
    open_table();
    struct pf_handle *handle = handle_slots_add(&table, PINFOLD_HANDLE_DEPENDENT, object_of[2]);
    pfi_handle_value(handle)->object = object_of[1];
    pfi_age_handles(&table, &share, 2, no_tags);
    check_age(handle, 1);
    pfi_handle_value(handle)->object = object_of[3];
    pfi_age_handles(&table, &share, 2, no_tags);
    check_age(handle, 2);
    close_table();
}
END_TEST

/* An object that stays where it is while its generation falls: a pin that was demoted. */
START_TEST(a_block_may_become_younger_than_it_was) {
    open_table();
    struct pfi_handle_block *block = add_block(object_of[1]);
    pfi_age_handles(&table, &share, 1, no_tags);
    ck_assert_int_eq(pfi_handle_block_age(block), 1);
    share.start[0] = object_of[1];
    pfi_age_handles(&table, &share, 1, no_tags);
    ck_assert_int_eq(pfi_handle_block_age(block), 0);
    ck_assert_ptr_eq(table.blocks[PINFOLD_HANDLE_STRONG][0], block);
    close_table();
}
END_TEST

/* The lists of older blocks are cut off: whoever followed them would crash. */
START_TEST(a_young_collection_never_meets_a_block_of_old_handles) {
    static const enum pf_handle_kind kinds[] = {PINFOLD_HANDLE_STRONG, PINFOLD_HANDLE_WEAK, PINFOLD_HANDLE_DEPENDENT};
    struct pfi_handle_block *const nowhere = (struct pfi_handle_block *)(uintptr_t)64;
    struct pfi_handle_block *old[3];
    size_t seen[4] = {0, 0, 0, 0};
    open_table();
    for (int i = 0; i < 3; i++) {
        for (int count = 0; count < PINFOLD_HANDLES_PER_BLOCK; ++count) {
            old[i] = pfi_handle_block_around(handle_slots_add(&table, kinds[i], object_of[2]));
        }
        (void)handle_slots_add(&table, kinds[i], object_of[1]);
        pfi_handle_block_set_age_locked(old[i], PINFOLD_OLDEST_AGE);
        table.blocks[kinds[i]][PINFOLD_OLDEST_AGE] = nowhere;
    }
    for (int condemned = 0; condemned < 2; condemned++) {
        for (int i = 0; i < 3; i++) {
            pfi_handles_visit(&table, kinds[i], condemned, count_slots, seen);
        }
        pfi_age_handles(&table, &share, condemned, no_tags);
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_ptr_eq(table.blocks[kinds[i]][PINFOLD_OLDEST_AGE], nowhere);
        table.blocks[kinds[i]][PINFOLD_OLDEST_AGE] = old[i];
    }
    ck_assert_uint_eq(seen[2], 0);
    ck_assert_uint_eq(seen[1], 6);
    close_table();
}
END_TEST

SUITE("unit/age", the_age_of_a_block_is_that_of_its_youngest_object,
      old_and_large_objects_and_what_is_no_object_are_of_the_oldest_age, tags_decide_what_counts_as_a_reference,
      only_the_blocks_that_the_collection_looked_at_get_new_ages,
      a_collection_visits_the_handles_of_blocks_that_are_young_enough_each_once,
      removed_handles_are_neither_visited_nor_do_they_keep_a_block_young,
      the_value_of_a_dependent_handle_counts_like_its_key, a_block_may_become_younger_than_it_was,
      a_young_collection_never_meets_a_block_of_old_handles)
