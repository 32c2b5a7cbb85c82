/* SPDX-License-Identifier: MIT
 *
 * pinfold-scheme FILE [ARGUMENT ...]: runs a Scheme program. Exits with 0, with what the program asks for, with 1 after
 * an error in the program, with 2 when it could not be started.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "prelude.h"
#include "primitive.h"

enum { EXIT_PROGRAM_FAILED = 1, EXIT_NOT_STARTED = 2 };

/* The file as code points, in memory that the caller frees; NULL after a message. */
static uint32_t *read_program(const char *path, size_t *length) {
    struct text_buffer text = {0};
    errno = 0;
    FILE *file = fopen(path, "rb");
    bool was_read = file != NULL && text_buffer_add_stream(&text, file);
    uint32_t *characters = was_read ? text_decode_all(text.bytes, text.length, length) : NULL;
    if (characters == NULL) {
        fprintf(stderr, "pinfold-scheme: %s cannot be read: %s\n", path, strerror(errno != 0 ? errno : ENOMEM));
    }
    if (file != NULL) {
        fclose(file);
    }
    text_buffer_finish(&text);
    return characters;
}

static void set_command_line(struct machine *machine, int count, char **arguments) {
    PINFOLD_ROOTS(machine->thread, root, 1);
    machine->roots[ROOT_COMMAND_LINE] = SCHEME_NIL;
    for (int i = count - 1; i >= 0; i--) {
        size_t length = 0;
        uint32_t *characters = text_decode_all(arguments[i], strlen(arguments[i]), &length);
        if (characters == NULL) {
            machine_error(machine, "no memory for the command line");
        }
        root[0] = string_from_characters(machine, characters, length);
        free(characters);
        machine->roots[ROOT_COMMAND_LINE] = pair_create(machine, &root[0], &machine->roots[ROOT_COMMAND_LINE]);
    }
}

/* Everything that exists before the program begins. */
static void load_system(struct machine *machine, uint32_t *prelude, size_t length) {
    symbol_table_create(machine);
    ports_create(machine);
    primitives_define(machine);
    machine->is_loading_system = true;
    machine_load(machine, prelude, length);
    machine->is_loading_system = false;
    symbol_table_seal(machine);
}

/* Runs system and program; returns how they ended. */
static enum machine_exit run_program(struct machine *machine, uint32_t *prelude, size_t prelude_length,
                                     uint32_t *program, size_t program_length, int count, char **arguments) {
    jmp_buf fault_exit;
    machine->fault_exit = &fault_exit;
    enum machine_exit way = (enum machine_exit)setjmp(fault_exit);
    if (way == MACHINE_RUNNING) {
        load_system(machine, prelude, prelude_length);
        set_command_line(machine, count, arguments);
        machine_load(machine, program, program_length);
    }
    pf_frames_reset(machine->thread, NULL);
    return way;
}

static int report(const struct machine *machine, enum machine_exit way, const char *path) {
    bool written = fflush(stdout) == 0 && ferror(stdout) == 0;
    if (way == MACHINE_EXIT_FAULT) {
        if (machine->fault_line == 0) {
            fprintf(stderr, "%s: %s\n", path, machine->fault);
        } else {
            fprintf(stderr, "%s:%u: %s\n", path, (unsigned)machine->fault_line, machine->fault);
        }
        return EXIT_PROGRAM_FAILED;
    }
    if (!written) {
        fprintf(stderr, "pinfold-scheme: standard output cannot be written to\n");
        return EXIT_PROGRAM_FAILED;
    }
    return way == MACHINE_EXIT_REQUESTED ? machine->exit_status : 0;
}

int main(int argument_count, char **arguments) {
    if (argument_count < 2) {
        fprintf(stderr, "usage: pinfold-scheme FILE [ARGUMENT ...]\n");
        return EXIT_NOT_STARTED;
    }
    int status = EXIT_NOT_STARTED;
    struct pf_message message = {{0}};
    struct machine machine;
    size_t program_length = 0, prelude_length = 0;
    uint32_t *program = read_program(arguments[1], &program_length);
    uint32_t *prelude = text_decode_all(prelude_text, prelude_text_length, &prelude_length);
    if (program != NULL && prelude != NULL) {
        if (machine_init(&machine, &message)) {
            enum machine_exit way = run_program(&machine, prelude, prelude_length, program, program_length,
                                                argument_count - 1, arguments + 1);
            status = report(&machine, way, arguments[1]);
            machine_finish(&machine);
        } else {
            fprintf(stderr, "pinfold-scheme: %s\n", message.text);
        }
    }
    free(program);
    free(prelude);
    return status;
}
