/* SPDX-License-Identifier: MIT
 *
 * Events: what a listener is told, and in which order.
 */
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/suite.h"

/* Events as text: "(" collection begins, ")" ends, a phase is its name in brackets, "+s -s +l -l" are segments that
 * come and go, small, large and pinned, "!" is out of memory. */
struct log {
    char text[4096];
    uint64_t number;
    int generation;
    enum pf_reason reason;
    struct pf_collection record;
    int segments;
    size_t refused_size;
};

static void note(struct log *log, const char *text) {
    size_t length = strlen(log->text);
    if (length + strlen(text) < sizeof(log->text)) {
        (void)strcpy(log->text + length, text);
    }
}

static void collection_begin(void *data, uint64_t number, int generation, enum pf_reason reason) {
    struct log *log = data;
    log->number = number;
    log->generation = generation;
    log->reason = reason;
    note(log, "(");
}

static void collection_end(void *data, const struct pf_collection *record) {
    struct log *log = data;
    log->record = *record;
    note(log, ")");
}

static void phase_begin(void *data, enum pf_phase phase) {
    note(data, "[");
    note(data, pf_phase_text(phase));
}

static void phase_end(void *data, enum pf_phase phase) {
    (void)phase;
    note(data, "]");
}

static char kind_letter(enum pf_segment_kind kind) {
    static const char letters[] = {
        [PINFOLD_SEGMENT_SMALL] = 's', [PINFOLD_SEGMENT_LARGE] = 'l', [PINFOLD_SEGMENT_PINNED] = 'p'};
    return letters[kind];
}

static void note_segment(struct log *log, char sign, enum pf_segment_kind kind) {
    const char text[] = {sign, kind_letter(kind), ' ', '\0'};
    note(log, text);
}

static void segment_created(void *data, void *base, size_t size, enum pf_segment_kind kind) {
    struct log *log = data;
    (void)base;
    log->segments += size > 0;
    note_segment(log, '+', kind);
}

static void segment_freed(void *data, void *base, size_t size, enum pf_segment_kind kind) {
    struct log *log = data;
    (void)base;
    log->segments -= size > 0;
    note_segment(log, '-', kind);
}

static void out_of_memory(void *data, const struct pf_oom_record *record) {
    struct log *log = data;
    log->refused_size = record->size;
    note(log, "!");
}

static const struct pf_listener listener = {
    .collection_begin = collection_begin,
    .collection_end = collection_end,
    .phase_begin = phase_begin,
    .phase_end = phase_end,
    .segment_created = segment_created,
    .segment_freed = segment_freed,
    .out_of_memory = out_of_memory,
};

static struct log events;

static struct fixture open_listening(const struct pf_options *options) {
    struct fixture fixture = fixture_open(options);
    memset(&events, 0, sizeof(events));
    pf_heap_set_listener(fixture.heap, &listener, &events);
    return fixture;
}

START_TEST(a_compacting_collection_reports_its_phases_in_order) {
    struct pf_options options = fixture_options();
    struct fixture fixture = open_listening(&options);
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    ck_assert_str_eq(events.text, "([mark][plan][relocate][compact])");
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_sweeping_collection_reports_its_phases_in_order) {
    struct pf_options options = fixture_options();
    struct fixture fixture = open_listening(&options);
    pf_collect(fixture.thread, 1, PINFOLD_COLLECT_SWEEP);
    ck_assert_str_eq(events.text, "([mark][plan][sweep])");
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_full_collection_has_a_phase_for_large_objects) {
    struct pf_options options = fixture_options();
    struct fixture fixture = open_listening(&options);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
    ck_assert_msg(strstr(events.text, "[large]") != NULL, "%s", events.text);
    ck_assert_msg(strstr(events.text, "([mark]") == events.text, "%s", events.text);
    fixture_close(&fixture);
}
END_TEST

START_TEST(compacting_large_objects_plans_them_in_a_phase_of_their_own) {
    struct pf_options options = fixture_options();
    struct fixture fixture = open_listening(&options);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT_LARGE);
    ck_assert_str_eq(events.text, "([mark][plan][large][relocate][compact][large])");
    fixture_close(&fixture);
}
END_TEST

