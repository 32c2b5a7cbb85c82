/* SPDX-License-Identifier: MIT
 *
 * The analyser: primitive special forms and the dispatch between all forms. Nothing in the analyser allocates in
 * Pinfold's heap.
 */
#include "compiler.h"
#include "machine.h"

/* Expressions nest deeper than their syntax (cond, let*), so there is a limit of its own. */
enum { EXPRESSION_DEPTH_LIMIT = 3 * SYNTAX_DEPTH_LIMIT };

void syntax_error(struct compiler *compiler, const struct syntax *where, const char *sentence) {
    machine_error_at(compiler->machine, where->line, "%s", sentence);
}

static struct expression *analyse_quote(struct compiler *compiler, const struct syntax *form) {
    if (!list_has_length(form, 2, 2)) {
        syntax_error(compiler, form, "quote takes one datum");
    }
    struct expression *expression = new_expression(compiler, EXPRESSION_CONSTANT, form->line);
    expression->datum = syntax_element(form, 1);
    return expression;
}

static struct expression *analyse_if(struct compiler *compiler, const struct scope *scope, const struct syntax *form) {
    if (!list_has_length(form, 3, 4)) {
        syntax_error(compiler, form, "if takes a test, a consequent and at most one alternative");
    }
    struct expression *test = analyse(compiler, scope, syntax_element(form, 1));
    struct expression *consequent = analyse(compiler, scope, syntax_element(form, 2));
    struct expression *alternative = list_has_length(form, 4, 4)
                                         ? analyse(compiler, scope, syntax_element(form, 3))
                                         : new_constant_expression(compiler, form->line, SCHEME_UNSPECIFIED);
    return new_if_expression(compiler, form->line, test, consequent, alternative);
}

static struct expression *analyse_set(struct compiler *compiler, const struct scope *scope, const struct syntax *form) {
    if (!list_has_length(form, 3, 3) || !syntax_is_symbol(syntax_element(form, 1))) {
        syntax_error(compiler, form, "set! takes a variable and an expression");
    }
    struct name *name = syntax_element(form, 1)->as.symbol;
    struct variable *variable = scope_find(scope, name);
    struct expression *set =
        new_expression(compiler, variable != NULL ? EXPRESSION_SET : EXPRESSION_SET_GLOBAL, form->line);
    if (variable != NULL) {
        variable->is_boxed = true;
        variable->references++;
    } else {
        note_redefinition(compiler, name);
    }
    set->variable = variable;
    set->name = name;
    set->first = analyse(compiler, scope, syntax_element(form, 2));
    return set;
}

struct name *definition_parts(struct compiler *compiler, const struct syntax *form, const struct syntax **parameters,
                              const struct syntax **rest) {
    const struct syntax *target = list_has_length(form, 2, -1) ? syntax_element(form, 1) : NULL;
    if (target != NULL && syntax_is_symbol(target) && list_has_length(form, 2, 3)) {
        *parameters = NULL;
        *rest = syntax_tail(form, 2);
        return target->as.symbol;
    }
    if (target == NULL || !syntax_is_pair(target) || !syntax_is_symbol(target->as.pair.car) ||
        !list_has_length(form, 3, -1)) {
        syntax_error(compiler, form, "define takes a variable and an expression, or (name parameter ...) and a body");
    }
    *parameters = target->as.pair.cdr;
    *rest = syntax_tail(form, 2);
    return target->as.pair.car->as.symbol;
}

struct expression *analyse_definition_value(struct compiler *compiler, const struct scope *scope,
                                            const struct syntax *form) {
    const struct syntax *parameters;
    const struct syntax *rest;
    const struct name *name = definition_parts(compiler, form, &parameters, &rest);
    if (parameters != NULL) {
        return analyse_lambda(compiler, scope, name, parameters, rest, form);
    }
    if (syntax_is_nil(rest)) {
        return new_constant_expression(compiler, form->line, SCHEME_UNSPECIFIED);
    }
    const struct syntax *init = rest->as.pair.car;
    if (form_keyword(scope, init) == KEYWORD_LAMBDA && list_has_length(init, 3, -1)) {
        return analyse_lambda(compiler, scope, name, syntax_element(init, 1), syntax_tail(init, 2), init);
    }
    return analyse(compiler, scope, init);
}

static struct expression *analyse_define(struct compiler *compiler, const struct scope *scope,
                                         const struct syntax *form) {
    const struct syntax *parameters;
    const struct syntax *rest;
    struct name *name = definition_parts(compiler, form, &parameters, &rest);
    if (scope != NULL) {
        syntax_error(compiler, form, "a definition stands where only expressions may");
    }
    note_redefinition(compiler, name);
    struct expression *define = new_expression(compiler, EXPRESSION_DEFINE_GLOBAL, form->line);
    define->name = name;
    define->first = analyse_definition_value(compiler, scope, form);
    return define;
}

