/* SPDX-License-Identifier: MIT
 *
 * Loops: a procedure that only its own tail calls mention, apart from the one call that starts it, needs no closure and
 * no activation. Its parameters become slots of the activation around it and its calls become jumps.
 */
#include "compiler.h"

static bool is_call_of(const struct expression *expression, const struct variable *variable) {
    return expression->kind == EXPRESSION_CALL && expression->first->kind == EXPRESSION_VARIABLE &&
           expression->first->variable == variable && expression->operands.count == variable->parameter_count;
}

/* Number of calls of `variable` in tail position of the expression. */
static size_t count_tail_calls(const struct expression *expression, const struct variable *variable) {
    switch (expression->kind) {
    case EXPRESSION_CALL:
        return is_call_of(expression, variable);
    case EXPRESSION_IF:
        return count_tail_calls(expression->second, variable) + count_tail_calls(expression->third, variable);
    case EXPRESSION_OR:
        return count_tail_calls(expression->second, variable);
    case EXPRESSION_SEQUENCE:
        return count_tail_calls(expression->operands.items[expression->operands.count - 1], variable);
    case EXPRESSION_LET:
    case EXPRESSION_LETREC:
    case EXPRESSION_LOOP:
        return count_tail_calls(expression->first, variable);
    default:
        return 0;
    }
}

struct expression *loop_from_letrec(struct compiler *compiler, struct expression *letrec) {
    struct variable *variable = letrec->variables.items[0];
    const struct expression *lambda = letrec->operands.items[0];
    const struct expression *start = letrec->first;
    if (variable->is_boxed || lambda->has_rest || !is_call_of(start, variable) ||
        count_tail_calls(lambda->first, variable) + 1 != variable->references) {
        return letrec;
    }
    struct expression *loop = new_expression(compiler, EXPRESSION_LOOP, letrec->line);
    loop->variable = variable;
    loop->variables = lambda->variables;
    loop->operands = start->operands;
    loop->first = lambda->first;
    variable->loop = loop;
    return loop;
}
