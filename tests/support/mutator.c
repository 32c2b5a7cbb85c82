/* SPDX-License-Identifier: MIT
 *
 * A table of operations with weights. Each takes what it needs from the random sequence, so a seed fixes everything.
 */
#include "tests/support/mutation.h"
#include "tests/support/replay.h"
#include "tests/support/shadow_check.h"
#include "tests/support/shadow_pin.h"

/* --- choosing --- */

static size_t random_small_size(struct random *random) {
    switch (random_below(random, 8)) {
    case 0:
        return 0;
    case 1:
    case 2:
        return random_below(random, 600);
    case 3:
        return random_below(random, 3000);
    default:
        return random_below(random, 100);
    }
}

static struct shadow_shape random_shape(struct mutation *mutation) {
    struct random *random = mutation->random;
    struct shadow_shape shape = {(enum shadow_kind)random_below(random, SHADOW_KINDS), 0, 0};
    int is_large = random_below(random, 1000) < mutation->limits->large_per_mille;
    if (is_large) {
        shape.kind = (enum shadow_kind)random_between(random, SHADOW_VECTOR, SHADOW_DIARY);
    }
    if (shadow_kind_is_array(shape.kind)) {
        size_t large = mutation->limits->large_size;
        size_t size = is_large ? random_between(random, large, 3 * large) : random_small_size(random);
        shape.length = shadow_length_for(shape.kind, size);
    }
    if (shape.kind == SHADOW_DIARY) {
        shape.used = random_below(random, shape.length + 1);
    }
    return shape;
}

struct shadow_object *mutation_object(struct mutation *mutation) {
    const struct shadow *shadow = mutation->shadow;
    return shadow->count == 0 ? NULL : shadow->objects[random_below(mutation->random, shadow->count)];
}

/* An object with slots, or NULL when a few tries find none. */
static struct shadow_object *random_holder(struct mutation *mutation) {
    for (int i = 0; i < 8; i++) {
        struct shadow_object *object = mutation_object(mutation);
        if (object != NULL && object->slots > 0) {
            return object;
        }
    }
    return NULL;
}

static int has_adjacent_slots(enum shadow_kind kind) {
    return kind == SHADOW_VECTOR || kind == SHADOW_LABELED || kind == SHADOW_DIARY;
}

struct shadow_value mutation_value(struct mutation *mutation) {
    if (random_chance(mutation->random, 80)) {
        return shadow_random_reference(mutation->shadow, mutation->random);
    }
    return shadow_random_word(mutation->shadow, mutation->random);
}

/* Cuts the model down: most roots and pins go, and a quarter of all slots. The check then forgets what is out of reach.
 */
static void drop_much(struct mutation *mutation) {
    struct shadow *shadow = mutation->shadow;
    struct shadow_value nothing = {NULL, 0};
    for (size_t i = 0; i < SHADOW_TABLE_ROOTS; i++) {
        if (random_chance(mutation->random, 80)) {
            shadow_set_table(shadow, i, nothing);
        }
    }
    for (size_t i = 0; i < SHADOW_HANDLES; i++) {
        if (shadow->handles[i] != NULL && random_chance(mutation->random, 50)) {
            shadow_set_handle(shadow, i, nothing);
        }
    }
    mutation_unpin_most(mutation);
    shadow_reset_frames(shadow, shadow->frame_count / 2);
    for (size_t i = 0; i < shadow->count; i++) {
        for (size_t slot = 0; slot < shadow->objects[i]->slots; slot++) {
            if (random_chance(mutation->random, 25)) {
                shadow_store(shadow, shadow->objects[i], slot, nothing);
            }
        }
    }
    shadow_check(shadow);
}

/* --- operations on objects --- */

/* Mostly without a wish; else up to a page, or some pages. */
static size_t random_alignment(struct random *random) {
    switch (random_below(random, 4)) {
    case 0:
        return (size_t)8 << random_below(random, 10);
    case 1:
        return (size_t)8 << random_below(random, 14);
    default:
        return 0;
    }
}

static struct shadow_object *allocate_anywhere(struct mutation *mutation, const struct shadow_shape *shape, size_t root,
                                               int may_fail) {
    if (random_below(mutation->random, 1000) >= mutation->limits->born_pinned_per_mille) {
        return shadow_allocate(mutation->shadow, shape, root, may_fail);
    }
    return shadow_allocate_pinned(mutation->shadow, shape, random_alignment(mutation->random), root, may_fail);
}

