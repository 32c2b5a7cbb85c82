/* SPDX-License-Identifier: MIT
 *
 * Ports: the console and strings. A string output port doubles its text when it is full; what is written is first
 * printed into the machine's scratch buffer, which nothing can move.
 */
#include <stdio.h>
#include <string.h>

#include "primitive.h"
#include "printer.h"
#include "reader.h"

enum { FIRST_TEXT = 64 };

static struct port *port_of(value v) {
    return v;
}

static bool is_input(value v) {
    return value_has_type(v, &port_type) &&
           (port_of(v)->direction == PORT_INPUT || port_of(v)->direction == PORT_CONSOLE_INPUT);
}

static bool is_output(value v) {
    return value_has_type(v, &port_type) && !is_input(v);
}

void ports_create(struct machine *machine) {
    PINFOLD_ROOTS(machine->thread, root, 1);
    root[0] = string_create(machine, 0, 0);
    machine->roots[ROOT_OUTPUT] = port_create(machine, PORT_CONSOLE_OUTPUT, &root[0]);
    machine->roots[ROOT_INPUT] = port_create(machine, PORT_CONSOLE_INPUT, &root[0]);
}

/* --- writing --- */

/* The slot that holds the port: argument `index`, or the current output. */
static value *output_port(struct machine *machine, const char *who, value *arguments, size_t count, size_t index) {
    if (count <= index) {
        return &machine->roots[ROOT_OUTPUT];
    }
    if (!is_output(arguments[index])) {
        machine_type_error(machine, who, "an output port", arguments[index]);
    }
    return &arguments[index];
}

/* Makes room for `more` characters; a safepoint. */
static void reserve_text(struct machine *machine, const value *port, size_t more) {
    size_t used = port_of(*port)->position;
    size_t room = string_of(port_of(*port)->text)->length;
    if (room - used >= more) {
        return;
    }
    while (room - used < more) {
        room = room == 0 ? FIRST_TEXT : room * 2;
    }
    value text = string_create(machine, room, 0);
    memcpy(string_of(text)->characters, string_of(port_of(*port)->text)->characters, used * sizeof(uint32_t));
    pf_store(machine->thread, &port_of(*port)->text, text);
}

/* Sends the scratch buffer to the port; a safepoint. */
static void flush_scratch(struct machine *machine, const value *port) {
    const struct text_buffer *scratch = &machine->scratch;
    if (scratch->failed) {
        machine_error(machine, "no memory left to print a value");
    }
    if (port_of(*port)->direction == PORT_CONSOLE_OUTPUT) {
        if (scratch->length > 0 && fwrite(scratch->bytes, 1, scratch->length, stdout) != scratch->length) {
            machine_error(machine, "standard output cannot be written to");
        }
        return;
    }
    reserve_text(machine, port, scratch->length);
    struct string *text = string_of(port_of(*port)->text);
    size_t position = port_of(*port)->position;
    for (size_t i = 0; i < scratch->length;) {
        text->characters[position++] = text_decode(scratch->bytes, scratch->length, &i);
    }
    port_of(*port)->position = position;
}

static value print_to_port(struct machine *machine, const char *who, value *arguments, size_t count,
                           enum print_style style) {
    const value *port = output_port(machine, who, arguments, count, 1);
    text_buffer_clear(&machine->scratch);
    print_value(machine, &machine->scratch, arguments[0], style);
    flush_scratch(machine, port);
    return SCHEME_UNSPECIFIED;
}

static value primitive_display(struct machine *machine, value *arguments, size_t count) {
    return print_to_port(machine, "display", arguments, count, PRINT_DISPLAY);
}

static value primitive_write(struct machine *machine, value *arguments, size_t count) {
    return print_to_port(machine, "write", arguments, count, PRINT_WRITE);
}

static value primitive_write_char(struct machine *machine, value *arguments, size_t count) {
    require_character(machine, "write-char", arguments[0]);
    return print_to_port(machine, "write-char", arguments, count, PRINT_DISPLAY);
}

static value primitive_write_string(struct machine *machine, value *arguments, size_t count) {
    require_string(machine, "write-string", arguments[0]);
    return print_to_port(machine, "write-string", arguments, count, PRINT_DISPLAY);
}

