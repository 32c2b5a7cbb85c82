/* SPDX-License-Identifier: MIT
 *
 * The compiler: syntax -> expression tree (analyse_*.c) -> instructions in C memory (generate.c) -> code objects
 * (assemble.c). Only the last step allocates in Pinfold's heap; until then nothing can move.
 */
#ifndef SCHEME_COMPILER_H
#define SCHEME_COMPILER_H

#include "expression.h"
#include "keyword.h"

/* One program or file. `source` lives as long as its syntax, `tree` as long as one form's expressions. */
struct compiler {
    struct machine *machine;
    struct arena *source;
    struct arena *tree;
    struct name_table *names;
    const struct name *inlined_names[64];
    bool is_redefined[64]; /* inlined_procedures[i] is no longer what it was */
    unsigned depth;
};

/* Names in scope, innermost first. `variables` grows while definitions are found. */
struct scope {
    const struct scope *parent;
    struct variable_list variables;
};

/* Enters keywords and inlined procedures into the names. */
void compiler_init(struct compiler *compiler);

/* Notes which inlined procedures this top-level form defines or assigns to. */
void compiler_note_definitions(struct compiler *compiler, const struct syntax *form);

/* A top-level form as code to be given to machine_execute; a safepoint. */
value compile_form(struct compiler *compiler, const struct syntax *form);

/* --- between the parts of the analyser --- */

PINFOLD_NORETURN void syntax_error(struct compiler *compiler, const struct syntax *where, const char *sentence);

struct expression *analyse(struct compiler *compiler, const struct scope *scope, const struct syntax *form);
struct expression *analyse_body(struct compiler *compiler, const struct scope *scope, const struct syntax *forms,
                                const struct syntax *where);
/* All of a non-empty list of forms, as one expression. */
struct expression *analyse_sequence(struct compiler *compiler, const struct scope *scope, const struct syntax *forms,
                                    const struct syntax *where);
struct expression *analyse_lambda(struct compiler *compiler, const struct scope *scope, const struct name *name,
                                  const struct syntax *parameters, const struct syntax *body,
                                  const struct syntax *where);
struct expression *analyse_call(struct compiler *compiler, const struct scope *scope, const struct syntax *form);

/* Splits (define name value) and (define (name . parameters) body ...); *parameters is NULL for the first. */
struct name *definition_parts(struct compiler *compiler, const struct syntax *form, const struct syntax **parameters,
                              const struct syntax **rest);
/* The value that a definition gives its variable. */
struct expression *analyse_definition_value(struct compiler *compiler, const struct scope *scope,
                                            const struct syntax *form);
/* Reference to a variable or a global. */
struct expression *analyse_reference(struct compiler *compiler, const struct scope *scope, const struct syntax *symbol);

/* The special forms that analyse_bindings.c and analyse_derived.c know. NULL = it is none of these. */
struct expression *analyse_derived(struct compiler *compiler, const struct scope *scope, enum keyword keyword,
                                   const struct syntax *form);
struct expression *analyse_binding_form(struct compiler *compiler, const struct scope *scope, enum keyword keyword,
                                        const struct syntax *form);
struct expression *analyse_quasiquote(struct compiler *compiler, const struct scope *scope, const struct syntax *form);

/* The keyword that a form begins with, KEYWORD_NONE if it is no special form in this scope. */
enum keyword form_keyword(const struct scope *scope, const struct syntax *form);
bool syntax_is_keyword(const struct scope *scope, const struct syntax *syntax, enum keyword keyword);

struct variable *scope_find(const struct scope *scope, const struct name *name);
struct variable *scope_add(struct compiler *compiler, struct scope *scope, const struct name *name);

/* Index into inlined_procedures; -1 when the name stands for none, or for something else by now. */
int inlined_index(const struct compiler *compiler, const struct name *name);
/* A global of this name gets a meaning of its own from here on. */
void note_redefinition(struct compiler *compiler, struct name *name);

struct expression *new_expression(struct compiler *compiler, enum expression_kind kind, uint32_t line);
struct expression *new_constant_expression(struct compiler *compiler, uint32_t line, value constant);
struct expression *new_inline_expression(struct compiler *compiler, uint32_t line, enum opcode opcode,
                                         struct expression *a, struct expression *b);
struct expression *new_if_expression(struct compiler *compiler, uint32_t line, struct expression *test,
                                     struct expression *consequent, struct expression *alternative);
struct expression *new_variable_expression(struct compiler *compiler, uint32_t line, struct variable *variable);
void expression_list_add(struct compiler *compiler, struct expression_list *list, struct expression *expression);
void variable_list_add(struct compiler *compiler, struct variable_list *list, struct variable *variable);

/* A letrec of one procedure whose body is its first call, turned into a loop where that is possible. */
struct expression *loop_from_letrec(struct compiler *compiler, struct expression *letrec);

/* i-th element of a list that is long enough. */
static inline const struct syntax *syntax_element(const struct syntax *list, size_t index) {
    while (index-- > 0) {
        list = list->as.pair.cdr;
    }
    return list->as.pair.car;
}
static inline const struct syntax *syntax_tail(const struct syntax *list, size_t index) {
    while (index-- > 0) {
        list = list->as.pair.cdr;
    }
    return list;
}

/* --- between generator and assembler --- */

enum constant_kind { CONSTANT_DATUM, CONSTANT_CELL, CONSTANT_CODE };

struct constant {
    enum constant_kind kind;
    const void *payload; /* struct syntax, struct name, struct function */
};

struct line_entry {
    uint32_t first_instruction;
    uint32_t line;
};

/* A procedure in the making. */
struct function {
    struct function *parent;
    const struct name *name;
    uint32_t *words;
    size_t word_count, word_capacity;
    struct line_entry *lines;
    size_t line_count, line_capacity;
    struct constant *constants;
    size_t constant_count, constant_capacity;
    struct variable_list captured;
    size_t depth; /* slots in use above the frame at this point of the code */
    size_t depth_most;
    size_t required;
    bool has_rest;
};

struct function *generate_form(struct compiler *compiler, struct expression *form);
value assemble(struct machine *machine, const struct function *function);

#endif