START_TEST(begin_and_end_carry_the_number_and_generation_of_the_record) {
    struct pf_options options = fixture_options();
    struct fixture fixture = open_listening(&options);
    struct pf_collection newest;
    for (int i = 0; i < 12; i++) {
        pf_collect(fixture.thread, i % 3, PINFOLD_COLLECT_COMPACT);
        ck_assert_uint_eq(events.number, (uint64_t)i + 1);
        ck_assert_int_eq(events.generation, i % 3);
        ck_assert_int_eq(events.reason, PINFOLD_REASON_INDUCED);
        ck_assert_uint_eq(events.record.number, events.number);
        ck_assert_uint_eq(pf_heap_history(fixture.heap, &newest, 1), 1);
        ck_assert_uint_eq(newest.number, events.record.number);
        ck_assert_uint_eq(newest.pause_ns, events.record.pause_ns);
    }
    fixture_close(&fixture);
}
END_TEST

START_TEST(spending_the_budget_of_generation_0_is_a_reason) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = open_listening(&options);
    for (int i = 0; i < 20000; i++) {
        (void)fixture_node(fixture.thread, 0);
    }
    ck_assert_uint_gt(events.number, 3);
    ck_assert_int_eq(events.reason, PINFOLD_REASON_BUDGET);
    fixture_close(&fixture);
}
END_TEST

START_TEST(spending_the_budget_of_large_objects_is_a_reason) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "large_size", "100K");
    struct fixture fixture = open_listening(&options);
    for (int i = 0; i < 20; i++) {
        (void)pf_alloc_array(fixture.thread, &bytes_type, 50000);
    }
    ck_assert_uint_gt(events.number, 1);
    ck_assert_int_eq(events.reason, PINFOLD_REASON_LARGE_BUDGET);
    ck_assert_int_eq(events.generation, 2);
    fixture_close(&fixture);
}
END_TEST

START_TEST(spending_the_budget_of_pinned_objects_is_a_reason_and_their_segments_have_a_kind) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "pinned_size", "100K");
    struct fixture fixture = open_listening(&options);
    for (int i = 0; i < 20; i++) {
        (void)pf_alloc_array_pinned(fixture.thread, &bytes_type, 50000, 0);
    }
    ck_assert_uint_gt(events.number, 1);
    ck_assert_int_eq(events.reason, PINFOLD_REASON_PINNED_BUDGET);
    ck_assert_int_eq(events.generation, 2);
    ck_assert_msg(strstr(events.text, "+p ") != NULL, "%s", events.text);
    ck_assert_msg(strstr(events.text, "-p ") != NULL, "%s", events.text);
    fixture_close(&fixture);
}
END_TEST

START_TEST(segments_that_come_and_go_are_reported_and_balance) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = open_listening(&options);
    struct pf_statistics before;
    struct pf_statistics after;
    pf_heap_statistics(fixture.heap, &before);
    {
        PINFOLD_ROOTS(fixture.thread, root, 1);
        fixture_list(fixture.thread, &root[0], 50000);
        root[0] = NULL;
        root[0] = pf_alloc_array(fixture.thread, &bytes_type, 1000000);
    }
    ck_assert_int_gt(events.segments, 0);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_heap_statistics(fixture.heap, &after);
    ck_assert_int_eq(events.segments,
                     (int)(after.segments + after.large_segments) - (int)(before.segments + before.large_segments));
    fixture_close(&fixture);
}
END_TEST

START_TEST(out_of_memory_is_reported_with_the_size) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "reserve_size", "8Mi");
    struct fixture fixture = open_listening(&options);
    ck_assert_ptr_null(pf_try_alloc_array(fixture.thread, &bytes_type, (size_t)64 << 20));
    ck_assert_msg(strchr(events.text, '!') != NULL, "%s", events.text);
    ck_assert_uint_eq(events.refused_size, ((size_t)64 << 20) + 16);
    fixture_close(&fixture);
}
END_TEST

