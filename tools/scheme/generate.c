/* SPDX-License-Identifier: MIT
 *
 * The generator: expression trees to instructions, in C memory. Variables of let and its kin are slots of the value
 * stack at a depth known here; `depth` follows what the instructions emitted so far have pushed above the frame.
 * Closures are flat: a captured variable is copied (its box, if it has one) when the closure is made.
 */
#include "generate.h"
#include "machine.h"

/* --- emitting --- */

size_t emit_word(struct compiler *compiler, struct function *function, uint32_t word) {
    function->words = arena_grow(compiler->tree, compiler->machine, function->words, function->word_count,
                                 &function->word_capacity, sizeof *function->words);
    function->words[function->word_count] = word;
    return function->word_count++;
}

static void note_line(struct compiler *compiler, struct function *function, uint32_t line) {
    if (line == 0 || (function->line_count > 0 && function->lines[function->line_count - 1].line == line)) {
        return;
    }
    function->lines = arena_grow(compiler->tree, compiler->machine, function->lines, function->line_count,
                                 &function->line_capacity, sizeof *function->lines);
    function->lines[function->line_count++] = (struct line_entry){(uint32_t)function->word_count, line};
}

size_t emit(struct compiler *compiler, struct function *function, uint32_t line, enum opcode opcode, size_t operand,
            intptr_t growth) {
    if (operand > OPERAND_MOST) {
        machine_error_at(compiler->machine, line, "this procedure is too large to be compiled");
    }
    note_line(compiler, function, line);
    function->depth = (size_t)((intptr_t)function->depth + growth);
    if (function->depth > function->depth_most) {
        function->depth_most = function->depth;
    }
    return emit_word(compiler, function, instruction_word(opcode, (uint32_t)operand));
}

static void patch_jump(struct compiler *compiler, struct function *function, size_t index) {
    if (function->word_count > OPERAND_MOST) {
        machine_error(compiler->machine, "a procedure is too large to be compiled");
    }
    function->words[index] =
        instruction_word(instruction_opcode(function->words[index]), (uint32_t)function->word_count);
}

static size_t add_constant(struct compiler *compiler, struct function *function, enum constant_kind kind,
                           const void *payload) {
    for (size_t i = 0; kind == CONSTANT_CELL && i < function->constant_count; i++) {
        if (function->constants[i].kind == kind && function->constants[i].payload == payload) {
            return i;
        }
    }
    function->constants = arena_grow(compiler->tree, compiler->machine, function->constants, function->constant_count,
                                     &function->constant_capacity, sizeof *function->constants);
    function->constants[function->constant_count] = (struct constant){kind, payload};
    return function->constant_count++;
}

/* --- variables --- */

/* Index among the function's captured variables, entered when new. */
static size_t captured_index(struct compiler *compiler, struct function *function, struct variable *variable) {
    for (size_t i = 0; i < function->captured.count; i++) {
        if (function->captured.items[i] == variable) {
            return i;
        }
    }
    variable_list_add(compiler, &function->captured, variable);
    return function->captured.count - 1;
}

void push_slot(struct compiler *compiler, struct function *function, uint32_t line, struct variable *variable) {
    if (variable->owner == function) {
        emit(compiler, function, line, OPCODE_LOCAL, variable->slot, 1);
    } else {
        emit(compiler, function, line, OPCODE_CAPTURED, captured_index(compiler, function, variable), 1);
    }
}

static void push_variable(struct compiler *compiler, struct function *function, uint32_t line,
                          struct variable *variable) {
    if (!variable->is_boxed) {
        push_slot(compiler, function, line, variable);
    } else if (variable->owner == function) {
        emit(compiler, function, line, OPCODE_LOCAL_BOX, variable->slot, 1);
    } else {
        emit(compiler, function, line, OPCODE_CAPTURED_BOX, captured_index(compiler, function, variable), 1);
    }
}

void bind_slot(struct compiler *compiler, struct function *function, struct variable *variable, size_t slot) {
    variable->owner = function;
    variable->slot = slot;
    if (variable->is_boxed) {
        emit(compiler, function, 0, OPCODE_MAKE_BOX, slot, 0);
    }
}

/* --- constants --- */

void push_immediate(struct compiler *compiler, struct function *function, uint32_t line, value immediate) {
    emit(compiler, function, line, OPCODE_IMMEDIATE, (size_t)(uintptr_t)immediate, 1);
}

