/* SPDX-License-Identifier: MIT
 *
 * Making expression trees.
 */
#include "expression.h"

#include "compiler.h"

struct expression *new_expression(struct compiler *compiler, enum expression_kind kind, uint32_t line) {
    struct expression *expression = ARENA_NEW(compiler->tree, compiler->machine, struct expression);
    expression->kind = kind;
    expression->line = line;
    return expression;
}

struct expression *new_constant_expression(struct compiler *compiler, uint32_t line, value constant) {
    struct syntax *datum = ARENA_NEW(compiler->tree, compiler->machine, struct syntax);
    datum->kind = SYNTAX_CONSTANT;
    datum->line = line;
    datum->as.constant = constant;
    struct expression *expression = new_expression(compiler, EXPRESSION_CONSTANT, line);
    expression->datum = datum;
    return expression;
}

struct expression *new_inline_expression(struct compiler *compiler, uint32_t line, enum opcode opcode,
                                         struct expression *a, struct expression *b) {
    struct expression *expression = new_expression(compiler, EXPRESSION_INLINE, line);
    expression->opcode = opcode;
    expression_list_add(compiler, &expression->operands, a);
    if (b != NULL) {
        expression_list_add(compiler, &expression->operands, b);
    }
    return expression;
}

struct expression *new_if_expression(struct compiler *compiler, uint32_t line, struct expression *test,
                                     struct expression *consequent, struct expression *alternative) {
    struct expression *expression = new_expression(compiler, EXPRESSION_IF, line);
    expression->first = test;
    expression->second = consequent;
    expression->third = alternative;
    return expression;
}

struct expression *new_variable_expression(struct compiler *compiler, uint32_t line, struct variable *variable) {
    struct expression *expression = new_expression(compiler, EXPRESSION_VARIABLE, line);
    expression->variable = variable;
    variable->references++;
    if (!variable->is_initialised) {
        variable->is_boxed = true;
    }
    return expression;
}

void expression_list_add(struct compiler *compiler, struct expression_list *list, struct expression *expression) {
    list->items =
        arena_grow(compiler->tree, compiler->machine, list->items, list->count, &list->capacity, sizeof *list->items);
    list->items[list->count++] = expression;
}

void variable_list_add(struct compiler *compiler, struct variable_list *list, struct variable *variable) {
    list->items =
        arena_grow(compiler->tree, compiler->machine, list->items, list->count, &list->capacity, sizeof *list->items);
    list->items[list->count++] = variable;
}
