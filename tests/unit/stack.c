/* SPDX-License-Identifier: MIT
 *
 * Frame maps and the report of what stacks hold. Frames are unwound on x86-64 only; elsewhere they are searched like
 * any other, and the report knows no functions.
 */
#include "pinfold/stack.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/support/fatal.h"
#include "tests/support/hiding.h"
#include "tests/support/suite.h"

#define NOINLINE __attribute__((noinline))

static struct fixture open_conservative(void) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "conservative_stacks", "1");
    return fixture_open(&options);
}

#if defined(__x86_64__)

/* Code as a just-in-time compiler would make it: its frame is 48 bytes, with `pause` at 0, the argument at 8, a
 * reference at 16, which is what `make` returns, and at 24 a number that looks like the address of an object.
 *
 *     void *mapped_code(void *(*make)(void *), void (*pause)(void *), void *argument, const uintptr_t *disguised) */
__asm__(".text\n"
        ".globl mapped_code, mapped_code_end\n"
        ".type mapped_code, @function\n"
        "mapped_code:\n"
        ".cfi_startproc\n"
        "subq $40, %rsp\n"
        ".cfi_def_cfa_offset 48\n"
        "movq %rsi, 0(%rsp)\n"
        "movq %rdx, 8(%rsp)\n"
        "movq %rcx, 32(%rsp)\n"
        "movq %rdi, %rax\n"
        "movq %rdx, %rdi\n"
        "call *%rax\n"
        "movq %rax, 16(%rsp)\n"
        "movq 32(%rsp), %rcx\n"
        "movq (%rcx), %rcx\n"
        "notq %rcx\n"
        "movq %rcx, 24(%rsp)\n"
        "xorl %ecx, %ecx\n" /* what is called may push any register, for the sake of alignment alone */
        "xorl %eax, %eax\n"
        "movq 8(%rsp), %rdi\n"
        "call *0(%rsp)\n"
        "movq 16(%rsp), %rax\n"
        "addq $40, %rsp\n"
        ".cfi_def_cfa_offset 8\n"
        "ret\n"
        ".cfi_endproc\n"
        "mapped_code_end:\n"
        ".size mapped_code, . - mapped_code\n");
extern void *mapped_code(void *(*make)(void *), void (*pause)(void *), void *argument, const uintptr_t *disguised);
extern const char mapped_code_end[];

struct run {
    struct pf_thread *thread;
    uintptr_t reference; /* disguised: what lies at 16 */
    uintptr_t number;    /* and at 24 */
    int number_is_alive;
    int frames; /* that the map was asked about */
    atomic_int state;
};

static void visit_mapped(struct pf_visitor *visitor, const struct pf_machine_frame *frame, void *data) {
    struct run *run = data;
    ck_assert_uint_eq(frame->cfa - frame->sp, 48);
    ck_assert(frame->ip > (uintptr_t)mapped_code && frame->ip < (uintptr_t)mapped_code_end);
    pf_visit_slot(visitor, (void *)(frame->sp + 16));
    run->frames++;
}

static void *make_node(void *data) {
    struct run *run = data;
    run->number = hidden_node(run->thread, 2);
    run->reference = hidden_node(run->thread, 1);
    return hidden_address(run->reference);
}

static void collect_twice(void *data) {
    struct run *run = data;
    hidden_wipe_stack();
    pf_collect(run->thread, 0, PINFOLD_COLLECT_SWEEP);
    run->number_is_alive = hidden_is_alive(run->thread, run->number);
    hidden_wipe_stack();
    pf_collect(run->thread, 1, PINFOLD_COLLECT_COMPACT);
}

static struct pf_frame_map map_for(struct run *run) {
    return (struct pf_frame_map){(const void *)(uintptr_t)mapped_code, mapped_code_end, visit_mapped, run, NULL};
}

START_TEST(a_mapped_frame_has_its_slots_updated_and_its_other_words_hold_nothing) {
    struct fixture fixture = open_conservative();
    struct run run = {.thread = fixture.thread};
    struct pf_frame_map map = map_for(&run);
    pf_frame_map_add(fixture.heap, &map);
    struct node *node = mapped_code(make_node, collect_twice, &run, &run.number);
    ck_assert_int_ge(run.frames, 3); /* marking twice, relocation once */
    ck_assert(!run.number_is_alive);
    ck_assert_ptr_ne(node, hidden_address(run.reference));
    ck_assert_uint_eq(node->key, 1);
    pf_frame_map_remove(fixture.heap, &map);
    fixture_close(&fixture);
}
END_TEST

/* Between the mapped frame and the collection; the caller of the mapped code is on the other side. */
static void collect_holding(void *data) {
    struct run *run = data;
    uintptr_t disguised = hidden_node(run->thread, 3);
    struct node *volatile held = hidden_address(disguised);
    collect_twice(run);
    ck_assert(hidden_is_alive(run->thread, disguised));
    ck_assert_uint_eq(held->key, 3);
}

