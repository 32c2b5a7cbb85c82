/* SPDX-License-Identifier: MIT
 *
 * The system's own limits, reached for real: mappings of a process, locked memory, address space, threads. What
 * tests/fault does call by call, without a fault point.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "alloc/platform/os_memory.h"
#include "alloc/platform/unmap.h"
#include "tests/support/child.h"
#include "tests/support/fixture.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"

enum { PAGE = 4096, LIST = 3000, CHILD_SECONDS = 60 };

static void run_child(void (*body)(void)) {
    struct child_result result = child_run(body);
    ck_assert_msg(result.exited && result.code == 0, "the child ended with %s %d: %s",
                  result.exited ? "code" : "signal", result.code, result.text);
}

static size_t grow(struct pf_thread *thread, void **list, size_t most) {
    size_t length = 0;
    *list = NULL;
    while (length < most) {
        struct node *node = pf_try_alloc(thread, &node_type);
        if (node == NULL) {
            break;
        }
        node->key = length++;
        pf_store(thread, &node->left, *list);
        *list = node;
    }
    return length;
}

/* Small, large and pinned objects come and go, memory goes back, and what stays is right. Returns the list's length. */
static size_t use_heap(struct pf_thread *thread) {
    PINFOLD_ROOTS(thread, root, 3);
    size_t length = 0;
    for (int round = 0; round < 3; round++) {
        length = grow(thread, &root[0], LIST);
        root[1] = pf_try_alloc_array(thread, &bytes_type, 400000);
        root[2] = pf_try_alloc_array_pinned(thread, &bytes_type, 300000, 0);
        for (int i = 1; i < 3; i++) {
            if (root[i] != NULL) {
                memset(pf_elements(root[i]), 0x77, 100000);
            }
        }
        pf_collect(thread, 2, PINFOLD_COLLECT_COMPACT_LARGE);
        fixture_check_list(root[0], length);
        root[1] = NULL;
        root[2] = NULL;
        pf_collect(thread, 2, PINFOLD_COLLECT_AGGRESSIVE);
        fixture_check_list(root[0], length);
    }
    return length;
}

static struct pf_options small_options(void) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "reserve_size", "16Mi");
    fixture_set(&options, "mark_stack_size", "64Ki");
    return options;
}

static void use_for_good(struct pf_heap *heap) {
    struct fixture fixture = {heap, NULL};
    ck_assert_int_eq(pf_thread_attach(heap, &fixture.thread), PINFOLD_OK);
    ck_assert_uint_eq(use_heap(fixture.thread), LIST);
    fixture_close(&fixture);
}

static struct pf_heap *try_heap(const struct pf_options *options) {
    struct pf_heap *heap = NULL;
    struct pf_message message = {""};
    enum pf_status status = pf_heap_create(options, &heap, &message);
    int is_status =
        status == PINFOLD_OUT_OF_MEMORY || status == PINFOLD_CANNOT_RESERVE || status == PINFOLD_CANNOT_COMMIT;
    ck_assert_msg(status == PINFOLD_OK || (is_status && heap == NULL && message.text[0] != '\0'), "%s: '%s'",
                  pf_status_text(status), message.text);
    return heap;
}

/* --- as many mappings as a process may have --- */

enum { MOST_MAPPINGS = 200000 };

static size_t largest_count(void) {
    size_t count = 0;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
    if (file != NULL) {
        ck_assert_int_eq(fscanf(file, "%zu", &count), 1);
        ck_assert_int_eq(fclose(file), 0);
    }
    return count;
}

/* A range in which each page is a mapping of its own, with one page in two that may be read. */
struct comb {
    char *base;
    size_t pages;
    size_t teeth; /* pages that may be read */
};

