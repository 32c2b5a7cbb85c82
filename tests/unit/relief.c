/* SPDX-License-Identifier: MIT
 *
 * Bookkeeping at a full limit: handles, threads, finalizers and tables get what is free elsewhere in the heap, without
 * a collection, and are refused when nothing is left; then the record of a failed allocation says so.
 */
#include <pthread.h>

#include "gc/heap.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

enum { MIB = 1 << 20, PAGE = PINFOLD_PAGE, SMALL = 512 };

static const struct pf_type watched_type = {
    "watched", 16, 0, PINFOLD_SCAN_NONE, PINFOLD_TYPE_FINALIZABLE, 0, 0, 0, 0, NULL, NULL, NULL};

static struct fixture fixture;

static struct pfi_account *account(void) {
    return &fixture.heap->arena.account;
}

enum { HANDLE = 8 /* bytes that one takes at least, also with words of 32 bits */ };

static size_t free_tail(void) {
    const struct pfi_segment *segment = fixture.heap->share.ephemeral;
    return segment->committed - segment->allocated;
}

static size_t collections(void) {
    return (size_t)fixture.heap->history.count;
}

/* A heap with a free end of 2 MiB, and a limit that leaves room for nothing more. */
static void open_full(void) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "hard_limit", "64Mi");
    fixture = fixture_open(&options);
    struct pfi_segment *segment = fixture.heap->share.ephemeral;
    ck_assert(pfi_segment_commit(&fixture.heap->arena, segment, segment->allocated + 2 * MIB));
    pfi_account_set_limit(account(), pfi_account_total(account()));
}

static void close_heap(void) {
    pfi_account_set_limit(account(), UINTPTR_MAX);
    fixture_close(&fixture);
}

static size_t create_handles(void) {
    struct pf_handle *handle;
    size_t count = 0;
    while (pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, NULL, &handle) == PINFOLD_OK) {
        ++count;
    }
    return count;
}

static void check_used_up(void) {
    ck_assert_uint_lt(free_tail(), PAGE);
    ck_assert_uint_le(pfi_account_total(account()), pfi_word_load(&account()->limit));
    fixture_verify(&fixture);
}

START_TEST(handles_get_what_is_free_behind_the_objects) {
    open_full();
    ck_assert_uint_gt(create_handles() * HANDLE, (size_t)MIB);
    ck_assert_uint_eq(collections(), 0);
    check_used_up();
    close_heap();
}
END_TEST

START_TEST(a_native_thread_gets_handles_as_well) {
    open_full();
    pf_native_enter(fixture.thread);
    size_t count = create_handles();
    pf_native_leave(fixture.thread);
    ck_assert_uint_gt(count * HANDLE, (size_t)MIB);
    check_used_up();
    close_heap();
}
END_TEST

START_TEST(pins_of_handles_and_frames_get_their_queue) {
    open_full();
    void *slots[4096] = {NULL};
    struct pf_frame frame;
    ck_assert_int_eq(pf_frame_push_pinning(fixture.thread, &frame, slots, 4096), PINFOLD_OK);
    pf_frame_pop(fixture.thread, &frame);
    close_heap();
}
END_TEST

static void *attach_and_detach(void *status) {
    struct pf_thread *thread;
    *(enum pf_status *)status = pf_thread_attach(fixture.heap, &thread);
    if (*(enum pf_status *)status == PINFOLD_OK) {
        pf_thread_detach(thread);
    }
    return NULL;
}

START_TEST(threads_attach_and_tables_are_made) {
    open_full();
    pthread_t thread;
    enum pf_status status = PINFOLD_LIMIT_UNKNOWN;
    struct pf_weak_table *table;
    ck_assert_int_eq(pthread_create(&thread, NULL, attach_and_detach, &status), 0);
    pf_native_enter(fixture.thread);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    pf_native_leave(fixture.thread);
    ck_assert_int_eq(status, PINFOLD_OK);
    (void)create_handles();
    pfi_account_set_limit(account(), pfi_account_total(account())); /* a table is less than what handles come in */
    ck_assert_int_eq(pf_weak_table_create(fixture.heap, &table), PINFOLD_OUT_OF_MEMORY);
    pfi_account_set_limit(account(), UINTPTR_MAX);
    struct pfi_segment *segment = fixture.heap->share.ephemeral;
    ck_assert(pfi_segment_commit(&fixture.heap->arena, segment, segment->allocated + MIB));
    pfi_account_set_limit(account(), pfi_account_total(account()));
    ck_assert_int_eq(pf_weak_table_create(fixture.heap, &table), PINFOLD_OK);
    pf_weak_table_destroy(table);
    close_heap();
}
END_TEST

