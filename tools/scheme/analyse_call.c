/* SPDX-License-Identifier: MIT
 *
 * The analyser: references and calls. Calls of well-known procedures become instructions here.
 */
#include "compiler.h"
#include "machine.h"

struct expression *analyse_reference(struct compiler *compiler, const struct scope *scope,
                                     const struct syntax *symbol) {
    struct variable *variable = scope_find(scope, symbol->as.symbol);
    if (variable != NULL) {
        return new_variable_expression(compiler, symbol->line, variable);
    }
    if (symbol->as.symbol->keyword != KEYWORD_NONE) {
        machine_error_at(compiler->machine, symbol->line, "the keyword %s stands where an expression has to",
                         name_text(compiler->tree, compiler->machine, symbol->as.symbol));
    }
    struct expression *expression = new_expression(compiler, EXPRESSION_GLOBAL, symbol->line);
    expression->name = symbol->as.symbol;
    return expression;
}

/* x + small constant, in one instruction; NULL when it is none. */
static struct expression *add_fixnum(struct compiler *compiler, uint32_t line, struct expression *number,
                                     const struct expression *constant, int sign) {
    if (constant->kind != EXPRESSION_CONSTANT || constant->datum->kind != SYNTAX_INTEGER ||
        constant->datum->as.integer > SIGNED_OPERAND_MOST || constant->datum->as.integer < -SIGNED_OPERAND_MOST) {
        return NULL;
    }
    struct expression *sum = new_inline_expression(compiler, line, OPCODE_ADD_FIXNUM, number, NULL);
    sum->operand = sign * (int32_t)constant->datum->as.integer;
    return sum;
}

static struct expression *inline_two(struct compiler *compiler, uint32_t line, enum opcode opcode, struct expression *a,
                                     struct expression *b) {
    struct expression *sum = NULL;
    if (opcode == OPCODE_ADD || opcode == OPCODE_SUBTRACT) {
        sum = add_fixnum(compiler, line, a, b, opcode == OPCODE_ADD ? 1 : -1);
    }
    if (sum == NULL && opcode == OPCODE_ADD) {
        sum = add_fixnum(compiler, line, b, a, 1);
    }
    return sum != NULL ? sum : new_inline_expression(compiler, line, opcode, a, b);
}

/* The call of an inlined procedure with these operands, or NULL when their number does not fit. */
static struct expression *inline_call(struct compiler *compiler, uint32_t line,
                                      const struct inlined_procedure *procedure,
                                      const struct expression_list *operands) {
    if (procedure->arguments == INLINE_FOLD && operands->count >= 2) {
        struct expression *result = operands->items[0];
        for (size_t i = 1; i < operands->count; i++) {
            result = inline_two(compiler, line, procedure->opcode, result, operands->items[i]);
        }
        return result;
    }
    bool fits =
        procedure->arguments == INLINE_ANY ? operands->count <= 1000 : procedure->arguments == (int)operands->count;
    if (!fits) {
        return NULL;
    }
    struct expression *result = new_expression(compiler, EXPRESSION_INLINE, line);
    result->opcode = procedure->opcode;
    result->operand = (int32_t)operands->count;
    result->operands = *operands;
    return procedure->second == OPCODE_HALT ? result
                                            : new_inline_expression(compiler, line, procedure->second, result, NULL);
}

struct expression *analyse_call(struct compiler *compiler, const struct scope *scope, const struct syntax *form) {
    if (syntax_list_length(form) < 0) {
        syntax_error(compiler, form, "a call has no dotted tail");
    }
    struct expression *call = new_expression(compiler, EXPRESSION_CALL, form->line);
    call->first = analyse(compiler, scope, form->as.pair.car);
    for (const struct syntax *rest = form->as.pair.cdr; syntax_is_pair(rest); rest = rest->as.pair.cdr) {
        expression_list_add(compiler, &call->operands, analyse(compiler, scope, rest->as.pair.car));
    }
    if (call->first->kind == EXPRESSION_GLOBAL) {
        int index = inlined_index(compiler, call->first->name);
        struct expression *inlined =
            index < 0 ? NULL : inline_call(compiler, form->line, &inlined_procedures[index], &call->operands);
        return inlined != NULL ? inlined : call;
    }
    return call;
}
