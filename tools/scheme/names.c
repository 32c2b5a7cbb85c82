/* SPDX-License-Identifier: MIT
 *
 * What names mean to the compiler: keywords, variables in scope, procedures that become instructions.
 */
#include "compiler.h"

#define FOLD INLINE_FOLD
const struct inlined_procedure inlined_procedures[] = {
    {"cons", OPCODE_CONS, OPCODE_HALT, 2},
    {"car", OPCODE_CAR, OPCODE_HALT, 1},
    {"cdr", OPCODE_CDR, OPCODE_HALT, 1},
    {"caar", OPCODE_CAR, OPCODE_CAR, 1},
    {"cadr", OPCODE_CDR, OPCODE_CAR, 1},
    {"cdar", OPCODE_CAR, OPCODE_CDR, 1},
    {"cddr", OPCODE_CDR, OPCODE_CDR, 1},
    {"set-car!", OPCODE_SET_CAR, OPCODE_HALT, 2},
    {"set-cdr!", OPCODE_SET_CDR, OPCODE_HALT, 2},
    {"null?", OPCODE_IS_NULL, OPCODE_HALT, 1},
    {"pair?", OPCODE_IS_PAIR, OPCODE_HALT, 1},
    {"not", OPCODE_NOT, OPCODE_HALT, 1},
    {"eq?", OPCODE_IS_EQ, OPCODE_HALT, 2},
    {"eqv?", OPCODE_IS_EQV, OPCODE_HALT, 2},
    {"+", OPCODE_ADD, OPCODE_HALT, FOLD},
    {"-", OPCODE_SUBTRACT, OPCODE_HALT, FOLD},
    {"*", OPCODE_MULTIPLY, OPCODE_HALT, FOLD},
    {"=", OPCODE_EQUAL, OPCODE_HALT, 2},
    {"<", OPCODE_LESS, OPCODE_HALT, 2},
    {">", OPCODE_GREATER, OPCODE_HALT, 2},
    {"<=", OPCODE_LESS_EQUAL, OPCODE_HALT, 2},
    {">=", OPCODE_GREATER_EQUAL, OPCODE_HALT, 2},
    {"zero?", OPCODE_IS_ZERO, OPCODE_HALT, 1},
    {"quotient", OPCODE_QUOTIENT, OPCODE_HALT, 2},
    {"remainder", OPCODE_REMAINDER, OPCODE_HALT, 2},
    {"vector", OPCODE_VECTOR, OPCODE_HALT, INLINE_ANY},
    {"vector-ref", OPCODE_VECTOR_REF, OPCODE_HALT, 2},
    {"vector-set!", OPCODE_VECTOR_SET, OPCODE_HALT, 3},
    {"string-ref", OPCODE_STRING_REF, OPCODE_HALT, 2},
};
#undef FOLD
const unsigned inlined_procedure_count = sizeof inlined_procedures / sizeof *inlined_procedures;

void compiler_init(struct compiler *compiler) {
    static const char *const keywords[KEYWORD_COUNT] = {NULL,
#define KEYWORD_TEXT(name, text) text,
                                                        KEYWORD_TABLE(KEYWORD_TEXT)
#undef KEYWORD_TEXT
    };
    for (unsigned i = 1; i < KEYWORD_COUNT; i++) {
        name_intern_ascii(compiler->names, compiler->source, compiler->machine, keywords[i])->keyword = i;
    }
    for (unsigned i = 0; i < inlined_procedure_count; i++) {
        compiler->inlined_names[i] =
            name_intern_ascii(compiler->names, compiler->source, compiler->machine, inlined_procedures[i].name);
    }
}

struct variable *scope_find(const struct scope *scope, const struct name *name) {
    for (; scope != NULL; scope = scope->parent) {
        for (size_t i = scope->variables.count; i > 0; i--) {
            if (scope->variables.items[i - 1]->name == name) {
                return scope->variables.items[i - 1];
            }
        }
    }
    return NULL;
}

struct variable *scope_add(struct compiler *compiler, struct scope *scope, const struct name *name) {
    struct variable *variable = ARENA_NEW(compiler->tree, compiler->machine, struct variable);
    variable->name = name;
    variable->is_initialised = true;
    variable_list_add(compiler, &scope->variables, variable);
    return variable;
}

bool syntax_is_keyword(const struct scope *scope, const struct syntax *syntax, enum keyword keyword) {
    return syntax_is_symbol(syntax) && syntax->as.symbol->keyword == (unsigned)keyword &&
           scope_find(scope, syntax->as.symbol) == NULL;
}

enum keyword form_keyword(const struct scope *scope, const struct syntax *form) {
    if (!syntax_is_pair(form) || !syntax_is_symbol(form->as.pair.car)) {
        return KEYWORD_NONE;
    }
    const struct name *name = form->as.pair.car->as.symbol;
    return name->keyword != KEYWORD_NONE && scope_find(scope, name) == NULL ? (enum keyword)name->keyword
                                                                            : KEYWORD_NONE;
}

int inlined_index(const struct compiler *compiler, const struct name *name) {
    for (unsigned i = 0; i < inlined_procedure_count; i++) {
        if (compiler->inlined_names[i] == name && !compiler->is_redefined[i]) {
            return (int)i;
        }
    }
    return -1;
}

static void note_inlined(struct compiler *compiler, const struct name *name) {
    int index = inlined_index(compiler, name);
    if (index >= 0) {
        compiler->is_redefined[index] = true;
    }
}

void note_redefinition(struct compiler *compiler, struct name *name) {
    note_inlined(compiler, name);
    name->keyword = KEYWORD_NONE;
}

/* A top-level (define name ...) or (define (name ...) ...). */
static void note_definition(struct compiler *compiler, const struct syntax *form) {
    const struct syntax *target = syntax_element(form, 1);
    if (syntax_is_pair(target)) {
        target = target->as.pair.car;
    }
    if (syntax_is_symbol(target)) {
        note_inlined(compiler, target->as.symbol);
    }
}

/* Any (set! name ...) at any depth; one that means a local variable costs speed only. */
static void note_assignments(struct compiler *compiler, const struct syntax *form) {
    if (form_keyword(NULL, form) == KEYWORD_SET && list_has_length(form, 3, 3) &&
        syntax_is_symbol(syntax_element(form, 1))) {
        note_inlined(compiler, syntax_element(form, 1)->as.symbol);
    }
    for (; syntax_is_pair(form); form = form->as.pair.cdr) {
        note_assignments(compiler, form->as.pair.car);
    }
}

void compiler_note_definitions(struct compiler *compiler, const struct syntax *form) {
    enum keyword keyword = form_keyword(NULL, form);
    if (keyword == KEYWORD_BEGIN) {
        for (const struct syntax *rest = form->as.pair.cdr; syntax_is_pair(rest); rest = rest->as.pair.cdr) {
            compiler_note_definitions(compiler, rest->as.pair.car);
        }
        return;
    }
    if (keyword == KEYWORD_DEFINE && list_has_length(form, 2, -1)) {
        note_definition(compiler, form);
    }
    note_assignments(compiler, form);
}
