/* SPDX-License-Identifier: MIT
 *
 * A random graph with strong, pinned, weak and dependent handles and finalizers on every variant of a heap, against a
 * model that knows what is reachable: from strong handles, through slots, and through dependent handles to a fixed
 * point. After each collection nothing reachable may have been cleared or be ready; after a full one, everything else
 * must have been, but for what is reachable from what became ready, which only short weak handles have lost.
 *     PINFOLD_TEST_SEED=n, PINFOLD_TEST_OPERATIONS=n   as for property/random_heap
 */
#include <stdbool.h>

#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/replay.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"
#include "tests/support/variant.h"

enum { SEEDS = 3, OPERATIONS = 100000, THINGS = 500, STRONG = 24, WEAK = 80, DEPENDENT = 400, SLOTS = 3, NOBODY = -1 };

/* An object: its number, and references, of which the model uses the first few. */
struct thing {
    const struct pf_type *type;
    size_t length;
    _Alignas(8) uintptr_t number; /* that pinned ones can be aligned */
    uintptr_t unused;
    void *slots[];
};
static struct pf_type thing_type;

struct model_thing {
    bool is_used;
    bool is_reachable; /* as of the last check: from what the program has */
    bool is_kept;      /* ... or from what became ready since the one before */
    bool is_registered;
    bool was_ready; /* since the last check */
    uintptr_t number;
    int slots[SLOTS];
};

struct model_handle {
    struct pf_handle *handle; /* NULL: none */
    enum pf_handle_kind kind;
    int thing; /* of a dependent one, the key; NOBODY: it holds NULL */
    int value;
};

struct model {
    struct fixture fixture;
    struct random random;
    uintptr_t tag;
    uintptr_t next_number;
    int collected;   /* oldest generation collected since the last check; -1: none */
    int collections; /* since then */
    struct model_thing things[THINGS];
    struct model_handle strong[STRONG];
    struct model_handle weak[WEAK];
    struct model_handle dependent[DEPENDENT];
};

static void note_collection(void *data, const struct pf_collection *record) {
    struct model *model = data;
    model->collected = record->generation > model->collected ? record->generation : model->collected;
    model->collections++;
}

static void *word_of(const struct model *model, struct thing *thing) {
    return thing == NULL ? NULL : (char *)thing + model->tag;
}
static struct thing *thing_in(const struct model *model, void *word) {
    return word == NULL ? NULL : (struct thing *)(void *)((char *)word - model->tag);
}

/* --- what is reachable --- */

static void reach(struct model *model, int index) {
    if (index == NOBODY || model->things[index].is_kept) {
        return;
    }
    model->things[index].is_kept = true;
    for (int slot = 0; slot < SLOTS; slot++) {
        reach(model, model->things[index].slots[slot]);
    }
}

static void reach_through_dependents(struct model *model) {
    bool is_complete = false;
    while (!is_complete) {
        is_complete = true;
        for (int i = 0; i < DEPENDENT; i++) {
            const struct model_handle *handle = &model->dependent[i];
            if (handle->thing != NOBODY && model->things[handle->thing].is_kept && handle->value != NOBODY &&
                !model->things[handle->value].is_kept) {
                reach(model, handle->value);
                is_complete = false;
            }
        }
    }
}

static void find_reachable(struct model *model) {
    for (int i = 0; i < THINGS; i++) {
        model->things[i].is_kept = false;
    }
    for (int i = 0; i < STRONG; i++) {
        reach(model, model->strong[i].thing);
    }
    reach_through_dependents(model);
    for (int i = 0; i < THINGS; i++) {
        model->things[i].is_reachable = model->things[i].is_kept;
    }
    for (int i = 0; i < THINGS; i++) {
        if (model->things[i].was_ready) {
            reach(model, i);
        }
    }
    reach_through_dependents(model);
}

/* --- the check after collections --- */

static void check_thing(const struct model *model, void *word, int index, const char *holder, int number) {
    const struct thing *thing = thing_in(model, word);
    if (thing == NULL || thing->type != &thing_type || thing->number != model->things[index].number) {
        replay_fail("%s %d should hold thing %zu and holds %p", holder, number, (size_t)model->things[index].number,
                    word);
    }
}

/* Takes everything that is ready. The program lets go of it at once; long weak handles may bring it back. */
static void take_ready(struct model *model) {
    void *object;
    while (pf_finalizer_next(model->fixture.thread, &object)) {
        const struct thing *thing = object;
        int index = 0;
        while (index < THINGS && !(model->things[index].is_used && model->things[index].number == thing->number)) {
            index++;
        }
        if (index == THINGS || !model->things[index].is_registered) {
            replay_fail("%p is ready and is no registered thing", object);
        }
        model->things[index].is_registered = false;
        model->things[index].was_ready = true;
    }
}