static void generate_constant(struct compiler *compiler, struct function *function,
                              const struct expression *expression) {
    const struct syntax *datum = expression->datum;
    if (datum->kind == SYNTAX_INTEGER && datum->as.integer >= -SIGNED_OPERAND_MOST &&
        datum->as.integer <= SIGNED_OPERAND_MOST) {
        size_t operand = (size_t)((uint32_t)datum->as.integer & OPERAND_MOST);
        emit(compiler, function, expression->line, OPCODE_FIXNUM, operand, 1);
    } else if (datum->kind == SYNTAX_NIL) {
        push_immediate(compiler, function, expression->line, SCHEME_NIL);
    } else if (datum->kind == SYNTAX_CONSTANT && (uintptr_t)datum->as.constant <= OPERAND_MOST) {
        push_immediate(compiler, function, expression->line, datum->as.constant);
    } else {
        size_t index = add_constant(compiler, function, CONSTANT_DATUM, datum);
        emit(compiler, function, expression->line, OPCODE_CONSTANT, index, 1);
    }
}

/* --- procedures --- */

static struct function *generate_function(struct compiler *compiler, struct function *parent,
                                          const struct expression *lambda) {
    struct function *function = ARENA_NEW(compiler->tree, compiler->machine, struct function);
    function->parent = parent;
    function->name = lambda->name;
    function->required = lambda->variables.count - lambda->has_rest;
    function->has_rest = lambda->has_rest;
    function->depth = lambda->variables.count;
    function->depth_most = function->depth;
    for (size_t i = 0; i < lambda->variables.count; i++) {
        bind_slot(compiler, function, lambda->variables.items[i], i);
    }
    generate(compiler, function, lambda->first, POSITION_TAIL);
    return function;
}

const struct function *generate_lambda(struct compiler *compiler, struct function *function,
                                       const struct expression *lambda) {
    struct function *inner = generate_function(compiler, function, lambda);
    for (size_t i = 0; i < inner->captured.count; i++) {
        push_slot(compiler, function, lambda->line, inner->captured.items[i]);
    }
    size_t index = add_constant(compiler, function, CONSTANT_CODE, inner);
    emit(compiler, function, lambda->line, OPCODE_CLOSURE, index, 1 - (intptr_t)inner->captured.count);
    emit_word(compiler, function, (uint32_t)inner->captured.count);
    return inner;
}

void generate_operands(struct compiler *compiler, struct function *function, const struct expression_list *operands) {
    for (size_t i = 0; i < operands->count; i++) {
        generate(compiler, function, operands->items[i], POSITION_VALUE);
    }
}

/* A call of the variable that names a loop: a jump to the loop's head with new values in the loop's slots. */
static void generate_loop_jump(struct compiler *compiler, struct function *function, const struct expression *call) {
    const struct expression *loop = call->first->variable->loop;
    size_t depth = function->depth;
    size_t count = call->operands.count;
    generate_operands(compiler, function, &call->operands);
    size_t slot = count > 0 ? loop->variables.items[0]->slot : loop->variable->slot;
    emit(compiler, function, call->line, OPCODE_LOOP, count, 0);
    emit_word(compiler, function, (uint32_t)slot);
    emit(compiler, function, call->line, OPCODE_JUMP, loop->loop_head, 0);
    function->depth = depth + 1; /* as if a value had been pushed; nothing gets here */
}

static void generate_call(struct compiler *compiler, struct function *function, const struct expression *call,
                          enum position position) {
    size_t count = call->operands.count;
    if (call->first->kind == EXPRESSION_VARIABLE && call->first->variable->loop != NULL) {
        generate_loop_jump(compiler, function, call);
        return;
    }
    if (position == POSITION_VALUE) {
        emit(compiler, function, call->line, OPCODE_FRAME, 0, FRAME_LINK_SLOTS);
    }
    generate(compiler, function, call->first, POSITION_VALUE);
    generate_operands(compiler, function, &call->operands);
    if (position == POSITION_VALUE) {
        emit(compiler, function, call->line, OPCODE_CALL, count, -(intptr_t)(count + FRAME_LINK_SLOTS));
    } else {
        emit(compiler, function, call->line, OPCODE_TAIL_CALL, count, -(intptr_t)count);
    }
}

/* --- choices --- */

/* Emits the test and a jump to be patched, taken when the test is false. */
static size_t generate_test(struct compiler *compiler, struct function *function, struct expression *test) {
    enum opcode jump = OPCODE_JUMP_IF_FALSE;
    while (test->kind == EXPRESSION_INLINE && test->opcode == OPCODE_NOT) {
        test = test->operands.items[0];
        jump = jump == OPCODE_JUMP_IF_FALSE ? OPCODE_JUMP_IF_TRUE : OPCODE_JUMP_IF_FALSE;
    }
    generate(compiler, function, test, POSITION_VALUE);
    return emit(compiler, function, 0, jump, 0, -1);
}

