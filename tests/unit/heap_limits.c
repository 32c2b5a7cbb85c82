/* SPDX-License-Identifier: MIT
 *
 * Hard limits of a heap: which are in force, that nothing is committed beyond them, and what a heap can do under small
 * ones.
 */
#include <string.h>

#include "gc/api/limits.h"
#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static const size_t mib = 1 << 20;
static const struct pfi_machine contained = {.physical = (uint64_t)1000 << 20, .container = (uint64_t)40 << 20};

static struct fixture open_on(struct pfi_machine machine, const struct pf_options *options) {
    struct fixture fixture;
    struct pf_message message = {""};
    enum pf_status status = pfi_heap_create_on(machine, options, &fixture.heap, &message);
    ck_assert_msg(status == PINFOLD_OK, "%s", message.text);
    ck_assert_int_eq(pf_thread_attach(fixture.heap, &fixture.thread), PINFOLD_OK);
    return fixture;
}

static struct fixture open_limited(const char *option, const char *value) {
    struct pf_options options = fixture_options();
    fixture_set(&options, option, value);
    return fixture_open(&options);
}

/* The figures agree with each other, and none is above its limit. */
static struct pf_limits limits_of(const struct fixture *fixture) {
    struct pf_limits limits;
    pf_heap_limits(fixture->heap, &limits);
    ck_assert_uint_eq(limits.whole.committed_bytes, limits.small.committed_bytes + limits.large.committed_bytes +
                                                        limits.pinned.committed_bytes + limits.bookkeeping_bytes);
    ck_assert_uint_le(limits.whole.committed_bytes, limits.whole.limit_bytes);
    ck_assert_uint_le(limits.small.committed_bytes, limits.small.limit_bytes);
    ck_assert_uint_le(limits.large.committed_bytes, limits.large.limit_bytes);
    ck_assert_uint_le(limits.pinned.committed_bytes, limits.pinned.limit_bytes);
    return limits;
}

START_TEST(the_limits_in_force_and_their_sources_can_be_asked_for) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "hard_limit", "64Mi");
    fixture_set(&options, "large_hard_limit_percent", "25");
    fixture_set(&options, "pinned_hard_limit", "128Mi");
    struct fixture fixture = open_on(contained, &options);
    struct pf_limits limits = limits_of(&fixture);
    ck_assert_uint_eq(limits.whole.limit_bytes, 64 * mib);
    ck_assert_int_eq(limits.whole.source, PINFOLD_LIMIT_SOURCE_OPTION);
    ck_assert_int_eq(limits.small.source, PINFOLD_LIMIT_SOURCE_NONE);
    ck_assert_uint_eq(limits.large.limit_bytes, 64 * mib / 100 * 25);
    ck_assert_int_eq(limits.large.source, PINFOLD_LIMIT_SOURCE_PERCENT);
    ck_assert_uint_eq(limits.pinned.limit_bytes, 64 * mib);
    ck_assert_int_eq(limits.pinned.source, PINFOLD_LIMIT_SOURCE_WHOLE);
    ck_assert_uint_eq(limits.physical_bytes, contained.physical);
    ck_assert_uint_eq(limits.container_bytes, contained.container);
    ck_assert_uint_gt(limits.bookkeeping_bytes, sizeof(struct pf_heap));
    fixture_close(&fixture);
}
END_TEST

START_TEST(in_a_container_a_heap_is_limited_unless_that_is_switched_off) {
    struct pf_options options = fixture_options();
    struct fixture fixture = open_on(contained, &options);
    struct pf_limits limits = limits_of(&fixture);
    ck_assert_uint_eq(limits.whole.limit_bytes, 30 * mib);
    ck_assert_int_eq(limits.whole.source, PINFOLD_LIMIT_SOURCE_CONTAINER);
    fixture_close(&fixture);
    fixture_set(&options, "container_limit", "0");
    fixture = open_on(contained, &options);
    ck_assert_uint_eq(limits_of(&fixture).whole.limit_bytes, PINFOLD_NO_LIMIT);
    fixture_close(&fixture);
}
END_TEST

