/* SPDX-License-Identifier: MIT
 *
 * Sizes that small tests do not reach: a plug of more than 128 MiB, a heap of several default segments, and hundreds of
 * tiny ones.
 */
#include "tests/support/fixture.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"

enum { FEW_MILLIONS = 5200000, TWO_SEGMENTS = 9500000, TINY_SEGMENT_NODES = 2000000 };

static struct pf_options roomy_options(void) {
    struct pf_options options = fixture_options();
    fixture_set(&options, "gen0_size", "8M");
    fixture_set(&options, "gen0_max_size", "32M");
    return options;
}

/* A list behind something dead, so that compacting moves all of it; checked after every way of collecting. */
static void check_long_list(const struct pf_options *options, size_t nodes) {
    struct fixture fixture = fixture_open(options);
    {
        PINFOLD_ROOTS(fixture.thread, root, 2);
        root[1] = pf_alloc_array(fixture.thread, &bytes_type, 1000);
        fixture_list(fixture.thread, &root[0], nodes);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
        root[1] = NULL;
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        fixture_check_list(root[0], nodes);
        root[0] = fixture_node(fixture.thread, 1);
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        struct pf_statistics statistics;
        pf_heap_statistics(fixture.heap, &statistics);
        ck_assert_uint_eq(statistics.live_bytes, node_type.base_size);
    }
    fixture_close(&fixture);
}

START_TEST(a_stretch_of_live_objects_longer_than_the_farthest_link_moves_as_a_whole) {
    struct pf_options options = roomy_options();
    check_long_list(&options, FEW_MILLIONS);
}
END_TEST

START_TEST(a_list_across_default_segments_survives) {
    if (process_is_sanitized()) {
        return; /* minutes, for code that the other tests come to as well */
    }
    struct pf_options options = roomy_options();
    check_long_list(&options, TWO_SEGMENTS);
}
END_TEST

START_TEST(a_list_across_hundreds_of_tiny_segments_survives) {
    struct pf_options options = fixture_tiny_options();
    check_long_list(&options, TINY_SEGMENT_NODES);
}
END_TEST

SUITE("stress/large_heap", a_stretch_of_live_objects_longer_than_the_farthest_link_moves_as_a_whole,
      a_list_across_default_segments_survives, a_list_across_hundreds_of_tiny_segments_survives)