START_TEST(members_left_out_are_skipped_and_a_removed_listener_hears_nothing) {
    static const struct pf_listener ends_only = {.collection_end = collection_end};
    struct pf_options options = fixture_options();
    struct fixture fixture = open_listening(&options);
    pf_heap_set_listener(fixture.heap, &ends_only, &events);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_str_eq(events.text, ")");
    pf_heap_set_listener(fixture.heap, NULL, NULL);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_str_eq(events.text, ")");
    fixture_close(&fixture);
}
END_TEST

struct pin_log {
    size_t found;
    size_t found_bytes;
    size_t plugs;
    size_t plug_bytes;
    size_t holes;
};

static void pin_found(void *data, void *object, size_t size) {
    struct pin_log *log = data;
    ck_assert_uint_eq(pf_size_of(object), size);
    ++log->found;
    log->found_bytes += size;
}

static void pinned_plug(void *data, void *start, size_t size, size_t hole) {
    struct pin_log *log = data;
    ck_assert_ptr_nonnull(start);
    ++log->plugs;
    log->plug_bytes += size;
    log->holes += hole;
}

/* A dead node, two pinned neighbours, a dead node, a pinned one, and a pinned large object. */
static struct pin_log collect_pins(int generation, enum pf_collect_mode mode) {
    static const struct pf_listener pin_listener = {.pin_found = pin_found, .pinned_plug = pinned_plug};
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    struct pin_log log = {0, 0, 0, 0, 0};
    pf_heap_set_listener(fixture.heap, &pin_listener, &log);
    struct pf_handle *pins[5]; /* ended with the heap */
    for (int node = 0; node < 5; ++node) {
        void *object = fixture_node(fixture.thread, (size_t)node);
        if (node == 1 || node == 2 || node == 4) {
            ck_assert_int_eq(pf_pin(fixture.heap, object, &pins[node]), PINFOLD_OK);
        }
    }
    void *large = pf_alloc_array(fixture.thread, &bytes_type, 200000);
    ck_assert_int_eq(pf_pin(fixture.heap, large, &pins[0]), PINFOLD_OK);
    pf_collect(fixture.thread, generation, mode);
    pf_heap_set_listener(fixture.heap, NULL, NULL);
    fixture_close(&fixture);
    return log;
}

START_TEST(each_pinned_object_and_each_pinned_plug_is_told_of) {
    static const enum pf_collect_mode modes[] = {PINFOLD_COLLECT_COMPACT, PINFOLD_COLLECT_SWEEP};
    for (size_t mode = 0; mode < 2; ++mode) {
        struct pin_log log = collect_pins(1, modes[mode]);
        ck_assert_uint_eq(log.found, 3);
        ck_assert_uint_eq(log.plugs, 2);
        ck_assert_uint_eq(log.found_bytes, log.plug_bytes);
        ck_assert_uint_eq(log.holes, 2 * node_type.base_size);
    }
}
END_TEST

START_TEST(pinned_large_objects_are_told_of_in_full_collections) {
    struct pin_log log = collect_pins(2, PINFOLD_COLLECT_COMPACT);
    ck_assert_uint_eq(log.found, 4);
    ck_assert_uint_eq(log.plugs, 2);
    ck_assert_uint_gt(log.found_bytes, log.plug_bytes + 200000);
}
END_TEST

SUITE("unit/event", a_compacting_collection_reports_its_phases_in_order,
      a_sweeping_collection_reports_its_phases_in_order, a_full_collection_has_a_phase_for_large_objects,
      compacting_large_objects_plans_them_in_a_phase_of_their_own,
      begin_and_end_carry_the_number_and_generation_of_the_record, spending_the_budget_of_generation_0_is_a_reason,
      spending_the_budget_of_large_objects_is_a_reason,
      spending_the_budget_of_pinned_objects_is_a_reason_and_their_segments_have_a_kind,
      segments_that_come_and_go_are_reported_and_balance, out_of_memory_is_reported_with_the_size,
      members_left_out_are_skipped_and_a_removed_listener_hears_nothing,
      each_pinned_object_and_each_pinned_plug_is_told_of, pinned_large_objects_are_told_of_in_full_collections)
