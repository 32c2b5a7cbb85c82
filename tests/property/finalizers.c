/* SPDX-License-Identifier: MIT
 *
 * A random program with finalizers, beside a model of it: objects with two references each, a table of roots, pins,
 * and registrations. The model knows exactly what a full collection makes ready, and in which order. Of a collection of
 * younger generations it knows what may become ready at most: what then does is taken at once and must be among that,
 * in the order of registration, and as many as the record says.
 */
#include <stdlib.h>
#include <string.h>

#include "pinfold/pinfold.h"
#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { SEEDS = 3, OPERATIONS = 6000, ROOTS = 40, PINS = 12, MOST = 4000, LARGE_LENGTH = 5000 };

struct item {
    const struct pf_type *type;
    size_t length;
    struct item *edges[2];
    uintptr_t id;
};
static const struct pf_run item_runs[] = {{2 * sizeof(void *), 2}};
static struct pf_type item_types[2]; /* the second one is finalizable */

/* --- the model --- */

struct model_object {
    uintptr_t id; /* 0: unused */
    struct model_object *edges[2];
    uint64_t mark;
};

struct registration {
    struct model_object *object;
    int may_be_ready; /* a collection that the model does not follow exactly may have made it ready */
};

struct registrations {
    struct registration entries[MOST];
    size_t count;
};

static struct model {
    struct fixture fixture;
    struct random random;
    struct pf_root_source source;
    struct item *table[ROOTS];
    struct model_object *roots[ROOTS];
    struct pf_handle *pins[PINS];
    struct model_object *pinned[PINS];
    struct model_object objects[MOST];
    size_t object_count;
    uintptr_t next_id;
    uint64_t marks;
    struct registrations registered; /* in the order of registration */
    struct registrations ready;      /* in the order in which they are to be handed out */
    size_t unknown;                  /* registrations that became ready besides, and follow behind these */
    uint64_t taken;
} model;

static void mark(struct model_object *object) {
    while (object != NULL && object->mark != model.marks) {
        object->mark = model.marks;
        mark(object->edges[0]);
        object = object->edges[1];
    }
}

static void mark_reachable(void) {
    model.marks++;
    for (size_t i = 0; i < ROOTS; i++) {
        mark(model.roots[i]);
    }
    for (size_t i = 0; i < PINS; i++) {
        mark(model.pinned[i]);
    }
    for (size_t i = 0; i < model.ready.count; i++) {
        mark(model.ready.entries[i].object);
    }
}

static int is_dead(const struct model_object *object) {
    return object->mark != model.marks;
}

static void append(struct registrations *list, struct model_object *object) {
    if (list->count == MOST) {
        replay_fail("the model is full");
    }
    list->entries[list->count++] = (struct registration){object, 0};
}

static void remove_at(struct registrations *list, size_t index) {
    memmove(&list->entries[index], &list->entries[index + 1], (--list->count - index) * sizeof(struct registration));
}

/* What a full collection finds dead becomes ready. */
static void make_dead_ready(void) {
    size_t kept = 0;
    for (size_t i = 0; i < model.registered.count; i++) {
        struct registration entry = model.registered.entries[i];
        if (is_dead(entry.object)) {
            append(&model.ready, entry.object);
        } else {
            model.registered.entries[kept++] = entry;
        }
    }
    model.registered.count = kept;
}

static size_t note_candidates(void) {
    size_t count = 0;
    for (size_t i = 0; i < model.registered.count; i++) {
        model.registered.entries[i].may_be_ready |= is_dead(model.registered.entries[i].object);
        count += is_dead(model.registered.entries[i].object) != 0;
    }
    return count;
}

static void collected(void *data, const struct pf_collection *record) {
    (void)data;
    mark_reachable();
    if (record->generation == 2 && model.unknown == 0) {
        size_t before = model.ready.count;
        make_dead_ready();
        if (record->finalizers_ready != model.ready.count - before) {
            replay_fail("a full collection made %zu ready, not %zu", record->finalizers_ready,
                        model.ready.count - before);
        }
        return;
    }
    size_t candidates = note_candidates();
    if (record->finalizers_ready > candidates) {
        replay_fail("a collection made %zu ready where %zu are dead", record->finalizers_ready, candidates);
    }
    model.unknown += record->finalizers_ready;
}