static void check_ready(const struct model *model) {
    for (int i = 0; i < THINGS; i++) {
        const struct model_thing *thing = &model->things[i];
        if (thing->was_ready && thing->is_reachable) {
            replay_fail("thing %zu is reachable and ready", (size_t)thing->number);
        }
        if (model->collected == 2 && thing->is_used && thing->is_registered && !thing->is_kept) {
            replay_fail("thing %zu is dead and not ready", (size_t)thing->number);
        }
    }
}

/* A weak or dependent handle whose thing may have died. */
static void check_handle(struct model *model, struct model_handle *handle, const char *holder, int number) {
    if (handle->handle == NULL || handle->thing == NOBODY) {
        return;
    }
    void *word = pf_handle_get(handle->handle);
    const struct model_thing *thing = &model->things[handle->thing];
    bool is_short = handle->kind == PINFOLD_HANDLE_WEAK;
    bool must_hold = is_short ? thing->is_reachable : thing->is_kept;
    /* Several collections: an earlier one may have made something ready, which later ones see as alive. */
    bool may_hold = model->collected < 2 || must_hold || (thing->is_kept && model->collections > 1);
    if (word != NULL && !may_hold) {
        replay_fail("%s %d still holds thing %zu", holder, number, (size_t)thing->number);
    }
    if (word != NULL || must_hold) {
        check_thing(model, word, handle->thing, holder, number);
    } else {
        handle->thing = NOBODY;
    }
}

static void check_value(struct model *model, struct model_handle *handle, int number) {
    if (handle->handle == NULL) {
        return;
    }
    void *value = pf_dependent_value(handle->handle);
    if (handle->thing == NOBODY) {
        handle->value = NOBODY;
    }
    if (handle->value == NOBODY && value != NULL) {
        replay_fail("dependent handle %d has the value %p", number, value);
    }
    if (handle->value != NOBODY) {
        check_thing(model, value, handle->value, "the value of dependent handle", number);
    }
}

static void check_slots(struct model *model) {
    for (int i = 0; i < STRONG; i++) {
        if (model->strong[i].thing == NOBODY) {
            continue;
        }
        const struct thing *thing = thing_in(model, pf_handle_get(model->strong[i].handle));
        check_thing(model, pf_handle_get(model->strong[i].handle), model->strong[i].thing, "handle", i);
        for (int slot = 0; slot < SLOTS; slot++) {
            int target = model->things[model->strong[i].thing].slots[slot];
            if (target != NOBODY) {
                check_thing(model, thing->slots[slot], target, "a slot of a thing of handle", i);
            }
        }
    }
}

/* What a full collection has found dead nobody knows any more. What was taken and is kept nowhere may be resurrected
 * through long weak handles until then. */
static void forget_dead(struct model *model) {
    for (int i = 0; i < THINGS; i++) {
        model->things[i].is_used &= model->things[i].is_kept;
    }
}

static void check(struct model *model) {
    if (model->collected < 0) {
        return;
    }
    take_ready(model);
    find_reachable(model);
    check_slots(model);
    check_ready(model);
    for (int i = 0; i < WEAK; i++) {
        check_handle(model, &model->weak[i], "weak handle", i);
    }
    for (int i = 0; i < DEPENDENT; i++) {
        check_handle(model, &model->dependent[i], "dependent handle", i);
        check_value(model, &model->dependent[i], i);
    }
    if (model->collected == 2) {
        forget_dead(model);
    }
    for (int i = 0; i < THINGS; i++) {
        model->things[i].was_ready = false;
    }
    model->collected = -1;
    model->collections = 0;
}

/* --- the program; nothing below but make_thing and collect reaches a safepoint --- */

static struct model_handle *pick_strong(struct model *model) {
    return &model->strong[random_below(&model->random, STRONG)];
}

/* A thing that the program gets at: a few steps from a strong handle. NULL: none. */
static struct thing *pick_thing(struct model *model, int *index) {
    const struct model_handle *strong = pick_strong(model);
    struct thing *thing = strong->thing == NOBODY ? NULL : thing_in(model, pf_handle_get(strong->handle));
    *index = strong->thing;
    for (size_t steps = random_below(&model->random, 6); thing != NULL && steps > 0; steps--) {
        size_t slot = random_below(&model->random, SLOTS);
        if (model->things[*index].slots[slot] != NOBODY) {
            *index = model->things[*index].slots[slot];
            thing = thing_in(model, thing->slots[slot]);
        }
    }
    return thing;
}

