/* SPDX-License-Identifier: MIT
 *
 * eqv? and equal?. Nothing here allocates in Pinfold's heap, so plain references stay valid throughout. What is still
 * to be compared waits on a stack of its own, which makes the depth of a value a matter of memory, not of C frames.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "value.h"

bool value_is_eqv(value a, value b) {
    if (a == b) {
        return true;
    }
    if (!value_has_type(a, &flonum_type) || !value_has_type(b, &flonum_type)) {
        return false;
    }
    double x = ((struct flonum *)a)->number;
    double y = ((struct flonum *)b)->number;
    return memcmp(&x, &y, sizeof x) == 0 || (isnan(x) && isnan(y));
}

struct comparison {
    value a;
    value b;
};

struct comparison_stack {
    struct comparison *items;
    size_t count;
    size_t capacity;
};

static void comparison_push(struct machine *machine, struct comparison_stack *stack, value a, value b) {
    if (stack->count == stack->capacity) {
        size_t capacity = stack->capacity == 0 ? 64 : stack->capacity * 2;
        struct comparison *items = realloc(stack->items, capacity * sizeof *items);
        if (items == NULL) {
            free(stack->items);
            machine_error(machine, "equal?: no memory left to compare values this deep");
        }
        stack->items = items;
        stack->capacity = capacity;
    }
    stack->items[stack->count++] = (struct comparison){a, b};
}

static bool strings_are_equal(const struct string *a, const struct string *b) {
    return a->length == b->length && memcmp(a->characters, b->characters, a->length * sizeof(uint32_t)) == 0;
}

/* Compares the roots of two values and leaves their parts on the stack. */
static bool compare_step(struct machine *machine, struct comparison_stack *stack, value a, value b) {
    if (value_is_eqv(a, b)) {
        return true;
    }
    if (!value_is_reference(a) || !value_is_reference(b) || pf_type_of(a) != pf_type_of(b)) {
        return false;
    }
    if (pf_type_of(a) == &pair_type) {
        comparison_push(machine, stack, pair_of(a)->cdr, pair_of(b)->cdr);
        comparison_push(machine, stack, pair_of(a)->car, pair_of(b)->car);
        return true;
    }
    if (pf_type_of(a) == &string_type) {
        return strings_are_equal(a, b);
    }
    if (pf_type_of(a) != &vector_type || vector_of(a)->length != vector_of(b)->length) {
        return false;
    }
    for (size_t i = vector_of(a)->length; i > 0; i--) {
        comparison_push(machine, stack, vector_of(a)->elements[i - 1], vector_of(b)->elements[i - 1]);
    }
    return true;
}

bool value_is_equal(struct machine *machine, value a, value b) {
    struct comparison_stack stack = {0};
    bool equal = compare_step(machine, &stack, a, b);
    while (equal && stack.count > 0) {
        struct comparison next = stack.items[--stack.count];
        equal = compare_step(machine, &stack, next.a, next.b);
    }
    free(stack.items);
    return equal;
}
