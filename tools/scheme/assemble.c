/* SPDX-License-Identifier: MIT
 *
 * The assembler: finished functions to code objects in Pinfold's heap. The only part of the compiler that allocates
 * there; values on the way are kept on the machine's stack.
 */
#include <string.h>

#include "compiler.h"
#include "machine.h"

static value assemble_cell(struct machine *machine, const struct name *name) {
    value *slot = machine->top;
    machine_push(machine, symbol_intern(machine, name->characters, name->length));
    value cell = symbol_cell(machine, slot);
    machine_pop(machine);
    return cell;
}

static value assemble_constant(struct machine *machine, const struct constant *constant) {
    switch (constant->kind) {
    case CONSTANT_DATUM:
        return syntax_to_datum(machine, constant->payload);
    case CONSTANT_CELL:
        return assemble_cell(machine, constant->payload);
    case CONSTANT_CODE:
        break;
    }
    return assemble(machine, constant->payload);
}

static value assemble_lines(struct machine *machine, const struct function *function) {
    struct string *lines = pf_alloc_array(machine->thread, &words_type, function->line_count * 2);
    for (size_t i = 0; i < function->line_count; i++) {
        lines->characters[2 * i] = function->lines[i].first_instruction;
        lines->characters[2 * i + 1] = function->lines[i].line;
    }
    return lines;
}

value assemble(struct machine *machine, const struct function *function) {
    enum { CONSTANTS, LINES, NAME, SLOTS };
    value *slots = machine->top;
    value nothing = SCHEME_FALSE;
    for (int i = 0; i < SLOTS; i++) {
        machine_push(machine, nothing);
    }
    slots[CONSTANTS] = vector_create(machine, function->constant_count, &nothing);
    for (size_t i = 0; i < function->constant_count; i++) {
        value constant = assemble_constant(machine, &function->constants[i]);
        pf_store(machine->thread, &vector_of(slots[CONSTANTS])->elements[i], constant);
    }
    slots[LINES] = assemble_lines(machine, function);
    if (function->name != NULL) {
        slots[NAME] = symbol_intern(machine, function->name->characters, function->name->length);
    }
    struct code *code = pf_alloc_array(machine->thread, &code_type, function->word_count);
    code->name = slots[NAME];
    code->constants = slots[CONSTANTS];
    code->lines = slots[LINES];
    code->required = (uint32_t)function->required;
    code->has_rest = function->has_rest;
    code->frame_size = (uint32_t)function->depth_most;
    code->is_system = machine->is_loading_system;
    memcpy(code->instructions, function->words, function->word_count * sizeof *function->words);
    machine->top = slots;
    return code;
}
