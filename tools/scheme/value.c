/* SPDX-License-Identifier: MIT
 *
 * The types that Pinfold is told about, and the constructors. A constructor fills its object before anything else can
 * allocate, so its stores need no barrier.
 */
#include "value.h"

#include <string.h>

#include "machine.h"

const struct pf_type pair_type =
    PINFOLD_FIXED_TYPE("pair", struct pair, PINFOLD_REF(struct pair, car) | PINFOLD_REF(struct pair, cdr));
const struct pf_type flonum_type = PINFOLD_FIXED_TYPE("flonum", struct flonum, 0);
const struct pf_type box_type = PINFOLD_FIXED_TYPE("box", struct box, PINFOLD_REF(struct box, content));
const struct pf_type cell_type =
    PINFOLD_FIXED_TYPE("cell", struct cell, PINFOLD_REF(struct cell, content) | PINFOLD_REF(struct cell, symbol));
const struct pf_type symbol_type =
    PINFOLD_FIXED_TYPE("symbol", struct symbol, PINFOLD_REF(struct symbol, name) | PINFOLD_REF(struct symbol, cell));
const struct pf_type string_type = PINFOLD_BYTES_TYPE("string", sizeof(uint32_t));
const struct pf_type vector_type = PINFOLD_VECTOR_TYPE("vector");
const struct pf_type words_type = PINFOLD_BYTES_TYPE("words", sizeof(uint32_t));
const struct pf_type closure_type = PINFOLD_VECTOR_TYPE("closure");
const struct pf_type continuation_type = PINFOLD_VECTOR_TYPE("continuation");
const struct pf_type values_type = PINFOLD_VECTOR_TYPE("values");
const struct pf_type primitive_type =
    PINFOLD_FIXED_TYPE("primitive", struct primitive, PINFOLD_REF(struct primitive, name));
const struct pf_type port_type = PINFOLD_FIXED_TYPE("port", struct port, PINFOLD_REF(struct port, text));

/* References in the fixed part, plain words behind it: no initializer of type.h has this shape. */
const struct pf_type code_type = {
    .name = "code",
    .base_size = PINFOLD_ROUND_SIZE(offsetof(struct code, instructions)),
    .element_size = sizeof(uint32_t),
    .scan = PINFOLD_SCAN_BITMAP,
    .word_bitmap =
        PINFOLD_REF(struct code, name) | PINFOLD_REF(struct code, constants) | PINFOLD_REF(struct code, lines),
};
_Static_assert(offsetof(struct code, instructions) % 8 == 0, "elements begin where the fixed part ends");
_Static_assert(offsetof(struct vector, elements) == 2 * sizeof(void *), "elements begin behind the length");

bool value_is_procedure(value v) {
    return value_has_type(v, &closure_type) || value_has_type(v, &primitive_type) ||
           value_has_type(v, &continuation_type);
}

value pair_create(struct machine *machine, const value *car, const value *cdr) {
    struct pair *pair = pf_alloc(machine->thread, &pair_type);
    pair->car = *car;
    pair->cdr = *cdr;
    return pair;
}

value flonum_create(struct machine *machine, double number) {
    struct flonum *flonum = pf_alloc(machine->thread, &flonum_type);
    flonum->number = number;
    return flonum;
}

value box_create(struct machine *machine, const value *content) {
    struct box *box = pf_alloc(machine->thread, &box_type);
    box->content = *content;
    return box;
}

value vector_create(struct machine *machine, size_t length, const value *fill) {
    struct vector *vector = pf_alloc_array(machine->thread, &vector_type, length);
    value element = *fill;
    for (size_t i = 0; i < length; i++) {
        vector->elements[i] = element;
    }
    return vector;
}

value string_create(struct machine *machine, size_t length, uint32_t fill) {
    struct string *string = pf_alloc_array(machine->thread, &string_type, length);
    for (size_t i = 0; i < length; i++) {
        string->characters[i] = fill;
    }
    return string;
}

value string_from_characters(struct machine *machine, const uint32_t *characters, size_t length) {
    struct string *string = pf_alloc_array(machine->thread, &string_type, length);
    if (length > 0) {
        memcpy(string->characters, characters, length * sizeof(uint32_t));
    }
    return string;
}

value string_from_ascii(struct machine *machine, const char *text) {
    size_t length = strlen(text);
    struct string *string = pf_alloc_array(machine->thread, &string_type, length);
    for (size_t i = 0; i < length; i++) {
        string->characters[i] = (unsigned char)text[i];
    }
    return string;
}

value port_create(struct machine *machine, enum port_direction direction, const value *text) {
    struct port *port = pf_alloc(machine->thread, &port_type);
    port->text = *text;
    port->direction = direction;
    return port;
}
