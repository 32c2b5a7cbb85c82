/* SPDX-License-Identifier: MIT
 *
 * The analyser: cond, case, and, or, when, unless; reduced to if, or and let.
 */
#include "compiler.h"

static struct expression *analyse_clauses(struct compiler *compiler, const struct scope *scope,
                                          const struct syntax *clauses, struct variable *key, uint32_t line);

/* Nested as deep as there are clauses or operands. */
static void descend(struct compiler *compiler, const struct syntax *where) {
    if (++compiler->depth > 3 * SYNTAX_DEPTH_LIMIT) {
        syntax_error(compiler, where, "this form has too many parts");
    }
}

static struct expression *new_or(struct compiler *compiler, uint32_t line, struct expression *left,
                                 struct expression *right) {
    struct expression *expression = new_expression(compiler, EXPRESSION_OR, line);
    expression->first = left;
    expression->second = right;
    return expression;
}

/* Binds a variable that no program text can name. */
static struct expression *new_temporary(struct compiler *compiler, uint32_t line, struct expression *init,
                                        struct variable **variable) {
    struct expression *let = new_expression(compiler, EXPRESSION_LET, line);
    *variable = ARENA_NEW(compiler->tree, compiler->machine, struct variable);
    (*variable)->is_initialised = true;
    variable_list_add(compiler, &let->variables, *variable);
    expression_list_add(compiler, &let->operands, init);
    return let;
}

static struct expression *new_call(struct compiler *compiler, uint32_t line, struct expression *procedure,
                                   struct expression *argument) {
    struct expression *call = new_expression(compiler, EXPRESSION_CALL, line);
    call->first = procedure;
    expression_list_add(compiler, &call->operands, argument);
    return call;
}

static bool has_arrow(const struct scope *scope, const struct syntax *clause) {
    return list_has_length(clause, 3, 3) && syntax_is_keyword(scope, syntax_element(clause, 1), KEYWORD_ARROW);
}

/* (or (eqv? key datum) ...), from the right. */
static struct expression *analyse_case_test(struct compiler *compiler, const struct syntax *data,
                                            struct variable *key) {
    if (syntax_is_nil(data)) {
        return new_constant_expression(compiler, data->line, SCHEME_FALSE);
    }
    struct expression *datum = new_expression(compiler, EXPRESSION_CONSTANT, data->line);
    datum->datum = data->as.pair.car;
    struct expression *test = new_inline_expression(compiler, data->line, OPCODE_IS_EQV,
                                                    new_variable_expression(compiler, data->line, key), datum);
    if (syntax_is_nil(data->as.pair.cdr)) {
        return test;
    }
    descend(compiler, data);
    test = new_or(compiler, data->line, test, analyse_case_test(compiler, data->as.pair.cdr, key));
    compiler->depth--;
    return test;
}

/* What a case clause does when its data match. */
static struct expression *analyse_case_body(struct compiler *compiler, const struct scope *scope,
                                            const struct syntax *clause, struct variable *key) {
    if (has_arrow(scope, clause)) {
        return new_call(compiler, clause->line, analyse(compiler, scope, syntax_element(clause, 2)),
                        new_variable_expression(compiler, clause->line, key));
    }
    return analyse_sequence(compiler, scope, clause->as.pair.cdr, clause);
}

static struct expression *analyse_case_clause(struct compiler *compiler, const struct scope *scope,
                                              const struct syntax *clauses, struct variable *key) {
    const struct syntax *clause = clauses->as.pair.car;
    if (!list_has_length(clause, 2, -1) || syntax_list_length(clause->as.pair.car) < 0) {
        syntax_error(compiler, clause, "a clause of case has to be ((datum ...) expression ...)");
    }
    struct expression *test = analyse_case_test(compiler, clause->as.pair.car, key);
    struct expression *body = analyse_case_body(compiler, scope, clause, key);
    return new_if_expression(compiler, clause->line, test, body,
                             analyse_clauses(compiler, scope, clauses->as.pair.cdr, key, clause->line));
}

static struct expression *analyse_cond_clause(struct compiler *compiler, const struct scope *scope,
                                              const struct syntax *clauses) {
    const struct syntax *clause = clauses->as.pair.car;
    uint32_t line = clause->line;
    if (!list_has_length(clause, 1, -1)) {
        syntax_error(compiler, clause, "a clause of cond has to be (test expression ...)");
    }
    struct expression *test = analyse(compiler, scope, clause->as.pair.car);
    if (has_arrow(scope, clause)) {
        struct variable *variable;
        struct expression *let = new_temporary(compiler, line, test, &variable);
        struct expression *receiver = analyse(compiler, scope, syntax_element(clause, 2));
        struct expression *call = new_call(compiler, line, receiver, new_variable_expression(compiler, line, variable));
        let->first = new_if_expression(compiler, line, new_variable_expression(compiler, line, variable), call,
                                       analyse_clauses(compiler, scope, clauses->as.pair.cdr, NULL, line));
        return let;
    }
    struct expression *body =
        syntax_is_nil(clause->as.pair.cdr) ? NULL : analyse_sequence(compiler, scope, clause->as.pair.cdr, clause);
    struct expression *rest = analyse_clauses(compiler, scope, clauses->as.pair.cdr, NULL, line);
    return body == NULL ? new_or(compiler, line, test, rest) : new_if_expression(compiler, line, test, body, rest);
}

