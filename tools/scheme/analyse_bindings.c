/* SPDX-License-Identifier: MIT
 *
 * The analyser: let, let*, letrec, named let and do.
 */
#include "compiler.h"

enum { LET_BINDING_LENGTH = 2, DO_BINDING_LENGTH = 3 };

/* Checks a list of (name expression [step]). */
static void check_bindings(struct compiler *compiler, const struct syntax *bindings, const struct syntax *where,
                           intptr_t most) {
    if (syntax_list_length(bindings) < 0) {
        syntax_error(compiler, where, "a list of bindings is missing here");
    }
    for (; syntax_is_pair(bindings); bindings = bindings->as.pair.cdr) {
        const struct syntax *binding = bindings->as.pair.car;
        if (!list_has_length(binding, 2, most) || !syntax_is_symbol(syntax_element(binding, 0))) {
            syntax_error(compiler, binding,
                         most == LET_BINDING_LENGTH ? "a binding has to be (variable expression)"
                                                    : "a binding has to be (variable expression [step])");
        }
    }
}

/* Adds a variable for each binding; names have to differ. */
static void add_binding_variables(struct compiler *compiler, struct scope *inner, const struct syntax *bindings) {
    for (; syntax_is_pair(bindings); bindings = bindings->as.pair.cdr) {
        const struct syntax *symbol = syntax_element(bindings->as.pair.car, 0);
        struct scope own = {.variables = inner->variables};
        if (scope_find(&own, symbol->as.symbol) != NULL) {
            syntax_error(compiler, symbol, "two bindings have the same name");
        }
        scope_add(compiler, inner, symbol->as.symbol);
    }
}

/* The value of a binding; procedures are named after their variable. */
static struct expression *analyse_init(struct compiler *compiler, const struct scope *scope,
                                       const struct syntax *binding) {
    struct expression *init = analyse(compiler, scope, syntax_element(binding, 1));
    if (init->kind == EXPRESSION_LAMBDA && init->name == NULL) {
        init->name = syntax_element(binding, 0)->as.symbol;
    }
    return init;
}

static struct expression *analyse_let(struct compiler *compiler, const struct scope *scope, const struct syntax *form) {
    const struct syntax *bindings = syntax_element(form, 1);
    check_bindings(compiler, bindings, form, LET_BINDING_LENGTH);
    struct expression *let = new_expression(compiler, EXPRESSION_LET, form->line);
    for (const struct syntax *rest = bindings; syntax_is_pair(rest); rest = rest->as.pair.cdr) {
        expression_list_add(compiler, &let->operands, analyse_init(compiler, scope, rest->as.pair.car));
    }
    struct scope inner = {.parent = scope};
    add_binding_variables(compiler, &inner, bindings);
    let->first = analyse_body(compiler, &inner, syntax_tail(form, 2), form);
    let->variables = inner.variables;
    return let;
}

static struct expression *analyse_let_star(struct compiler *compiler, const struct scope *scope,
                                           const struct syntax *form, const struct syntax *bindings) {
    struct scope inner = {.parent = scope};
    struct expression *let = new_expression(compiler, EXPRESSION_LET, form->line);
    if (syntax_is_pair(bindings)) {
        const struct syntax *binding = bindings->as.pair.car;
        expression_list_add(compiler, &let->operands, analyse_init(compiler, scope, binding));
        scope_add(compiler, &inner, syntax_element(binding, 0)->as.symbol);
        bindings = bindings->as.pair.cdr;
    }
    if (syntax_is_pair(bindings)) {
        /* The depth guard is in analyse, which this recursion by-passes; the reader's limit on nesting does not
         * bound the number of bindings, so they count as nesting here. */
        if (++compiler->depth > SYNTAX_DEPTH_LIMIT) {
            syntax_error(compiler, form, "this let* has too many bindings");
        }
        let->first = analyse_let_star(compiler, &inner, form, bindings);
        compiler->depth--;
    } else {
        let->first = analyse_body(compiler, &inner, syntax_tail(form, 2), form);
    }
    let->variables = inner.variables;
    return let;
}

static struct expression *analyse_letrec(struct compiler *compiler, const struct scope *scope,
                                         const struct syntax *form) {
    const struct syntax *bindings = syntax_element(form, 1);
    check_bindings(compiler, bindings, form, LET_BINDING_LENGTH);
    struct scope inner = {.parent = scope};
    add_binding_variables(compiler, &inner, bindings);
    struct expression *letrec = new_expression(compiler, EXPRESSION_LETREC, form->line);
    letrec->variables = inner.variables;
    for (size_t i = 0; i < inner.variables.count; i++) {
        inner.variables.items[i]->is_initialised = false;
    }
    const struct syntax *binding = bindings;
    for (size_t i = 0; i < inner.variables.count; i++, binding = binding->as.pair.cdr) {
        /* Neighbouring procedures may refer to each other; see analyse_body.c. */
        const struct syntax *next = binding;
        for (size_t j = i;
             syntax_is_pair(next) && form_keyword(&inner, syntax_element(next->as.pair.car, 1)) == KEYWORD_LAMBDA;
             j++, next = next->as.pair.cdr) {
            inner.variables.items[j]->is_initialised = true;
        }
        expression_list_add(compiler, &letrec->operands, analyse_init(compiler, &inner, binding->as.pair.car));
        inner.variables.items[i]->is_initialised = true;
    }
    letrec->first = analyse_body(compiler, &inner, syntax_tail(form, 2), form);
    return letrec;
}