static size_t register_often(void *object) {
    size_t count = 0;
    while (pf_finalizer_register(fixture.thread, object) == PINFOLD_OK) {
        ++count;
    }
    return count;
}

START_TEST(an_allocation_that_cannot_be_registered_says_that_bookkeeping_is_why) {
    open_full();
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = pf_alloc(fixture.thread, &node_type);
        ck_assert_uint_gt(register_often(root[0]), 10000);
        while (pf_try_alloc(fixture.thread, &watched_type) != NULL) {
            (void)register_often(root[0]);
        }
        ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_OUT_OF_MEMORY);
        const struct pf_oom_record *record = pf_thread_oom_record(fixture.thread);
        ck_assert_int_eq(record->reason, PINFOLD_OOM_BOOKKEEPING);
        ck_assert_uint_eq(record->size, watched_type.base_size);
        ck_assert_uint_le(record->committed_bytes, record->limit);
        ck_assert_int_eq(record->collected_generation, 2); /* not before everything was tried */
        (void)pf_finalizer_suppress(fixture.thread, root[0]);
        ck_assert_ptr_nonnull(pf_try_alloc(fixture.thread, &watched_type));
    }
    close_heap();
}
END_TEST

START_TEST(what_a_region_without_collections_was_granted_is_not_taken) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "hard_limit", "64Mi");
    fixture = fixture_open(&options);
    ck_assert_int_eq(pf_no_collection_begin(fixture.thread, MIB, 0), PINFOLD_OK);
    size_t tail = free_tail();
    pfi_account_set_limit(account(), pfi_account_total(account()));
    (void)create_handles();
    ck_assert_uint_eq(free_tail(), tail);
    for (size_t bytes = 0; bytes + SMALL <= MIB; bytes += SMALL) {
        ck_assert_ptr_nonnull(pf_try_alloc_array(fixture.thread, &bytes_type, SMALL - 16));
    }
    ck_assert_int_eq(pf_no_collection_end(fixture.thread), PINFOLD_OK);
    close_heap();
}
END_TEST

/* The end of the segment of large objects is free, but committed. */
START_TEST(a_region_without_collections_gets_what_is_free_elsewhere) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "hard_limit", "16Mi");
    fixture_set(&options, "large_segment_size", "16Mi");
    fixture = fixture_open(&options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[0] = pf_alloc_array(fixture.thread, &vector_type, 10);
        for (size_t i = 0; i < 10; i++) {
            void *array = pf_alloc_array(fixture.thread, &bytes_type, MIB);
            pf_store(fixture.thread, &((void **)pf_elements(root[0]))[i], array);
        }
        root[1] = ((void **)pf_elements(root[0]))[0];
        root[0] = NULL;
        ck_assert_int_eq(pf_no_collection_begin(fixture.thread, 8 * MIB, 0), PINFOLD_OK);
        ck_assert_int_eq(pf_no_collection_end(fixture.thread), PINFOLD_OK);
    }
    fixture_close(&fixture);
}
END_TEST

enum { ROUNDS = 300 };

static void *trim_often(void *unused) {
    struct pf_thread *thread;
    (void)unused;
    if (pf_thread_attach(fixture.heap, &thread) == PINFOLD_OK) {
        for (int round = 0; round < ROUNDS; round++) {
            (void)pf_heap_trim(thread, 0);
            (void)pf_alloc_array(thread, &bytes_type, 10000);
            pf_safepoint(thread);
        }
        pf_thread_detach(thread);
    }
    return NULL;
}

/* Each counts down what it gives: what two have given is counted once. */
START_TEST(two_threads_that_trim_at_once_leave_the_account_right) {
    struct pf_options options = fixture_options();
    pthread_t threads[2];
    fixture = fixture_open(&options);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, trim_often, NULL), 0);
    }
    for (int round = 0; round < ROUNDS; round++) {
        pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT);
        (void)pf_heap_trim(fixture.thread, 0);
    }
    pf_native_enter(fixture.thread);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    pf_native_leave(fixture.thread);
    fixture_close(&fixture);
}
END_TEST

SUITE("relief", handles_get_what_is_free_behind_the_objects, a_native_thread_gets_handles_as_well,
      pins_of_handles_and_frames_get_their_queue, threads_attach_and_tables_are_made,
      an_allocation_that_cannot_be_registered_says_that_bookkeeping_is_why,
      what_a_region_without_collections_was_granted_is_not_taken,
      a_region_without_collections_gets_what_is_free_elsewhere, two_threads_that_trim_at_once_leave_the_account_right)