/* --- the program --- */

static void enumerate(struct pf_visitor *visitor, void *data) {
    (void)data;
    pf_visit_slots(visitor, model.table, ROOTS);
}

static void check_item(const struct item *item, const struct model_object *object) {
    if (item->id != object->id) {
        replay_fail("object %zu where %zu should be", (size_t)item->id, (size_t)object->id);
    }
    for (int i = 0; i < 2; i++) {
        uintptr_t expected = object->edges[i] == NULL ? 0 : object->edges[i]->id;
        uintptr_t found = item->edges[i] == NULL ? 0 : item->edges[i]->id;
        if (expected != found) {
            replay_fail("object %zu refers to %zu, not to %zu", (size_t)item->id, (size_t)found, (size_t)expected);
        }
    }
}

/* Unused model objects are neither reachable, nor registered, nor ready. */
static void forget_dead_objects(void) {
    mark_reachable();
    for (size_t i = 0; i < model.registered.count; i++) {
        mark(model.registered.entries[i].object);
    }
    for (size_t i = 0; i < MOST; i++) {
        if (is_dead(&model.objects[i])) {
            model.objects[i].id = 0;
        }
    }
}

static struct model_object *new_object(uintptr_t id) {
    for (int attempt = 0; attempt < 2; attempt++) {
        for (size_t i = 0; i < MOST; i++) {
            struct model_object *object = &model.objects[model.object_count++ % MOST];
            if (object->id == 0) {
                *object = (struct model_object){id, {NULL, NULL}, 0};
                return object;
            }
        }
        forget_dead_objects();
    }
    replay_fail("the model has no room for an object");
}

static size_t any_root(void) {
    return random_below(&model.random, ROOTS);
}

static void allocate(void) {
    struct pf_thread *thread = model.fixture.thread;
    int finalizable = random_chance(&model.random, 40);
    const struct pf_type *type = &item_types[finalizable];
    size_t length = random_below(&model.random, 30) == 0 ? LARGE_LENGTH : random_below(&model.random, 100);
    size_t root = any_root();
    struct item *item = random_below(&model.random, 20) == 0 ? pf_alloc_array_pinned(thread, type, length, 0)
                                                             : pf_alloc_array(thread, type, length);
    item->id = ++model.next_id;
    model.table[root] = item;
    model.roots[root] = new_object(item->id);
    if (finalizable) {
        append(&model.registered, model.roots[root]);
    }
}

static void drop(void) {
    size_t root = any_root();
    model.table[root] = NULL;
    model.roots[root] = NULL;
}

static void connect(void) {
    size_t from = any_root();
    size_t to = any_root();
    size_t edge = random_below(&model.random, 2);
    if (model.roots[from] != NULL) {
        pf_store(model.fixture.thread, &model.table[from]->edges[edge], model.table[to]);
        model.roots[from]->edges[edge] = model.roots[to];
    }
}

static void follow(void) {
    size_t from = any_root();
    size_t to = any_root();
    size_t edge = random_below(&model.random, 2);
    if (model.roots[from] != NULL) {
        check_item(model.table[from], model.roots[from]);
        model.table[to] = model.table[from]->edges[edge];
        model.roots[to] = model.roots[from]->edges[edge];
    }
}

static void enlist(struct item *item, struct model_object *object) {
    if (model.registered.count < MOST / 2) {
        if (pf_finalizer_register(model.fixture.thread, item) != PINFOLD_OK) {
            replay_fail("no memory for a registration");
        }
        append(&model.registered, object);
    }
}

static void enlist_any(void) {
    size_t root = any_root();
    if (model.roots[root] != NULL) {
        enlist(model.table[root], model.roots[root]);
    }
}