static value primitive_newline(struct machine *machine, value *arguments, size_t count) {
    const value *port = output_port(machine, "newline", arguments, count, 0);
    text_buffer_clear(&machine->scratch);
    text_buffer_add_text(&machine->scratch, "\n");
    flush_scratch(machine, port);
    return SCHEME_UNSPECIFIED;
}

static value primitive_flush(struct machine *machine, value *arguments, size_t count) {
    output_port(machine, "flush-output-port", arguments, count, 0);
    fflush(stdout);
    return SCHEME_UNSPECIFIED;
}

static value primitive_open_output(struct machine *machine, value *arguments, size_t count) {
    (void)arguments, (void)count;
    PINFOLD_ROOTS(machine->thread, root, 1);
    root[0] = string_create(machine, 0, 0);
    return port_create(machine, PORT_STRING_OUTPUT, &root[0]);
}

static value primitive_get_output(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    if (!is_output(arguments[0]) || port_of(arguments[0])->direction != PORT_STRING_OUTPUT) {
        machine_type_error(machine, "get-output-string", "a string output port", arguments[0]);
    }
    size_t length = port_of(arguments[0])->position;
    value string = string_create(machine, length, 0);
    memcpy(string_of(string)->characters, string_of(port_of(arguments[0])->text)->characters,
           length * sizeof(uint32_t));
    return string;
}

/* --- reading --- */

/* Standard input, all of it, becomes the text of the console port; a safepoint. */
static void fill_console(struct machine *machine, const value *port) {
    text_buffer_clear(&machine->scratch);
    if (!text_buffer_add_stream(&machine->scratch, stdin)) {
        machine_error(machine, "standard input cannot be read");
    }
    value text = string_create(machine, machine->scratch.length, 0);
    size_t count = 0;
    for (size_t i = 0; i < machine->scratch.length;) {
        string_of(text)->characters[count++] = text_decode(machine->scratch.bytes, machine->scratch.length, &i);
    }
    /* The text ends where its string does, so it is cut to the characters that the bytes were. */
    PINFOLD_ROOTS(machine->thread, root, 1);
    root[0] = text;
    value exact = string_create(machine, count, 0);
    memcpy(string_of(exact)->characters, string_of(root[0])->characters, count * sizeof(uint32_t));
    pf_store(machine->thread, &port_of(*port)->text, exact);
    port_of(*port)->direction = PORT_INPUT;
}

/* The slot that holds the port: argument 0, or the current input. */
static const value *input_port(struct machine *machine, const char *who, const value *arguments, size_t count) {
    const value *port = count > 0 ? &arguments[0] : &machine->roots[ROOT_INPUT];
    if (!is_input(*port)) {
        machine_type_error(machine, who, "an input port", *port);
    }
    if (port_of(*port)->direction == PORT_CONSOLE_INPUT) {
        fill_console(machine, port);
    }
    return port;
}

static bool at_end(const struct port *port) {
    return port->position >= string_of(port->text)->length;
}

static value primitive_open_input(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    require_string(machine, "open-input-string", arguments[0]);
    size_t length = string_of(arguments[0])->length;
    PINFOLD_ROOTS(machine->thread, root, 1);
    root[0] = string_create(machine, length, 0);
    memcpy(string_of(root[0])->characters, string_of(arguments[0])->characters, length * sizeof(uint32_t));
    return port_create(machine, PORT_INPUT, &root[0]);
}

static value primitive_peek_char(struct machine *machine, value *arguments, size_t count) {
    const struct port *port = port_of(*input_port(machine, "peek-char", arguments, count));
    return at_end(port) ? SCHEME_EOF : value_from_character(string_of(port->text)->characters[port->position]);
}

static value primitive_read_char(struct machine *machine, value *arguments, size_t count) {
    struct port *port = port_of(*input_port(machine, "read-char", arguments, count));
    return at_end(port) ? SCHEME_EOF : value_from_character(string_of(port->text)->characters[port->position++]);
}