/* Teeth until the system has no mapping left to give. */
static struct comb comb_open(void) {
    struct comb comb = {.pages = MOST_MAPPINGS + 1};
    comb.base = mmap(NULL, comb.pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert_ptr_ne(comb.base, MAP_FAILED);
    while (2 * comb.teeth + 1 < comb.pages && mprotect(comb.base + (2 * comb.teeth + 1) * PAGE, PAGE, PROT_READ) == 0) {
        comb.teeth++;
    }
    return comb;
}

/* Each tooth less is two mappings more for others. */
static void comb_lose(struct comb *comb, size_t teeth) {
    for (; teeth != 0; teeth--) {
        comb->teeth--;
        ck_assert_int_eq(mprotect(comb->base + (2 * comb->teeth + 1) * PAGE, PAGE, PROT_NONE), 0);
    }
}

static void comb_close(const struct comb *comb) {
    ck_assert_int_eq(munmap(comb->base, comb->pages * PAGE), 0);
}

/* A heap in use while the last mappings go, one that is asked for then, and the end of both before any comes back. */
static void run_out_of_mappings(size_t spare) {
    struct pf_options options = small_options();
    struct fixture fixture = fixture_open(&options);
    ck_assert_uint_eq(use_heap(fixture.thread), LIST);
    struct comb comb = comb_open();
    comb_lose(&comb, spare);
    (void)use_heap(fixture.thread);
    fixture_verify(&fixture);
    struct pf_heap *second = try_heap(&options);
    if (second != NULL) {
        struct pf_thread *thread = NULL;
        ck_assert_int_eq(pf_thread_attach(second, &thread), PINFOLD_OK);
        (void)use_heap(thread);
        pf_thread_detach(thread);
        pf_heap_destroy(second);
    }
    pf_thread_detach(fixture.thread);
    pf_heap_destroy(fixture.heap);
    comb_close(&comb);
    use_for_good(try_heap(&options));
    ck_assert_uint_eq(pfi_unmap_waiting(), 0);
}

/* A hole would make two mappings of one. */
static void make_a_hole_without_a_mapping_left(void) {
    uintptr_t range = pfi_os_map_lazy(3 * PAGE);
    volatile char *hole = (volatile char *)(range + PAGE);
    *hole = 1;
    struct comb comb = comb_open();
    pfi_os_release(range + PAGE, PAGE);
    ck_assert_uint_eq(pfi_unmap_waiting(), PAGE);
    ck_assert_int_eq(*hole, 0);
    comb_close(&comb);
    pfi_os_release(range, PAGE);
    ck_assert_uint_eq(pfi_unmap_waiting(), 0);
    pfi_os_release(range + 2 * PAGE, PAGE);
}

static void run_out_of_mappings_again_and_again(void) {
    struct pf_options options = small_options();
    alarm(CHILD_SECONDS);
    use_for_good(try_heap(&options));
    size_t mappings = process_mappings();
    make_a_hole_without_a_mapping_left();
    for (size_t spare = 0; spare < 8; spare++) {
        run_out_of_mappings(spare);
        /* what has lain between others may have been split */
        ck_assert_uint_le(process_mappings(), mappings + 1);
    }
}

START_TEST(a_process_with_all_the_mappings_it_may_have_goes_on_and_leaves_none_when_it_has_room_again) {
    size_t most = largest_count();
    if (most == 0 || most > MOST_MAPPINGS || process_is_sanitized()) {
        return; /* too many to make in a test; and a sanitizer ends a program that it cannot map memory for */
    }
    run_child(run_out_of_mappings_again_and_again);
}
END_TEST

/* --- locked memory, which the system does not take back --- */

static void lock_and_use(void) {
    struct pf_options options = small_options();
    alarm(CHILD_SECONDS);
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
        return; /* not permitted */
    }
    struct pf_heap *heap = try_heap(&options);
    if (heap != NULL) {
        use_for_good(heap);
    }
    ck_assert_int_eq(munlockall(), 0);
    use_for_good(try_heap(&options));
}

START_TEST(a_heap_in_locked_memory_finds_it_zeroed_where_it_was_given_back) {
    if (process_limit_address_space(
            (size_t)1 << (PINFOLD_WORD_BITS == 64 ? 34 : 31))) { /* which a sanitizer's shadow cannot be locked into */
        run_child(lock_and_use);
    }
}
END_TEST

/* --- address space --- */

static const size_t steps[] = {0, 1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 48, 64, 128, 256, 1024};
static size_t step;

static void live_within(void) {
    struct pf_options options = fixture_tiny_options();
    alarm(CHILD_SECONDS);
    if (!process_limit_address_space(steps[step] << 20)) {
        return;
    }
    struct pf_heap *heap = try_heap(&options);
    struct pf_thread *thread = NULL;
    if (heap == NULL) {
        ck_assert_msg(steps[step] < 64, "%zu MiB of address space are too little for a heap", steps[step]);
        return;
    }
    if (pf_thread_attach(heap, &thread) == PINFOLD_OK) {
        struct pf_message message = {""};
        (void)use_heap(thread);
        ck_assert_int_le(pf_heap_verify(thread, &message), 0);
        pf_thread_detach(thread);
    }
    pf_heap_destroy(heap);
}

START_TEST(with_little_address_space_a_heap_is_refused_with_a_status_or_works) {
    for (step = 0; step < sizeof(steps) / sizeof(steps[0]); step++) {
        run_child(live_within);
    }
}
END_TEST

/* --- threads --- */

static void collect_without_helpers(void) {
    struct pf_options options = small_options();
    struct pf_collection newest;
    alarm(CHILD_SECONDS);
    fixture_set(&options, "mark_workers", "4");
    fixture_set(&options, "stress", "parallel");
    struct fixture fixture = fixture_open(&options);
    if (process_limit_address_space((size_t)512 << 10)) { /* the stack of a thread is 1 MiB */
        ck_assert_uint_eq(use_heap(fixture.thread), LIST);
        ck_assert_uint_eq(pf_heap_history(fixture.heap, &newest, 1), 1);
        ck_assert_uint_eq(newest.mark_workers, 1);
    }
    fixture_close(&fixture);
}

START_TEST(a_collection_that_cannot_have_threads_to_help_it_works_alone) {
    run_child(collect_without_helpers);
}
END_TEST

SUITE("stress/system_limits",
      a_process_with_all_the_mappings_it_may_have_goes_on_and_leaves_none_when_it_has_room_again,
      a_heap_in_locked_memory_finds_it_zeroed_where_it_was_given_back,
      with_little_address_space_a_heap_is_refused_with_a_status_or_works,
      a_collection_that_cannot_have_threads_to_help_it_works_alone)