/* A fresh object, often linked to what is there at once, in both directions. */
static void allocate(struct mutation *mutation) {
    struct shadow *shadow = mutation->shadow;
    struct shadow_shape shape = random_shape(mutation);
    size_t root = random_between(mutation->random, 1, SHADOW_TABLE_ROOTS - 1); /* the first is the hoard's */
    int may_fail = mutation->limits->may_fill || random_chance(mutation->random, 10);
    struct shadow_object *fresh = allocate_anywhere(mutation, &shape, root, may_fail);
    if (fresh == NULL && mutation->limits->may_fill) {
        shadow_refresh(shadow);
        drop_much(mutation);
        return;
    }
    if (fresh == NULL) {
        replay_fail("no room for %zu bytes beside %zu", shadow_size(&shape), shadow->bytes);
    }
    shadow_refresh(shadow); /* a collection may have come with the allocation; the root keeps the object known */
    mutation_pin_fresh(mutation, fresh);
    int with_barrier = random_chance(mutation->random, 50);
    for (size_t i = 0; i < fresh->slots && i < 3; i++) {
        size_t slot = random_below(mutation->random, fresh->slots);
        if (with_barrier) {
            shadow_store(shadow, fresh, slot, mutation_value(mutation));
        } else {
            shadow_initialize(shadow, fresh, slot, mutation_value(mutation));
        }
    }
    struct shadow_object *holder = random_holder(mutation);
    if (holder != NULL && random_chance(mutation->random, 60)) {
        struct shadow_value value = {fresh, shadow->reference_tags[0]};
        shadow_store(shadow, holder, random_below(mutation->random, holder->slots), value);
    }
}

/* Many objects one after the other: fills budgets, segments and, where there is little space, the heap. */
static void allocate_burst(struct mutation *mutation) {
    size_t count = random_between(mutation->random, 8, 80);
    for (size_t i = 0; i < count; i++) {
        allocate(mutation);
        shadow_refresh(mutation->shadow);
    }
}

/* A list of middling objects from the first root on: much that stays, deep to mark, and in the end more than fits. */
static void hoard(struct mutation *mutation) {
    struct shadow *shadow = mutation->shadow;
    size_t count = random_between(mutation->random, 10, 60) * (mutation->limits->may_fill ? 10 : 1);
    for (size_t i = 0; i < count; i++) {
        struct shadow_shape shape = {SHADOW_LABELED, random_between(mutation->random, 1, 200), 0};
        struct shadow_value previous = shadow->table_values[0];
        struct shadow_object *fresh = shadow_allocate(shadow, &shape, 1, mutation->limits->may_fill);
        shadow_refresh(shadow);
        if (fresh == NULL) {
            drop_much(mutation);
            return;
        }
        shadow_store(shadow, fresh, 0, previous);
        shadow_set_table(shadow, 0, shadow->table_values[1]);
    }
}

/* A heap that may become full is cut down when it is, not before. */
static void drop_much_at_random(struct mutation *mutation) {
    if (!mutation->limits->may_fill) {
        drop_much(mutation);
    }
}

static void link_objects(struct mutation *mutation) {
    struct shadow_object *holder = random_holder(mutation);
    if (holder != NULL) {
        shadow_store(mutation->shadow, holder, random_below(mutation->random, holder->slots), mutation_value(mutation));
    }
}

static void unlink_object(struct mutation *mutation) {
    struct shadow_object *holder = random_holder(mutation);
    if (holder != NULL) {
        shadow_store(mutation->shadow, holder, random_below(mutation->random, holder->slots),
                     shadow_random_word(mutation->shadow, mutation->random));
    }
}

static void copy_range(struct mutation *mutation) {
    struct shadow_object *from = random_holder(mutation);
    struct shadow_object *to = random_chance(mutation->random, 30) ? from : random_holder(mutation);
    if (from == NULL || to == NULL || !has_adjacent_slots(from->shape.kind) || !has_adjacent_slots(to->shape.kind)) {
        return;
    }
    size_t most = from->slots < to->slots ? from->slots : to->slots;
    size_t count = random_below(mutation->random, most + 1);
    size_t from_index = random_below(mutation->random, from->slots - count + 1);
    size_t to_index = random_below(mutation->random, to->slots - count + 1);
    if (count > 0) {
        shadow_store_range(mutation->shadow, to, to_index, from, from_index, count);
    }
}

static void rewrite_payload(struct mutation *mutation) {
    struct shadow_object *object = mutation_object(mutation);
    if (object != NULL) {
        shadow_rewrite(mutation->shadow, object);
    }
}

/* --- operations on roots --- */

static void change_root(struct mutation *mutation) {
    size_t root = random_below(mutation->random, SHADOW_TABLE_ROOTS);
    shadow_set_table(mutation->shadow, root, mutation_value(mutation));
}

static void drop_root(struct mutation *mutation) {
    size_t root = random_below(mutation->random, SHADOW_TABLE_ROOTS);
    shadow_set_table(mutation->shadow, root, shadow_random_word(mutation->shadow, mutation->random));
}

static void change_handle(struct mutation *mutation) {
    struct shadow *shadow = mutation->shadow;
    size_t index = random_below(mutation->random, SHADOW_HANDLES);
    if (shadow->handles[index] == NULL) {
        shadow_create_handle(shadow, index, mutation_value(mutation));
    } else if (random_chance(mutation->random, 50)) {
        shadow_set_handle(shadow, index, mutation_value(mutation));
    } else {
        shadow_destroy_handle(shadow, index);
    }
}