static void generate_if(struct compiler *compiler, struct function *function, const struct expression *expression,
                        enum position position) {
    size_t to_alternative = generate_test(compiler, function, expression->first);
    size_t depth = function->depth;
    generate(compiler, function, expression->second, position);
    size_t to_end = 0;
    if (position == POSITION_VALUE) {
        to_end = emit(compiler, function, 0, OPCODE_JUMP, 0, 0);
    }
    patch_jump(compiler, function, to_alternative);
    function->depth = depth;
    generate(compiler, function, expression->third, position);
    if (position == POSITION_VALUE) {
        patch_jump(compiler, function, to_end);
    }
}

static void generate_or(struct compiler *compiler, struct function *function, const struct expression *expression,
                        enum position position) {
    generate(compiler, function, expression->first, POSITION_VALUE);
    size_t to_end = emit(compiler, function, expression->line, OPCODE_JUMP_IF_TRUE_KEEP, 0, -1);
    generate(compiler, function, expression->second, position);
    patch_jump(compiler, function, to_end);
    if (position == POSITION_TAIL) {
        emit(compiler, function, 0, OPCODE_RETURN, 0, 0);
    }
}

static void generate_sequence(struct compiler *compiler, struct function *function, const struct expression *expression,
                              enum position position) {
    size_t last = expression->operands.count - 1;
    for (size_t i = 0; i < last; i++) {
        generate(compiler, function, expression->operands.items[i], POSITION_VALUE);
        emit(compiler, function, 0, OPCODE_POP, 0, -1);
    }
    generate(compiler, function, expression->operands.items[last], position);
}

/* --- assignments --- */

static void generate_set(struct compiler *compiler, struct function *function, const struct expression *set) {
    generate(compiler, function, set->first, POSITION_VALUE);
    if (set->kind != EXPRESSION_SET) {
        enum opcode opcode = set->kind == EXPRESSION_SET_GLOBAL ? OPCODE_SET_GLOBAL : OPCODE_DEFINE_GLOBAL;
        emit(compiler, function, set->line, opcode, add_constant(compiler, function, CONSTANT_CELL, set->name), -1);
    } else if (set->variable->owner == function) {
        emit(compiler, function, set->line, OPCODE_SET_LOCAL_BOX, set->variable->slot, -1);
    } else {
        emit(compiler, function, set->line, OPCODE_SET_CAPTURED_BOX, captured_index(compiler, function, set->variable),
             -1);
    }
    push_immediate(compiler, function, set->line, SCHEME_UNSPECIFIED);
}

static void generate_inline(struct compiler *compiler, struct function *function, const struct expression *expression) {
    generate_operands(compiler, function, &expression->operands);
    size_t operand = (size_t)((uint32_t)expression->operand & OPERAND_MOST);
    emit(compiler, function, expression->line, expression->opcode, operand, 1 - (intptr_t)expression->operands.count);
}

/* Expressions that push their value whatever their position. */
static void generate_value(struct compiler *compiler, struct function *function, const struct expression *expression) {
    switch (expression->kind) {
    case EXPRESSION_CONSTANT:
        generate_constant(compiler, function, expression);
        break;
    case EXPRESSION_VARIABLE:
        push_variable(compiler, function, expression->line, expression->variable);
        break;
    case EXPRESSION_GLOBAL:
        emit(compiler, function, expression->line, OPCODE_GLOBAL,
             add_constant(compiler, function, CONSTANT_CELL, expression->name), 1);
        break;
    case EXPRESSION_LAMBDA:
        generate_lambda(compiler, function, expression);
        break;
    case EXPRESSION_INLINE:
        generate_inline(compiler, function, expression);
        break;
    default:
        generate_set(compiler, function, expression);
        break;
    }
}

void generate(struct compiler *compiler, struct function *function, struct expression *expression,
              enum position position) {
    switch (expression->kind) {
    case EXPRESSION_IF:
        generate_if(compiler, function, expression, position);
        return;
    case EXPRESSION_OR:
        generate_or(compiler, function, expression, position);
        return;
    case EXPRESSION_SEQUENCE:
        generate_sequence(compiler, function, expression, position);
        return;
    case EXPRESSION_LET:
        generate_let(compiler, function, expression, position);
        return;
    case EXPRESSION_LETREC:
        generate_letrec(compiler, function, expression, position);
        return;
    case EXPRESSION_LOOP:
        generate_loop(compiler, function, expression, position);
        return;
    case EXPRESSION_CALL:
        generate_call(compiler, function, expression, position);
        return;
    default:
        break;
    }
    generate_value(compiler, function, expression);
    if (position == POSITION_TAIL) {
        emit(compiler, function, 0, OPCODE_RETURN, 0, 0);
    }
}

struct function *generate_form(struct compiler *compiler, struct expression *form) {
    struct function *function = ARENA_NEW(compiler->tree, compiler->machine, struct function);
    generate(compiler, function, form, POSITION_VALUE);
    emit(compiler, function, 0, OPCODE_HALT, 0, 0);
    return function;
}
