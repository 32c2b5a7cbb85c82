/* SPDX-License-Identifier: MIT
 *
 * Out-of-memory records: one for each reason, with the figures of the heap at that moment; the ring of the last 16; the
 * text; and that a ladder climbed in vain is not climbed again.
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "gc/observe/oom.h"
#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/population.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"

static struct fixture fixture;

static void open_heap(const char *option, const char *text) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "mark_stack_size", "64Ki");
    if (option != NULL) {
        fixture_set(&options, option, text);
    }
    fixture = fixture_open(&options);
}

/* Lists of nodes until the heap refuses; returns how many there are. */
static size_t fill(void **root) {
    size_t count = 0;
    for (;;) {
        struct node *node = pf_try_alloc(fixture.thread, &node_type);
        if (node == NULL) {
            return count;
        }
        node->key = count++;
        pf_store(fixture.thread, &node->left, *root);
        *root = node;
    }
}

static uint64_t full_collections(void) {
    struct pf_statistics statistics;
    pf_heap_statistics(fixture.heap, &statistics);
    return statistics.collections[2];
}

static const struct pf_oom_record *last(void) {
    const struct pf_oom_record *record = pf_thread_oom_record(fixture.thread);
    ck_assert_ptr_nonnull(record);
    return record;
}

/* The parts of what is committed are the whole. */
static void check_sums(const struct pf_oom_record *record) {
    size_t sum = record->bookkeeping_bytes;
    for (int kind = 0; kind < PINFOLD_SEGMENT_KINDS; kind++) {
        sum += record->space_bytes[kind];
    }
    ck_assert_uint_eq(sum, record->committed_bytes);
}

