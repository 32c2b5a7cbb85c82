/* SPDX-License-Identifier: MIT
 *
 * The procedures written in C, a table for each area. Arguments lie on the machine's stack: a primitive that allocates
 * reads them again afterwards, from there.
 */
#ifndef SCHEME_PRIMITIVE_H
#define SCHEME_PRIMITIVE_H

#include "machine.h"

struct primitive_definition {
    const char *name; /* NULL ends a table */
    primitive_function *function;
    uint32_t least;
    uint32_t most;
    enum special_procedure special;
};

extern const struct primitive_definition list_primitives[];
extern const struct primitive_definition number_primitives[];
extern const struct primitive_definition character_primitives[];
extern const struct primitive_definition string_primitives[];
extern const struct primitive_definition vector_primitives[];
extern const struct primitive_definition port_primitives[];
extern const struct primitive_definition control_primitives[];

/* Makes all of them global variables; a safepoint. */
void primitives_define(struct machine *machine);

/* The console as current ports; a safepoint. */
void ports_create(struct machine *machine);

/* Checks that leave by machine_type_error in the name of `who`. */
void require_type(struct machine *machine, const char *who, value v, const struct pf_type *type, const char *what);
void require_string(struct machine *machine, const char *who, value v);
void require_vector(struct machine *machine, const char *who, value v);
uint32_t require_character(struct machine *machine, const char *who, value v);
/* An index 0 ... most, `most` included. */
size_t require_index(struct machine *machine, const char *who, value v, size_t most);
/* The index of one of `length` elements. */
size_t require_element(struct machine *machine, const char *who, value v, size_t length);
/* A length that an array of this type can have. */
size_t require_length(struct machine *machine, const char *who, value v, const struct pf_type *type);

/* Optional arguments `first` and `first + 1` as a range of something that has `length` elements. */
struct range {
    size_t start;
    size_t end;
};
struct range require_range(struct machine *machine, const char *who, const value *arguments, size_t count, size_t first,
                           size_t length);

/* The number of elements; leaves by machine_type_error when it is no list. */
size_t require_list(struct machine *machine, const char *who, value v);
/* The same, -1 for anything but a list. */
intptr_t list_length(value v);

#endif
