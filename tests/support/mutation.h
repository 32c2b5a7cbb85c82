/* SPDX-License-Identifier: MIT
 *
 * What the parts of the random program share: the run at hand, and choices from it. Only for mutator.c and its parts.
 */
#ifndef TESTS_SUPPORT_MUTATION_H
#define TESTS_SUPPORT_MUTATION_H

#include "tests/support/mutator.h"

struct mutation {
    struct shadow *shadow;
    struct random *random;
    const struct mutator_limits *limits;
};

/* Any tracked object; NULL when there is none. */
struct shadow_object *mutation_object(struct mutation *mutation);

/* A reference mostly, else a word that is none. */
struct shadow_value mutation_value(struct mutation *mutation);

/* Pins, unpins, or asks what is pinned. The limits must allow pins. */
void mutation_change_pins(struct mutation *mutation);

/* Now and then, pins an object just allocated: it lies in generation 0 among garbage, which demotion is made for. */
void mutation_pin_fresh(struct mutation *mutation, struct shadow_object *fresh);

/* Ends most pins. */
void mutation_unpin_most(struct mutation *mutation);

#endif
