/* SPDX-License-Identifier: MIT
 *
 * What the random program does with pins.
 */
#include "tests/support/mutation.h"
#include "tests/support/replay.h"
#include "tests/support/shadow_pin.h"

static void pin_at(struct mutation *mutation, size_t index, struct shadow_object *object) {
    int is_leaf = object->shape.kind == SHADOW_LEAF || object->shape.kind == SHADOW_BYTES;
    if (mutation->limits->pins_only_leaves && !is_leaf) {
        return;
    }
    if (!shadow_pin(mutation->shadow, index, object) && !mutation->limits->may_fill) {
        replay_fail("no memory for pin %zu", index);
    }
}

static void change_pin(struct mutation *mutation) {
    struct shadow *shadow = mutation->shadow;
    size_t index = random_below(mutation->random, mutation->limits->pins);
    if (shadow->pins[index].handle == NULL) {
        struct shadow_object *object = mutation_object(mutation);
        if (object != NULL) {
            pin_at(mutation, index, object);
        }
    } else if (random_chance(mutation->random, 25)) {
        struct shadow_value nothing = {NULL, 0};
        shadow_set_pin(shadow, index, mutation->limits->pins_only_leaves ? nothing : mutation_value(mutation));
    } else {
        shadow_unpin(shadow, index);
    }
}

/* Pins objects that lie side by side: after a check the table of objects is in address order. */
static void pin_neighbours(struct mutation *mutation) {
    const struct shadow *shadow = mutation->shadow;
    size_t count = random_between(mutation->random, 2, 12);
    if (shadow->count < count) {
        return;
    }
    size_t first = random_below(mutation->random, shadow->count - count + 1);
    for (size_t i = 0; i < count; i++) {
        size_t index = random_below(mutation->random, mutation->limits->pins);
        if (shadow->pins[index].handle == NULL) {
            pin_at(mutation, index, shadow->objects[first + i]);
        }
    }
}

void mutation_change_pins(struct mutation *mutation) {
    size_t choice = random_below(mutation->random, 100);
    if (choice < 90) {
        change_pin(mutation);
    } else if (choice < 94) {
        pin_neighbours(mutation);
    } else if (choice < 98) {
        const struct shadow_object *object = mutation_object(mutation);
        if (object != NULL) {
            shadow_check_is_pinned(mutation->shadow, object);
        }
    } else {
        shadow_check_pin_report(mutation->shadow);
    }
}

void mutation_pin_fresh(struct mutation *mutation, struct shadow_object *fresh) {
    const struct mutator_limits *limits = mutation->limits;
    if (limits->pins == 0 || random_below(mutation->random, 1000) >= limits->pin_per_mille) {
        return;
    }
    size_t index = random_below(mutation->random, limits->pins);
    if (mutation->shadow->pins[index].handle == NULL) {
        pin_at(mutation, index, fresh);
    }
}

void mutation_unpin_most(struct mutation *mutation) {
    struct shadow *shadow = mutation->shadow;
    for (size_t i = 0; i < SHADOW_PINS; i++) {
        if (shadow->pins[i].handle != NULL && random_chance(mutation->random, 80)) {
            shadow_unpin(shadow, i);
        }
    }
}