static void suppress(void) {
    size_t root = any_root();
    size_t expected = 0;
    if (model.roots[root] == NULL) {
        return;
    }
    for (size_t i = model.registered.count; i-- > 0;) {
        if (model.registered.entries[i].object == model.roots[root]) {
            remove_at(&model.registered, i);
            expected++;
        }
    }
    size_t count = pf_finalizer_suppress(model.fixture.thread, model.table[root]);
    if (count != expected) {
        replay_fail("%zu registrations were suppressed, not %zu", count, expected);
    }
}

static void pin_or_unpin(void) {
    size_t pin = random_below(&model.random, PINS);
    size_t root = any_root();
    pf_unpin(model.fixture.heap, model.pins[pin]);
    model.pins[pin] = NULL;
    model.pinned[pin] = NULL;
    if (model.roots[root] != NULL && random_chance(&model.random, 60)) {
        if (pf_pin(model.fixture.heap, model.table[root], &model.pins[pin]) != PINFOLD_OK) {
            replay_fail("no memory for a pin");
        }
        model.pinned[pin] = model.roots[root];
    }
}

static void collect(void) {
    static const enum pf_collect_mode modes[] = {PINFOLD_COLLECT_DEFAULT, PINFOLD_COLLECT_COMPACT,
                                                 PINFOLD_COLLECT_SWEEP, PINFOLD_COLLECT_COMPACT_LARGE};
    pf_collect(model.fixture.thread, (int)random_below(&model.random, 3), modes[random_below(&model.random, 4)]);
}

static void litter(void) {
    for (size_t i = random_below(&model.random, 40); i > 0; i--) {
        (void)pf_alloc_array(model.fixture.thread, &bytes_type, random_below(&model.random, 200));
    }
}

/* A finalizer: drops its object, keeps it, or registers it again. */
static void finalize(struct item *item, struct model_object *object) {
    size_t root = any_root();
    check_item(item, object);
    model.taken++;
    switch (random_below(&model.random, 4)) {
    case 0:
        model.table[root] = item;
        model.roots[root] = object;
        break;
    case 1:
        enlist(item, object);
        break;
    default:
        break;
    }
}

static void take_known(void) {
    void *item;
    if (!pf_finalizer_next(model.fixture.thread, &item)) {
        replay_fail("nothing is ready where object %zu should be", (size_t)model.ready.entries[0].object->id);
    }
    struct model_object *object = model.ready.entries[0].object;
    remove_at(&model.ready, 0);
    finalize(item, object);
}

/* Takes what a collection that the model does not follow made ready: some candidate. */
static void take_unknown(void) {
    void *found;
    if (!pf_finalizer_next(model.fixture.thread, &found)) {
        replay_fail("%zu more should be ready", model.unknown);
    }
    struct item *item = found;
    model.unknown--;
    for (size_t i = 0; i < model.registered.count; i++) {
        struct registration entry = model.registered.entries[i];
        if (entry.may_be_ready && entry.object->id == item->id) {
            remove_at(&model.registered, i);
            finalize(item, entry.object);
            return;
        }
    }
    replay_fail("object %zu is ready, but was alive or not registered", (size_t)item->id);
}

static void take_some(void) {
    for (size_t i = random_below(&model.random, 6); i > 0 && model.ready.count > 0; i--) {
        take_known();
    }
}

/* Between operations the model knows all that is ready. */
static void settle(void) {
    void *nothing;
    if (model.unknown != 0) {
        while (model.ready.count > 0) {
            take_known();
        }
        while (model.unknown > 0) {
            take_unknown();
        }
        for (size_t i = 0; i < model.registered.count; i++) {
            model.registered.entries[i].may_be_ready = 0;
        }
    }
    if (model.ready.count == 0 && pf_finalizer_next(model.fixture.thread, &nothing)) {
        replay_fail("something is ready that should not be");
    }
}

static void make_all_ready(void) {
    pf_finalizer_all_ready(model.fixture.thread);
    for (size_t i = 0; i < model.registered.count; i++) {
        append(&model.ready, model.registered.entries[i].object);
    }
    model.registered.count = 0;
}

