/* SPDX-License-Identifier: MIT
 *
 * The first runs of a program happen without faults and in the process that starts the others, so that whatever is made
 * once for a process (stacks that the C library keeps, the key for the ends of threads) is there before anything is
 * counted.
 */
#include "tests/fault/support/fault_run.h"

#include <check.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc/platform/thread.h"
#include "alloc/platform/unmap.h"
#include "tests/fault/support/live_blocks.h"
#include "tests/support/fixture.h"
#include "tests/support/process.h"
#include "tests/support/replay.h"
#include "tests/support/team.h"

enum { SECONDS = 20, ERRNO_MARK = 4711, THREADS = 4 };

static uint64_t seed;
static const struct fault_program *warm; /* its first runs are over */

static const char *const mode_names[FAULT_MODES] = {"once", "on"};

/* Shared with the children. */
static struct fault_report {
    struct fault_tally tally;
    int is_over; /* the child has come to its end */
} * report;

/* --- one run --- */

static struct pf_options options_of(const struct fault_program *program) {
    struct pf_options options = program->is_default ? fixture_options() : fixture_tiny_options();
    if (!program->is_default) {
        fixture_set(&options, "reserve_size", "16Mi");
    }
    for (const struct fault_setting *setting = program->settings; setting->name != NULL; setting++) {
        fixture_set(&options, setting->name, setting->text);
    }
    return options;
}

static void require_errno(const char *call) {
    if (errno != ERRNO_MARK) {
        replay_fail("%s has changed errno to %d", call, errno);
    }
}

/* A heap that is refused is refused with a sentence, and can be had when calls do not fail. */
static struct pf_heap *create(const struct fault_program *program) {
    struct pf_options options = options_of(program);
    struct pf_message message = {""};
    struct pf_heap *heap = NULL;
    errno = ERRNO_MARK;
    enum pf_status status = pf_heap_create(&options, &heap, &message);
    require_errno("pf_heap_create");
    if (status == PINFOLD_OK) {
        return heap;
    }
    if (heap != NULL || message.text[0] == '\0' ||
        (status != PINFOLD_OUT_OF_MEMORY && status != PINFOLD_CANNOT_RESERVE && status != PINFOLD_CANNOT_COMMIT &&
         status != PINFOLD_LIMIT_UNKNOWN)) {
        replay_fail("a heap is refused with %s: '%s'", pf_status_text(status), message.text);
    }
    pfi_fault_pause();
    status = pf_heap_create(&options, &heap, &message);
    if (status != PINFOLD_OK) {
        replay_fail("a heap is refused though nothing fails any more: %s", message.text);
    }
    pfi_fault_go_on();
    return heap;
}

static struct pf_thread *attach(struct pf_heap *heap) {
    struct pf_thread *thread = NULL;
    errno = ERRNO_MARK;
    enum pf_status status = pf_thread_attach(heap, &thread);
    require_errno("pf_thread_attach");
    if (status == PINFOLD_OK) {
        return thread;
    }
    if (thread != NULL || status != PINFOLD_OUT_OF_MEMORY) {
        replay_fail("a thread is refused with %s", pf_status_text(status));
    }
    pfi_fault_pause();
    thread = team_attach(heap);
    pfi_fault_go_on();
    return thread;
}

static void verify(struct pf_thread *thread) {
    struct pf_message message = {""};
    if (pf_heap_verify(thread, &message) != 0) {
        replay_fail("the heap does not verify: %s", message.text);
    }
}

static void perform(const struct fault_program *program) {
    struct fault_scene scene = {create(program), NULL, seed};
    scene.thread = attach(scene.heap);
    program->open(&scene);
    program->work(&scene);
    pfi_fault_pause();
    verify(scene.thread);
    program->check(&scene);
    verify(scene.thread);
    pfi_fault_go_on();
    program->close(&scene);
    if (scene.thread != NULL) {
        pf_thread_detach(scene.thread);
    }
    errno = ERRNO_MARK;
    pf_heap_destroy(scene.heap);
    require_errno("pf_heap_destroy");
    pfi_fault_pause();
}

static void plan_for(const struct fault_case *run, struct pfi_fault_plan *plan) {
    *plan = (struct pfi_fault_plan){
        .site = run->site, .first = run->number, .count = run->mode == FAULT_ONCE ? 1 : UINTPTR_MAX};
}

/* --- processes --- */

/* The main thread's stack is not the only one of which the C library keeps what it has once made. */
static void be_nobody(void *data, size_t index) {
    (void)data;
    (void)index;
    team_sleep_ms(20);
}

static void be_worker(void *argument) {
    be_nobody(argument, 0);
}

static void make_stacks(void) {
    struct pfi_thread_handle workers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        ck_assert(pfi_thread_start(&workers[i], be_worker, NULL));
    }
    struct team team = team_start(THREADS, be_nobody, NULL);
    team_join(&team);
    for (int i = 0; i < THREADS; i++) {
        pfi_thread_join(&workers[i]);
    }
}