static value primitive_read_line(struct machine *machine, value *arguments, size_t count) {
    const value *slot = input_port(machine, "read-line", arguments, count);
    size_t start = port_of(*slot)->position;
    if (at_end(port_of(*slot))) {
        return SCHEME_EOF;
    }
    const struct string *text = string_of(port_of(*slot)->text);
    size_t end = start;
    while (end < text->length && text->characters[end] != '\n') {
        end++;
    }
    port_of(*slot)->position = end < text->length ? end + 1 : end;
    value line = string_create(machine, end - start, 0);
    memcpy(string_of(line)->characters, string_of(port_of(*slot)->text)->characters + start,
           (end - start) * sizeof(uint32_t));
    return line;
}

/* The reader does not allocate in the heap, so it may read the port's text in place. */
static value primitive_read(struct machine *machine, value *arguments, size_t count) {
    struct port *port = port_of(*input_port(machine, "read", arguments, count));
    arena_finish(&machine->data);
    struct reader reader = {.machine = machine,
                            .arena = &machine->data,
                            .names = ARENA_NEW(&machine->data, machine, struct name_table),
                            .characters = string_of(port->text)->characters,
                            .length = string_of(port->text)->length,
                            .position = port->position,
                            .line = 1};
    const struct syntax *syntax = reader_read(&reader);
    port->position = reader.position;
    return syntax == NULL ? SCHEME_EOF : syntax_to_datum(machine, syntax);
}

/* --- the ports themselves --- */

static value primitive_current_output(struct machine *machine, value *arguments, size_t count) {
    (void)arguments, (void)count;
    return machine->roots[ROOT_OUTPUT];
}

static value primitive_current_input(struct machine *machine, value *arguments, size_t count) {
    (void)arguments, (void)count;
    return machine->roots[ROOT_INPUT];
}

#define ASKING_PRIMITIVE(name_, answer_)                                                      \
    static value primitive_##name_(struct machine *machine, value *arguments, size_t count) { \
        (void)machine, (void)count;                                                           \
        return value_from_boolean(answer_);                                                   \
    }
ASKING_PRIMITIVE(is_port, value_has_type(arguments[0], &port_type))
ASKING_PRIMITIVE(is_input, is_input(arguments[0]))
ASKING_PRIMITIVE(is_output, is_output(arguments[0]))
ASKING_PRIMITIVE(is_end, arguments[0] == SCHEME_EOF)

static value primitive_end(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)arguments, (void)count;
    return SCHEME_EOF;
}

const struct primitive_definition port_primitives[] = {
    {"display", primitive_display, 1, 2, SPECIAL_NONE},
    {"write", primitive_write, 1, 2, SPECIAL_NONE},
    {"write-char", primitive_write_char, 1, 2, SPECIAL_NONE},
    {"write-string", primitive_write_string, 1, 2, SPECIAL_NONE},
    {"newline", primitive_newline, 0, 1, SPECIAL_NONE},
    {"flush-output-port", primitive_flush, 0, 1, SPECIAL_NONE},
    {"open-output-string", primitive_open_output, 0, 0, SPECIAL_NONE},
    {"get-output-string", primitive_get_output, 1, 1, SPECIAL_NONE},
    {"open-input-string", primitive_open_input, 1, 1, SPECIAL_NONE},
    {"read", primitive_read, 0, 1, SPECIAL_NONE},
    {"read-char", primitive_read_char, 0, 1, SPECIAL_NONE},
    {"peek-char", primitive_peek_char, 0, 1, SPECIAL_NONE},
    {"read-line", primitive_read_line, 0, 1, SPECIAL_NONE},
    {"current-output-port", primitive_current_output, 0, 0, SPECIAL_NONE},
    {"current-input-port", primitive_current_input, 0, 0, SPECIAL_NONE},
    {"port?", primitive_is_port, 1, 1, SPECIAL_NONE},
    {"input-port?", primitive_is_input, 1, 1, SPECIAL_NONE},
    {"output-port?", primitive_is_output, 1, 1, SPECIAL_NONE},
    {"eof-object?", primitive_is_end, 1, 1, SPECIAL_NONE},
    {"eof-object", primitive_end, 0, 0, SPECIAL_NONE},
    {NULL, NULL, 0, 0, SPECIAL_NONE},
};
