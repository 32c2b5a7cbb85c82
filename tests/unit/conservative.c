/* SPDX-License-Identifier: MIT
 *
 * Conservative stacks: references in locals, registers and foreign memory keep their objects alive and in place.
 */
#include "tests/support/fatal.h"
#include "tests/support/fixture.h"
#include "tests/support/hiding.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"
#include "tests/support/team.h"

#define NOINLINE __attribute__((noinline))

enum { GARBAGE = 10, STACK_WORDS = (512 << 10) / sizeof(void *) };

static struct fixture open_conservative(const char *stress, const char *interior) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "conservative_stacks", "1");
    fixture_set(&options, "conservative_interior", interior);
    fixture_set(&options, "stress", stress);
    return fixture_open(&options);
}

/* A node behind garbage, so that a compaction that may move it does. */
NOINLINE static struct node *movable_node(struct fixture *fixture, uintptr_t key) {
    for (int i = 0; i < GARBAGE; i++) {
        (void)fixture_node(fixture->thread, 0);
    }
    return fixture_node(fixture->thread, key);
}

static int is_alive(struct fixture *fixture, uintptr_t disguised) {
    return hidden_is_alive(fixture->thread, disguised);
}

START_TEST(a_reference_in_a_local_keeps_its_object_where_it_is) {
    struct fixture fixture = open_conservative("", "1");
    struct node *node = movable_node(&fixture, 7);
    struct node *child = movable_node(&fixture, 8);
    pf_store(fixture.thread, &node->left, child);
    uintptr_t disguised = ~(uintptr_t)node;
    for (int generation = 0; generation < 3; generation++) {
        pf_collect(fixture.thread, generation, PINFOLD_COLLECT_COMPACT);
    }
    ck_assert_ptr_eq(node, hidden_address(disguised));
    ck_assert_uint_eq(node->key, 7);
    ck_assert_uint_eq(node->left->key, 8);
    fixture_close(&fixture);
}
END_TEST

START_TEST(what_no_word_of_the_stack_refers_to_is_collected) {
    struct fixture fixture = open_conservative("", "1");
    uintptr_t disguised = hidden_node(fixture.thread, 9);
    hidden_wipe_stack();
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_SWEEP);
    ck_assert(!is_alive(&fixture, disguised));
    fixture_close(&fixture);
}
END_TEST

/* Holds one address in a local across a collection. */
NOINLINE static void collect_holding(struct fixture *fixture, uintptr_t disguised, intptr_t offset) {
    void *volatile held = (char *)hidden_address(disguised) + offset;
    pf_collect(fixture->thread, 0, PINFOLD_COLLECT_COMPACT);
    held = NULL;
    (void)held;
}

/* Whether a node survives where it is when only this address of it is on the stack. */
NOINLINE static int keeps(struct fixture *fixture, intptr_t offset) {
    uintptr_t disguised = hidden_node(fixture->thread, 9);
    hidden_wipe_stack();
    collect_holding(fixture, disguised, offset);
    int alive = is_alive(fixture, disguised);
    hidden_wipe_stack();
    return alive;
}

START_TEST(an_address_anywhere_inside_an_object_keeps_it) {
    struct fixture fixture = open_conservative("", "1");
    ck_assert(keeps(&fixture, 0));
    ck_assert(keeps(&fixture, 1));
    ck_assert(keeps(&fixture, sizeof(struct node) / 2));
    ck_assert(keeps(&fixture, sizeof(struct node) - 1));
    ck_assert(!keeps(&fixture, sizeof(struct node)));
    fixture_close(&fixture);
}
END_TEST

START_TEST(without_interior_addresses_only_the_first_byte_keeps_an_object) {
    struct fixture fixture = open_conservative("", "0");
    ck_assert(keeps(&fixture, 0));
    ck_assert(!keeps(&fixture, 1));
    ck_assert(!keeps(&fixture, sizeof(struct node) / 2));
    fixture_close(&fixture);
}
END_TEST

START_TEST(without_interior_addresses_tags_decide_what_a_reference_is) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "conservative_stacks", "1");
    fixture_set(&options, "conservative_interior", "0");
    fixture_set(&options, "ref_tag_mask", "3");
    fixture_set(&options, "ref_tags", "5"); /* tags 0 and 2 */
    struct fixture fixture = fixture_open(&options);
    ck_assert(keeps(&fixture, 0));
    ck_assert(!keeps(&fixture, 1));
    ck_assert(keeps(&fixture, 2));
    ck_assert(!keeps(&fixture, 4));
    fixture_close(&fixture);
}
END_TEST

