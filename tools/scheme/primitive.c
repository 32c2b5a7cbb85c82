/* SPDX-License-Identifier: MIT
 *
 * Checks that primitives share, and making them known.
 */
#include "primitive.h"

void require_type(struct machine *machine, const char *who, value v, const struct pf_type *type, const char *what) {
    if (!value_has_type(v, type)) {
        machine_type_error(machine, who, what, v);
    }
}

void require_string(struct machine *machine, const char *who, value v) {
    require_type(machine, who, v, &string_type, "a string");
}

void require_vector(struct machine *machine, const char *who, value v) {
    require_type(machine, who, v, &vector_type, "a vector");
}

uint32_t require_character(struct machine *machine, const char *who, value v) {
    if (!value_is_character(v)) {
        machine_type_error(machine, who, "a character", v);
    }
    return character_of(v);
}

size_t require_index(struct machine *machine, const char *who, value v, size_t most) {
    if (!value_is_fixnum(v)) {
        machine_type_error(machine, who, "an index", v);
    }
    intptr_t index = fixnum_of(v);
    if (index < 0 || (size_t)index > most) {
        machine_error(machine, "%s: the index %zd is outside of 0 ... %zd", who, index, (intptr_t)most);
    }
    return (size_t)index;
}

size_t require_element(struct machine *machine, const char *who, value v, size_t length) {
    if (length == 0) {
        machine_error(machine, "%s: there are no elements that an index could name", who);
    }
    return require_index(machine, who, v, length - 1);
}

size_t require_length(struct machine *machine, const char *who, value v, const struct pf_type *type) {
    if (!value_is_fixnum(v) || fixnum_of(v) < 0) {
        machine_type_error(machine, who, "a length that is not negative", v);
    }
    if ((size_t)fixnum_of(v) > pf_max_length(type)) {
        machine_type_error(machine, who, "a length that memory can have", v);
    }
    return (size_t)fixnum_of(v);
}

struct range require_range(struct machine *machine, const char *who, const value *arguments, size_t count, size_t first,
                           size_t length) {
    struct range range = {0, length};
    if (count > first + 1) {
        range.end = require_index(machine, who, arguments[first + 1], length);
    }
    if (count > first) {
        range.start = require_index(machine, who, arguments[first], range.end);
    }
    return range;
}

/* Two walkers, one twice as fast as the other, meet in a circular list. */
intptr_t list_length(value v) {
    intptr_t length = 0;
    value slow = v;
    while (value_has_type(v, &pair_type)) {
        length++;
        v = pair_of(v)->cdr;
        if ((length & 1) == 0) {
            slow = pair_of(slow)->cdr;
        }
        if (v == slow) {
            return -1;
        }
    }
    return v == SCHEME_NIL ? length : -1;
}

size_t require_list(struct machine *machine, const char *who, value v) {
    intptr_t length = list_length(v);
    if (length < 0) {
        machine_type_error(machine, who, "a list", v);
    }
    return (size_t)length;
}

static void define_primitive(struct machine *machine, const struct primitive_definition *definition) {
    PINFOLD_ROOTS(machine->thread, root, 2);
    root[0] = symbol_intern_ascii(machine, definition->name);
    root[1] = symbol_cell(machine, &root[0]);
    struct primitive *primitive = pf_alloc(machine->thread, &primitive_type);
    primitive->name = root[0];
    primitive->function = definition->function;
    primitive->least = definition->least;
    primitive->most = definition->most;
    primitive->special = definition->special;
    pf_store(machine->thread, &((struct cell *)root[1])->content, primitive);
}

void primitives_define(struct machine *machine) {
    static const struct primitive_definition *const tables[] = {
        list_primitives,   number_primitives, character_primitives, string_primitives,
        vector_primitives, port_primitives,   control_primitives,
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const struct primitive_definition *definition = tables[i]; definition->name != NULL; definition++) {
            define_primitive(machine, definition);
        }
    }
}