START_TEST(a_thread_that_has_never_failed_has_no_record) {
    open_heap(NULL, NULL);
    struct pf_oom_record record;
    ck_assert_ptr_null(pf_thread_oom_record(fixture.thread));
    ck_assert_uint_eq(pf_heap_oom_records(fixture.heap, &record, 1), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(small_objects_that_reach_the_hard_limit_leave_its_figures) {
    open_heap("hard_limit", "8Mi");
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        size_t count = fill(&root[0]);
        const struct pf_oom_record *record = last();
        ck_assert_int_eq(record->reason, PINFOLD_OOM_HARD_LIMIT);
        ck_assert_int_eq(record->kind, PINFOLD_SEGMENT_SMALL);
        ck_assert_uint_eq(record->size, node_type.base_size);
        ck_assert_uint_eq(record->alignment, 0);
        ck_assert_str_eq(record->type_name, "node");
        ck_assert_str_eq(record->thread_name, pf_thread_name(fixture.thread));
        ck_assert_uint_eq(record->limit, (size_t)8 << 20);
        ck_assert_uint_eq(record->space_limits[PINFOLD_SEGMENT_SMALL], 0);
        check_sums(record);
        ck_assert_uint_le(record->committed_bytes, record->limit);
        ck_assert_uint_lt(record->limit - record->committed_bytes, 4096 + 4096);
        size_t live = record->live_bytes[0] + record->live_bytes[1] + record->live_bytes[2];
        ck_assert_uint_ge(live, count * node_type.base_size);
        ck_assert_uint_le(live, record->space_bytes[PINFOLD_SEGMENT_SMALL]);
        ck_assert_int_eq(record->collected_generation, 2);
        struct pf_collection collection;
        ck_assert_uint_eq(pf_heap_history(fixture.heap, &collection, 1), 1);
        ck_assert_uint_eq(record->collection_number, collection.number);
        ck_assert_int_eq(collection.reason, PINFOLD_REASON_LAST_CHANCE);
    }
    fixture_close(&fixture);
}
END_TEST

/* Wherever the ephemeral segment ends when there is no more memory, a new one is had for the last of it. What marking
 * has taken of it, for objects that many roots hold, goes back before. */
START_TEST(small_objects_use_a_limit_to_its_last_page_whatever_it_is) {
    enum { LIMITS = 24, STEP = 12 << 10 };
    for (size_t i = 0; i < LIMITS; i++) {
        struct pf_options options = fixture_tiny_options();
        struct population population;
        char text[1000];
        snprintf(text, sizeof text, "%zu", ((size_t)4 << 20) + i * STEP);
        fixture_set(&options, "hard_limit", text);
        fixture_set(&options, "mark_stack_size", "64Ki");
        fixture_set(&options, "gen0_size", "128Ki");
        population_open(&population, &options);
        while (population_add(&population, 96, ITEM_PLAIN, 0)) {
        }
        const struct pf_oom_record *record = pf_thread_oom_record(population.thread);
        pf_oom_describe(record, text, sizeof text);
        ck_assert_msg(record->reason == PINFOLD_OOM_HARD_LIMIT, "%s", text);
        ck_assert_msg(record->limit - record->committed_bytes < 4096, "%s", text);
        population_close(&population);
    }
}
END_TEST

/* Under one of these limits the segment is full, and what is to become a new one is found only by the last chance,
 * which begins with looking for it. */
START_TEST(what_large_objects_leave_is_had_by_small_ones_that_have_failed_before) {
    enum { LIMITS = 24, STEP = 12 << 10 };
    for (size_t i = 0; i < LIMITS; i++) {
        struct pf_options options = fixture_tiny_options();
        struct population population;
        char text[32];
        snprintf(text, sizeof text, "%zu", ((size_t)4 << 20) + i * STEP);
        fixture_set(&options, "hard_limit", text);
        fixture_set(&options, "gen0_size", "128Ki");
        population_open(&population, &options);
        while (population.live_bytes < (size_t)1 << 20) {
            ck_assert(population_add(&population, 100000, ITEM_PLAIN, 0));
        }
        size_t large = population.count;
        while (population_add(&population, 96, ITEM_PLAIN, 0)) {
        }
        while (large-- != 0) {
            population_drop(&population, large);
        }
        ck_assert_msg(population_add(&population, 96, ITEM_PLAIN, 0), "refused under a limit of %s", text);
        population_check(&population);
        population_close(&population);
    }
}
END_TEST

START_TEST(the_limit_of_a_space_is_told_apart_from_that_of_the_heap) {
    static const char *const options[] = {"small_hard_limit", "large_hard_limit", "pinned_hard_limit"};
    for (int kind = 0; kind < PINFOLD_SEGMENT_KINDS; kind++) {
        open_heap(options[kind], "2Mi");
        {
            PINFOLD_ROOTS(fixture.thread, root, 1);
            for (;;) {
                void *vector = kind == PINFOLD_SEGMENT_SMALL ? pf_try_alloc_array(fixture.thread, &vector_type, 100)
                               : kind == PINFOLD_SEGMENT_LARGE
                                   ? pf_try_alloc_array(fixture.thread, &vector_type, 9000)
                                   : pf_try_alloc_array_pinned(fixture.thread, &vector_type, 100, 64);
                if (vector == NULL) {
                    break;
                }
                pf_store(fixture.thread, pf_elements(vector), root[0]);
                root[0] = vector;
            }
            ck_assert_int_eq(last()->reason, PINFOLD_OOM_SPACE_LIMIT);
            ck_assert_int_eq(last()->kind, kind);
            ck_assert_uint_eq(last()->alignment, kind == PINFOLD_SEGMENT_PINNED ? 64 : 0);
            ck_assert_uint_eq(last()->space_limits[kind], (size_t)2 << 20);
            ck_assert_uint_eq(last()->limit, 0);
            ck_assert_uint_le(last()->space_bytes[kind], (size_t)2 << 20);
            ck_assert_uint_ge(last()->space_bytes[kind], (size_t)2 << 20 >> 1);
        }
        fixture_close(&fixture);
    }
}
END_TEST

START_TEST(address_space_that_is_used_up_is_a_reason_of_its_own) {
    open_heap("reserve_size", "8Mi");
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        (void)fill(&root[0]);
        ck_assert_int_eq(last()->reason, PINFOLD_OOM_SEGMENT_SPACE);
        ck_assert_uint_lt(last()->largest_gap, 256 << 10);
        ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, (size_t)2 << 20));
        ck_assert_int_eq(last()->reason, PINFOLD_OOM_SEGMENT_SPACE);
        ck_assert_int_eq(last()->kind, PINFOLD_SEGMENT_LARGE);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_system_that_refuses_memory_is_to_blame) {
    open_heap(NULL, NULL);
    if (process_limit_writable_memory((size_t)32 << 20, (size_t)8 << 20)) {
        {
            PINFOLD_ROOTS(fixture.thread, root, 1);
            (void)fill(&root[0]);
        }
        process_lift_limits();
        ck_assert_int_eq(last()->reason, PINFOLD_OOM_SYSTEM_REFUSED);
        ck_assert_uint_eq(last()->limit, 0);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_reason_follows_from_numbers) {
    static const struct {
        struct pfi_oom_input input;
        enum pf_oom_reason reason;
    } rows[] = {
        {{PINFOLD_EXHAUSTED_COMMIT, PINFOLD_REFUSED_NOT, 10, 9, 20, 0, 99}, PINFOLD_OOM_HARD_LIMIT},
        {{PINFOLD_EXHAUSTED_COMMIT, PINFOLD_REFUSED_NOT, 10, 9, 9, 0, 99}, PINFOLD_OOM_SPACE_LIMIT},
        {{PINFOLD_EXHAUSTED_COMMIT, PINFOLD_REFUSED_NOT, 10, 9, 5, 0, 99}, PINFOLD_OOM_SPACE_LIMIT},
        {{PINFOLD_EXHAUSTED_COMMIT, PINFOLD_REFUSED_NOT, 10, 5, 9, 0, 99}, PINFOLD_OOM_HARD_LIMIT},
        {{PINFOLD_EXHAUSTED_COMMIT, PINFOLD_REFUSED_BY_LIMIT, 10, 10, 10, 0, 99}, PINFOLD_OOM_HARD_LIMIT},
        {{PINFOLD_EXHAUSTED_COMMIT, PINFOLD_REFUSED_BY_SPACE_LIMIT, 10, 10, 10, 0, 99}, PINFOLD_OOM_SPACE_LIMIT},
        {{PINFOLD_EXHAUSTED_SPACE, PINFOLD_REFUSED_BY_LIMIT, 10, 10, 10, 50, 0}, PINFOLD_OOM_HARD_LIMIT},
        {{PINFOLD_EXHAUSTED_COMMIT, PINFOLD_REFUSED_NOT, 10, 10, 10, 0, 0}, PINFOLD_OOM_SYSTEM_REFUSED},
        {{PINFOLD_EXHAUSTED_SPACE, PINFOLD_REFUSED_NOT, 10, 10, 10, 50, 49}, PINFOLD_OOM_SEGMENT_SPACE},
        {{PINFOLD_EXHAUSTED_SPACE, PINFOLD_REFUSED_NOT, 10, 10, 10, 50, 50}, PINFOLD_OOM_SYSTEM_REFUSED},
        {{PINFOLD_EXHAUSTED_BOOKKEEPING, PINFOLD_REFUSED_NOT, 10, 0, 0, 50, 0}, PINFOLD_OOM_BOOKKEEPING},
    };
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        ck_assert_msg(pfi_oom_find_reason(&rows[row].input) == rows[row].reason, "row %zu", row);
    }
}
END_TEST