START_TEST(functions_on_both_sides_of_a_mapped_frame_are_searched) {
    struct fixture fixture = open_conservative();
    struct run run = {.thread = fixture.thread};
    struct pf_frame_map map = map_for(&run);
    pf_frame_map_add(fixture.heap, &map);
    uintptr_t disguised = hidden_node(fixture.thread, 6);
    struct node *volatile held = hidden_address(disguised);
    struct node *node = mapped_code(make_node, collect_holding, &run, &run.number);
    ck_assert_int_ge(run.frames, 3);
    ck_assert_ptr_ne(node, hidden_address(run.reference));
    ck_assert(hidden_is_alive(fixture.thread, disguised));
    ck_assert_uint_eq(held->key, 6);
    pf_frame_map_remove(fixture.heap, &map);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_frame_without_a_map_is_searched_like_any_other) {
    struct fixture fixture = open_conservative();
    struct run run = {.thread = fixture.thread};
    struct run elsewhere = {.thread = fixture.thread};
    struct pf_frame_map map = map_for(&elsewhere);
    map.low = mapped_code_end;
    map.high = mapped_code_end + 1;
    pf_frame_map_add(fixture.heap, &map);
    struct node *node = mapped_code(make_node, collect_twice, &run, &run.number);
    ck_assert_int_eq(elsewhere.frames, 0);
    ck_assert(run.number_is_alive);
    ck_assert_ptr_eq(node, hidden_address(run.reference));
    ck_assert_uint_eq(node->key, 1);
    pf_frame_map_remove(fixture.heap, &map);
    fixture_close(&fixture);
}
END_TEST

enum { STARTING, WAITING, COLLECTED };

static void wait_natively(void *data) {
    struct run *run = data;
    hidden_wipe_stack();
    pf_native_enter(run->thread);
    atomic_store(&run->state, WAITING);
    while (atomic_load(&run->state) != COLLECTED) {
    }
    pf_native_leave(run->thread);
}

static void *run_mapped(void *data) {
    struct run *run = data;
    struct pf_heap *heap = run->thread->heap;
    if (pf_thread_attach(heap, &run->thread) != PINFOLD_OK) {
        ck_abort_msg("a thread could not attach");
    }
    struct node *node = mapped_code(make_node, wait_natively, run, &run->number);
    ck_assert_ptr_ne(node, hidden_address(run->reference));
    ck_assert_uint_eq(node->key, 1);
    pf_thread_detach(run->thread);
    return NULL;
}

START_TEST(mapped_frames_of_native_threads_are_found) {
    struct fixture fixture = open_conservative();
    struct run run = {.thread = fixture.thread};
    struct pf_frame_map map = map_for(&run);
    pthread_t thread;
    pf_frame_map_add(fixture.heap, &map);
    ck_assert_int_eq(pthread_create(&thread, NULL, run_mapped, &run), 0);
    while (atomic_load(&run.state) != WAITING) {
        pf_safepoint(fixture.thread);
    }
    pf_collect(fixture.thread, 0, PINFOLD_COLLECT_SWEEP);
    ck_assert(!hidden_is_alive(fixture.thread, run.number));
    pf_collect(fixture.thread, 1, PINFOLD_COLLECT_COMPACT);
    ck_assert_int_ge(run.frames, 3);
    atomic_store(&run.state, COLLECTED);
    pf_native_enter(fixture.thread);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    pf_native_leave(fixture.thread);
    pf_frame_map_remove(fixture.heap, &map);
    fixture_close(&fixture);
}
END_TEST

/* --- the report --- */

struct wanted {
    uintptr_t disguised;
    intptr_t offset;
    struct pf_thread *thread;
    const void *low; /* where the slot has to lie */
    const void *high;
    const char *function;
    int found;
    int roots;
};

static int look_at_root(const struct pf_stack_root *root, void *data) {
    struct wanted *wanted = data;
    wanted->roots++;
    if (root->object == hidden_address(wanted->disguised) && root->thread == wanted->thread &&
        root->slot >= wanted->low && root->slot < wanted->high && strcmp(root->function, wanted->function) == 0) {
        ck_assert_ptr_eq(root->address, (char *)root->object + wanted->offset);
        ck_assert_ptr_eq(root->type, &node_type);
        ck_assert_uint_gt(root->offset, 0);
        wanted->found++;
    }
    return 0;
}

NOINLINE static int report_from_holder(struct wanted *wanted) {
    void *volatile held = (char *)hidden_address(wanted->disguised) + wanted->offset;
    wanted->low = (const void *)(uintptr_t)&held;
    wanted->high = (const char *)wanted->low + 1;
    int result = pf_stack_report(wanted->thread, look_at_root, wanted);
    held = NULL;
    (void)held;
    return result;
}

