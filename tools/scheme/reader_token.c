/* SPDX-License-Identifier: MIT
 *
 * The reader's tokens: strings, characters, numbers, symbols.
 */
#include "reader_token.h"

#include <string.h>

#include "number.h"

enum { LAST_CODE_POINT = 0x10FFFF, TOKEN_TEXT = 64 };

static const struct {
    const char *name;
    uint32_t character;
} character_names[] = {
    {"space", ' '},   {"newline", '\n'}, {"tab", '\t'},    {"return", '\r'},   {"null", 0},       {"alarm", 7},
    {"backspace", 8}, {"delete", 0x7F},  {"escape", 0x1B}, {"linefeed", '\n'}, {"altmode", 0x1B}, {"nul", 0},
};

const char *character_name(uint32_t character) {
    for (size_t i = 0; i < sizeof character_names / sizeof *character_names; i++) {
        if (character_names[i].character == character) {
            return character_names[i].name;
        }
    }
    return NULL;
}

static struct syntax *new_constant(struct reader *reader, uint32_t line, value constant) {
    struct syntax *syntax = new_syntax(reader, SYNTAX_CONSTANT, line);
    syntax->as.constant = constant;
    return syntax;
}

/* Digits and semicolon of a \x escape. */
static uint32_t read_hexadecimal_escape(struct reader *reader) {
    uint32_t line = reader->line;
    uint32_t character = 0;
    size_t digits = 0;
    for (;;) {
        uint32_t digit = reader_take(reader);
        if (digit == ';' && digits > 0) {
            return character;
        }
        struct parsed_number number = number_parse(&digit, 1, 16);
        if (number.form == NUMBER_EXACT) {
            character = character * 16 + (uint32_t)number.exact;
        }
        if (number.form != NUMBER_EXACT || ++digits > 8 || character > LAST_CODE_POINT) {
            READER_ERROR(reader, line, "\\x wants the hexadecimal digits of a character and a semicolon");
        }
    }
}

/* \ newline and the white space around it stand for nothing. False when the backslash was none of these. */
static bool skip_line_continuation(struct reader *reader) {
    size_t position = reader->position;
    while (reader_peek(reader) == ' ' || reader_peek(reader) == '\t') {
        reader_take(reader);
    }
    if (reader_peek(reader) != '\n') {
        reader->position = position;
        return false;
    }
    reader_take(reader);
    while (reader_peek(reader) == ' ' || reader_peek(reader) == '\t') {
        reader_take(reader);
    }
    return true;
}

static uint32_t read_escape(struct reader *reader) {
    uint32_t character = reader_take(reader);
    switch (character) {
    case 'a':
        return 7;
    case 'b':
        return 8;
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 'x':
        return read_hexadecimal_escape(reader);
    case '"':
    case '\\':
    case '|':
        return character;
    default:
        READER_ERROR(reader, reader->line, "a backslash stands before %s%c, which is no escape",
                     character > '~' ? "character number " : "", character > '~' ? '?' : (char)character);
    }
}

/* Characters up to the closing delimiter, which stands for a string or a symbol. */
static const uint32_t *read_delimited(struct reader *reader, uint32_t delimiter, size_t *length) {
    uint32_t line = reader->line;
    uint32_t *characters = NULL;
    size_t capacity = 0;
    *length = 0;
    for (;;) {
        uint32_t character = reader_take(reader);
        if (character == delimiter) {
            return characters;
        }
        if (character == NO_CHARACTER) {
            READER_ERROR(reader, line, "the %s that begins here is not closed", delimiter == '"' ? "string" : "symbol");
        }
        if (character == '\\') {
            if (skip_line_continuation(reader)) {
                continue;
            }
            character = read_escape(reader);
        }
        characters = arena_grow(reader->arena, reader->machine, characters, *length, &capacity, sizeof *characters);
        characters[(*length)++] = character;
    }
}

struct syntax *read_string(struct reader *reader, uint32_t line) {
    struct syntax *string = new_syntax(reader, SYNTAX_STRING, line);
    string->as.string.characters = read_delimited(reader, '"', &string->as.string.length);
    return string;
}

