/* SPDX-License-Identifier: MIT
 *
 * The system refuses memory at any moment: while allocating, while planning, while expanding. To the program that is a
 * full heap and nothing worse. The limit is on writable memory, so address space can still be reserved.
 */
#include "tests/support/fixture.h"
#include "tests/support/mutator.h"
#include "tests/support/process.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/shadow_check.h"
#include "tests/support/suite.h"

enum { SEEDS = 3, OPERATIONS = 1000 };
static const size_t for_malloc = (size_t)128 << 20;

static size_t fill(struct pf_thread *thread, void **root) {
    size_t count = 0;
    *root = NULL;
    for (;;) {
        struct node *node = pf_try_alloc(thread, &node_type);
        if (node == NULL) {
            return count;
        }
        node->key = count++;
        pf_store(thread, &node->left, *root);
        *root = node;
    }
}

START_TEST(memory_that_the_system_refuses_is_out_of_memory_and_the_heap_stays_whole) {
    struct pf_options options = fixture_options();
    struct fixture fixture = fixture_open(&options);
    if (!process_limit_writable_memory(for_malloc, (size_t)12 << 20)) {
        fixture_close(&fixture);
        return;
    }
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        for (int round = 0; round < 3; round++) {
            size_t count = fill(fixture.thread, &root[0]);
            ck_assert_int_eq(pf_thread_status(fixture.thread), PINFOLD_OUT_OF_MEMORY);
            ck_assert_uint_ge(count * node_type.base_size, (size_t)4 << 20);
            ck_assert_uint_le(count * node_type.base_size, (size_t)16 << 20); /* and what was committed before */
            fixture_check_list(root[0], count);
            ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, (size_t)20 << 20));
            fixture_check_list(root[0], count);
        }
    }
    process_lift_limits();
    fixture_close(&fixture);
}
END_TEST

START_TEST(workers_that_are_called_where_memory_is_short_leave_the_heap_most_of_it) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "gen0_size", "160K"); /* so that there are collections before memory is short */
    fixture_set(&options, "mark_workers", "2");
    struct fixture fixture = fixture_open(&options);
    if (process_limit_writable_memory(for_malloc, (size_t)12 << 20)) {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        size_t count = fill(fixture.thread, &root[0]);
        ck_assert_uint_ge(count * node_type.base_size, (size_t)6 << 20);
        fixture_check_list(root[0], count);
        process_lift_limits();
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_heap_that_cannot_commit_its_bookkeeping_is_a_status) {
    struct pf_options options = fixture_options();
    struct pf_heap *heap = NULL;
    struct pf_message message = {""};
    if (!process_limit_writable_memory(for_malloc, (size_t)64 << 10)) {
        return;
    }
    size_t mappings = process_mappings();
    enum pf_status status = pf_heap_create(&options, &heap, &message);
    ck_assert_msg(status == PINFOLD_CANNOT_COMMIT || status == PINFOLD_CANNOT_RESERVE, "status %d", (int)status);
    ck_assert_ptr_null(heap);
    ck_assert_uint_le(process_mappings(), mappings + 1);
}
END_TEST

static void run_short_of_memory(const char *name, const char *stress, uint64_t seed) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "segment_size", "1Mi");
    if (stress != NULL) {
        fixture_set(&options, "stress", stress);
    }
    struct random random = {seed};
    struct mutator_limits limits = mutator_random_limits(&options, &random);
    limits.live_bytes = (size_t)1 << 30;
    limits.may_fill = 1;
    struct shadow shadow;
    replay_begin(name, seed);
    shadow_open(&shadow, &options);
    if (process_limit_writable_memory(for_malloc, (size_t)4 << 20)) {
        mutator_run(&shadow, &random, &limits, 0, settings_operations(OPERATIONS));
        shadow_check(&shadow);
        process_lift_limits();
        shadow_verify(&shadow);
    }
    shadow_close(&shadow);
}

static void run_seeds(const char *name, const char *stress) {
    struct seed_range seeds = settings_seeds(SEEDS);
    for (uint64_t i = 0; i < seeds.count; i++) {
        run_short_of_memory(name, stress, seeds.first + i);
    }
}

START_TEST(a_random_program_short_of_memory_sees_its_graph_unharmed) {
    run_seeds("short of memory", NULL);
}
END_TEST

START_TEST(and_so_it_does_when_every_collection_expands) {
    run_seeds("short of memory, always expand", "expand");
}
END_TEST

START_TEST(and_so_it_does_when_every_collection_sweeps) {
    run_seeds("short of memory, always sweep", "sweep");
}
END_TEST

SUITE("property/commit_failure", workers_that_are_called_where_memory_is_short_leave_the_heap_most_of_it,
      memory_that_the_system_refuses_is_out_of_memory_and_the_heap_stays_whole,
      a_heap_that_cannot_commit_its_bookkeeping_is_a_status, a_random_program_short_of_memory_sees_its_graph_unharmed,
      and_so_it_does_when_every_collection_expands, and_so_it_does_when_every_collection_sweeps)
