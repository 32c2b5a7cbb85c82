/* SPDX-License-Identifier: MIT
 *
 * The reader, by recursive descent.
 */
#include "reader.h"

#include <string.h>

#include "machine.h"
#include "number.h"

enum { NO_CHARACTER = UINT32_MAX, LAST_CODE_POINT = 0x10FFFF, TOKEN_TEXT = 64 };

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

#define READER_ERROR(reader, line, ...)                             \
    do {                                                            \
        if ((reader)->is_program) {                                 \
            machine_error_at((reader)->machine, line, __VA_ARGS__); \
        }                                                           \
        machine_error((reader)->machine, "read: " __VA_ARGS__);     \
    } while (0)

static uint32_t peek(const struct reader *reader) {
    return reader->position < reader->length ? reader->characters[reader->position] : (uint32_t)NO_CHARACTER;
}

static uint32_t peek_second(const struct reader *reader) {
    return reader->position + 1 < reader->length ? reader->characters[reader->position + 1] : (uint32_t)NO_CHARACTER;
}

static uint32_t take(struct reader *reader) {
    uint32_t character = peek(reader);
    if (character != NO_CHARACTER) {
        reader->position++;
        reader->line += character == '\n';
    }
    return character;
}

static bool is_white(uint32_t character) {
    return character == ' ' || (character >= '\t' && character <= '\r') || character == 0xA0 || character == 0xFEFF;
}

static bool is_delimiter(uint32_t character) {
    return character == NO_CHARACTER || is_white(character) || character == '(' || character == ')' ||
           character == '"' || character == ';' || character == '\'' || character == '`' || character == ',';
}

static struct syntax *new_syntax(struct reader *reader, enum syntax_kind kind, uint32_t line) {
    struct syntax *syntax = ARENA_NEW(reader->arena, reader->machine, struct syntax);
    syntax->kind = kind;
    syntax->line = line;
    return syntax;
}

static struct syntax *new_pair(struct reader *reader, uint32_t line, struct syntax *car, struct syntax *cdr) {
    struct syntax *syntax = new_syntax(reader, SYNTAX_PAIR, line);
    syntax->as.pair.car = car;
    syntax->as.pair.cdr = cdr;
    return syntax;
}

static struct syntax *new_constant(struct reader *reader, uint32_t line, value constant) {
    struct syntax *syntax = new_syntax(reader, SYNTAX_CONSTANT, line);
    syntax->as.constant = constant;
    return syntax;
}

static struct syntax *read_datum(struct reader *reader);

static void skip_block_comment(struct reader *reader) {
    uint32_t line = reader->line;
    unsigned nesting = 0;
    do {
        uint32_t first = take(reader);
        if (first == NO_CHARACTER) {
            READER_ERROR(reader, line, "the comment that begins with #| is not closed");
        } else if (first == '#' && peek(reader) == '|') {
            take(reader);
            nesting++;
        } else if (first == '|' && peek(reader) == '#') {
            take(reader);
            nesting--;
        }
    } while (nesting > 0);
}

static void enter(struct reader *reader) {
    if (++reader->depth > SYNTAX_DEPTH_LIMIT) {
        READER_ERROR(reader, reader->line, "data and programs may be nested %d levels deep, not deeper",
                     (int)SYNTAX_DEPTH_LIMIT);
    }
}

/* White space and comments. */
static void skip_blanks(struct reader *reader) {
    for (;;) {
        uint32_t character = peek(reader);
        if (character == ';') {
            while (peek(reader) != NO_CHARACTER && peek(reader) != '\n') {
                take(reader);
            }
        } else if (character == '#' && peek_second(reader) == '|') {
            skip_block_comment(reader);
        } else if (character == '#' && peek_second(reader) == ';') {
            uint32_t line = reader->line;
            reader->position += 2;
            enter(reader);
            if (read_datum(reader) == NULL) {
                READER_ERROR(reader, line, "nothing follows #; that it could comment out");
            }
            reader->depth--;
        } else if (character != NO_CHARACTER && is_white(character)) {
            take(reader);
        } else {
            return;
        }
    }
}

/* The tail of a list whose opening parenthesis, in `line`, has been read. */
static struct syntax *read_list(struct reader *reader, uint32_t line) {
    struct syntax *first = NULL;
    struct syntax **end = &first;
    enter(reader);
    for (;;) {
        skip_blanks(reader);
        uint32_t character = peek(reader);
        if (character == NO_CHARACTER) {
            READER_ERROR(reader, line, "the parenthesis opened here is never closed");
        }
        if (character == ')') {
            break;
        }
        if (character == '.' && is_delimiter(peek_second(reader))) {
            take(reader);
            *end = first == NULL ? NULL : read_datum(reader);
            skip_blanks(reader);
            if (*end == NULL || peek(reader) != ')') {
                READER_ERROR(reader, reader->line, "a dot stands between the last two data of a list");
            }
            take(reader);
            reader->depth--;
            return first;
        }
        *end = new_pair(reader, reader->line, NULL, NULL);
        (*end)->as.pair.car = read_datum(reader);
        end = &(*end)->as.pair.cdr;
    }
    take(reader);
    reader->depth--;
    *end = new_syntax(reader, SYNTAX_NIL, reader->line);
    if (first != NULL) {
        first->line = line;
    }
    return first == NULL ? *end : first;
}

