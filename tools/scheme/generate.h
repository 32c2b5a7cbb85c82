/* SPDX-License-Identifier: MIT
 *
 * What the parts of the generator share.
 */
#ifndef SCHEME_GENERATE_H
#define SCHEME_GENERATE_H

#include "compiler.h"

/* Whether the value of an expression stays on the stack or leaves with the activation. */
enum position { POSITION_VALUE, POSITION_TAIL };

void generate(struct compiler *compiler, struct function *function, struct expression *expression,
              enum position position);
void generate_operands(struct compiler *compiler, struct function *function, const struct expression_list *operands);

/* Pushes what is captured, then makes the closure. Returns the function, whose captured variables are known now. */
const struct function *generate_lambda(struct compiler *compiler, struct function *function,
                                       const struct expression *lambda);

/* Emits one instruction, after which the stack is `growth` slots higher; line 0 keeps the line. Returns its index. */
size_t emit(struct compiler *compiler, struct function *function, uint32_t line, enum opcode opcode, size_t operand,
            intptr_t growth);
/* A second operand, or a whole instruction. */
size_t emit_word(struct compiler *compiler, struct function *function, uint32_t word);

/* The variable's slot as it is: its value, or its box. */
void push_slot(struct compiler *compiler, struct function *function, uint32_t line, struct variable *variable);
/* The value in this slot becomes the variable's; a box is made if it needs one. */
void bind_slot(struct compiler *compiler, struct function *function, struct variable *variable, size_t slot);
void push_immediate(struct compiler *compiler, struct function *function, uint32_t line, value immediate);

/* generate_bindings.c */
void generate_let(struct compiler *compiler, struct function *function, const struct expression *let,
                  enum position position);
void generate_letrec(struct compiler *compiler, struct function *function, const struct expression *letrec,
                     enum position position);
void generate_loop(struct compiler *compiler, struct function *function, struct expression *loop,
                   enum position position);

#endif
