/* SPDX-License-Identifier: MIT
 *
 * The keywords of the special forms, and the procedures that the compiler turns into single instructions.
 */
#ifndef SCHEME_KEYWORD_H
#define SCHEME_KEYWORD_H

#include "code.h"

#define KEYWORD_TABLE(X)                    \
    X(QUOTE, "quote")                       \
    X(QUASIQUOTE, "quasiquote")             \
    X(UNQUOTE, "unquote")                   \
    X(UNQUOTE_SPLICING, "unquote-splicing") \
    X(LAMBDA, "lambda")                     \
    X(DEFINE, "define")                     \
    X(SET, "set!")                          \
    X(IF, "if")                             \
    X(COND, "cond")                         \
    X(CASE, "case")                         \
    X(AND, "and")                           \
    X(OR, "or")                             \
    X(WHEN, "when")                         \
    X(UNLESS, "unless")                     \
    X(DO, "do")                             \
    X(LET, "let")                           \
    X(LET_STAR, "let*")                     \
    X(LETREC, "letrec")                     \
    X(LETREC_STAR, "letrec*")               \
    X(BEGIN, "begin")                       \
    X(ELSE, "else")                         \
    X(ARROW, "=>")

enum keyword {
    KEYWORD_NONE,
#define KEYWORD_ENUMERATOR(name, text) KEYWORD_##name,
    KEYWORD_TABLE(KEYWORD_ENUMERATOR)
#undef KEYWORD_ENUMERATOR
        KEYWORD_COUNT
};

/* Calls of these with so many arguments become one instruction, as long as nothing redefines the name. */
struct inlined_procedure {
    const char *name;
    enum opcode opcode;
    enum opcode second; /* applied to the result of the first, e.g. car of cdr for cadr; HALT = none */
    int arguments;      /* -1: any number; -2: two or more, folded from the left */
};

enum { INLINE_ANY = -1, INLINE_FOLD = -2 };

extern const struct inlined_procedure inlined_procedures[];
extern const unsigned inlined_procedure_count;

#endif