static void set_handle(struct model *model, struct model_handle *handle, enum pf_handle_kind kind, struct thing *thing,
                       int index) {
    if (handle->handle != NULL && handle->kind == kind && random_chance(&model->random, 50)) {
        pf_handle_set(model->fixture.heap, handle->handle, word_of(model, thing));
    } else {
        pf_handle_destroy(model->fixture.heap, handle->handle);
        handle->kind = kind;
        handle->value = NOBODY;
        enum pf_status status = pf_handle_create(model->fixture.heap, kind, word_of(model, thing), &handle->handle);
        if (status != PINFOLD_OK) {
            replay_fail("no handle: %s", pf_status_text(status));
        }
    }
    handle->thing = index;
    handle->value = index == NOBODY ? NOBODY : handle->value;
}

static int free_thing(const struct model *model) {
    for (int i = 0; i < THINGS; i++) {
        if (!model->things[i].is_used) {
            return i;
        }
    }
    return NOBODY;
}

static struct thing *allocate(struct model *model) {
    struct pf_thread *thread = model->fixture.thread;
    switch (random_below(&model->random, 20)) {
    case 0:
        return pf_try_alloc_array(thread, &thing_type, 1000); /* large where the threshold is 4096 */
    case 1:
        return pf_try_alloc_array_pinned(thread, &thing_type, SLOTS, 64);
    default:
        return pf_try_alloc_array(thread, &thing_type, random_between(&model->random, SLOTS, 40));
    }
}

static void register_thing(struct model *model, struct thing *thing, int index) {
    if (thing != NULL && !model->things[index].is_registered) {
        enum pf_status status = pf_finalizer_register(model->fixture.thread, thing);
        if (status != PINFOLD_OK) {
            replay_fail("not registered: %s", pf_status_text(status));
        }
        model->things[index].is_registered = true;
    }
}

static void make_thing(struct model *model) {
    int index = free_thing(model);
    if (index == NOBODY) {
        pf_collect(model->fixture.thread, 2, PINFOLD_COLLECT_DEFAULT);
        check(model);
        return;
    }
    struct thing *thing = allocate(model);
    check(model);
    if (thing == NULL) { /* the heap is full: something must go */
        set_handle(model, pick_strong(model), PINFOLD_HANDLE_STRONG, NULL, NOBODY);
        return;
    }
    thing->number = model->next_number++;
    model->things[index] =
        (struct model_thing){.is_used = true, .number = thing->number, .slots = {NOBODY, NOBODY, NOBODY}};
    set_handle(model, pick_strong(model),
               random_chance(&model->random, 20) ? PINFOLD_HANDLE_PINNED : PINFOLD_HANDLE_STRONG, thing, index);
    if (random_chance(&model->random, 10)) {
        register_thing(model, thing, index);
    }
}

static void store(struct model *model) {
    int from;
    int to = NOBODY;
    struct thing *source = pick_thing(model, &from);
    struct thing *target = random_chance(&model->random, 80) ? pick_thing(model, &to) : NULL;
    if (source != NULL) {
        size_t slot = random_below(&model->random, SLOTS);
        pf_store(model->fixture.thread, &source->slots[slot], word_of(model, target));
        model->things[from].slots[slot] = target == NULL ? NOBODY : to;
    }
}

static void change_strong(struct model *model) {
    int index = NOBODY;
    struct thing *thing = random_chance(&model->random, 50) ? pick_thing(model, &index) : NULL;
    set_handle(model, pick_strong(model),
               random_chance(&model->random, 20) ? PINFOLD_HANDLE_PINNED : PINFOLD_HANDLE_STRONG, thing, index);
}

static void change_weak(struct model *model) {
    int index = NOBODY;
    struct thing *thing = random_chance(&model->random, 90) ? pick_thing(model, &index) : NULL;
    set_handle(model, &model->weak[random_below(&model->random, WEAK)],
               random_chance(&model->random, 50) ? PINFOLD_HANDLE_WEAK : PINFOLD_HANDLE_WEAK_LONG, thing, index);
}