static struct syntax *new_symbol(struct reader *reader, uint32_t line, const uint32_t *characters, size_t length) {
    static const uint32_t nothing[1] = {0};
    struct syntax *symbol = new_syntax(reader, SYNTAX_SYMBOL, line);
    symbol->as.symbol =
        name_intern(reader->names, reader->arena, reader->machine, characters == NULL ? nothing : characters, length);
    return symbol;
}

struct syntax *read_bar_symbol(struct reader *reader, uint32_t line) {
    size_t length;
    const uint32_t *characters = read_delimited(reader, '|', &length);
    return new_symbol(reader, line, characters, length);
}

static bool token_is(const uint32_t *characters, size_t length, const char *text) {
    if (length != strlen(text)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (characters[i] != (unsigned char)text[i]) {
            return false;
        }
    }
    return true;
}

/* For messages. */
static const char *token_text(char text[TOKEN_TEXT], const uint32_t *characters, size_t length) {
    size_t count = length < TOKEN_TEXT - 1 ? length : TOKEN_TEXT - 1;
    for (size_t i = 0; i < count; i++) {
        text[i] = characters[i] >= ' ' && characters[i] <= '~' ? (char)characters[i] : '?';
    }
    text[count] = '\0';
    return text;
}

struct syntax *read_character(struct reader *reader, uint32_t line) {
    const uint32_t *start = reader->characters + reader->position;
    size_t length = 1;
    if (reader_take(reader) == NO_CHARACTER) {
        READER_ERROR(reader, line, "the text ends behind #\\");
    }
    for (; !character_is_delimiter(reader_peek(reader)); length++) {
        reader_take(reader);
    }
    if (length == 1) {
        return new_constant(reader, line, value_from_character(start[0]));
    }
    for (size_t i = 0; i < sizeof character_names / sizeof *character_names; i++) {
        if (token_is(start, length, character_names[i].name)) {
            return new_constant(reader, line, value_from_character(character_names[i].character));
        }
    }
    if (start[0] == 'x') {
        struct parsed_number number = number_parse(start + 1, length - 1, 16);
        if (number.form == NUMBER_EXACT && number.exact >= 0 && number.exact <= LAST_CODE_POINT) {
            return new_constant(reader, line, value_from_character((uint32_t)number.exact));
        }
    }
    char text[TOKEN_TEXT];
    READER_ERROR(reader, line, "there is no character named #\\%s", token_text(text, start, length));
}

static struct syntax *new_number(struct reader *reader, uint32_t line, struct parsed_number number) {
    struct syntax *syntax = new_syntax(reader, number.form == NUMBER_EXACT ? SYNTAX_INTEGER : SYNTAX_REAL, line);
    if (number.form == NUMBER_EXACT) {
        syntax->as.integer = number.exact;
    } else {
        syntax->as.real = number.inexact;
    }
    return syntax;
}

/* Number, boolean or symbol. */
struct syntax *read_token(struct reader *reader, uint32_t line) {
    char text[TOKEN_TEXT];
    const uint32_t *start = reader->characters + reader->position;
    size_t length = 0;
    for (; !character_is_delimiter(reader_peek(reader)); length++) {
        reader_take(reader);
    }
    struct parsed_number number = number_parse(start, length, 10);
    if (number.form == NUMBER_TOO_LARGE) {
        READER_ERROR(reader, line, "the integer %s does not fit %d bits", token_text(text, start, length),
                     (int)(sizeof(value) * 8 - 1));
    }
    if (number.form != NUMBER_NONE) {
        return new_number(reader, line, number);
    }
    if (token_is(start, length, "#t") || token_is(start, length, "#true")) {
        return new_constant(reader, line, SCHEME_TRUE);
    }
    if (token_is(start, length, "#f") || token_is(start, length, "#false")) {
        return new_constant(reader, line, SCHEME_FALSE);
    }
    if (start[0] == '#') {
        READER_ERROR(reader, line, "%s is not known", token_text(text, start, length));
    }
    return new_symbol(reader, line, start, length);
}
