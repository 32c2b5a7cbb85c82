/* SPDX-License-Identifier: MIT
 *
 * What the record of a collection says about pins, on heaps of a few cells that are counted by hand. In the drawings a
 * letter is a node, a dot a dead one, a capital a pinned one, f free.
 */
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

static const size_t cell = sizeof(struct node);

static struct fixture fixture;
static void *root[1];
static struct pf_frame frame;

static void open_with(const char *option, const char *text) {
    struct pf_options options = fixture_tiny_options();
    if (option != NULL) {
        fixture_set(&options, option, text);
    }
    fixture = fixture_open(&options);
    pf_frame_push(fixture.thread, &frame, root, 1);
}

static void open_tiny(void) {
    open_with(NULL, NULL);
}

static void close_heap(void) {
    pf_frame_pop(fixture.thread, &frame);
    fixture_close(&fixture);
}

static struct pf_collection collect(int generation, enum pf_collect_mode mode) {
    struct pf_collection record;
    pf_collect(fixture.thread, generation, mode);
    ck_assert_uint_eq(pf_heap_history(fixture.heap, &record, 1), 1);
    for (int index = 0; index < PINFOLD_GENERATIONS; ++index) {
        ck_assert_uint_le(record.held_bytes[index], record.free_bytes[index]);
        ck_assert_uint_le(record.free_bytes[index], record.after_bytes[index]);
    }
    return record;
}

static void litter(size_t count) {
    for (size_t index = 0; index < count; ++index) {
        (void)fixture_node(fixture.thread, 0);
    }
}

static struct pf_handle *pin(void *object) {
    struct pf_handle *handle = NULL;
    ck_assert_int_eq(pf_pin(fixture.heap, object, &handle), PINFOLD_OK);
    return handle;
}

static void check_pins(const struct pf_collection *record, size_t objects, size_t bytes, size_t demoted) {
    ck_assert_uint_eq(record->pinned_objects, objects);
    ck_assert_uint_eq(record->pinned_bytes, bytes);
    ck_assert_uint_eq(record->demoted_bytes, demoted);
}

static void check_held(const struct pf_collection *record, size_t gen0, size_t gen1, size_t gen2) {
    ck_assert_uint_eq(record->held_bytes[0], gen0);
    ck_assert_uint_eq(record->held_bytes[1], gen1);
    ck_assert_uint_eq(record->held_bytes[2], gen2);
}

/* gen0 .*10 P .*5 a */
static struct pf_handle *put_row(void) {
    litter(10);
    struct pf_handle *handle = pin(fixture_node(fixture.thread, 1));
    litter(5);
    root[0] = fixture_node(fixture.thread, 2);
    return handle;
}

START_TEST(a_compaction_tells_of_the_pin_that_stays_young_and_of_the_hole_before_it) {
    open_tiny();
    struct pf_handle *handle = put_row();
    struct pf_collection record = collect(0, PINFOLD_COLLECT_COMPACT); /* gen1 a | gen0 f*9 P */
    check_pins(&record, 1, cell, cell);
    check_held(&record, 9 * cell, 0, 0);
    ck_assert_uint_eq(record.survived_bytes[0], 2 * cell);
    ck_assert_uint_eq(record.moved_bytes, cell);
    ck_assert_uint_eq(record.free_bytes[0], 9 * cell);
    ck_assert_uint_eq(record.after_bytes[0], 10 * cell);
    ck_assert_uint_eq(record.after_bytes[1], cell);
    ck_assert_int_eq(pf_generation_of(fixture.heap, pf_handle_get(handle)), 0);
    close_heap();
}
END_TEST

