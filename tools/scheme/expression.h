/* SPDX-License-Identifier: MIT
 *
 * Expression trees: what the analyser (analyse*.c) makes of syntax and the generator (generate.c) turns into
 * instructions. All special forms are reduced to the kinds below; names are resolved. Arena memory.
 */
#ifndef SCHEME_EXPRESSION_H
#define SCHEME_EXPRESSION_H

#include "code.h"
#include "syntax.h"

enum expression_kind {
    EXPRESSION_CONSTANT,
    EXPRESSION_VARIABLE,
    EXPRESSION_GLOBAL,
    EXPRESSION_SET,
    EXPRESSION_SET_GLOBAL,
    EXPRESSION_DEFINE_GLOBAL,
    EXPRESSION_IF,
    EXPRESSION_OR,
    EXPRESSION_SEQUENCE,
    EXPRESSION_LAMBDA,
    EXPRESSION_LET,
    EXPRESSION_LETREC, /* with the order of letrec* */
    EXPRESSION_LOOP,   /* a named let that only calls itself in tail position */
    EXPRESSION_CALL,
    EXPRESSION_INLINE /* one instruction applied to operands */
};

struct function;
struct expression;

struct variable {
    const struct name *name;
    bool is_boxed;       /* assigned to, or captured before it has a value: lives in a box */
    bool is_initialised; /* analysis: may be referred to without a box */
    size_t references;
    size_t parameter_count;       /* of the procedure that a loop's variable names */
    struct expression *loop;      /* the loop that this variable names */
    const struct function *owner; /* generator: the function whose activation holds it ... */
    size_t slot;                  /* ... and where */
};

struct expression_list {
    struct expression **items;
    size_t count;
    size_t capacity;
};

struct variable_list {
    struct variable **items;
    size_t count;
    size_t capacity;
};

struct expression {
    enum expression_kind kind;
    uint32_t line;
    const struct name *name;         /* GLOBAL, SET_GLOBAL, DEFINE_GLOBAL; LAMBDA: may be NULL */
    struct variable *variable;       /* VARIABLE, SET; LOOP: what names it */
    const struct syntax *datum;      /* CONSTANT */
    struct expression *first;        /* IF: test; SET...: value; OR: left; CALL: operator; LAMBDA, LET...: body */
    struct expression *second;       /* IF: consequent; OR: right */
    struct expression *third;        /* IF: alternative */
    struct expression_list operands; /* CALL, INLINE, SEQUENCE; LET, LETREC, LOOP: initial values */
    struct variable_list variables;  /* LAMBDA: parameters; LET, LETREC, LOOP (LETREC: NULL = value not kept) */
    bool has_rest;                   /* LAMBDA */
    enum opcode opcode;              /* INLINE */
    int32_t operand;                 /* INLINE */
    size_t loop_head;                /* LOOP, generator: where its body begins */
};

#endif