struct expression *analyse_lambda(struct compiler *compiler, const struct scope *scope, const struct name *name,
                                  const struct syntax *parameters, const struct syntax *body,
                                  const struct syntax *where) {
    struct expression *lambda = new_expression(compiler, EXPRESSION_LAMBDA, where->line);
    struct scope inner = {.parent = scope};
    while (!syntax_is_nil(parameters)) {
        const struct syntax *parameter = syntax_is_pair(parameters) ? parameters->as.pair.car : parameters;
        if (!syntax_is_symbol(parameter)) {
            syntax_error(compiler, parameter, "a parameter has to be a symbol");
        }
        for (size_t i = 0; i < inner.variables.count; i++) {
            if (inner.variables.items[i]->name == parameter->as.symbol) {
                syntax_error(compiler, parameter, "two parameters have the same name");
            }
        }
        scope_add(compiler, &inner, parameter->as.symbol);
        lambda->has_rest = !syntax_is_pair(parameters);
        if (lambda->has_rest) {
            break;
        }
        parameters = parameters->as.pair.cdr;
    }
    lambda->name = name;
    lambda->first = analyse_body(compiler, &inner, body, where);
    lambda->variables = inner.variables;
    return lambda;
}

struct expression *analyse_sequence(struct compiler *compiler, const struct scope *scope, const struct syntax *forms,
                                    const struct syntax *where) {
    if (!list_has_length(forms, 1, -1)) {
        syntax_error(compiler, where, "an expression is missing here");
    }
    struct expression *sequence = new_expression(compiler, EXPRESSION_SEQUENCE, where->line);
    for (; syntax_is_pair(forms); forms = forms->as.pair.cdr) {
        expression_list_add(compiler, &sequence->operands, analyse(compiler, scope, forms->as.pair.car));
    }
    return sequence->operands.count == 1 ? sequence->operands.items[0] : sequence;
}

static struct expression *analyse_top_level_begin(struct compiler *compiler, const struct syntax *form) {
    if (syntax_is_nil(form->as.pair.cdr)) {
        return new_constant_expression(compiler, form->line, SCHEME_UNSPECIFIED);
    }
    return analyse_sequence(compiler, NULL, form->as.pair.cdr, form);
}

static struct expression *analyse_pair(struct compiler *compiler, const struct scope *scope,
                                       const struct syntax *form) {
    enum keyword keyword = form_keyword(scope, form);
    switch (keyword) {
    case KEYWORD_NONE:
        return analyse_call(compiler, scope, form);
    case KEYWORD_QUOTE:
        return analyse_quote(compiler, form);
    case KEYWORD_QUASIQUOTE:
        return analyse_quasiquote(compiler, scope, form);
    case KEYWORD_IF:
        return analyse_if(compiler, scope, form);
    case KEYWORD_SET:
        return analyse_set(compiler, scope, form);
    case KEYWORD_DEFINE:
        return analyse_define(compiler, scope, form);
    case KEYWORD_LAMBDA:
        if (!list_has_length(form, 3, -1)) {
            syntax_error(compiler, form, "lambda takes parameters and a body");
        }
        return analyse_lambda(compiler, scope, NULL, syntax_element(form, 1), syntax_tail(form, 2), form);
    case KEYWORD_BEGIN:
        return scope == NULL ? analyse_top_level_begin(compiler, form)
                             : analyse_sequence(compiler, scope, form->as.pair.cdr, form);
    default:
        break;
    }
    struct expression *expression = analyse_binding_form(compiler, scope, keyword, form);
    if (expression == NULL) {
        expression = analyse_derived(compiler, scope, keyword, form);
    }
    return expression != NULL ? expression : analyse_reference(compiler, scope, form->as.pair.car);
}

struct expression *analyse(struct compiler *compiler, const struct scope *scope, const struct syntax *form) {
    if (++compiler->depth > EXPRESSION_DEPTH_LIMIT) {
        syntax_error(compiler, form, "expressions are nested too deeply here");
    }
    struct expression *expression;
    if (syntax_is_pair(form)) {
        expression = analyse_pair(compiler, scope, form);
    } else if (syntax_is_symbol(form)) {
        expression = analyse_reference(compiler, scope, form);
    } else if (syntax_is_nil(form)) {
        syntax_error(compiler, form, "() is no expression; write '() for the empty list");
    } else {
        expression = new_expression(compiler, EXPRESSION_CONSTANT, form->line);
        expression->datum = form;
    }
    compiler->depth--;
    return expression;
}

value compile_form(struct compiler *compiler, const struct syntax *form) {
    compiler->depth = 0;
    struct expression *expression = analyse(compiler, NULL, form);
    return assemble(compiler->machine, generate_form(compiler, expression));
}
