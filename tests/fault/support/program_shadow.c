/* SPDX-License-Identifier: MIT
 *
 * The random program of tests/support/mutator.h on the heaps that differ most in what they ask of the system.
 */
#include "tests/fault/support/fault_program.h"
#include "tests/support/mutator.h"
#include "tests/support/settings.h"
#include "tests/support/shadow_check.h"
#include "tests/support/shadow_pin.h"

enum { OPERATIONS = 100, MORE_OPERATIONS = 20 };

static struct shadow shadow;
static struct random sequence;
static struct mutator_limits limits;

static void note_collection(void *data, const struct pf_collection *record) {
    (void)record;
    shadow_note_collection(data);
}

static void open(struct fault_scene *scene) {
    shadow_init(&shadow, scene->heap);
    shadow.listener.collection_end = note_collection;
    pf_heap_set_listener(scene->heap, &shadow.listener, &shadow);
    shadow.thread = scene->thread;
    pf_root_source_add(scene->heap, &shadow.source);
    sequence = (struct random){scene->seed};
    limits = mutator_default_limits(pf_heap_options(scene->heap));
    limits.live_bytes = 200000;
}

static void run(uint64_t first, uint64_t operations) {
    shadow.may_be_refused = 1;
    limits.may_fill = 1;
    mutator_run(&shadow, &sequence, &limits, first, settings_operations(operations));
}

static void work(struct fault_scene *scene) {
    (void)scene;
    run(0, OPERATIONS);
}

static void work_with_pins(struct fault_scene *scene) {
    (void)scene;
    limits.pins = 100;
    limits.pin_per_mille = 200;
    limits.born_pinned_per_mille = 200;
    run(0, OPERATIONS);
}

static void work_with_large_objects(struct fault_scene *scene) {
    (void)scene;
    limits.live_bytes = 400000;
    limits.large_size *= 6;
    limits.large_per_mille = 200;
    limits.collect_per_mille = 50;
    run(0, OPERATIONS);
}

/* Everything may be had again, so everything that can be refused for want of memory is not. */
static void check(struct fault_scene *scene) {
    pf_collect(scene->thread, 2, PINFOLD_COLLECT_DEFAULT);
    shadow_check(&shadow);
    shadow_check_exact(&shadow);
    shadow.may_be_refused = 0;
    shadow_verify(&shadow);
    limits.may_fill = 0;
    mutator_run(&shadow, &sequence, &limits, OPERATIONS, MORE_OPERATIONS);
    shadow_check(&shadow);
}

static void close(struct fault_scene *scene) {
    shadow_leave(&shadow);
    shadow_finish(&shadow);
    scene->thread = NULL;
}

#define RANDOM_PROGRAM(name, work, ...) \
    { name, 0, 0, {__VA_ARGS__}, open, work, check, close }

static const struct fault_program programs[] = {
    RANDOM_PROGRAM("random", work, {"mark_workers", "1"}),
    RANDOM_PROGRAM("random-expand-standby", work, {"retain_vm", "1"}, {"stress", "expand,poison"}),
    RANDOM_PROGRAM("random-sweep", work, {"stress", "sweep"}),
    RANDOM_PROGRAM("random-verify", work, {"stress", "collect=40,verify"}),
    RANDOM_PROGRAM("random-small-mark-stack", work, {"mark_stack_size", "4096"}, {"stress", "compact"}),
    RANDOM_PROGRAM("random-workers", work, {"mark_workers", "3"}, {"stress", "parallel"}),
    RANDOM_PROGRAM("random-pins", work_with_pins, {"stress", "compact"}),
    RANDOM_PROGRAM("random-pins-no-demotion", work_with_pins, {"demotion", "0"}),
    RANDOM_PROGRAM("random-large", work_with_large_objects, {"large_size", "64K"}),
    RANDOM_PROGRAM("random-limited", work_with_large_objects, {"hard_limit", "8M"}),
};

const struct fault_program_table fault_shadow_programs = {programs, sizeof(programs) / sizeof(programs[0])};
