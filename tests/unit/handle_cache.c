/* SPDX-License-Identifier: MIT
 *
 * A thread's own free slots: taken and given in batches, the ones used last first, and all of them given back.
 */
#include "gc/state/handle_cache.h"

#include "gc/heap.h"
#include "tests/support/account.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static struct pfi_handle_table table;
static struct pfi_handle_cache cache;

static void open_table(void) {
    pfi_handle_table_init(&table, test_account());
    memset(&cache, 0, sizeof cache);
}

static void refill(enum pf_handle_kind kind, size_t most) {
    ck_assert(pfi_handle_cache_refill_locked(&cache, &table, kind, most));
}

START_TEST(a_refill_takes_a_batch_and_hands_it_out_in_the_order_of_addresses) {
    open_table();
    ck_assert_ptr_null(pfi_handle_cache_pop(&cache, PINFOLD_HANDLE_WEAK));
    refill(PINFOLD_HANDLE_WEAK, PINFOLD_HANDLE_CACHE_BATCH);
    ck_assert_uint_eq(table.count[PINFOLD_HANDLE_WEAK], PINFOLD_HANDLE_CACHE_BATCH);
    const struct pf_handle *before = pfi_handle_cache_pop(&cache, PINFOLD_HANDLE_WEAK);
    for (int i = 1; i < PINFOLD_HANDLE_CACHE_BATCH; i++) {
        const struct pf_handle *slot = pfi_handle_cache_pop(&cache, PINFOLD_HANDLE_WEAK);
        ck_assert_ptr_eq(slot, before + 1);
        before = slot;
    }
    ck_assert_ptr_null(pfi_handle_cache_pop(&cache, PINFOLD_HANDLE_WEAK));
    pfi_handle_table_finish(&table);
}
END_TEST

START_TEST(kinds_do_not_mix_and_a_refill_takes_no_more_than_it_may) {
    open_table();
    for (int kind = 0; kind < PINFOLD_HANDLE_KINDS; kind++) {
        refill((enum pf_handle_kind)kind, (size_t)kind + 1);
        ck_assert_uint_eq(table.count[kind], (size_t)kind + 1);
        ck_assert_uint_eq(cache.count[kind], (unsigned)kind + 1);
    }
    for (int kind = 0; kind < PINFOLD_HANDLE_KINDS; kind++) {
        const struct pf_handle *slot = pfi_handle_cache_pop(&cache, (enum pf_handle_kind)kind);
        ck_assert_int_eq(pfi_handle_block_around(slot)->kind, kind);
    }
    pfi_handle_table_finish(&table);
}
END_TEST

START_TEST(a_full_cache_spills_the_half_that_was_unused_longest) {
    struct pf_handle *slots[PINFOLD_HANDLE_CACHE + 1];
    open_table();
    for (int i = 0; i <= PINFOLD_HANDLE_CACHE; i++) {
        ck_assert_uint_eq(pfi_handle_table_take_locked(&table, PINFOLD_HANDLE_STRONG, &slots[i], 1), 1);
    }
    for (int i = 0; i < PINFOLD_HANDLE_CACHE; i++) {
        ck_assert(pfi_handle_cache_push(&cache, PINFOLD_HANDLE_STRONG, slots[i]));
    }
    ck_assert(!pfi_handle_cache_push(&cache, PINFOLD_HANDLE_STRONG, slots[PINFOLD_HANDLE_CACHE]));
    pfi_handle_cache_spill_locked(&cache, &table, PINFOLD_HANDLE_STRONG);
    ck_assert_uint_eq(table.count[PINFOLD_HANDLE_STRONG], PINFOLD_HANDLE_CACHE + 1 - PINFOLD_HANDLE_CACHE_BATCH);
    ck_assert(pfi_handle_cache_push(&cache, PINFOLD_HANDLE_STRONG, slots[PINFOLD_HANDLE_CACHE]));
    for (int i = PINFOLD_HANDLE_CACHE; i >= PINFOLD_HANDLE_CACHE_BATCH; i--) {
        ck_assert_ptr_eq(pfi_handle_cache_pop(&cache, PINFOLD_HANDLE_STRONG), slots[i]);
    }
    ck_assert_ptr_null(pfi_handle_cache_pop(&cache, PINFOLD_HANDLE_STRONG));
    pfi_handle_table_finish(&table);
}
END_TEST

START_TEST(a_flush_gives_everything_back) {
    open_table();
    for (int kind = 0; kind < PINFOLD_HANDLE_KINDS; kind++) {
        refill((enum pf_handle_kind)kind, PINFOLD_HANDLE_CACHE_BATCH);
    }
    pfi_handle_cache_flush_locked(&cache, &table);
    for (int kind = 0; kind < PINFOLD_HANDLE_KINDS; kind++) {
        ck_assert_uint_eq(table.count[kind], 0);
        ck_assert_ptr_null(pfi_handle_cache_pop(&cache, (enum pf_handle_kind)kind));
    }
    pfi_handle_table_finish(&table);
}
END_TEST

/* Slots of kind PINNED that wait in a cache may all become pins before anybody counts again. */
START_TEST(the_pin_queue_has_room_for_every_pin_that_a_cache_can_make) {
    struct fixture fixture = fixture_open(NULL);
    struct pf_handle *pin = NULL;
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(pf_pin(fixture.heap, fixture_node(fixture.thread, 1), &pin), PINFOLD_OK);
        const struct pf_heap *heap = fixture.heap;
        ck_assert_uint_ge(heap->pin_queue.capacity,
                          PINFOLD_BOUNDARY_ENTRIES +
                              PINFOLD_ENTRIES_PER_PIN * heap->roots.handles.count[PINFOLD_HANDLE_PINNED]);
    }
    ck_assert_uint_ge(fixture.heap->roots.handles.count[PINFOLD_HANDLE_PINNED], 1000);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_thread_that_detaches_leaves_no_slot_behind) {
    struct fixture fixture = fixture_open(NULL);
    struct pf_handle *handle = NULL;
    for (int kind = 0; kind < PINFOLD_HANDLE_KINDS; kind++) {
        ck_assert_int_eq(pf_handle_create(fixture.heap, (enum pf_handle_kind)kind, NULL, &handle), PINFOLD_OK);
        pf_handle_destroy(fixture.heap, handle);
        ck_assert_uint_gt(fixture.heap->roots.handles.count[kind], 0);
    }
    pf_thread_detach(fixture.thread);
    for (int kind = 0; kind < PINFOLD_HANDLE_KINDS; kind++) {
        ck_assert_uint_eq(fixture.heap->roots.handles.count[kind], 0);
    }
    pf_heap_destroy(fixture.heap);
}
END_TEST

SUITE("unit/handle_cache", a_refill_takes_a_batch_and_hands_it_out_in_the_order_of_addresses,
      kinds_do_not_mix_and_a_refill_takes_no_more_than_it_may, a_full_cache_spills_the_half_that_was_unused_longest,
      a_flush_gives_everything_back, the_pin_queue_has_room_for_every_pin_that_a_cache_can_make,
      a_thread_that_detaches_leaves_no_slot_behind)
