/* SPDX-License-Identifier: MIT
 *
 * The reader, by recursive descent: blanks, lists, vectors, abbreviations.
 */
#include "reader_token.h"

static struct syntax *new_pair(struct reader *reader, uint32_t line, struct syntax *car, struct syntax *cdr) {
    struct syntax *syntax = new_syntax(reader, SYNTAX_PAIR, line);
    syntax->as.pair.car = car;
    syntax->as.pair.cdr = cdr;
    return syntax;
}

static struct syntax *read_datum(struct reader *reader);

static void skip_block_comment(struct reader *reader) {
    uint32_t line = reader->line;
    unsigned nesting = 0;
    do {
        uint32_t first = reader_take(reader);
        if (first == NO_CHARACTER) {
            READER_ERROR(reader, line, "the comment that begins with #| is not closed");
        } else if (first == '#' && reader_peek(reader) == '|') {
            reader_take(reader);
            nesting++;
        } else if (first == '|' && reader_peek(reader) == '#') {
            reader_take(reader);
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
        uint32_t character = reader_peek(reader);
        if (character == ';') {
            while (reader_peek(reader) != NO_CHARACTER && reader_peek(reader) != '\n') {
                reader_take(reader);
            }
        } else if (character == '#' && reader_peek_second(reader) == '|') {
            skip_block_comment(reader);
        } else if (character == '#' && reader_peek_second(reader) == ';') {
            uint32_t line = reader->line;
            reader->position += 2;
            enter(reader);
            if (read_datum(reader) == NULL) {
                READER_ERROR(reader, line, "nothing follows #; that it could comment out");
            }
            reader->depth--;
        } else if (character != NO_CHARACTER && character_is_white(character)) {
            reader_take(reader);
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
        uint32_t character = reader_peek(reader);
        if (character == NO_CHARACTER) {
            READER_ERROR(reader, line, "the parenthesis opened here is never closed");
        }
        if (character == ')') {
            break;
        }
        if (character == '.' && character_is_delimiter(reader_peek_second(reader))) {
            reader_take(reader);
            *end = first == NULL ? NULL : read_datum(reader);
            skip_blanks(reader);
            if (*end == NULL || reader_peek(reader) != ')') {
                READER_ERROR(reader, reader->line, "a dot stands between the last two data of a list");
            }
            reader_take(reader);
            reader->depth--;
            return first;
        }
        *end = new_pair(reader, reader->line, NULL, NULL);
        (*end)->as.pair.car = read_datum(reader);
        end = &(*end)->as.pair.cdr;
    }
    reader_take(reader);
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
    uint32_t second = reader_peek_second(reader);
    if (second == '(' || second == '\\') {
        reader->position += 2;
        return second == '(' ? read_vector(reader, line) : read_character(reader, line);
    }
    return read_token(reader, line);
}

static struct syntax *read_datum(struct reader *reader) {
    skip_blanks(reader);
    uint32_t line = reader->line;
    switch (reader_peek(reader)) {
    case NO_CHARACTER:
        return NULL;
    case '(':
        reader_take(reader);
        return read_list(reader, line);
    case ')':
        READER_ERROR(reader, line, "there is a closing parenthesis too many");
    case '\'':
        reader_take(reader);
        return read_abbreviation(reader, line, "quote");
    case '`':
        reader_take(reader);
        return read_abbreviation(reader, line, "quasiquote");
    case ',':
        reader_take(reader);
        if (reader_peek(reader) == '@') {
            reader_take(reader);
            return read_abbreviation(reader, line, "unquote-splicing");
        }
        return read_abbreviation(reader, line, "unquote");
    case '"':
        reader_take(reader);
        return read_string(reader, line);
    case '|':
        reader_take(reader);
        return read_bar_symbol(reader, line);
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