START_TEST(large_and_born_pinned_objects_are_kept_by_the_stack_as_well) {
    struct fixture fixture = open_conservative("", "1");
    char *volatile large = (char *)pf_alloc_array(fixture.thread, &bytes_type, 30000) + 20000;
    char *volatile pinned = (char *)pf_alloc_array_pinned(fixture.thread, &bytes_type, 3000, 0) + 2000;
    *large = 5;
    *pinned = 6;
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT_LARGE);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_SWEEP);
    ck_assert_ptr_eq(pf_object_containing(fixture.thread, large), large - 20000);
    ck_assert_ptr_eq(pf_object_containing(fixture.thread, pinned), pinned - 2000);
    ck_assert_int_eq(*large, 5);
    ck_assert_int_eq(*pinned, 6);
    fixture_close(&fixture);
}
END_TEST

START_TEST(without_the_option_the_stack_keeps_nothing) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    ck_assert(!keeps(&fixture, 0));
    fixture_close(&fixture);
}
END_TEST

/* --- every register that calls preserve --- */

#if defined(__x86_64__)
/* The reference is in one register during the collection, and nowhere else. */
#define HOLD_IN(name)                                             \
    NOINLINE static int hold_in_##name(struct fixture *fixture) { \
        uintptr_t disguised = hidden_node(fixture->thread, 9);    \
        hidden_wipe_stack();                                      \
        register uintptr_t held __asm__(#name) = ~disguised;      \
        __asm__ volatile("" : "+r"(held));                        \
        pf_collect(fixture->thread, 0, PINFOLD_COLLECT_COMPACT);  \
        __asm__ volatile("" : "+r"(held));                        \
        return is_alive(fixture, disguised);                      \
    }
HOLD_IN(rbx)
HOLD_IN(r12)
HOLD_IN(r13)
HOLD_IN(r14)
HOLD_IN(r15)

START_TEST(registers_that_calls_preserve_keep_what_they_refer_to) {
    struct fixture fixture = open_conservative("", "1");
    ck_assert(hold_in_rbx(&fixture));
    ck_assert(hold_in_r12(&fixture));
    ck_assert(hold_in_r13(&fixture));
    ck_assert(hold_in_r14(&fixture));
    ck_assert(hold_in_r15(&fixture));
    fixture_close(&fixture);
}
END_TEST
#endif

/* --- other stacks --- */

struct foreign {
    uintptr_t words[STACK_WORDS];
    struct pf_root_source source;
    size_t low;
    size_t high;
};

static void enumerate_foreign(struct pf_visitor *visitor, void *data) {
    struct foreign *foreign = data;
    pf_visit_conservative(visitor, (char *)foreign->words + foreign->low, (char *)foreign->words + foreign->high);
}

START_TEST(a_root_source_may_report_words_of_which_nobody_knows_what_they_are) {
    static struct foreign foreign;
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options); /* the option is about the stacks of threads */
    foreign.source = (struct pf_root_source){enumerate_foreign, &foreign, NULL};
    pf_root_source_add(fixture.heap, &foreign.source);
    struct node *first = movable_node(&fixture, 1);
    struct node *last = movable_node(&fixture, 2);
    struct node *outside = movable_node(&fixture, 3);
    foreign.words[1] = (uintptr_t)first;
    foreign.words[STACK_WORDS - 2] = (uintptr_t)&last->key;
    foreign.words[STACK_WORDS - 1] = (uintptr_t)outside;
    foreign.words[2] = 12345;
    foreign.low = 3; /* ends that are not aligned: whole words inside count */
    foreign.high = sizeof foreign.words - 1;
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_ptr_eq(pf_object_containing(fixture.thread, first), first);
    ck_assert_ptr_eq(pf_object_containing(fixture.thread, last), last);
    ck_assert_uint_eq(last->key, 2);
    ck_assert_ptr_ne(pf_object_containing(fixture.thread, outside), outside);
    foreign.high = foreign.low = 0;
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_ptr_ne(pf_object_containing(fixture.thread, first), first);
    pf_root_source_remove(fixture.heap, &foreign.source);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_thread_that_stops_outside_its_stack_is_refused) {
    struct fixture fixture = open_conservative("", "1");
    static char elsewhere[100];
    pf_thread_set_stack(fixture.thread, elsewhere, elsewhere + sizeof elsewhere);
    ck_assert_refused(pf_collect(fixture.thread, 0, PINFOLD_COLLECT_DEFAULT), "outside its stack,pf_thread_set_stack");
}
END_TEST