START_TEST(a_length_that_cannot_be_leaves_a_record) {
    open_heap(NULL, NULL);
    ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &vector_type, SIZE_MAX));
    ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_BAD_LENGTH);
    ck_assert_int_eq(last()->reason, PINFOLD_OOM_LENGTH);
    ck_assert_str_eq(last()->type_name, "vector");
    ck_assert_uint_eq(last()->size, 0);
    char text[1000];
    pf_oom_describe(last(), text, sizeof text);
    ck_assert_msg(strstr(text, "out of memory: a vector on thread ") == text, "%s", text);
    fixture_close(&fixture);
}
END_TEST

START_TEST(the_last_sixteen_stay_in_the_heap_oldest_first) {
    struct pf_oom_record records[40];
    open_heap("hard_limit", "8Mi");
    for (size_t i = 1; i <= 20; i++) {
        ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, ((size_t)8 << 20) + 4096 * i));
        size_t count = pf_heap_oom_records(fixture.heap, records, 40);
        ck_assert_uint_eq(count, i < PINFOLD_OOM_RECORDS ? i : PINFOLD_OOM_RECORDS);
        for (size_t k = 0; k < count; k++) {
            ck_assert_uint_eq(records[k].number, i - count + 1 + k);
            ck_assert_uint_eq(records[k].size, ((size_t)8 << 20) + 4096 * (i - count + 1 + k) + 16);
            ck_assert(k == 0 || records[k].time_ns >= records[k - 1].time_ns);
        }
    }
    ck_assert_uint_eq(pf_heap_oom_records(fixture.heap, records, 2), 2);
    ck_assert_uint_eq(records[0].number, 19);
    ck_assert_uint_eq(records[1].number, 20);
    ck_assert_uint_eq(pf_heap_oom_records(fixture.heap, NULL, 0), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(what_is_larger_than_the_heap_may_ever_be_costs_no_collection) {
    open_heap("hard_limit", "8Mi");
    ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, (size_t)8 << 20));
    ck_assert_int_eq(last()->reason, PINFOLD_OOM_HARD_LIMIT);
    ck_assert_uint_eq(last()->collection_number, 0);
    ck_assert_int_eq(last()->collected_generation, -1);
    ck_assert_uint_eq(full_collections(), 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(who_asks_in_vain_again_and_again_pays_for_one_full_collection_each_time) {
    open_heap("hard_limit", "8Mi");
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        fixture_list(fixture.thread, &root[0], 100000);
        uint64_t before = full_collections();
        ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, (size_t)6 << 20));
        ck_assert_uint_le(full_collections() - before, 3);
        for (int i = 0; i < 10; i++) {
            before = full_collections();
            ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, (size_t)6 << 20));
            ck_assert_uint_eq(full_collections() - before, 1);
        }
        root[0] = NULL; /* and when something has died meanwhile, it is found */
        root[1] = pf_try_alloc_array(fixture.thread, &bytes_type, (size_t)6 << 20);
        ck_assert_ptr_nonnull(root[1]);
        ck_assert_uint_eq(full_collections() - before, 2);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_description_names_everything_and_is_cut_where_the_room_ends) {
    struct pf_oom_record record = {
        .number = 3,
        .reason = PINFOLD_OOM_SPACE_LIMIT,
        .kind = PINFOLD_SEGMENT_PINNED,
        .size = 4711,
        .type_name = "buffer",
        .thread_name = "reader",
        .collection_number = 12,
        .collected_generation = 2,
        .limit = 1000001,
        .space_limits = {0, 0, 500001},
        .committed_bytes = 900001,
        .space_bytes = {300001, 100001, 499999},
        .bookkeeping_bytes = 77,
        .live_bytes = {0, 0, 290001, 0, 400},
        .free_bytes = {0, 0, 0, 0, 100},
        .largest_free = 51,
        .largest_gap = 262144,
        .pinned_objects = 6,
        .pinned_bytes = 606,
    };
    char text[2000];
    size_t length = pf_oom_describe(&record, text, sizeof text);
    ck_assert_uint_eq(length, strlen(text));
    static const char *const parts[] = {"out of memory: 4711 bytes for a buffer (born pinned) on thread reader: ",
                                        "limit on memory for objects of its kind",
                                        ("committed: 900001 bytes of at most 1000001, small 300001, large 100001, "
                                         "born pinned 499999 of at most 500001, bookkeeping 77\n"),
                                        "generation 2: 290001 bytes live, 0 free (0.0 %)\n",
                                        "born pinned: 400 bytes live, 100 free (20.0 %)\n",
                                        "largest free run: 51 bytes; largest gap for a segment: 262144\n",
                                        "pinned: 6 objects, 606 bytes\n",
                                        "failure 3, after collection 12, of generation 2\n"};
    for (size_t part = 0; part < sizeof parts / sizeof parts[0]; part++) {
        ck_assert_msg(strstr(text, parts[part]) != NULL, "no \"%s\" in\n%s", parts[part], text);
    }
    ck_assert_ptr_null(strstr(text, "generation 0"));
    for (size_t size = 0; size < length + 2; size += 7) {
        char cut[2000];
        memset(cut, 'x', sizeof cut);
        ck_assert_uint_eq(pf_oom_describe(&record, cut, size), length);
        ck_assert_int_eq(cut[size], 'x');
        ck_assert(size == 0 ||
                  (strlen(cut) == (size <= length ? size - 1 : length) && strncmp(cut, text, strlen(cut)) == 0));
    }
}
END_TEST