START_TEST(a_sweep_demotes_nothing_and_tells_of_the_gap_before_the_pin) {
    open_tiny();
    struct pf_handle *handle = put_row();
    struct pf_collection record = collect(0, PINFOLD_COLLECT_SWEEP); /* gen1 f*10 P f*5 a */
    check_pins(&record, 1, cell, 0);
    check_held(&record, 0, 10 * cell, 0);
    ck_assert_uint_eq(record.moved_bytes, 0);
    ck_assert_uint_eq(record.free_bytes[1], 15 * cell);
    ck_assert_uint_eq(record.after_bytes[1], 17 * cell);
    ck_assert_int_eq(pf_generation_of(fixture.heap, pf_handle_get(handle)), 1);
    record = collect(2, PINFOLD_COLLECT_SWEEP);
    check_pins(&record, 1, cell, 0);
    check_held(&record, 0, 0, 10 * cell);
    close_heap();
}
END_TEST

START_TEST(without_demotion_the_hole_grows_old_with_its_pin) {
    open_with("demotion", "0");
    (void)put_row();
    struct pf_collection record = collect(0, PINFOLD_COLLECT_COMPACT); /* gen1 a f*9 P | gen0 */
    check_pins(&record, 1, cell, 0);
    check_held(&record, 0, 9 * cell, 0);
    ck_assert_uint_eq(record.after_bytes[1], 11 * cell);
    record = collect(1, PINFOLD_COLLECT_COMPACT); /* a fits nowhere else: gen2 a f*9 P */
    check_pins(&record, 1, cell, 0);
    check_held(&record, 0, 0, 9 * cell);
    close_heap();
}
END_TEST

/* Each stays what it is; a full collection would make generation 2 of a pin that something passes. */
START_TEST(pins_that_grew_old_may_be_demoted_again) {
    open_tiny();
    struct pf_handle *handle = put_row();
    (void)collect(0, PINFOLD_COLLECT_SWEEP);
    (void)collect(1, PINFOLD_COLLECT_SWEEP);
    ck_assert_int_eq(pf_generation_of(fixture.heap, pf_handle_get(handle)), 2);
    struct pf_collection record = collect(2, PINFOLD_COLLECT_COMPACT); /* gen2 a | gen1 | gen0 f*9 P */
    check_pins(&record, 1, cell, cell);
    check_held(&record, 9 * cell, 0, 0);
    ck_assert_int_eq(pf_generation_of(fixture.heap, pf_handle_get(handle)), 0);
    ck_assert_uint_eq(record.survived_bytes[2], 2 * cell);
    record = collect(1, PINFOLD_COLLECT_COMPACT); /* demoted out of generation 0 this time */
    check_pins(&record, 1, cell, cell);
    check_held(&record, 9 * cell, 0, 0);
    close_heap();
}
END_TEST

/* One object is counted once, whoever pins it; neighbours are one plug with one hole. */
START_TEST(pinned_objects_are_counted_not_pins_and_not_plugs) {
    open_tiny();
    struct pf_frame pinning;
    void *pinned[2] = {NULL, NULL};
    ck_assert_int_eq(pf_frame_push_pinning(fixture.thread, &pinning, pinned, 2), PINFOLD_OK);
    litter(4);
    pinned[0] = fixture_node(fixture.thread, 1);
    pinned[1] = fixture_node(fixture.thread, 2);
    (void)pin(pinned[1]);
    (void)pin(pinned[1]);
    (void)pin(fixture_node(fixture.thread, 3));
    struct pf_collection record = collect(0, PINFOLD_COLLECT_COMPACT); /* gen0 ffff PPP */
    check_pins(&record, 3, 3 * cell, 3 * cell);
    check_held(&record, 4 * cell, 0, 0);
    ck_assert_uint_eq(record.moved_bytes, 0);
    pf_frame_pop(fixture.thread, &pinning);
    close_heap();
}
END_TEST

