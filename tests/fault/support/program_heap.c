/* SPDX-License-Identifier: MIT
 *
 * A list that grows and shrinks, under everything that the heap does with memory beside allocating: segments of huge
 * pages, regions without collections, giving memory back, forks, samples, conservative stacks.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pinfold/fork.h"
#include "tests/fault/support/fault_program.h"
#include "tests/support/fixture.h"
#include "tests/support/replay.h"

enum { LIST = 800, CHILD_SECONDS = 20 };

static struct pf_root_source source;
static void *lists[3];
static size_t lengths[3];

static void enumerate_lists(struct pf_visitor *visitor, void *data) {
    (void)data;
    pf_visit_slots(visitor, lists, sizeof(lists) / sizeof(lists[0]));
}

static void open_lists(struct fault_scene *scene) {
    memset(lists, 0, sizeof(lists));
    memset(lengths, 0, sizeof(lengths));
    source = (struct pf_root_source){.enumerate = enumerate_lists};
    pf_root_source_add(scene->heap, &source);
}

static void close_lists(struct fault_scene *scene) {
    pf_root_source_remove(scene->heap, &source);
}

/* As long as it may be, up to `most`. */
static void grow(struct fault_scene *scene, size_t list, size_t most) {
    for (; lengths[list] < most; lengths[list]++) {
        struct node *node = pf_try_alloc(scene->thread, &node_type);
        if (node == NULL) {
            return;
        }
        node->key = lengths[list];
        pf_store(scene->thread, &node->left, lists[list]);
        lists[list] = node;
    }
}

static void drop(size_t list) {
    lists[list] = NULL;
    lengths[list] = 0;
}

static void check_lists(void) {
    for (size_t list = 0; list < sizeof(lists) / sizeof(lists[0]); list++) {
        fixture_check_list(lists[list], lengths[list]);
    }
}

static void require_full(size_t list, size_t length) {
    if (lengths[list] != length) {
        replay_fail("a list ends at %zu of %zu though nothing fails any more", lengths[list], length);
    }
}

static void try_large(struct fault_scene *scene, size_t size) {
    char *bytes = pf_try_alloc_array(scene->thread, &bytes_type, size);
    if (bytes != NULL) {
        memset(pf_elements(bytes), 0x5A, size);
    }
}

static void check(struct fault_scene *scene) {
    check_lists();
    pf_collect(scene->thread, 2, PINFOLD_COLLECT_COMPACT_LARGE);
    check_lists();
    drop(0);
    grow(scene, 0, LIST);
    require_full(0, LIST);
    check_lists();
}

/* --- the plain one, and one whose segments are large --- */

static void work(struct fault_scene *scene) {
    for (int round = 0; round < 3; round++) {
        drop(0);
        grow(scene, 0, LIST);
        grow(scene, 1, LIST * (size_t)(round + 1));
        try_large(scene, 200000);
        pf_collect(scene->thread, round, PINFOLD_COLLECT_COMPACT);
        check_lists();
    }
}

/* --- giving memory back --- */

static void work_giving_back(struct fault_scene *scene) {
    for (int round = 0; round < 2; round++) {
        grow(scene, 0, 20 * LIST);
        try_large(scene, 1500000);
        (void)pf_try_alloc_array_pinned(scene->thread, &bytes_type, 300000, 0);
        drop(0);
        grow(scene, 1, LIST);
        (void)pf_heap_idle(scene->thread, 10000000);
        pf_collect(scene->thread, 2, PINFOLD_COLLECT_AGGRESSIVE);
        (void)pf_collect_if_due(scene->thread, 2);
        check_lists();
    }
}

/* --- regions --- */

static void work_in_regions(struct fault_scene *scene) {
    for (size_t round = 0; round < 4; round++) {
        size_t large = round % 2 * 100000;
        enum pf_status status = pf_no_collection_begin(scene->thread, LIST * sizeof(struct node), large);
        if (status != PINFOLD_OK) {
            if (status != PINFOLD_CANNOT_COMMIT && status != PINFOLD_OUT_OF_MEMORY) {
                replay_fail("a region is refused with %s", pf_status_text(status));
            }
            continue;
        }
        size_t list = round % 3;
        drop(list);
        grow(scene, list, LIST);
        require_full(list, LIST);
        if (large != 0 && pf_try_alloc_array(scene->thread, &bytes_type, large - 64) == NULL) {
            replay_fail("the room of a region does not hold what was asked for");
        }
        status = pf_no_collection_end(scene->thread);
        if (status != PINFOLD_OK) {
            replay_fail("a region ends with %s", pf_status_text(status));
        }
    }
}

/* --- limits read anew --- */

static void work_within_limits(struct fault_scene *scene) {
    for (size_t round = 0; round < 3; round++) {
        struct pf_limits before;
        struct pf_limits after;
        grow(scene, round, LIST);
        pf_heap_limits(scene->heap, &before);
        enum pf_status status = pf_heap_refresh_limits(scene->thread);
        pf_heap_limits(scene->heap, &after);
        if (status != PINFOLD_OK && status != PINFOLD_LIMIT_UNKNOWN) {
            replay_fail("limits are refreshed with %s", pf_status_text(status));
        }
        if (before.whole.limit_bytes != after.whole.limit_bytes || before.container_bytes != after.container_bytes) {
            replay_fail("the limit of %zu bytes has become %zu", before.whole.limit_bytes, after.whole.limit_bytes);
        }
        check_lists();
    }
}

