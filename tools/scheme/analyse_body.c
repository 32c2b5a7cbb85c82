/* SPDX-License-Identifier: MIT
 *
 * The analyser: bodies, whose definitions become a letrec*.
 */
#include "compiler.h"

struct body_forms {
    const struct syntax **items;
    size_t count;
    size_t capacity;
    size_t definitions_end; /* behind the last definition */
};

/* Lists the forms of a body, those inside of begin included. */
static void collect_body(struct compiler *compiler, const struct scope *scope, const struct syntax *forms,
                         struct body_forms *body) {
    for (; syntax_is_pair(forms); forms = forms->as.pair.cdr) {
        const struct syntax *form = forms->as.pair.car;
        enum keyword keyword = form_keyword(scope, form);
        if (keyword == KEYWORD_BEGIN) {
            collect_body(compiler, scope, form->as.pair.cdr, body);
            continue;
        }
        body->items = arena_grow(compiler->tree, compiler->machine, body->items, body->count, &body->capacity,
                                 sizeof *body->items);
        body->items[body->count++] = form;
        if (keyword == KEYWORD_DEFINE) {
            body->definitions_end = body->count;
        }
    }
}

static bool is_lambda_definition(const struct scope *scope, const struct syntax *form) {
    if (form_keyword(scope->parent, form) != KEYWORD_DEFINE) {
        return false;
    }
    const struct syntax *target = syntax_element(form, 1);
    return syntax_is_pair(target) ||
           (list_has_length(form, 3, 3) && form_keyword(scope, syntax_element(form, 2)) == KEYWORD_LAMBDA);
}

/* The definitions become a letrec*; expressions between them are values that nothing keeps. Neighbouring procedures
 * may refer to each other without boxes, because their closures exist before any of them can run. */
static void analyse_definitions(struct compiler *compiler, const struct scope *inner, const struct body_forms *body,
                                struct expression *letrec) {
    size_t next_variable = 0;
    for (size_t i = 0; i < body->definitions_end; i++) {
        bool defines = form_keyword(inner->parent, body->items[i]) == KEYWORD_DEFINE;
        variable_list_add(compiler, &letrec->variables, defines ? inner->variables.items[next_variable++] : NULL);
    }
    for (size_t i = 0; i < body->definitions_end; i++) {
        for (size_t j = i; j < body->definitions_end && is_lambda_definition(inner, body->items[j]); j++) {
            letrec->variables.items[j]->is_initialised = true;
        }
        bool defines = letrec->variables.items[i] != NULL;
        expression_list_add(compiler, &letrec->operands,
                            defines ? analyse_definition_value(compiler, inner, body->items[i])
                                    : analyse(compiler, inner, body->items[i]));
        if (defines) {
            letrec->variables.items[i]->is_initialised = true;
        }
    }
}

static struct expression *analyse_expressions(struct compiler *compiler, const struct scope *scope,
                                              const struct body_forms *body, uint32_t line) {
    struct expression *sequence = new_expression(compiler, EXPRESSION_SEQUENCE, line);
    for (size_t i = body->definitions_end; i < body->count; i++) {
        expression_list_add(compiler, &sequence->operands, analyse(compiler, scope, body->items[i]));
    }
    return sequence->operands.count == 1 ? sequence->operands.items[0] : sequence;
}

struct expression *analyse_body(struct compiler *compiler, const struct scope *scope, const struct syntax *forms,
                                const struct syntax *where) {
    struct body_forms body = {0};
    if (syntax_list_length(forms) < 0) {
        syntax_error(compiler, where, "a body has no dotted tail");
    }
    collect_body(compiler, scope, forms, &body);
    if (body.count == body.definitions_end) {
        syntax_error(compiler, where, "a body has to end with an expression");
    }
    if (body.definitions_end == 0) {
        return analyse_expressions(compiler, scope, &body, where->line);
    }
    struct scope inner = {.parent = scope};
    for (size_t i = 0; i < body.definitions_end; i++) {
        const struct syntax *parameters;
        const struct syntax *rest;
        if (form_keyword(scope, body.items[i]) != KEYWORD_DEFINE) {
            continue;
        }
        const struct name *name = definition_parts(compiler, body.items[i], &parameters, &rest);
        if (inner.variables.count > 0 && scope_find(&(struct scope){.variables = inner.variables}, name) != NULL) {
            syntax_error(compiler, body.items[i], "a body defines the same variable twice");
        }
        scope_add(compiler, &inner, name)->is_initialised = false;
    }
    struct expression *letrec = new_expression(compiler, EXPRESSION_LETREC, where->line);
    analyse_definitions(compiler, &inner, &body, letrec);
    letrec->first = analyse_expressions(compiler, &inner, &body, where->line);
    return letrec;
}
