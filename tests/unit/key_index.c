/* SPDX-License-Identifier: MIT
 *
 * The index from keys to the dependent handles that wait for them, against an array.
 */
#include "gc/state/key_index.h"

#include "tests/support/account.h"
#include "tests/support/handle_slots.h"
#include "tests/support/random.h"
#include "tests/support/suite.h"

enum { SLOTS = 1000, KEYS = 300, TAGS = 7 };

static struct pfi_handle_table table;
static struct pf_handle *slots[SLOTS];

/* Keys 16, 32, ... with tags of all kinds, so that several slots share an object. */
static void open_table(void) {
    struct random random = {1};
    pfi_handle_table_init(&table, test_account());
    for (int i = 0; i < SLOTS; i++) {
        uintptr_t key = 16 * (1 + random_below(&random, KEYS)) + random_below(&random, TAGS + 1);
        slots[i] = handle_slots_add(&table, PINFOLD_HANDLE_DEPENDENT, key);
        ck_assert_ptr_nonnull(slots[i]);
    }
    pfi_key_index_open(&table.keys, TAGS);
}

START_TEST(every_slot_of_an_object_is_found_once_whatever_the_tags_of_its_keys) {
    open_table();
    for (int i = 0; i < SLOTS; i++) {
        pfi_key_index_add(&table.keys, slots[i]);
    }
    static bool was_found[SLOTS];
    for (uintptr_t object = 16; object <= 16 * KEYS; object += 16) {
        size_t expected = 0;
        for (int i = 0; i < SLOTS; i++) {
            expected += (slots[i]->object & ~(uintptr_t)TAGS) == object;
        }
        pfi_key_index_find(&table.keys, object);
        pfi_key_index_find(&table.keys, object); /* finds nothing more */
        for (struct pf_handle *slot; (slot = pfi_key_index_take(&table.keys)) != NULL; expected--) {
            int i = 0;
            while (slots[i] != slot) {
                i++;
            }
            ck_assert_uint_eq(slot->object & ~(uintptr_t)TAGS, object);
            ck_assert(!was_found[i]);
            was_found[i] = true;
        }
        ck_assert_uint_eq(expected, 0);
    }
    pfi_handle_table_finish(&table);
}
END_TEST

START_TEST(what_nobody_waits_for_is_not_found) {
    open_table();
    pfi_key_index_add(&table.keys, slots[0]);
    pfi_key_index_find(&table.keys, 16 * (KEYS + 1));
    ck_assert_ptr_null(pfi_key_index_take(&table.keys));
    pfi_key_index_open(&table.keys, TAGS); /* forgets */
    pfi_key_index_find(&table.keys, slots[0]->object & ~(uintptr_t)TAGS);
    ck_assert_ptr_null(pfi_key_index_take(&table.keys));
    pfi_handle_table_finish(&table);
}
END_TEST

START_TEST(there_is_room_for_all_dependent_handles_from_the_moment_they_are_made) {
    pfi_handle_table_init(&table, test_account());
    ck_assert_uint_eq(table.keys.capacity, 0);
    for (size_t count = 1; count <= SLOTS; count++) {
        ck_assert_ptr_nonnull(handle_slots_add(&table, PINFOLD_HANDLE_DEPENDENT, 16));
        ck_assert_ptr_nonnull(handle_slots_add(&table, PINFOLD_HANDLE_STRONG, 16));
        ck_assert_uint_ge(table.keys.capacity, count);
        ck_assert_uint_le(table.keys.capacity, 2 * (count + PINFOLD_HANDLES_PER_BLOCK));
    }
    pfi_handle_table_finish(&table);
}
END_TEST

SUITE("unit/key_index", every_slot_of_an_object_is_found_once_whatever_the_tags_of_its_keys,
      what_nobody_waits_for_is_not_found, there_is_room_for_all_dependent_handles_from_the_moment_they_are_made)
