/* SPDX-License-Identifier: MIT
 *
 * Loading a program. It is read to its end first: unbalanced parentheses are found before anything runs, and
 * definitions that replace inlined procedures are known before anything is compiled.
 */
#include "compiler.h"
#include "machine.h"
#include "reader.h"

struct program {
    struct syntax **forms;
    size_t count;
    size_t capacity;
};

static void program_read(struct machine *machine, struct reader *reader, struct program *program) {
    struct syntax *form;
    while ((form = reader_read(reader)) != NULL) {
        program->forms = arena_grow(&machine->source, machine, program->forms, program->count, &program->capacity,
                                    sizeof(struct syntax *));
        program->forms[program->count++] = form;
    }
}

void machine_load(struct machine *machine, const uint32_t *characters, size_t length) {
    struct name_table *names = ARENA_NEW(&machine->source, machine, struct name_table);
    struct reader reader = {.machine = machine,
                            .arena = &machine->source,
                            .names = names,
                            .characters = characters,
                            .length = length,
                            .line = 1,
                            .is_program = true};
    struct compiler compiler = {.machine = machine, .source = &machine->source, .tree = &machine->tree, .names = names};
    struct program program = {0};
    compiler_init(&compiler);
    program_read(machine, &reader, &program);
    for (size_t i = 0; i < program.count; i++) {
        compiler_note_definitions(&compiler, program.forms[i]);
    }
    for (size_t i = 0; i < program.count; i++) {
        machine->roots[ROOT_CODE] = compile_form(&compiler, program.forms[i]);
        arena_finish(&machine->tree);
        machine_execute(machine);
    }
    arena_finish(&machine->source);
}