START_TEST(a_report_names_the_object_the_slot_and_the_function_of_what_a_stack_holds) {
    struct fixture fixture = open_conservative();
    struct wanted wanted = {.thread = fixture.thread, .offset = 9, .function = "report_from_holder"};
    wanted.disguised = hidden_node(fixture.thread, 4);
    ck_assert_int_eq(report_from_holder(&wanted), 0);
    ck_assert_int_eq(wanted.found, 1);
    fixture_close(&fixture);
}
END_TEST

NOINLINE static void hold_natively(struct run *run) {
    void *volatile held = hidden_address(run->reference);
    wait_natively(run);
    held = NULL;
    (void)held;
}

static void *run_holder(void *data) {
    struct run *run = data;
    struct pf_heap *heap = run->thread->heap;
    if (pf_thread_attach(heap, &run->thread) != PINFOLD_OK) {
        ck_abort_msg("a thread could not attach");
    }
    run->reference = hidden_node(run->thread, 5);
    hold_natively(run);
    pf_thread_detach(run->thread);
    return NULL;
}

START_TEST(a_report_tells_of_native_threads_as_well) {
    struct fixture fixture = open_conservative();
    struct run run = {.thread = fixture.thread};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, run_holder, &run), 0);
    while (atomic_load(&run.state) != WAITING) {
        pf_safepoint(fixture.thread);
    }
    struct wanted wanted = {.disguised = run.reference,
                            .thread = run.thread,
                            .high = (const void *)UINTPTR_MAX,
                            .function = "hold_natively"};
    ck_assert_int_eq(pf_stack_report(fixture.thread, look_at_root, &wanted), 0);
    ck_assert_int_ge(wanted.found, 1);
    atomic_store(&run.state, COLLECTED);
    pf_native_enter(fixture.thread);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    pf_native_leave(fixture.thread);
    fixture_close(&fixture);
}
END_TEST

#define UNWINDING_TESTS                                                                                           \
    a_mapped_frame_has_its_slots_updated_and_its_other_words_hold_nothing,                                        \
        functions_on_both_sides_of_a_mapped_frame_are_searched, a_frame_without_a_map_is_searched_like_any_other, \
        mapped_frames_of_native_threads_are_found,                                                                \
        a_report_names_the_object_the_slot_and_the_function_of_what_a_stack_holds,                                \
        a_report_tells_of_native_threads_as_well,
#else
#define UNWINDING_TESTS
#endif

static int stop_at_once(const struct pf_stack_root *root, void *data) {
    (void)root;
    ++*(int *)data;
    return 17;
}

START_TEST(a_nonzero_result_ends_the_report) {
    struct fixture fixture = open_conservative();
    void *volatile held[3];
    int calls = 0;
    for (int i = 0; i < 3; i++) {
        held[i] = fixture_node(fixture.thread, 1);
    }
    ck_assert_int_eq(pf_stack_report(fixture.thread, stop_at_once, &calls), 17);
    ck_assert_int_eq(calls, 1);
    ck_assert_uint_eq(((struct node *)held[2])->key, 1);
    fixture_close(&fixture);
}
END_TEST

START_TEST(without_the_option_there_is_nothing_to_report) {
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    int calls = 0;
    void *volatile held = fixture_node(fixture.thread, 1);
    ck_assert_int_eq(pf_stack_report(fixture.thread, stop_at_once, &calls), 0);
    ck_assert_int_eq(calls, 0);
    ck_assert_ptr_nonnull(held);
    fixture_close(&fixture);
}
END_TEST

static void visit_nothing(struct pf_visitor *visitor, const struct pf_machine_frame *frame, void *data) {
    (void)visitor;
    (void)frame;
    (void)data;
}

START_TEST(frame_maps_that_make_no_sense_are_refused) {
    static const char code[16];
    struct fixture fixture = open_conservative();
    struct pf_frame_map map = {code, code + 16, visit_nothing, NULL, NULL};
    struct pf_frame_map empty = {code, code, visit_nothing, NULL, NULL};
    ck_assert_refused(pf_frame_map_add(fixture.heap, &empty), "pf_frame_map_add,empty");
    ck_assert_refused(pf_frame_map_remove(fixture.heap, &map), "never added");
    pf_frame_map_add(fixture.heap, &map);
    ck_assert_refused(pf_frame_map_add(fixture.heap, &map), "added before");
}
END_TEST

START_TEST(frame_maps_need_the_option) {
    static const char code[16];
    struct pf_options options = fixture_tiny_options();
    struct fixture fixture = fixture_open(&options);
    struct pf_frame_map map = {code, code + 16, visit_nothing, NULL, NULL};
    ck_assert_refused(pf_frame_map_add(fixture.heap, &map), "conservative_stacks");
}
END_TEST

SUITE("unit/stack", UNWINDING_TESTS a_nonzero_result_ends_the_report, without_the_option_there_is_nothing_to_report,
      frame_maps_that_make_no_sense_are_refused, frame_maps_need_the_option)
