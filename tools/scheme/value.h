/* SPDX-License-Identifier: MIT
 *
 * How a Scheme value looks. A value is one word:
 *
 *     ...........000   reference to an object in Pinfold's heap (the only pattern that the collector follows)
 *     n..........nn1   fixnum, one bit shorter than the word
 *     payload kkkkk010 immediate of kind k: boolean, (), character, ...
 *
 * The heap is told so by ref_tag_mask and ref_tags (machine.c). A slot never holds NULL while Scheme code can see it.
 * Objects may move at every allocation: whoever holds a reference across one keeps it in a root and reads it again.
 */
#ifndef SCHEME_VALUE_H
#define SCHEME_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pinfold/pinfold.h"

typedef void *value;

struct machine;

enum { TAG_MASK = 7, TAG_REFERENCE = 0, TAG_IMMEDIATE = 2, IMMEDIATE_KIND_SHIFT = 3, IMMEDIATE_PAYLOAD_SHIFT = 8 };

enum immediate_kind { IMMEDIATE_CONSTANT, IMMEDIATE_CHARACTER };

#define IMMEDIATE_WORD(kind, payload) \
    (((uintptr_t)(payload) << IMMEDIATE_PAYLOAD_SHIFT) | ((uintptr_t)(kind) << IMMEDIATE_KIND_SHIFT) | TAG_IMMEDIATE)
#define SCHEME_FALSE ((value)IMMEDIATE_WORD(IMMEDIATE_CONSTANT, 0))
#define SCHEME_TRUE ((value)IMMEDIATE_WORD(IMMEDIATE_CONSTANT, 1))
#define SCHEME_NIL ((value)IMMEDIATE_WORD(IMMEDIATE_CONSTANT, 2))
#define SCHEME_UNSPECIFIED ((value)IMMEDIATE_WORD(IMMEDIATE_CONSTANT, 3))
#define SCHEME_EOF ((value)IMMEDIATE_WORD(IMMEDIATE_CONSTANT, 4))
/* What a variable holds before its definition has run; reading it is an error. */
#define SCHEME_UNASSIGNED ((value)IMMEDIATE_WORD(IMMEDIATE_CONSTANT, 5))

#define FIXNUM_MAX (INTPTR_MAX >> 1)
#define FIXNUM_MIN (INTPTR_MIN >> 1)

static inline bool value_is_fixnum(value v) {
    return ((uintptr_t)v & 1) != 0;
}
static inline intptr_t fixnum_of(value v) {
    return (intptr_t)v >> 1;
}
static inline value value_from_fixnum(intptr_t number) {
    return (value)(((uintptr_t)number << 1) | 1);
}
/* For lengths and indices of objects in memory, which always fit. */
static inline value value_from_size(size_t size) {
    return value_from_fixnum((intptr_t)size);
}
static inline bool fixnum_fits(intptr_t number) {
    return number >= FIXNUM_MIN && number <= FIXNUM_MAX;
}
static inline value value_from_boolean(bool truth) {
    return truth ? SCHEME_TRUE : SCHEME_FALSE;
}
static inline bool value_is_character(value v) {
    return ((uintptr_t)v & 0xFF) == IMMEDIATE_WORD(IMMEDIATE_CHARACTER, 0);
}
static inline uint32_t character_of(value v) {
    return (uint32_t)((uintptr_t)v >> IMMEDIATE_PAYLOAD_SHIFT);
}
static inline value value_from_character(uint32_t character) {
    return (value)IMMEDIATE_WORD(IMMEDIATE_CHARACTER, character);
}
static inline bool value_is_reference(value v) {
    return ((uintptr_t)v & TAG_MASK) == TAG_REFERENCE;
}

struct pair {
    const struct pf_type *type;
    value car;
    value cdr;
};

struct flonum {
    const struct pf_type *type;
    double number;
};

/* A variable that is assigned to with set!, or captured before it has a value. */
struct box {
    const struct pf_type *type;
    value content;
};

/* A global variable. */
struct cell {
    const struct pf_type *type;
    value content; /* SCHEME_UNASSIGNED until defined */
    value symbol;
};

struct symbol {
    const struct pf_type *type;
    value name; /* string */
    value cell; /* the global variable of this name, or SCHEME_FALSE as long as no code mentions it */
    uintptr_t hash;
};