START_TEST(each_source_has_a_sentence) {
    for (int source = 0; source <= PINFOLD_LIMIT_SOURCE_WHOLE; ++source) {
        for (int other = 0; other < source; ++other) {
            ck_assert_str_ne(pf_limit_source_text((enum pf_limit_source)source),
                             pf_limit_source_text((enum pf_limit_source)other));
        }
    }
    ck_assert_str_eq(pf_limit_source_text((enum pf_limit_source)99), "unknown source");
}
END_TEST

/* Links nodes to *root until the try form refuses; returns their bytes. */
static size_t fill(const struct fixture *fixture, void **root) {
    *root = NULL;
    for (size_t count = 0;; ++count) {
        struct node *node = pf_try_alloc(fixture->thread, &node_type);
        if (node == NULL) {
            ck_assert_int_eq(pf_thread_status(fixture->thread), PINFOLD_OUT_OF_MEMORY);
            fixture_check_list(*root, count);
            return count * node_type.base_size;
        }
        node->key = count;
        pf_store(fixture->thread, &node->left, *root);
        *root = node;
    }
}

START_TEST(a_heap_under_a_small_limit_works_and_most_of_it_is_for_objects) {
    static const struct {
        const char *text;
        size_t bytes;
    } cases[] = {{"2000000", 2000000}, {"4Mi", 4194304}, {"20Mi", 20971520}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        struct fixture fixture = open_limited("hard_limit", cases[i].text);
        {
            PINFOLD_ROOTS(fixture.thread, root, 1);
            for (int round = 0; round < 3; ++round) {
                size_t live = fill(&fixture, &root[0]);
                struct pf_limits limits = limits_of(&fixture);
                ck_assert_uint_ge(live, (cases[i].bytes - limits.bookkeeping_bytes) / 10 * 8);
                ck_assert_uint_ge(live, cases[i].bytes / 2);
            }
            root[0] = NULL;
        }
        fixture_close(&fixture);
    }
}
END_TEST

