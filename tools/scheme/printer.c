/* SPDX-License-Identifier: MIT
 *
 * The printer. What is still to be printed waits on a stack of its own; a list takes one entry at a time, so neither
 * long nor deep values need C frames.
 */
#include "printer.h"

#include <stdlib.h>

#include "machine.h"
#include "number.h"
#include "reader.h"

enum pending_kind { PENDING_VALUE, PENDING_TAIL, PENDING_ELEMENTS };

struct pending {
    value v;
    size_t index; /* PENDING_ELEMENTS: the next one */
    enum pending_kind kind;
};

/* `length_limit` bounds the text; `failed` when it was reached or memory ran out. */
struct printer {
    struct text_buffer *buffer;
    struct pending *pending;
    size_t count;
    size_t capacity;
    size_t length_limit;
    enum print_style style;
    bool failed;
};

static const size_t TEXT_LIMIT = (size_t)64 << 20;
enum { EXCERPT_LIMIT = 100 };

static void push(struct printer *printer, enum pending_kind kind, value v, size_t index) {
    if (printer->count == printer->capacity) {
        size_t capacity = printer->capacity == 0 ? 32 : printer->capacity * 2;
        struct pending *pending = realloc(printer->pending, capacity * sizeof *pending);
        if (pending == NULL) {
            printer->failed = true;
            return;
        }
        printer->pending = pending;
        printer->capacity = capacity;
    }
    printer->pending[printer->count++] = (struct pending){v, index, kind};
}

/* A character inside "" or ||. */
static void print_escaped(struct text_buffer *buffer, uint32_t character, char delimiter) {
    char text[16];
    if (character == (uint32_t)delimiter || character == '\\') {
        snprintf(text, sizeof text, "\\%c", (char)character);
        text_buffer_add_text(buffer, text);
    } else if (character == '\n') {
        text_buffer_add_text(buffer, "\\n");
    } else if (character == '\t') {
        text_buffer_add_text(buffer, "\\t");
    } else if (character < ' ' || character == 0x7F) {
        snprintf(text, sizeof text, "\\x%x;", (unsigned)character);
        text_buffer_add_text(buffer, text);
    } else {
        text_buffer_add_character(buffer, character);
    }
}

static void print_string(struct printer *printer, const struct string *string) {
    if (printer->style == PRINT_WRITE) {
        text_buffer_add_text(printer->buffer, "\"");
    }
    for (size_t i = 0; i < string->length && printer->buffer->length <= printer->length_limit; i++) {
        if (printer->style == PRINT_WRITE) {
            print_escaped(printer->buffer, string->characters[i], '"');
        } else {
            text_buffer_add_character(printer->buffer, string->characters[i]);
        }
    }
    if (printer->style == PRINT_WRITE) {
        text_buffer_add_text(printer->buffer, "\"");
    }
}

static bool is_plain_in_symbol(uint32_t character) {
    switch (character) {
    case '(':
    case ')':
    case '"':
    case ';':
    case '\'':
    case '`':
    case ',':
    case '|':
    case '#':
    case '\\':
        return false;
    default:
        return character > ' ' && character != 0x7F && character != 0xA0;
    }
}

/* Whether a symbol, written as it is, would not read as this symbol. */
static bool needs_bars(const struct string *name) {
    if (name->length == 0 || (name->length == 1 && name->characters[0] == '.')) {
        return true;
    }
    for (size_t i = 0; i < name->length; i++) {
        if (!is_plain_in_symbol(name->characters[i])) {
            return true;
        }
    }
    return number_parse(name->characters, name->length, 10).form != NUMBER_NONE;
}

static void print_symbol(struct printer *printer, const struct symbol *symbol) {
    const struct string *name = string_of(symbol->name);
    bool bars = printer->style == PRINT_WRITE && needs_bars(name);
    if (bars) {
        text_buffer_add_text(printer->buffer, "|");
    }
    for (size_t i = 0; i < name->length; i++) {
        if (bars) {
            print_escaped(printer->buffer, name->characters[i], '|');
        } else {
            text_buffer_add_character(printer->buffer, name->characters[i]);
        }
    }
    if (bars) {
        text_buffer_add_text(printer->buffer, "|");
    }
}

static void print_character(struct printer *printer, uint32_t character) {
    if (printer->style == PRINT_WRITE) {
        text_buffer_add_text(printer->buffer, "#\\");
        const char *name = character_name(character);
        if (name != NULL) {
            text_buffer_add_text(printer->buffer, name);
            return;
        }
        if (character < ' ') {
            char text[16];
            snprintf(text, sizeof text, "x%x", (unsigned)character);
            text_buffer_add_text(printer->buffer, text);
            return;
        }
    }
    text_buffer_add_character(printer->buffer, character);
}