static void check_limits(struct fault_scene *scene) {
    enum pf_status status = pf_heap_refresh_limits(scene->thread);
    if (status != PINFOLD_OK) {
        replay_fail("limits are refreshed with %s though nothing fails any more", pf_status_text(status));
    }
    check(scene);
}

/* --- forks --- */

static void be_a_child(struct fault_scene *scene) {
    struct pf_message message = {""};
    alarm(CHILD_SECONDS);
    grow(scene, 2, LIST);
    pf_collect(scene->thread, 2, PINFOLD_COLLECT_COMPACT);
    check_lists();
    _exit(pf_heap_verify(scene->thread, &message) > 0);
}

static void work_and_fork(struct fault_scene *scene) {
    grow(scene, 0, LIST);
    pf_fork_prepare(scene->heap);
    pid_t child = fork();
    if (child == 0) {
        pf_fork_child(scene->heap);
        be_a_child(scene);
    }
    pf_fork_parent(scene->heap);
    int status = -1;
    pf_native_enter(scene->thread);
    (void)waitpid(child, &status, 0);
    pf_native_leave(scene->thread);
    if (status != 0) {
        replay_fail("the child of a fork ended with %#x", (unsigned)status);
    }
    work(scene);
}

/* --- samples --- */

static struct pf_listener listener;
static size_t frames;

static void note_sample(void *data, const struct pf_sample *sample) {
    char name[64];
    size_t offset;
    (void)data;
    if (sample->frame_count < 1 || sample->frames[0] == NULL || sample->weight == 0) {
        replay_fail("a sample has %zu frames and a weight of %zu", sample->frame_count, sample->weight);
    }
    if (frames == 0) { /* to look for a name takes as long as a small program */
        (void)pf_function_name(sample->frames[0], name, sizeof(name), &offset);
    }
    frames += sample->frame_count;
}

static void open_sampled(struct fault_scene *scene) {
    open_lists(scene);
    listener = (struct pf_listener){.allocation_sampled = note_sample};
    frames = 0;
    pf_heap_set_listener(scene->heap, &listener, NULL);
}

static void check_sampled(struct fault_scene *scene) {
    frames = 0;
    check(scene);
    drop(2);
    grow(scene, 2, 16 * LIST); /* so much that nothing drawn is once in e^400 runs */
    if (frames == 0) {
        replay_fail("nothing was sampled");
    }
}

/* --- conservative stacks --- */

static struct pf_frame_map map;

static void visit_no_slot(struct pf_visitor *visitor, const struct pf_machine_frame *frame, void *data) {
    (void)visitor;
    (void)frame;
    (void)data;
}

static void open_conservative(struct fault_scene *scene) {
    open_lists(scene);
    /* Of code that holds nothing but what its source of roots tells. */
    map = (struct pf_frame_map){.low = (const void *)(uintptr_t)visit_no_slot,
                                .high = (const void *)((uintptr_t)visit_no_slot + 1),
                                .visit = visit_no_slot};
    pf_frame_map_add(scene->heap, &map);
}

static int count_root(const struct pf_stack_root *root, void *data) {
    *(size_t *)data += root->object != NULL;
    return 0;
}

static void work_conservatively(struct fault_scene *scene) {
    struct node *volatile kept = pf_try_alloc(scene->thread, &node_type);
    size_t count = 0;
    if (kept != NULL) {
        kept->key = 77;
    }
    work(scene);
    (void)pf_stack_report(scene->thread, count_root, &count);
    if (kept != NULL && (kept->type != &node_type || kept->key != 77 || count == 0)) {
        replay_fail("what a local variable refers to has gone; %zu words of the stack hold objects", count);
    }
}

static void close_conservative(struct fault_scene *scene) {
    pf_frame_map_remove(scene->heap, &map);
    close_lists(scene);
}

static const struct fault_program first_programs[] = {
    {"first", 0, 1, {{NULL, NULL}}, open_lists, work, check, close_lists},
};

static const struct fault_program programs[] = {
    {"defaults", 1, 0, {{NULL, NULL}}, open_lists, work, check, close_lists},
    {"list", 0, 0, {{NULL, NULL}}, open_lists, work, check, close_lists},
    {"huge-pages", 0, 0, {{"reserve_size", "256Mi"}, {"segment_size", "32Mi"}}, open_lists, work, check, close_lists},
    {"on-demand", 0, 0, {{"initial_layout", "one_by_one"}}, open_lists, work, check, close_lists},
    {"two-blocks", 0, 0, {{"initial_layout", "two_blocks"}}, open_lists, work_giving_back, check, close_lists},
    {"give-back", 0, 0, {{"retain_vm", "1"}}, open_lists, work_giving_back, check, close_lists},
    {"region", 0, 0, {{NULL, NULL}}, open_lists, work_in_regions, check, close_lists},
    {"limits", 0, 0, {{NULL, NULL}}, open_lists, work_within_limits, check_limits, close_lists},
    {"fork", 0, 0, {{"mark_workers", "2"}, {"stress", "parallel"}}, open_lists, work_and_fork, check, close_lists},
    {"samples", 0, 0, {{"sample_interval", "1024"}}, open_sampled, work, check_sampled, close_lists},
    {"conservative",
     0,
     0,
     {{"conservative_stacks", "1"}, {"stress", "compact"}},
     open_conservative,
     work_conservatively,
     check,
     close_conservative},
};

const struct fault_program_table fault_heap_programs = {programs, sizeof(programs) / sizeof(programs[0])};
const struct fault_program_table fault_first_programs = {first_programs, 1};