START_TEST(garbage_is_collected_under_a_small_limit_as_without_one) {
    struct fixture fixture = open_limited("hard_limit", "4Mi");
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        fixture_list(fixture.thread, &root[0], 20000);
        for (int round = 0; round < 200; ++round) {
            fixture_list(fixture.thread, &root[1], 5000);
            root[1] = pf_alloc_array(fixture.thread, &bytes_type, 200000);
            limits_of(&fixture);
        }
        fixture_check_list(root[0], 20000);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_limit_of_small_objects_leaves_the_rest_to_the_others) {
    struct fixture fixture = open_limited("small_hard_limit", "2Mi");
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        size_t live = fill(&fixture, &root[0]);
        ck_assert_uint_le(live, 2 * mib);
        ck_assert_uint_ge(live, mib);
        root[1] = pf_try_alloc_array(fixture.thread, &bytes_type, 8 * mib);
        ck_assert_ptr_nonnull(root[1]);
        ck_assert_uint_ge(limits_of(&fixture).large.committed_bytes, 8 * mib);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_limit_of_large_objects_binds_only_them) {
    struct fixture fixture = open_limited("large_hard_limit", "4Mi");
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, 5 * mib));
        root[0] = pf_try_alloc_array(fixture.thread, &bytes_type, 3 * mib);
        ck_assert_ptr_nonnull(root[0]);
        ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, 2 * mib));
        root[1] = pf_try_alloc_array_pinned(fixture.thread, &bytes_type, 5 * mib, 0);
        ck_assert_ptr_nonnull(root[1]);
        limits_of(&fixture);
        root[0] = NULL;
        ck_assert_ptr_nonnull(pf_try_alloc_array(fixture.thread, &bytes_type, 3 * mib));
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_limit_of_objects_born_pinned_binds_only_them) {
    struct fixture fixture = open_limited("pinned_hard_limit", "4Mi");
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        ck_assert_ptr_null(pf_try_alloc_array_pinned(fixture.thread, &bytes_type, 5 * mib, 0));
        root[0] = pf_try_alloc_array_pinned(fixture.thread, &bytes_type, 3 * mib, 0);
        ck_assert_ptr_nonnull(root[0]);
        root[1] = pf_try_alloc_array(fixture.thread, &bytes_type, 5 * mib);
        ck_assert_ptr_nonnull(root[1]);
        limits_of(&fixture);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(handles_pins_and_finalizers_are_refused_at_the_limit_and_the_heap_stays_whole) {
    enum { MOST = 1000000 };
    static struct pf_handle *handles[MOST];
    struct fixture fixture = open_limited("hard_limit", "4Mi");
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        root[0] = fixture_node(fixture.thread, 7);
        size_t count = 0;
        while (count < MOST &&
               pf_handle_create(fixture.heap, PINFOLD_HANDLE_STRONG, root[0], &handles[count]) == PINFOLD_OK) {
            ++count;
        }
        ck_assert_uint_gt(count, 10000);
        ck_assert_uint_lt(count, MOST);
        struct pf_limits limits = limits_of(&fixture);
        ck_assert_uint_gt(limits.bookkeeping_bytes, 3 * mib);
        struct pf_handle *pin = NULL;
        while (pf_pin(fixture.heap, root[0], &pin) == PINFOLD_OK) {
        }
        while (pf_finalizer_register(fixture.thread, root[0]) == PINFOLD_OK) {
        }
        limits_of(&fixture);
        fixture_verify(&fixture);
        ck_assert_uint_eq(((struct node *)pf_handle_get(handles[count - 1]))->key, 7);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_limit_under_which_no_heap_can_exist_is_named) {
    struct pf_options options = fixture_options();
    struct pf_message message = {""};
    struct pf_heap *heap = NULL;
    struct pfi_machine tiny = {.physical = (uint64_t)1000 << 20, .container = (uint64_t)4 << 20};
    fixture_set(&options, "hard_limit_percent", "2");
    enum pf_status status = pfi_heap_create_on(tiny, &options, &heap, &message);
    ck_assert_int_ne(status, PINFOLD_OK);
    ck_assert_ptr_null(heap);
    ck_assert_msg(strstr(message.text, "hard limit is 83886 bytes") != NULL, "%s", message.text);
    ck_assert_msg(strstr(message.text, "percentage") != NULL, "%s", message.text);
    ck_assert_int_eq(pf_options_set(&options, "hard_limit", "1000", &message), PINFOLD_BAD_OPTION);
    ck_assert_msg(strstr(message.text, "hard_limit") != NULL, "%s", message.text);
    ck_assert_int_eq(pf_options_set(&options, "hard_limit_percent", "101", &message), PINFOLD_BAD_OPTION);
}
END_TEST

START_TEST(limits_of_nothing_are_a_broken_contract) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    struct pf_limits limits;
    ck_assert_refused(pf_heap_limits(NULL, &limits), "pf_heap_limits, NULL");
    ck_assert_refused(pf_heap_limits(fixture.heap, NULL), "pf_heap_limits, NULL");
    ck_assert_refused((void)!pf_heap_refresh_limits(NULL), "pf_heap_refresh_limits, NULL");
    pf_native_enter(fixture.thread);
    ck_assert_refused((void)!pf_heap_refresh_limits(fixture.thread), "pf_heap_refresh_limits, native");
}
END_TEST

SUITE("unit/heap_limits", the_limits_in_force_and_their_sources_can_be_asked_for,
      in_a_container_a_heap_is_limited_unless_that_is_switched_off, each_source_has_a_sentence,
      a_heap_under_a_small_limit_works_and_most_of_it_is_for_objects,
      garbage_is_collected_under_a_small_limit_as_without_one, a_limit_of_small_objects_leaves_the_rest_to_the_others,
      a_limit_of_large_objects_binds_only_them, a_limit_of_objects_born_pinned_binds_only_them,
      handles_pins_and_finalizers_are_refused_at_the_limit_and_the_heap_stays_whole,
      a_limit_under_which_no_heap_can_exist_is_named, limits_of_nothing_are_a_broken_contract)