START_TEST(every_hole_counts_where_its_pin_lies) {
    open_tiny();
    litter(1);
    (void)pin(fixture_node(fixture.thread, 1));
    litter(6);
    (void)pin(fixture_node(fixture.thread, 2));
    litter(2);
    root[0] = pf_alloc_array(fixture.thread, &bytes_type, 3 * cell - 16);
    /* .P......P..aaa becomes gen1 fPaaa | gen0 fffP */
    struct pf_collection record = collect(0, PINFOLD_COLLECT_COMPACT);
    check_pins(&record, 2, 2 * cell, cell);
    check_held(&record, 3 * cell, cell, 0);
    ck_assert_uint_eq(record.moved_bytes, 3 * cell);
    close_heap();
}
END_TEST

START_TEST(a_pin_is_no_business_of_collections_of_younger_objects) {
    open_tiny();
    (void)put_row();
    (void)collect(0, PINFOLD_COLLECT_SWEEP);
    struct pf_collection record = collect(0, PINFOLD_COLLECT_COMPACT);
    check_pins(&record, 0, 0, 0);
    check_held(&record, 0, 0, 0);
    record = collect(1, PINFOLD_COLLECT_COMPACT);
    check_pins(&record, 1, cell, cell);
    close_heap();
}
END_TEST

START_TEST(a_pinned_large_object_counts_and_holds_nothing_back) {
    open_tiny();
    void *large = pf_alloc_array(fixture.thread, &bytes_type, 10000);
    (void)pin(large);
    struct pf_collection record = collect(0, PINFOLD_COLLECT_COMPACT);
    check_pins(&record, 0, 0, 0);
    record = collect(2, PINFOLD_COLLECT_COMPACT);
    check_pins(&record, 1, pf_size_of(large), 0);
    check_held(&record, 0, 0, 0);
    close_heap();
}
END_TEST

/* First the pins are left behind on a segment of generation 2; then that segment is used again. */
START_TEST(a_segment_of_generation_2_that_is_used_again_is_told_of) {
    open_with("stress", "expand");
    enum { HOLE = 3000 };
    struct pf_handle *first = pin(fixture_node(fixture.thread, 1));
    (void)pf_alloc_array(fixture.thread, &bytes_type, HOLE - 16);
    struct pf_handle *second = pin(fixture_node(fixture.thread, 2));
    struct pf_collection record = collect(1, PINFOLD_COLLECT_COMPACT); /* gen2 PfP, and a new segment */
    ck_assert_int_eq(record.expanded, 1);
    ck_assert_int_eq(record.reused, 0);
    check_pins(&record, 2, 2 * cell, 0);
    check_held(&record, 0, 0, HOLE);
    ck_assert_int_eq(pf_generation_of(fixture.heap, pf_handle_get(first)), 2);

    root[0] = fixture_node(fixture.thread, 3);
    record = collect(2, PINFOLD_COLLECT_COMPACT); /* gen2 | gen1 Pa | gen0 fP */
    ck_assert_int_eq(record.expanded, 1);
    ck_assert_int_eq(record.reused, 1);
    check_pins(&record, 2, 2 * cell, 2 * cell);
    check_held(&record, HOLE - cell, 0, 0);
    ck_assert_int_eq(pf_generation_of(fixture.heap, pf_handle_get(first)), 1);
    ck_assert_int_eq(pf_generation_of(fixture.heap, root[0]), 1);
    ck_assert_int_eq(pf_generation_of(fixture.heap, pf_handle_get(second)), 0);
    close_heap();
}
END_TEST

SUITE("unit/pin_statistics", a_compaction_tells_of_the_pin_that_stays_young_and_of_the_hole_before_it,
      a_sweep_demotes_nothing_and_tells_of_the_gap_before_the_pin, without_demotion_the_hole_grows_old_with_its_pin,
      pins_that_grew_old_may_be_demoted_again, pinned_objects_are_counted_not_pins_and_not_plugs,
      every_hole_counts_where_its_pin_lies, a_pin_is_no_business_of_collections_of_younger_objects,
      a_pinned_large_object_counts_and_holds_nothing_back, a_segment_of_generation_2_that_is_used_again_is_told_of)
