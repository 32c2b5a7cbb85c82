/* SPDX-License-Identifier: MIT
 *
 * Instruction words; see instructions.def.
 */
#ifndef SCHEME_CODE_H
#define SCHEME_CODE_H

#include <stdint.h>

enum opcode {
#define INSTRUCTION(name) OPCODE_##name,
#include "instructions.def"
#undef INSTRUCTION
    OPCODE_COUNT
};

enum { OPERAND_SHIFT = 8, OPCODE_MASK = 0xFF, OPERAND_MOST = (1 << 24) - 1, SIGNED_OPERAND_MOST = (1 << 23) - 1 };

static inline uint32_t instruction_word(enum opcode opcode, uint32_t operand) {
    return (operand << OPERAND_SHIFT) | (uint32_t)opcode;
}
static inline enum opcode instruction_opcode(uint32_t word) {
    return (enum opcode)(word & OPCODE_MASK);
}
static inline uint32_t instruction_operand(uint32_t word) {
    return word >> OPERAND_SHIFT;
}
static inline int32_t instruction_signed_operand(uint32_t word) {
    return (int32_t)word >> OPERAND_SHIFT;
}

#endif
