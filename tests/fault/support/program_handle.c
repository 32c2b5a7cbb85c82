/* SPDX-License-Identifier: MIT
 *
 * What grows beside the heap: handles, dependent ones among them, weak tables, registrations for finalization.
 */
#include <string.h>

#include "tests/fault/support/fault_program.h"
#include "tests/support/fixture.h"
#include "tests/support/replay.h"

enum { MOST = 3000, MORE = 4 };

static struct pf_root_source source;
static void *roots[4];

static void enumerate_roots(struct pf_visitor *visitor, void *data) {
    (void)data;
    pf_visit_slots(visitor, roots, sizeof(roots) / sizeof(roots[0]));
}

static void open_roots(struct fault_scene *scene) {
    memset(roots, 0, sizeof(roots));
    source = (struct pf_root_source){.enumerate = enumerate_roots};
    pf_root_source_add(scene->heap, &source);
}

static void close_roots(struct fault_scene *scene) {
    pf_root_source_remove(scene->heap, &source);
}

static void require_refusal(enum pf_status status, const char *what) {
    if (status != PINFOLD_OK && status != PINFOLD_OUT_OF_MEMORY) {
        replay_fail("%s: %s", what, pf_status_text(status));
    }
}

static struct node *try_node(struct fault_scene *scene, uintptr_t key) {
    struct node *node = pf_try_alloc(scene->thread, &node_type);
    if (node == NULL) {
        require_refusal(pf_thread_status(scene->thread), "an allocation");
        return NULL;
    }
    node->key = key;
    return node;
}

/* --- handles of all kinds --- */

static struct pf_handle *handles[MOST + MORE];
static uintptr_t handle_keys[MOST + MORE];
static size_t handle_count;

static void open_handles(struct fault_scene *scene) {
    open_roots(scene);
    handle_count = 0;
}

/* The key of a dependent one is held by a handle before it. */
static enum pf_status make_handle(struct fault_scene *scene, size_t number, struct node *node) {
    struct pf_handle **place = &handles[handle_count];
    switch (number % 4) {
    case 0:
        return pf_dependent_create(scene->heap, roots[0], node, place);
    case 1:
        return pf_pin(scene->heap, node, place);
    case 2:
        return pf_handle_create(scene->heap, PINFOLD_HANDLE_WEAK, roots[0], place);
    default:
        return pf_handle_create(scene->heap, PINFOLD_HANDLE_STRONG, node, place);
    }
}

static void add_handle(struct fault_scene *scene, size_t number) {
    struct node *node = try_node(scene, number);
    if (node == NULL) {
        return;
    }
    roots[1] = node;
    roots[0] = roots[0] == NULL ? node : roots[0];
    enum pf_status status = make_handle(scene, number, roots[1]);
    require_refusal(status, "a handle");
    if (status == PINFOLD_OK) {
        handle_keys[handle_count++] = number % 4 == 2 ? ((const struct node *)roots[0])->key : number;
    }
}

static void work_with_handles(struct fault_scene *scene) {
    for (size_t i = 0; i < MOST; i++) {
        add_handle(scene, i);
        if (i % 700 == 350) {
            pf_collect(scene->thread, (int)(i / 700 % 3), PINFOLD_COLLECT_COMPACT);
        }
    }
}

static void check_handle(size_t index) {
    const struct node *key = pf_handle_get(handles[index]);
    const struct node *dependent = NULL;
    if (key == roots[0] && handle_keys[index] != key->key) {
        dependent = pf_dependent_value(handles[index]);
    }
    const struct node *held = dependent != NULL ? dependent : key;
    if (held == NULL || held->type != &node_type || held->key != handle_keys[index]) {
        replay_fail("handle %zu of %zu should hold key %zu", index, handle_count, (size_t)handle_keys[index]);
    }
}

static void check_handles(struct fault_scene *scene) {
    pf_collect(scene->thread, 2, PINFOLD_COLLECT_COMPACT);
    for (size_t i = 0; i < handle_count; i++) {
        check_handle(i);
    }
    size_t before = handle_count;
    for (size_t number = 0; number < MORE; number++) {
        add_handle(scene, number);
    }
    if (handle_count != before + MORE) {
        replay_fail("%zu of %d more handles were made", handle_count - before, MORE);
    }
}

static void close_handles(struct fault_scene *scene) {
    for (size_t i = 0; i < handle_count; i++) {
        pf_handle_destroy(scene->heap, handles[i]);
    }
    close_roots(scene);
}

/* --- a weak table --- */

enum { ENTRIES = 600 };

static struct pf_weak_table *table;
static unsigned char is_entered[ENTRIES];

static void open_table(struct fault_scene *scene) {
    open_roots(scene);
    table = NULL;
    memset(is_entered, 0, sizeof(is_entered));
}