static void check_figures(void) {
    struct pf_statistics statistics;
    struct pf_message message = {""};
    pf_heap_statistics(model.fixture.heap, &statistics);
    if (statistics.finalizers_registered != model.registered.count ||
        statistics.finalizers_ready != model.ready.count) {
        replay_fail("%zu registered and %zu ready, not %zu and %zu", statistics.finalizers_registered,
                    statistics.finalizers_ready, model.registered.count, model.ready.count);
    }
    if (pf_heap_verify(model.fixture.thread, &message) != 0) {
        replay_fail("the heap does not verify: %s", message.text);
    }
}

static void operate(void) {
    static void (*const operations[])(void) = {allocate,   allocate, allocate,     allocate, drop,   drop,   connect,
                                               connect,    connect,  connect,      follow,   follow, follow, enlist_any,
                                               enlist_any, suppress, pin_or_unpin, collect,  litter, litter, take_some};
    operations[random_below(&model.random, sizeof(operations) / sizeof(operations[0]))]();
    settle();
    if (random_below(&model.random, 400) == 0) {
        make_all_ready();
    }
    if (random_below(&model.random, 50) == 0) {
        check_figures();
    }
}

static void open_model(const char *stress, uint64_t seed) {
    static const struct pf_listener listener = {.collection_end = collected};
    struct pf_options options = fixture_tiny_options();
    if (stress != NULL) {
        fixture_set(&options, "stress", stress);
    }
    memset(&model, 0, sizeof(model));
    model.random.state = seed;
    model.fixture = fixture_open(&options);
    model.source = (struct pf_root_source){enumerate, NULL, NULL};
    pf_root_source_add(model.fixture.heap, &model.source);
    pf_heap_set_listener(model.fixture.heap, &listener, NULL);
}

/* At the end nothing refers to anything: every registration is handed out, in order. */
static void close_model(void) {
    memset(model.roots, 0, sizeof(model.roots));
    memset(model.table, 0, sizeof(model.table));
    memset(model.pinned, 0, sizeof(model.pinned));
    for (size_t i = 0; i < PINS; i++) {
        pf_unpin(model.fixture.heap, model.pins[i]);
    }
    pf_collect(model.fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    while (model.ready.count > 0) {
        take_known();
    }
    settle();
    ck_assert_uint_gt(model.taken, 0);
    pf_heap_set_listener(model.fixture.heap, NULL, NULL);
    fixture_close(&model.fixture);
}

static void make_types(void) {
    static const char *const names[2] = {"item", "closing item"};
    char message[200];
    for (int i = 0; i < 2; i++) {
        enum pf_status status = pf_type_init(&item_types[i], names[i], sizeof(struct item), 1, item_runs, 1, NULL, 0,
                                             message, sizeof(message));
        ck_assert_msg(status == PINFOLD_OK, "%s", message);
    }
    item_types[1].flags = PINFOLD_TYPE_FINALIZABLE;
}

static void run(const char *name, const char *stress, unsigned per_mille) {
    struct seed_range seeds = settings_seeds(SEEDS);
    uint64_t operations = settings_operations(OPERATIONS) * per_mille / 1000;
    make_types();
    for (uint64_t i = 0; i < seeds.count; i++) {
        replay_begin(name, seeds.first + i);
        open_model(stress, seeds.first + i);
        for (uint64_t operation = 0; operation < operations; operation++) {
            replay_operation(operation);
            operate();
        }
        close_model();
    }
}

START_TEST(what_a_random_program_is_handed_out_is_what_its_model_says) {
    run("plain", NULL, 3000);
    run("always compact", "compact", 1000);
    run("always sweep", "sweep", 1000);
}
END_TEST

START_TEST(and_so_it_is_under_every_stress) {
    run("always expand", "expand,poison", 1000);
    run("poison", "poison,compact", 1000);
    run("collect every 9", "collect=9,poison,verify", 300);
    run("collect at each, compact", "collect=1,compact,poison,verify", 150);
    run("collect at each, sweep", "collect=1,sweep,poison,verify", 150);
    run("collect at each, expand", "collect=1,expand,poison,verify", 150);
}
END_TEST

SUITE("property/finalizers", what_a_random_program_is_handed_out_is_what_its_model_says,
      and_so_it_is_under_every_stress)