/* One code point per element, so that string-ref and string-set! are of constant time. */
struct string {
    const struct pf_type *type;
    size_t length;
    uint32_t characters[];
};

struct vector {
    const struct pf_type *type;
    size_t length;
    value elements[];
};

/* Instructions and what they need; see instructions.def. */
struct code {
    const struct pf_type *type;
    size_t length;   /* of instructions, in words */
    value name;      /* symbol or SCHEME_FALSE */
    value constants; /* vector: data, cells, code of inner procedures */
    value lines;     /* words: pairs {first instruction, line}, ascending */
    uint32_t required;
    uint32_t has_rest;
    uint32_t frame_size; /* slots above the first argument that an activation can need */
    uint32_t is_system;  /* part of the prelude: errors are reported at its caller */
    _Alignas(8) uint32_t instructions[];
};

/* A procedure: code, and the values (or boxes) of the variables that it captured. `length` counts the code as well. */
struct closure {
    const struct pf_type *type;
    size_t length;
    value code;
    value captured[];
};

/* Arguments lie on the machine's stack and so are roots: after an allocation they are read again from there. */
typedef value primitive_function(struct machine *machine, value *arguments, size_t count);

#define ANY_NUMBER_OF_ARGUMENTS UINT32_MAX

/* Procedures that call others are carried out by the interpreter itself, so that no call nests in C. */
enum special_procedure { SPECIAL_NONE, SPECIAL_APPLY, SPECIAL_CALL_CC };

struct primitive {
    const struct pf_type *type;
    value name; /* symbol */
    primitive_function *function;
    uint32_t least;
    uint32_t most;
    uint32_t special; /* enum special_procedure; otherwise than NONE, function is NULL */
};

/* The stack as call/cc found it, from its bottom to the return address of the call; see machine_capture. */
struct continuation {
    const struct pf_type *type;
    size_t length;
    value slots[];
};

/* A console input port becomes an ordinary one when it is first read: all of standard input is its text then. */
enum port_direction { PORT_CONSOLE_OUTPUT, PORT_STRING_OUTPUT, PORT_CONSOLE_INPUT, PORT_INPUT };

struct port {
    const struct pf_type *type;
    value text;       /* string: what is to be read, or what was written and room for more */
    size_t position;  /* characters read or written */
    size_t direction; /* enum port_direction */
};

extern const struct pf_type pair_type;
extern const struct pf_type flonum_type;
extern const struct pf_type box_type;
extern const struct pf_type cell_type;
extern const struct pf_type symbol_type;
extern const struct pf_type string_type;
extern const struct pf_type vector_type;
extern const struct pf_type words_type; /* same shape as a string */
extern const struct pf_type code_type;
extern const struct pf_type closure_type;
extern const struct pf_type primitive_type;
extern const struct pf_type continuation_type;
extern const struct pf_type values_type; /* several values on their way to call-with-values; same shape as a vector */
extern const struct pf_type port_type;

static inline bool value_has_type(value v, const struct pf_type *type) {
    return value_is_reference(v) && pf_type_of(v) == type;
}

/* Whether v can be called. */
bool value_is_procedure(value v);

static inline struct pair *pair_of(value v) {
    return v;
}
static inline struct string *string_of(value v) {
    return v;
}
static inline struct symbol *symbol_of(value v) {
    return v;
}
static inline struct vector *vector_of(value v) {
    return v;
}
static inline struct closure *closure_of(value v) {
    return v;
}
static inline struct code *code_of(value v) {
    return v;
}

/* Constructors. All are safepoints; arguments given as pointers lie in roots and are read after the allocation. */
value pair_create(struct machine *machine, const value *car, const value *cdr);
value flonum_create(struct machine *machine, double number);
value box_create(struct machine *machine, const value *content);
value vector_create(struct machine *machine, size_t length, const value *fill);
value string_create(struct machine *machine, size_t length, uint32_t fill);
value string_from_characters(struct machine *machine, const uint32_t *characters, size_t length);
value string_from_ascii(struct machine *machine, const char *text);
value port_create(struct machine *machine, enum port_direction direction, const value *text);

/* equal? and eqv?; neither allocates, and equal? needs no C stack however deep the values are. */
bool value_is_eqv(value a, value b);
bool value_is_equal(struct machine *machine, value a, value b);

#endif