/* Keys are the list from roots[0] on, newest first. */
static void enter_next(struct fault_scene *scene, size_t number) {
    struct node *key = try_node(scene, number);
    if (key == NULL) {
        return;
    }
    pf_store(scene->thread, &key->left, roots[0]);
    roots[0] = key;
    roots[1] = try_node(scene, 2 * number);
    enum pf_status status = table == NULL ? pf_weak_table_create(scene->heap, &table) : PINFOLD_OK;
    require_refusal(status, "a weak table");
    if (roots[1] != NULL && status == PINFOLD_OK) {
        status = pf_weak_table_insert(table, roots[0], roots[1]);
        require_refusal(status, "an entry of a weak table");
        is_entered[number] = status == PINFOLD_OK;
    }
}

static void work_with_table(struct fault_scene *scene) {
    for (size_t number = 0; number < ENTRIES; number++) {
        enter_next(scene, number);
        if (number % 150 == 100) {
            pf_collect(scene->thread, (int)(number / 150 % 3), PINFOLD_COLLECT_COMPACT);
        }
    }
}

static void check_entry(const struct node *key) {
    void *value = NULL;
    int is_found = table != NULL && pf_weak_table_find(table, key, &value);
    if (is_found != is_entered[key->key]) {
        replay_fail("key %zu is %s", (size_t)key->key, is_found ? "found" : "lost");
    }
    if (is_found && ((const struct node *)value)->key != 2 * key->key) {
        replay_fail("key %zu has the value %zu", (size_t)key->key, (size_t)((const struct node *)value)->key);
    }
}

static void check_table(struct fault_scene *scene) {
    pf_collect(scene->thread, 2, PINFOLD_COLLECT_COMPACT);
    for (const struct node *key = roots[0]; key != NULL; key = key->left) {
        check_entry(key);
    }
    enter_next(scene, 0);
    if (!is_entered[0]) {
        replay_fail("an entry was refused though nothing fails any more");
    }
}

static void close_table(struct fault_scene *scene) {
    pf_weak_table_destroy(table);
    close_roots(scene);
}

/* --- finalizers --- */

enum { REGISTRATIONS = 1500 };

static unsigned char is_registered[REGISTRATIONS];
static size_t registered;

static const struct pf_type finalizable_type =
    PINFOLD_FIXED_TYPE_WITH("finalizable", struct node, 0, PINFOLD_TYPE_FINALIZABLE);

static void open_finalizers(struct fault_scene *scene) {
    open_roots(scene);
    memset(is_registered, 0, sizeof(is_registered));
    registered = 0;
}

/* Half of them are registered as they are born, the others later. */
static void add_finalizable(struct fault_scene *scene, size_t number) {
    int is_born_so = number % 2 == 0;
    struct node *node = pf_try_alloc(scene->thread, is_born_so ? &finalizable_type : &node_type);
    if (node == NULL) {
        require_refusal(pf_thread_status(scene->thread), "an allocation with a finalizer");
        return;
    }
    node->key = number;
    enum pf_status status = is_born_so ? PINFOLD_OK : pf_finalizer_register(scene->thread, node);
    require_refusal(status, "a finalizer");
    int is_suppressed = status == PINFOLD_OK && number % 5 == 0;
    if (is_suppressed && pf_finalizer_suppress(scene->thread, node) != 1) {
        replay_fail("the registration of object %zu cannot be found", number);
    }
    is_registered[number] = status == PINFOLD_OK && !is_suppressed;
    registered += is_registered[number];
}

static void take_ready(struct fault_scene *scene) {
    void *object;
    while (pf_finalizer_next(scene->thread, &object)) {
        size_t number = ((const struct node *)object)->key;
        if (number >= REGISTRATIONS || !is_registered[number]) {
            replay_fail("object %zu is finalized though it is not registered", number);
        }
        is_registered[number] = 0;
        registered--;
    }
}

static void work_with_finalizers(struct fault_scene *scene) {
    for (size_t number = 0; number < REGISTRATIONS; number++) {
        add_finalizable(scene, number);
        if (number % 400 == 200) {
            pf_collect(scene->thread, (int)(number / 400 % 3), PINFOLD_COLLECT_DEFAULT);
            take_ready(scene);
        }
    }
}

static void check_finalizers(struct fault_scene *scene) {
    for (int round = 0; round < 2; round++) {
        pf_collect(scene->thread, 2, PINFOLD_COLLECT_DEFAULT);
        take_ready(scene);
        if (registered != 0) {
            replay_fail("%zu registered objects are dead and not finalized", registered);
        }
        add_finalizable(scene, 1);
        if (!is_registered[1]) {
            replay_fail("a registration was refused though nothing fails any more");
        }
    }
}

static const struct fault_program programs[] = {
    {"handles", 0, 0, {{NULL, NULL}}, open_handles, work_with_handles, check_handles, close_handles},
    {"weak-table", 0, 0, {{NULL, NULL}}, open_table, work_with_table, check_table, close_table},
    {"finalizers", 0, 0, {{NULL, NULL}}, open_finalizers, work_with_finalizers, check_finalizers, close_roots},
};

const struct fault_program_table fault_handle_programs = {programs, sizeof(programs) / sizeof(programs[0])};