static struct syntax *read_vector(struct reader *reader, uint32_t line) {
    struct syntax *list = read_list(reader, line);
    intptr_t count = syntax_list_length(list);
    if (count < 0) {
        READER_ERROR(reader, line, "a vector has no dotted tail");
    }
    struct syntax *vector = new_syntax(reader, SYNTAX_VECTOR, line);
    vector->as.vector.count = (size_t)count;
    vector->as.vector.items = arena_allocate(reader->arena, reader->machine, ((size_t)count + 1) * sizeof(list));
    for (size_t i = 0; i < (size_t)count; i++) {
        vector->as.vector.items[i] = list->as.pair.car;
        list = list->as.pair.cdr;
    }
    return vector;
}

/* Digits and semicolon of a \x escape. */
static uint32_t read_hexadecimal_escape(struct reader *reader) {
    uint32_t line = reader->line;
    uint32_t character = 0;
    size_t digits = 0;
    for (;;) {
        uint32_t digit = take(reader);
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
    while (peek(reader) == ' ' || peek(reader) == '\t') {
        take(reader);
    }
    if (peek(reader) != '\n') {
        reader->position = position;
        return false;
    }
    take(reader);
    while (peek(reader) == ' ' || peek(reader) == '\t') {
        take(reader);
    }
    return true;
}

static uint32_t read_escape(struct reader *reader) {
    uint32_t character = take(reader);
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
        uint32_t character = take(reader);
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

static struct syntax *read_string(struct reader *reader, uint32_t line) {
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

/* Behind #\. */
static struct syntax *read_character(struct reader *reader, uint32_t line) {
    const uint32_t *start = reader->characters + reader->position;
    size_t length = 1;
    if (take(reader) == NO_CHARACTER) {
        READER_ERROR(reader, line, "the text ends behind #\\");
    }
    for (; !is_delimiter(peek(reader)); length++) {
        take(reader);
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

/* Anything without delimiters: number, boolean, symbol. */
static struct syntax *read_token(struct reader *reader, uint32_t line) {
    char text[TOKEN_TEXT];
    const uint32_t *start = reader->characters + reader->position;
    size_t length = 0;
    for (; !is_delimiter(peek(reader)); length++) {
        take(reader);
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

/* 'x as (quote x), and its relatives. */
static struct syntax *read_abbreviation(struct reader *reader, uint32_t line, const char *keyword) {
    enter(reader);
    struct syntax *datum = read_datum(reader);
    reader->depth--;
    if (datum == NULL) {
        READER_ERROR(reader, line, "the text ends where a datum has to follow a quotation mark");
    }
    struct syntax *symbol = new_syntax(reader, SYNTAX_SYMBOL, line);
    symbol->as.symbol = name_intern_ascii(reader->names, reader->arena, reader->machine, keyword);
    struct syntax *rest = new_pair(reader, line, datum, new_syntax(reader, SYNTAX_NIL, line));
    return new_pair(reader, line, symbol, rest);
}

/* Behind #. */
static struct syntax *read_hash(struct reader *reader, uint32_t line) {
    uint32_t second = peek_second(reader);
    if (second == '(' || second == '\\') {
        reader->position += 2;
        return second == '(' ? read_vector(reader, line) : read_character(reader, line);
    }
    return read_token(reader, line);
}

static struct syntax *read_datum(struct reader *reader) {
    skip_blanks(reader);
    uint32_t line = reader->line;
    size_t length;
    const uint32_t *characters;
    switch (peek(reader)) {
    case NO_CHARACTER:
        return NULL;
    case '(':
        take(reader);
        return read_list(reader, line);
    case ')':
        READER_ERROR(reader, line, "there is a closing parenthesis too many");
    case '\'':
        take(reader);
        return read_abbreviation(reader, line, "quote");
    case '`':
        take(reader);
        return read_abbreviation(reader, line, "quasiquote");
    case ',':
        take(reader);
        if (peek(reader) == '@') {
            take(reader);
            return read_abbreviation(reader, line, "unquote-splicing");
        }
        return read_abbreviation(reader, line, "unquote");
    case '"':
        take(reader);
        return read_string(reader, line);
    case '|':
        take(reader);
        characters = read_delimited(reader, '|', &length);
        return new_symbol(reader, line, characters, length);
    case '#':
        return read_hash(reader, line);
    default:
        return read_token(reader, line);
    }
}

struct syntax *reader_read(struct reader *reader) {
    reader->depth = 0;
    return read_datum(reader);
}