static void change_frames(struct mutation *mutation) {
    struct shadow *shadow = mutation->shadow;
    size_t choice = random_below(mutation->random, 20);
    if (shadow->frame_count < SHADOW_FRAMES && choice < 10) {
        size_t slots = random_below(mutation->random, SHADOW_FRAME_SLOTS + 1);
        if (mutation->limits->pins > 0 && !mutation->limits->pins_only_leaves && choice < 4) {
            shadow_push_pinning_frame(shadow, slots);
        } else {
            shadow_push_frame(shadow, slots);
        }
    } else if (shadow->frame_count > 0 && choice < 19) {
        shadow_pop_frame(shadow);
    } else {
        shadow_reset_frames(shadow, random_below(mutation->random, shadow->frame_count + 1));
    }
}

static void change_frame_slot(struct mutation *mutation) {
    struct shadow *shadow = mutation->shadow;
    if (shadow->frame_count == 0) {
        return;
    }
    size_t frame = random_below(mutation->random, shadow->frame_count);
    if (shadow->frames[frame].count > 0) {
        size_t slot = random_below(mutation->random, shadow->frames[frame].count);
        shadow_set_frame_slot(shadow, frame, slot, mutation_value(mutation));
    }
}

/* --- collecting --- */

static void collect(struct mutation *mutation) {
    struct shadow *shadow = mutation->shadow;
    int generation = (int)random_below(mutation->random, 3);
    enum pf_collect_mode mode = (enum pf_collect_mode)random_below(mutation->random, PINFOLD_COLLECT_COMPACT_LARGE + 1);
    uint64_t before = shadow->collections;
    pf_collect(shadow->thread, generation, mode);
    if (shadow->collections == before) {
        replay_fail("pf_collect(%d) did not collect", generation);
    }
    shadow_check(shadow);
    if (generation == 2 && !shadow->is_in_crowd) {
        shadow_check_exact(shadow);
    }
    if (random_chance(mutation->random, 25)) {
        shadow_verify(shadow);
    }
}

struct operation {
    void (*run)(struct mutation *mutation);
    unsigned weight;
};

static const struct operation operations_table[] = {
    {allocate, 380},      {link_objects, 250}, {unlink_object, 80},      {copy_range, 60},    {rewrite_payload, 60},
    {change_root, 40},    {drop_root, 40},     {change_handle, 35},      {change_frames, 30}, {change_frame_slot, 24},
    {allocate_burst, 25}, {hoard, 8},          {drop_much_at_random, 1},
};
enum { OPERATIONS = sizeof(operations_table) / sizeof(operations_table[0]) };

static const struct operation *random_operation(struct random *random) {
    unsigned total = 0;
    for (size_t i = 0; i < OPERATIONS; i++) {
        total += operations_table[i].weight;
    }
    size_t ticket = random_below(random, total);
    const struct operation *operation = operations_table;
    while (ticket >= operation->weight) {
        ticket -= operation->weight;
        operation++;
    }
    return operation;
}

struct mutator_limits mutator_default_limits(const struct pf_options *options) {
    struct mutator_limits limits = {600000, options->large_threshold, 8, 6, 20, 0, 0, 0, 0};
    return limits;
}

struct mutator_limits mutator_random_limits(const struct pf_options *options, struct random *random) {
    static const size_t live_bytes[] = {100000, 600000, 600000, 2500000};
    static const unsigned large_per_mille[] = {0, 8, 8, 40};
    static const unsigned collect_per_mille[] = {0, 0, 6, 20};
    static const unsigned born_pinned_per_mille[] = {0, 5, 20, 200};
    static const size_t pins[] = {0, 4, 40, SHADOW_PINS};
    static const unsigned pin_per_mille[] = {10, 30, 100, 300};
    static const size_t little_address_space = (size_t)64 << 20;
    struct mutator_limits limits = {live_bytes[random_below(random, 4)],
                                    options->large_threshold,
                                    large_per_mille[random_below(random, 4)],
                                    collect_per_mille[random_below(random, 4)],
                                    born_pinned_per_mille[random_below(random, 4)],
                                    pins[random_below(random, 4)],
                                    pin_per_mille[random_below(random, 4)],
                                    random_chance(random, 40),
                                    0};
    if (options->reserve_size != 0 && options->reserve_size < little_address_space) {
        limits.live_bytes = options->reserve_size;
        limits.may_fill = 1;
    }
    return limits;
}

void mutator_run(struct shadow *shadow, struct random *random, const struct mutator_limits *limits, uint64_t first,
                 uint64_t operations) {
    struct mutation mutation = {shadow, random, limits};
    shadow_refresh(shadow);
    for (uint64_t i = 0; i < operations; i++) {
        replay_operation(first + i);
        if (random_below(random, 1000) < limits->collect_per_mille) {
            collect(&mutation);
        } else if (limits->pins > 0 && random_below(random, 1000) < limits->pin_per_mille) {
            mutation_change_pins(&mutation);
        } else {
            random_operation(random)->run(&mutation);
        }
        shadow_refresh(shadow);
        if (shadow->bytes > limits->live_bytes) {
            drop_much(&mutation);
        }
    }
}
