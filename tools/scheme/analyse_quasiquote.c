/* SPDX-License-Identifier: MIT
 *
 * The analyser: quasiquote. Templates become instructions, not calls, so a program that defines its own cons or append
 * does not change what they mean.
 */
#include "compiler.h"

static struct expression *template_expression(struct compiler *compiler, const struct scope *scope,
                                              const struct syntax *template, unsigned level);

static struct expression *quoted(struct compiler *compiler, const struct syntax *datum) {
    struct expression *expression = new_expression(compiler, EXPRESSION_CONSTANT, datum->line);
    expression->datum = datum;
    return expression;
}

/* Whether the form is (keyword x). */
static bool is_form(const struct scope *scope, const struct syntax *form, enum keyword keyword) {
    return list_has_length(form, 2, 2) && syntax_is_keyword(scope, form->as.pair.car, keyword);
}

/* (first . rest); the template itself when neither part has to be computed. */
static struct expression *new_cons(struct compiler *compiler, const struct syntax *template, struct expression *first,
                                   struct expression *rest) {
    bool is_constant = first->kind == EXPRESSION_CONSTANT && rest->kind == EXPRESSION_CONSTANT &&
                       first->datum == template->as.pair.car && rest->datum == template->as.pair.cdr;
    return is_constant ? quoted(compiler, template)
                       : new_inline_expression(compiler, template->line, OPCODE_CONS, first, rest);
}

/* (keyword x) inside of which the level is another. */
static struct expression *nested_form(struct compiler *compiler, const struct scope *scope,
                                      const struct syntax *template, unsigned level) {
    return new_cons(compiler, template, quoted(compiler, template->as.pair.car),
                    template_expression(compiler, scope, template->as.pair.cdr, level));
}

static struct expression *pair_template(struct compiler *compiler, const struct scope *scope,
                                        const struct syntax *template, unsigned level) {
    const struct syntax *first = template->as.pair.car;
    const struct syntax *rest = template->as.pair.cdr;
    if (is_form(scope, template, KEYWORD_UNQUOTE)) {
        return level == 1 ? analyse(compiler, scope, syntax_element(template, 1))
                          : nested_form(compiler, scope, template, level - 1);
    }
    if (is_form(scope, template, KEYWORD_QUASIQUOTE)) {
        return nested_form(compiler, scope, template, level + 1);
    }
    struct expression *first_expression;
    if (!is_form(scope, first, KEYWORD_UNQUOTE_SPLICING)) {
        first_expression = template_expression(compiler, scope, first, level);
    } else if (level > 1) {
        first_expression = nested_form(compiler, scope, first, level - 1);
    } else {
        struct expression *list = analyse(compiler, scope, syntax_element(first, 1));
        return syntax_is_nil(rest) ? list
                                   : new_inline_expression(compiler, first->line, OPCODE_APPEND, list,
                                                           template_expression(compiler, scope, rest, level));
    }
    return new_cons(compiler, template, first_expression, template_expression(compiler, scope, rest, level));
}

static struct expression *vector_template(struct compiler *compiler, const struct scope *scope,
                                          const struct syntax *template, unsigned level) {
    struct syntax *list = ARENA_NEW(compiler->tree, compiler->machine, struct syntax);
    list->kind = SYNTAX_NIL;
    list->line = template->line;
    for (size_t i = template->as.vector.count; i > 0; i--) {
        struct syntax *pair = ARENA_NEW(compiler->tree, compiler->machine, struct syntax);
        pair->kind = SYNTAX_PAIR;
        pair->line = template->as.vector.items[i - 1]->line;
        pair->as.pair.car = template->as.vector.items[i - 1];
        pair->as.pair.cdr = list;
        list = pair;
    }
    struct expression *items = template_expression(compiler, scope, list, level);
    return items->kind == EXPRESSION_CONSTANT
               ? quoted(compiler, template)
               : new_inline_expression(compiler, template->line, OPCODE_LIST_TO_VECTOR, items, NULL);
}

static struct expression *template_expression(struct compiler *compiler, const struct scope *scope,
                                              const struct syntax *template, unsigned level) {
    if (++compiler->depth > 3 * SYNTAX_DEPTH_LIMIT) {
        syntax_error(compiler, template, "this template is too long or nested too deeply");
    }
    struct expression *expression = syntax_is_pair(template) ? pair_template(compiler, scope, template, level)
                                    : template->kind == SYNTAX_VECTOR
                                        ? vector_template(compiler, scope, template, level)
                                        : quoted(compiler, template);
    compiler->depth--;
    return expression;
}

struct expression *analyse_quasiquote(struct compiler *compiler, const struct scope *scope, const struct syntax *form) {
    if (!list_has_length(form, 2, 2)) {
        syntax_error(compiler, form, "quasiquote takes one template");
    }
    return template_expression(compiler, scope, syntax_element(form, 1), 1);
}