/* The clauses of a cond (key = NULL) or of a case, from the first on. */
static struct expression *analyse_clauses(struct compiler *compiler, const struct scope *scope,
                                          const struct syntax *clauses, struct variable *key, uint32_t line) {
    if (!syntax_is_pair(clauses)) {
        return new_constant_expression(compiler, line, SCHEME_UNSPECIFIED);
    }
    const struct syntax *clause = clauses->as.pair.car;
    if (syntax_is_pair(clause) && syntax_is_keyword(scope, clause->as.pair.car, KEYWORD_ELSE)) {
        if (!syntax_is_nil(clauses->as.pair.cdr) || !list_has_length(clause, 2, -1)) {
            syntax_error(compiler, clause, "else begins the last clause, and expressions follow it");
        }
        return key == NULL ? analyse_sequence(compiler, scope, clause->as.pair.cdr, clause)
                           : analyse_case_body(compiler, scope, clause, key);
    }
    descend(compiler, clause);
    struct expression *expression = key == NULL ? analyse_cond_clause(compiler, scope, clauses)
                                                : analyse_case_clause(compiler, scope, clauses, key);
    compiler->depth--;
    return expression;
}

static struct expression *analyse_cond(struct compiler *compiler, const struct scope *scope,
                                       const struct syntax *form) {
    if (!list_has_length(form, 2, -1)) {
        syntax_error(compiler, form, "cond takes clauses");
    }
    return analyse_clauses(compiler, scope, form->as.pair.cdr, NULL, form->line);
}

static struct expression *analyse_case(struct compiler *compiler, const struct scope *scope,
                                       const struct syntax *form) {
    if (!list_has_length(form, 3, -1)) {
        syntax_error(compiler, form, "case takes a key and clauses");
    }
    struct variable *key;
    struct expression *let =
        new_temporary(compiler, form->line, analyse(compiler, scope, syntax_element(form, 1)), &key);
    let->first = analyse_clauses(compiler, scope, syntax_tail(form, 2), key, form->line);
    return let;
}

/* and (keyword KEYWORD_AND) or or of the operands from here on. */
static struct expression *analyse_junction(struct compiler *compiler, const struct scope *scope,
                                           const struct syntax *operands, enum keyword keyword, uint32_t line) {
    if (syntax_is_nil(operands)) {
        return new_constant_expression(compiler, line, keyword == KEYWORD_AND ? SCHEME_TRUE : SCHEME_FALSE);
    }
    struct expression *first = analyse(compiler, scope, operands->as.pair.car);
    if (syntax_is_nil(operands->as.pair.cdr)) {
        return first;
    }
    descend(compiler, operands);
    struct expression *rest = analyse_junction(compiler, scope, operands->as.pair.cdr, keyword, line);
    compiler->depth--;
    return keyword == KEYWORD_AND
               ? new_if_expression(compiler, line, first, rest, new_constant_expression(compiler, line, SCHEME_FALSE))
               : new_or(compiler, line, first, rest);
}

/* when and unless. */
static struct expression *analyse_when(struct compiler *compiler, const struct scope *scope, enum keyword keyword,
                                       const struct syntax *form) {
    if (!list_has_length(form, 3, -1)) {
        syntax_error(compiler, form, "a test or the expressions behind it are missing here");
    }
    struct expression *test = analyse(compiler, scope, syntax_element(form, 1));
    struct expression *body = analyse_sequence(compiler, scope, syntax_tail(form, 2), form);
    struct expression *nothing = new_constant_expression(compiler, form->line, SCHEME_UNSPECIFIED);
    return keyword == KEYWORD_WHEN ? new_if_expression(compiler, form->line, test, body, nothing)
                                   : new_if_expression(compiler, form->line, test, nothing, body);
}

struct expression *analyse_derived(struct compiler *compiler, const struct scope *scope, enum keyword keyword,
                                   const struct syntax *form) {
    switch (keyword) {
    case KEYWORD_COND:
        return analyse_cond(compiler, scope, form);
    case KEYWORD_CASE:
        return analyse_case(compiler, scope, form);
    case KEYWORD_AND:
    case KEYWORD_OR:
        if (syntax_list_length(form) < 0) {
            syntax_error(compiler, form, "this form has no dotted tail");
        }
        return analyse_junction(compiler, scope, form->as.pair.cdr, keyword, form->line);
    case KEYWORD_WHEN:
    case KEYWORD_UNLESS:
        return analyse_when(compiler, scope, keyword, form);
    default:
        return NULL;
    }
}