/* A child's heap of malloc that grows is a mapping beside the one that it had from its parent: it is made large enough
 * before, and stays so. */
static void make_room_for_malloc(void) {
    enum { ROOM = 4 << 20 };
    ck_assert_int_eq(mallopt(M_TRIM_THRESHOLD, 4 * ROOM), 1);
    void *room = malloc(ROOM);
    ck_assert_ptr_nonnull(room);
    free(room);
}

void fault_run_prepare(uint64_t first_seed) {
    seed = first_seed;
    if (!process_is_sanitized()) {
        ck_assert_int_eq(mallopt(M_ARENA_MAX, 1), 1);
        ck_assert_int_eq(mallopt(M_MMAP_MAX, 0), 1);
        make_room_for_malloc();
    }
    report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(report, MAP_FAILED);
    make_stacks();
}

void fault_run_next_seed(void) {
    seed++;
    warm = NULL;
}

/* What could not be unmapped is now; then nothing must be left. */
static void require_nothing_left(size_t mappings, long blocks) {
    pfi_unmap_again();
    if (pfi_unmap_waiting() != 0) {
        replay_fail("%zu bytes wait to be unmapped though nothing fails any more", pfi_unmap_waiting());
    }
    if (live_blocks() != blocks || live_blocks_are_lost()) {
        replay_fail("%ld blocks of memory are left, %ld were there before", live_blocks(), blocks);
    }
    size_t left = process_mappings();
    if (!process_is_sanitized() && left != mappings) {
        replay_fail("%zu mappings are left, %zu were there before", left, mappings);
    }
}

static void be_child(const struct fault_case *run, const char *name) {
    struct pfi_fault_plan plan;
    plan_for(run, &plan);
    alarm(SECONDS);
    replay_begin(name, seed);
    size_t mappings = process_mappings();
    long blocks = live_blocks();
    pfi_fault_arm(&plan);
    perform(run->program);
    for (int site = 0; site < PINFOLD_FAULT_ANY; site++) {
        report->tally.hits[site] = pfi_fault_hits((enum pfi_fault_site)site);
        report->tally.failures[site] = pfi_fault_failures((enum pfi_fault_site)site);
    }
    require_nothing_left(mappings, blocks);
    report->is_over = 1;
    _exit(0);
}

static void judge(const struct fault_case *run, int status) {
    char text[200];
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && report->is_over) {
        return;
    }
    fault_case_print(run, text, sizeof(text));
    (void)fprintf(stderr, "%s %s (PINFOLD_TEST_SEED=%llu PINFOLD_TEST_FAULT=%s fault.sweep repeats it)\n", text,
                  WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "hangs"
                  : WIFSIGNALED(status)                              ? strsignal(WTERMSIG(status))
                                                                     : "fails",
                  (unsigned long long)seed, text);
    exit(EXIT_FAILURE); /* what was wrong has been said by the child */
}

uintptr_t fault_run(const struct fault_case *run, struct fault_tally *tally) {
    static char name[200];
    uintptr_t failures = 0;
    if (warm != run->program && !run->program->is_cold) {
        warm = run->program;
        replay_begin(run->program->name, seed);
        perform(run->program);
        perform(run->program);
    }
    memset(report, 0, sizeof(*report));
    fault_case_print(run, name, sizeof(name));
    (void)fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        be_child(run, name);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    judge(run, status);
    for (int site = 0; site < PINFOLD_FAULT_ANY; site++) {
        tally->hits[site] += report->tally.hits[site];
        tally->failures[site] += report->tally.failures[site];
        failures += report->tally.failures[site];
    }
    return failures;
}

/* --- cases as text --- */

void fault_case_print(const struct fault_case *run, char *text, size_t size) {
    (void)snprintf(text, size, "%s:%s:%zu:%s", run->program->name,
                   run->site == PINFOLD_FAULT_ANY ? "any" : pfi_fault_name(run->site), (size_t)run->number,
                   mode_names[run->mode]);
}

static int parse_site(const char *text, enum pfi_fault_site *site) {
    for (int i = 0; i < PINFOLD_FAULT_ANY; i++) {
        if (strcmp(text, pfi_fault_name((enum pfi_fault_site)i)) == 0) {
            *site = (enum pfi_fault_site)i;
            return 1;
        }
    }
    *site = PINFOLD_FAULT_ANY;
    return strcmp(text, "any") == 0;
}

int fault_case_parse(const char *text, struct fault_case *run) {
    char program[64];
    char site[64];
    char mode[8];
    size_t number;
    int end = 0;
    if (sscanf(text, "%63[^:]:%63[^:]:%zu:%7[a-z]%n", program, site, &number, mode, &end) != 4 || text[end] != '\0') {
        return 0;
    }
    run->program = fault_program_named(program);
    run->number = number;
    run->mode = strcmp(mode, mode_names[FAULT_ONCE]) == 0 ? FAULT_ONCE : FAULT_ON;
    return run->program != NULL && parse_site(site, &run->site) && strcmp(mode, mode_names[run->mode]) == 0;
}