static void print_immediate(struct printer *printer, value v) {
    if (value_is_character(v)) {
        print_character(printer, character_of(v));
    } else if (v == SCHEME_NIL) {
        text_buffer_add_text(printer->buffer, "()");
    } else if (v == SCHEME_TRUE || v == SCHEME_FALSE) {
        text_buffer_add_text(printer->buffer, v == SCHEME_TRUE ? "#t" : "#f");
    } else {
        text_buffer_add_text(printer->buffer, v == SCHEME_EOF ? "#<eof>" : "#<unspecified>");
    }
}

/* #<kind name>, the name being a symbol or #f. */
static void print_named(struct printer *printer, const char *kind, value name) {
    text_buffer_add_text(printer->buffer, "#<");
    text_buffer_add_text(printer->buffer, kind);
    if (name != SCHEME_FALSE) {
        text_buffer_add_text(printer->buffer, " ");
        print_symbol(printer, name);
    }
    text_buffer_add_text(printer->buffer, ">");
}

static void print_object(struct printer *printer, value v) {
    const struct pf_type *type = pf_type_of(v);
    if (type == &pair_type) {
        text_buffer_add_text(printer->buffer, "(");
        push(printer, PENDING_TAIL, pair_of(v)->cdr, 0);
        push(printer, PENDING_VALUE, pair_of(v)->car, 0);
    } else if (type == &string_type) {
        print_string(printer, v);
    } else if (type == &symbol_type) {
        print_symbol(printer, v);
    } else if (type == &flonum_type) {
        number_print(printer->buffer, v, 10);
    } else if (type == &vector_type) {
        text_buffer_add_text(printer->buffer, "#(");
        push(printer, PENDING_ELEMENTS, v, 0);
    } else if (type == &closure_type) {
        print_named(printer, "procedure", code_of(closure_of(v)->code)->name);
    } else if (type == &primitive_type) {
        print_named(printer, "procedure", ((struct primitive *)v)->name);
    } else {
        print_named(printer, type->name, SCHEME_FALSE);
    }
}

static void print_one(struct printer *printer, value v) {
    if (value_is_fixnum(v)) {
        number_print(printer->buffer, v, 10);
    } else if (value_is_reference(v)) {
        print_object(printer, v);
    } else {
        print_immediate(printer, v);
    }
}

static void print_tail(struct printer *printer, value tail) {
    if (tail == SCHEME_NIL) {
        text_buffer_add_text(printer->buffer, ")");
    } else if (value_has_type(tail, &pair_type)) {
        text_buffer_add_text(printer->buffer, " ");
        push(printer, PENDING_TAIL, pair_of(tail)->cdr, 0);
        push(printer, PENDING_VALUE, pair_of(tail)->car, 0);
    } else {
        text_buffer_add_text(printer->buffer, " . ");
        push(printer, PENDING_TAIL, SCHEME_NIL, 0);
        push(printer, PENDING_VALUE, tail, 0);
    }
}

static void print_elements(struct printer *printer, value vector, size_t index) {
    if (index == vector_of(vector)->length) {
        text_buffer_add_text(printer->buffer, ")");
        return;
    }
    if (index > 0) {
        text_buffer_add_text(printer->buffer, " ");
    }
    push(printer, PENDING_ELEMENTS, vector, index + 1);
    push(printer, PENDING_VALUE, vector_of(vector)->elements[index], 0);
}

/* Returns whether all was printed. */
static bool print_all(struct printer *printer, value v) {
    push(printer, PENDING_VALUE, v, 0);
    while (printer->count > 0 && !printer->failed) {
        struct pending next = printer->pending[--printer->count];
        if (next.kind == PENDING_VALUE) {
            print_one(printer, next.v);
        } else if (next.kind == PENDING_TAIL) {
            print_tail(printer, next.v);
        } else {
            print_elements(printer, next.v, next.index);
        }
        if (printer->buffer->length > printer->length_limit || printer->buffer->failed) {
            printer->failed = true;
        }
    }
    free(printer->pending);
    return !printer->failed;
}

void print_value(struct machine *machine, struct text_buffer *buffer, value v, enum print_style style) {
    struct printer printer = {.buffer = buffer, .style = style, .length_limit = buffer->length + TEXT_LIMIT};
    if (!print_all(&printer, v)) {
        machine_error(machine, "a value is circular or too large to be printed");
    }
}

void print_excerpt(struct text_buffer *buffer, value v) {
    struct printer printer = {.buffer = buffer, .style = PRINT_WRITE, .length_limit = buffer->length + EXCERPT_LIMIT};
    if (!print_all(&printer, v)) {
        text_buffer_add_text(buffer, "...");
    }
}