START_TEST(records_need_a_place) {
    open_heap(NULL, NULL);
    ck_assert_refused((void)pf_heap_oom_records(fixture.heap, NULL, 1), "pf_heap_oom_records");
}
END_TEST

START_TEST(the_fatal_message_is_the_first_sentence_of_the_record) {
    open_heap("hard_limit", "8Mi");
    ck_assert_refused((void)pf_alloc_array(fixture.thread, &bytes_type, (size_t)16 << 20),
                      "out of memory: 16777232 bytes for a bytes (large),hard limit on the heap's memory");
}
END_TEST

SUITE("unit/oom_record", a_thread_that_has_never_failed_has_no_record,
      small_objects_that_reach_the_hard_limit_leave_its_figures,
      small_objects_use_a_limit_to_its_last_page_whatever_it_is,
      what_large_objects_leave_is_had_by_small_ones_that_have_failed_before,
      the_limit_of_a_space_is_told_apart_from_that_of_the_heap, address_space_that_is_used_up_is_a_reason_of_its_own,
      a_system_that_refuses_memory_is_to_blame, the_reason_follows_from_numbers,
      a_length_that_cannot_be_leaves_a_record, the_last_sixteen_stay_in_the_heap_oldest_first,
      what_is_larger_than_the_heap_may_ever_be_costs_no_collection,
      who_asks_in_vain_again_and_again_pays_for_one_full_collection_each_time,
      a_description_names_everything_and_is_cut_where_the_room_ends, records_need_a_place,
      the_fatal_message_is_the_first_sentence_of_the_record)