/* (letrec ((variable lambda)) (variable . inits)), as a loop if possible. */
static struct expression *new_loop(struct compiler *compiler, uint32_t line, struct variable *variable,
                                   struct expression *lambda, const struct expression_list *inits) {
    struct expression *letrec = new_expression(compiler, EXPRESSION_LETREC, line);
    variable_list_add(compiler, &letrec->variables, variable);
    expression_list_add(compiler, &letrec->operands, lambda);
    letrec->first = new_expression(compiler, EXPRESSION_CALL, line);
    letrec->first->first = new_variable_expression(compiler, line, variable);
    letrec->first->operands = *inits;
    return loop_from_letrec(compiler, letrec);
}

static struct expression *analyse_named_let(struct compiler *compiler, const struct scope *scope,
                                            const struct syntax *form) {
    if (!list_has_length(form, 4, -1)) {
        syntax_error(compiler, form, "a named let takes a name, bindings and a body");
    }
    const struct syntax *bindings = syntax_element(form, 2);
    check_bindings(compiler, bindings, form, LET_BINDING_LENGTH);
    struct expression_list inits = {0};
    for (const struct syntax *rest = bindings; syntax_is_pair(rest); rest = rest->as.pair.cdr) {
        expression_list_add(compiler, &inits, analyse_init(compiler, scope, rest->as.pair.car));
    }
    struct scope outer = {.parent = scope};
    struct variable *variable = scope_add(compiler, &outer, syntax_element(form, 1)->as.symbol);
    variable->parameter_count = inits.count;
    struct scope inner = {.parent = &outer};
    add_binding_variables(compiler, &inner, bindings);
    struct expression *lambda = new_expression(compiler, EXPRESSION_LAMBDA, form->line);
    lambda->name = variable->name;
    lambda->first = analyse_body(compiler, &inner, syntax_tail(form, 3), form);
    lambda->variables = inner.variables;
    return new_loop(compiler, form->line, variable, lambda, &inits);
}

/* What a do loop does when its test fails: the commands, then the loop again with the steps. */
static struct expression *analyse_do_round(struct compiler *compiler, const struct scope *inner,
                                           const struct syntax *form, struct variable *variable) {
    struct expression *again = new_expression(compiler, EXPRESSION_CALL, form->line);
    struct expression *round = new_expression(compiler, EXPRESSION_SEQUENCE, form->line);
    for (const struct syntax *rest = syntax_tail(form, 3); syntax_is_pair(rest); rest = rest->as.pair.cdr) {
        expression_list_add(compiler, &round->operands, analyse(compiler, inner, rest->as.pair.car));
    }
    again->first = new_variable_expression(compiler, form->line, variable);
    for (const struct syntax *rest = syntax_element(form, 1); syntax_is_pair(rest); rest = rest->as.pair.cdr) {
        const struct syntax *binding = rest->as.pair.car;
        const struct syntax *step =
            list_has_length(binding, 3, 3) ? syntax_element(binding, 2) : syntax_element(binding, 0);
        expression_list_add(compiler, &again->operands, analyse(compiler, inner, step));
    }
    expression_list_add(compiler, &round->operands, again);
    return round;
}

static struct expression *analyse_do(struct compiler *compiler, const struct scope *scope, const struct syntax *form) {
    if (!list_has_length(form, 3, -1) || !list_has_length(syntax_element(form, 2), 1, -1)) {
        syntax_error(compiler, form, "do takes bindings, (test result ...) and commands");
    }
    const struct syntax *bindings = syntax_element(form, 1);
    const struct syntax *exit = syntax_element(form, 2);
    check_bindings(compiler, bindings, form, DO_BINDING_LENGTH);
    struct expression_list inits = {0};
    for (const struct syntax *rest = bindings; syntax_is_pair(rest); rest = rest->as.pair.cdr) {
        expression_list_add(compiler, &inits, analyse_init(compiler, scope, rest->as.pair.car));
    }
    struct scope inner = {.parent = scope};
    add_binding_variables(compiler, &inner, bindings);
    struct variable *variable = ARENA_NEW(compiler->tree, compiler->machine, struct variable);
    variable->is_initialised = true;
    variable->parameter_count = inits.count;
    struct expression *test = analyse(compiler, &inner, exit->as.pair.car);
    struct expression *result = syntax_is_nil(exit->as.pair.cdr)
                                    ? new_constant_expression(compiler, form->line, SCHEME_UNSPECIFIED)
                                    : analyse_sequence(compiler, &inner, exit->as.pair.cdr, exit);
    struct expression *lambda = new_expression(compiler, EXPRESSION_LAMBDA, form->line);
    lambda->first =
        new_if_expression(compiler, form->line, test, result, analyse_do_round(compiler, &inner, form, variable));
    lambda->variables = inner.variables;
    return new_loop(compiler, form->line, variable, lambda, &inits);
}

struct expression *analyse_binding_form(struct compiler *compiler, const struct scope *scope, enum keyword keyword,
                                        const struct syntax *form) {
    switch (keyword) {
    case KEYWORD_LET:
    case KEYWORD_LET_STAR:
    case KEYWORD_LETREC:
    case KEYWORD_LETREC_STAR:
        if (!list_has_length(form, 3, -1)) {
            syntax_error(compiler, form, "bindings or body are missing here");
        }
        break;
    case KEYWORD_DO:
        return analyse_do(compiler, scope, form);
    default:
        return NULL;
    }
    if (keyword == KEYWORD_LET) {
        return syntax_is_symbol(syntax_element(form, 1)) ? analyse_named_let(compiler, scope, form)
                                                         : analyse_let(compiler, scope, form);
    }
    if (keyword == KEYWORD_LET_STAR) {
        check_bindings(compiler, syntax_element(form, 1), form, LET_BINDING_LENGTH);
        return analyse_let_star(compiler, scope, form, syntax_element(form, 1));
    }
    return analyse_letrec(compiler, scope, form);
}