START_TEST(a_stack_that_a_thread_made_itself_is_searched_to_its_base_only) {
    struct fixture fixture = open_conservative("", "1");
    uintptr_t disguised = hidden_node(fixture.thread, 9);
    hidden_wipe_stack();
    void *volatile held = hidden_address(disguised); /* above what is called the base below */
    uintptr_t base = (uintptr_t)__builtin_frame_address(0);
    pf_thread_set_stack(fixture.thread, (void *)(base - ((uintptr_t)1 << 20)), (void *)base);
    collect_holding(&fixture, disguised, 0);
    ck_assert(is_alive(&fixture, disguised));
    pf_thread_set_stack(fixture.thread, NULL, NULL);
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
    ck_assert(is_alive(&fixture, disguised));
    ck_assert_ptr_eq(held, hidden_address(disguised));
    fixture_close(&fixture);
}
END_TEST

/* --- no memory for the pins --- */

static void fill_foreign(struct fixture *fixture, struct foreign *foreign) {
    for (size_t i = 0; i < STACK_WORDS; i++) {
        (void)fixture_node(fixture->thread, 0);
        foreign->words[i] = (uintptr_t)fixture_node(fixture->thread, i);
    }
}

static void check_foreign(const struct foreign *foreign) {
    for (size_t i = 0; i < STACK_WORDS; i++) {
        if (((const struct node *)foreign->words[i])->key != i) {
            ck_abort_msg("node %zu is gone", i);
        }
    }
}

static enum pf_decision last_decision(const struct fixture *fixture) {
    struct pf_collection record;
    ck_assert_uint_eq(pf_heap_history(fixture->heap, &record, 1), 1);
    return record.decision;
}

START_TEST(without_memory_for_pins_nothing_moves) {
    static struct foreign foreign;
    struct pf_options options = fixture_options();
    fixture_set(&options, "gen0_size", "16M");
    struct fixture fixture = fixture_open(&options);
    {
        PINFOLD_PINS(fixture.thread, pinned, 1);
        foreign.source = (struct pf_root_source){enumerate_foreign, &foreign, NULL};
        pf_root_source_add(fixture.heap, &foreign.source);
        fill_foreign(&fixture, &foreign);
        pinned[0] = (void *)foreign.words[7];
        foreign.high = sizeof foreign.words;
        if (process_limit_writable_memory(0, 0)) {
            pf_collect(fixture.thread, 0, PINFOLD_COLLECT_COMPACT);
            ck_assert_int_eq(last_decision(&fixture), PINFOLD_DECISION_SWEEP_NO_MEMORY);
            check_foreign(&foreign);
            process_lift_limits();
        }
        pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
        ck_assert_int_eq(last_decision(&fixture), PINFOLD_DECISION_COMPACT_REQUESTED);
        check_foreign(&foreign);
        pf_root_source_remove(fixture.heap, &foreign.source);
    }
    fixture_close(&fixture);
}
END_TEST

#if defined(__x86_64__)
#define REGISTER_TESTS registers_that_calls_preserve_keep_what_they_refer_to,
#else
#define REGISTER_TESTS
#endif

static struct gate is_attached = GATE_CLOSED;

static void leave_when_asked_to_stop(void *heap, size_t index) {
    (void)index;
    struct pf_thread *thread = team_attach(heap);
    gate_open(&is_attached);
    team_await_stop(thread);
    pf_thread_detach(thread);
}

START_TEST(a_thread_that_leaves_without_ever_having_stopped_has_no_stack_to_search) {
    struct fixture fixture = open_conservative("", "1");
    struct node *node = movable_node(&fixture, 7);
    struct team team = team_start(1, leave_when_asked_to_stop, fixture.heap);
    gate_wait_native(&is_attached, fixture.thread);
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    ck_assert_uint_eq(node->key, 7);
    pf_native_enter(fixture.thread);
    team_join(&team);
    pf_native_leave(fixture.thread);
    fixture_close(&fixture);
}
END_TEST

SUITE("unit/conservative", a_reference_in_a_local_keeps_its_object_where_it_is,
      what_no_word_of_the_stack_refers_to_is_collected, an_address_anywhere_inside_an_object_keeps_it,
      without_interior_addresses_only_the_first_byte_keeps_an_object,
      without_interior_addresses_tags_decide_what_a_reference_is,
      large_and_born_pinned_objects_are_kept_by_the_stack_as_well, without_the_option_the_stack_keeps_nothing,
      REGISTER_TESTS a_root_source_may_report_words_of_which_nobody_knows_what_they_are,
      a_thread_that_stops_outside_its_stack_is_refused, a_stack_that_a_thread_made_itself_is_searched_to_its_base_only,
      without_memory_for_pins_nothing_moves, a_thread_that_leaves_without_ever_having_stopped_has_no_stack_to_search)
