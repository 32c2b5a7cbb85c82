/* SPDX-License-Identifier: MIT
 *
 * Vectors. Copies into a vector that existed before go through pf_store_range, fresh vectors need no barrier.
 */
#include <string.h>

#include "primitive.h"

static value primitive_is_vector(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)count;
    return value_from_boolean(value_has_type(arguments[0], &vector_type));
}

static value primitive_make_vector(struct machine *machine, value *arguments, size_t count) {
    size_t length = require_length(machine, "make-vector", arguments[0], &vector_type);
    value nothing = SCHEME_UNSPECIFIED;
    return vector_create(machine, length, count > 1 ? &arguments[1] : &nothing);
}

static value primitive_vector(struct machine *machine, value *arguments, size_t count) {
    struct vector *vector = pf_alloc_array(machine->thread, &vector_type, count);
    memcpy(vector->elements, arguments, count * sizeof *arguments);
    return vector;
}

static value primitive_vector_length(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    require_vector(machine, "vector-length", arguments[0]);
    return value_from_size(vector_of(arguments[0])->length);
}

static value *vector_place(struct machine *machine, const char *who, const value *arguments) {
    require_vector(machine, who, arguments[0]);
    struct vector *vector = vector_of(arguments[0]);
    return &vector->elements[require_element(machine, who, arguments[1], vector->length)];
}

static value primitive_vector_ref(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    return *vector_place(machine, "vector-ref", arguments);
}

static value primitive_vector_set(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    pf_store(machine->thread, vector_place(machine, "vector-set!", arguments), arguments[2]);
    return SCHEME_UNSPECIFIED;
}

static value primitive_vector_fill(struct machine *machine, value *arguments, size_t count) {
    require_vector(machine, "vector-fill!", arguments[0]);
    struct vector *vector = vector_of(arguments[0]);
    struct range range = require_range(machine, "vector-fill!", arguments, count, 2, vector->length);
    for (size_t i = range.start; i < range.end; i++) {
        pf_store(machine->thread, &vector->elements[i], arguments[1]);
    }
    return SCHEME_UNSPECIFIED;
}

static value primitive_vector_copy(struct machine *machine, value *arguments, size_t count) {
    require_vector(machine, "vector-copy", arguments[0]);
    struct range range = require_range(machine, "vector-copy", arguments, count, 1, vector_of(arguments[0])->length);
    size_t length = range.end - range.start;
    struct vector *copy = pf_alloc_array(machine->thread, &vector_type, length);
    memcpy(copy->elements, vector_of(arguments[0])->elements + range.start, length * sizeof(value));
    return copy;
}

/* (vector-copy! to at from [start [end]]) */
static value primitive_vector_copy_to(struct machine *machine, value *arguments, size_t count) {
    require_vector(machine, "vector-copy!", arguments[0]);
    require_vector(machine, "vector-copy!", arguments[2]);
    struct vector *to = vector_of(arguments[0]);
    const struct vector *from = vector_of(arguments[2]);
    size_t at = require_index(machine, "vector-copy!", arguments[1], to->length);
    struct range range = require_range(machine, "vector-copy!", arguments, count, 3, from->length);
    size_t length = range.end - range.start;
    if (length > to->length - at) {
        machine_error(machine, "vector-copy!: %zu elements do not fit behind index %zu", length, at);
    }
    memmove(to->elements + at, from->elements + range.start, length * sizeof(value));
    pf_store_range(machine->thread, to->elements + at, length);
    return SCHEME_UNSPECIFIED;
}

static value primitive_vector_append(struct machine *machine, value *arguments, size_t count) {
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        require_vector(machine, "vector-append", arguments[i]);
        length += vector_of(arguments[i])->length;
    }
    struct vector *result = pf_alloc_array(machine->thread, &vector_type, length);
    size_t position = 0;
    for (size_t i = 0; i < count; i++) {
        const struct vector *part = vector_of(arguments[i]);
        memcpy(result->elements + position, part->elements, part->length * sizeof(value));
        position += part->length;
    }
    return result;
}

static value primitive_vector_to_list(struct machine *machine, value *arguments, size_t count) {
    require_vector(machine, "vector->list", arguments[0]);
    struct range range = require_range(machine, "vector->list", arguments, count, 1, vector_of(arguments[0])->length);
    PINFOLD_ROOTS(machine->thread, root, 2);
    root[0] = SCHEME_NIL;
    for (size_t i = range.end; i > range.start; i--) {
        root[1] = vector_of(arguments[0])->elements[i - 1];
        root[0] = pair_create(machine, &root[1], &root[0]);
    }
    return root[0];
}

static value primitive_list_to_vector(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    size_t length = require_list(machine, "list->vector", arguments[0]);
    struct vector *vector = pf_alloc_array(machine->thread, &vector_type, length);
    value rest = arguments[0];
    for (size_t i = 0; i < length; i++, rest = pair_of(rest)->cdr) {
        vector->elements[i] = pair_of(rest)->car;
    }
    return vector;
}

const struct primitive_definition vector_primitives[] = {
    {"vector?", primitive_is_vector, 1, 1, SPECIAL_NONE},
    {"make-vector", primitive_make_vector, 1, 2, SPECIAL_NONE},
    {"vector", primitive_vector, 0, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"vector-length", primitive_vector_length, 1, 1, SPECIAL_NONE},
    {"vector-ref", primitive_vector_ref, 2, 2, SPECIAL_NONE},
    {"vector-set!", primitive_vector_set, 3, 3, SPECIAL_NONE},
    {"vector-fill!", primitive_vector_fill, 2, 4, SPECIAL_NONE},
    {"vector-copy", primitive_vector_copy, 1, 3, SPECIAL_NONE},
    {"vector-copy!", primitive_vector_copy_to, 3, 5, SPECIAL_NONE},
    {"vector-append", primitive_vector_append, 0, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"vector->list", primitive_vector_to_list, 1, 3, SPECIAL_NONE},
    {"list->vector", primitive_list_to_vector, 1, 1, SPECIAL_NONE},
    {NULL, NULL, 0, 0, SPECIAL_NONE},
};
