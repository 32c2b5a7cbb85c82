/* SPDX-License-Identifier: MIT
 *
 * Several threads, each with a list and handles of its own; some come when calls fail already, and may be turned away.
 */
#include <stdatomic.h>

#include "tests/fault/support/fault_program.h"
#include "tests/support/fixture.h"
#include "tests/support/replay.h"
#include "tests/support/team.h"

enum { MEMBERS = 4, ROUNDS = 4, LIST = 500, HANDLES = 40 };

static struct pf_heap *heap;
static atomic_size_t turned_away;

static struct pf_thread *attach(void) {
    struct pf_thread *thread = NULL;
    enum pf_status status = pf_thread_attach(heap, &thread);
    if (status != PINFOLD_OK && (status != PINFOLD_OUT_OF_MEMORY || thread != NULL)) {
        replay_fail("a thread is turned away with %s", pf_status_text(status));
    }
    if (thread == NULL) {
        atomic_fetch_add(&turned_away, 1);
    }
    return thread;
}

/* Returns how long it has become. */
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

static void use_handles(struct pf_thread *thread, void *object) {
    struct pf_handle *handles[HANDLES];
    size_t count = 0;
    while (object != NULL && count < HANDLES) {
        if (pf_handle_create(heap, count % 2 ? PINFOLD_HANDLE_WEAK : PINFOLD_HANDLE_PINNED, object, &handles[count]) !=
            PINFOLD_OK) {
            break;
        }
        count++;
    }
    pf_native_enter(thread);
    for (size_t i = 0; i < count; i++) {
        pf_handle_destroy(heap, handles[i]);
    }
    pf_native_leave(thread);
}

static void be_member(void *data, size_t index) {
    (void)data;
    struct pf_thread *thread = attach();
    if (thread == NULL) {
        return;
    }
    {
        PINFOLD_ROOTS(thread, root, 1);
        for (size_t round = 0; round < ROUNDS; round++) {
            size_t length = grow(thread, &root[0], LIST);
            use_handles(thread, root[0]);
            if ((round + index) % 3 == 0) {
                pf_collect(thread, (int)(index % 3), PINFOLD_COLLECT_COMPACT);
            }
            fixture_check_list(root[0], length);
        }
    }
    if (index % 2 == 0) {
        pf_thread_detach(thread); /* the others end attached */
    }
}

static void open(struct fault_scene *scene) {
    heap = scene->heap;
    atomic_store(&turned_away, 0);
}

static void work(struct fault_scene *scene) {
    team_run(scene->thread, MEMBERS, be_member, NULL);
}

static void check(struct fault_scene *scene) {
    struct pf_statistics statistics;
    atomic_store(&turned_away, 0);
    team_run(scene->thread, MEMBERS, be_member, NULL);
    pf_heap_statistics(heap, &statistics);
    if (atomic_load(&turned_away) != 0 || statistics.threads != 1) {
        replay_fail("%zu threads were turned away though nothing fails any more, and %zu are attached",
                    (size_t)atomic_load(&turned_away), statistics.threads);
    }
}

static void close(struct fault_scene *scene) {
    (void)scene;
}

static const struct fault_program programs[] = {
    {"threads", 0, 0, {{NULL, NULL}}, open, work, check, close},
    {"threads-workers", 0, 0, {{"mark_workers", "3"}, {"stress", "parallel"}}, open, work, check, close},
    {"threads-conservative", 0, 0, {{"conservative_stacks", "1"}}, open, work, check, close},
};

const struct fault_program_table fault_thread_programs = {programs, sizeof(programs) / sizeof(programs[0])};
