/* SPDX-License-Identifier: MIT
 *
 * The pin queue: entries in address order, found by binary search.
 */
#include "gc/state/pin_queue.h"

#include "tests/support/account.h"
#include "tests/support/fatal.h"
#include "tests/support/random.h"
#include "tests/support/suite.h"

enum { MOST = 300 };

/* Any capacity, as if so many pins had been announced. */
static void open_queue(struct pfi_pin_queue *queue, size_t capacity) {
    *queue = (struct pfi_pin_queue){.account = test_account(), .capacity = capacity};
    queue->entries = pfi_bookkeeping_take_zeroed(queue->account, capacity * sizeof *queue->entries);
    ck_assert_ptr_nonnull(queue->entries);
}

START_TEST(every_entry_is_found_and_nothing_between_the_entries) {
    struct random random = {7};
    for (size_t count = 0; count <= MOST; ++count) {
        struct pfi_pin_queue queue;
        struct pfi_pin_entry *records[MOST];
        uintptr_t plugs[MOST];
        uintptr_t plug = 4096;
        open_queue(&queue, MOST);
        for (size_t index = 0; index < count; ++index) {
            plug += random_between(&random, 2, 50) * PINFOLD_GRANULE;
            plugs[index] = plug;
            records[index] = pfi_pin_queue_add(&queue, plug);
        }
        for (size_t index = 0; index < count; ++index) {
            if (pfi_pin_queue_find(&queue, 0, queue.count, plugs[index]) != records[index] ||
                pfi_pin_queue_find(&queue, 0, queue.count, plugs[index] + PINFOLD_GRANULE) != NULL) {
                ck_abort_msg("entry %zu of %zu is not found, or something else is", index, count);
            }
        }
        ck_assert_ptr_null(pfi_pin_queue_find(&queue, 0, queue.count, 4096));
        ck_assert_ptr_null(pfi_pin_queue_find(&queue, 0, queue.count, plug + 4096));
        pfi_pin_queue_finish(&queue);
    }
}
END_TEST

START_TEST(a_new_entry_is_an_empty_record) {
    struct pfi_pin_queue queue;
    ck_assert(pfi_pin_queue_init(&queue, test_account()));
    struct pfi_plug_record *record = &pfi_pin_queue_add(&queue, 4096)->record;
    record->distance = 5;
    record->gap = 6;
    pfi_pin_queue_clear(&queue);
    ck_assert_uint_eq(queue.count, 0);
    ck_assert_ptr_null(pfi_pin_queue_find(&queue, 0, queue.count, 4096));
    record = &pfi_pin_queue_add(&queue, 8192)->record;
    ck_assert_uint_eq(record->distance, 0);
    ck_assert_uint_eq(record->gap, 0);
    pfi_pin_queue_finish(&queue);
}
END_TEST

START_TEST(there_is_room_for_a_plug_at_the_start_of_every_generation) {
    struct pfi_pin_queue queue;
    ck_assert(pfi_pin_queue_init(&queue, test_account()));
    for (uintptr_t generation = 1; generation <= PINFOLD_BOUNDARY_ENTRIES; ++generation) {
        ck_assert_ptr_nonnull(pfi_pin_queue_add(&queue, generation * 4096));
    }
    ck_assert_uint_ge(queue.capacity, 3);
    pfi_pin_queue_finish(&queue);
}
END_TEST

START_TEST(an_entry_without_room_is_a_broken_contract) {
    static struct pfi_pin_queue queue;
    open_queue(&queue, 1);
    pfi_pin_queue_add(&queue, 4096);
    ck_assert_refused(pfi_pin_queue_add(&queue, 8192), "pin queue, full");
}
END_TEST

START_TEST(room_for_more_pins_than_memory_can_hold_is_refused) {
    struct pfi_pin_queue queue;
    ck_assert(pfi_pin_queue_init(&queue, test_account()));
    size_t capacity = queue.capacity;
    for (unsigned bit = PINFOLD_WORD_BITS - 7; bit < PINFOLD_WORD_BITS; ++bit) {
        ck_assert(!pfi_pin_queue_reserve(&queue, (size_t)1 << bit));
    }
    ck_assert(!pfi_pin_queue_reserve(&queue, SIZE_MAX));
    ck_assert_uint_eq(queue.capacity, capacity);
    pfi_pin_queue_finish(&queue);
}
END_TEST

SUITE("unit/pin_queue", every_entry_is_found_and_nothing_between_the_entries, a_new_entry_is_an_empty_record,
      there_is_room_for_a_plug_at_the_start_of_every_generation, an_entry_without_room_is_a_broken_contract,
      room_for_more_pins_than_memory_can_hold_is_refused)