static void change_dependent(struct model *model) {
    struct model_handle *handle = &model->dependent[random_below(&model->random, DEPENDENT)];
    int index = NOBODY;
    struct thing *thing = random_chance(&model->random, 90) ? pick_thing(model, &index) : NULL;
    if (handle->handle == NULL || random_chance(&model->random, 60)) {
        set_handle(model, handle, PINFOLD_HANDLE_DEPENDENT, thing, index);
        thing = pick_thing(model, &index);
    }
    pf_dependent_set_value(model->fixture.heap, handle->handle, word_of(model, thing));
    handle->value = handle->thing == NOBODY || thing == NULL ? NOBODY : index;
}

/* Takes what a weak handle, or the value of a dependent one, leads to, if it is still there. */
static void follow(struct model *model) {
    const struct model_handle *weak = &model->weak[random_below(&model->random, WEAK)];
    const struct model_handle *dependent = &model->dependent[random_below(&model->random, DEPENDENT)];
    struct thing *thing = NULL;
    int index = NOBODY;
    if (weak->thing != NOBODY && random_chance(&model->random, 50)) {
        thing = thing_in(model, pf_handle_get(weak->handle));
        index = weak->thing;
    } else if (dependent->value != NOBODY) {
        thing = thing_in(model, pf_dependent_value(dependent->handle));
        index = dependent->value;
    }
    if (thing != NULL) {
        set_handle(model, pick_strong(model), PINFOLD_HANDLE_STRONG, thing, index);
    }
}

static void collect(struct model *model) {
    static const enum pf_collect_mode modes[] = {PINFOLD_COLLECT_DEFAULT, PINFOLD_COLLECT_COMPACT,
                                                 PINFOLD_COLLECT_SWEEP, PINFOLD_COLLECT_COMPACT_LARGE};
    pf_collect(model->fixture.thread, (int)random_below(&model->random, 3), modes[random_below(&model->random, 4)]);
    check(model);
}

static void step(struct model *model) {
    size_t choice = random_below(&model->random, 100);
    if (choice < 35) {
        make_thing(model);
    } else if (choice < 60) {
        store(model);
    } else if (choice < 70) {
        change_strong(model);
    } else if (choice < 82) {
        change_weak(model);
    } else if (choice < 94) {
        change_dependent(model);
    } else if (choice < 96) {
        follow(model);
    } else if (choice < 97) {
        int index;
        struct thing *thing = pick_thing(model, &index);
        register_thing(model, thing, index);
    } else {
        collect(model);
    }
}

static void init_handles(struct model_handle *handles, size_t count) {
    for (size_t i = 0; i < count; i++) {
        handles[i] = (struct model_handle){NULL, PINFOLD_HANDLE_STRONG, NOBODY, NOBODY};
    }
}

static void open_model(struct model *model, const struct pf_options *options, uint64_t seed) {
    static const struct pf_run run = {0, 1};
    static const struct pf_listener listener = {.collection_end = note_collection};
    char message[256];
    enum pf_status status = pf_type_init(&thing_type, "thing", sizeof(struct thing), sizeof(void *), NULL, 0, &run, 1,
                                         message, sizeof message);
    ck_assert_msg(status == PINFOLD_OK, "%s", message);
    memset(model, 0, sizeof *model);
    model->fixture = fixture_open(options);
    model->random = (struct random){seed};
    model->collected = -1;
    while (((options->ref_tags >> model->tag) & 1) == 0) {
        model->tag++;
    }
    init_handles(model->strong, STRONG);
    init_handles(model->weak, WEAK);
    init_handles(model->dependent, DEPENDENT);
    pf_heap_set_listener(model->fixture.heap, &listener, model);
}

static void run_seed(size_t variant, uint64_t seed) {
    static struct model model;
    struct pf_options options = variant_options(variant);
    unsigned per_mille = variant_operations_per_mille(variant);
    if (options.stress.collect_every != 0 && per_mille > 60) {
        per_mille = 60;
    }
    uint64_t operations = settings_operations(OPERATIONS) * per_mille / 1000;
    replay_begin(variant_name(variant), seed);
    open_model(&model, &options, seed);
    for (uint64_t operation = 0; operation < operations; operation++) {
        replay_operation(operation);
        step(&model);
    }
    pf_collect(model.fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    check(&model);
    fixture_close(&model.fixture);
}

START_TEST(weak_and_dependent_handles_are_cleared_when_and_only_when_the_model_says_so) {
    struct seed_range seeds = settings_seeds(SEEDS);
    for (size_t variant = 0; variant < variant_count(); variant++) {
        for (uint64_t i = 0; i < seeds.count; i++) {
            run_seed(variant, seeds.first + i);
        }
    }
}
END_TEST

SUITE("property/weak", weak_and_dependent_handles_are_cleared_when_and_only_when_the_model_says_so)
