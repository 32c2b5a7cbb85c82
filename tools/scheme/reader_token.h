/* SPDX-License-Identifier: MIT
 *
 * What the parts of the reader share: looking at characters, and the tokens (reader_token.c) that the reader proper
 * (reader.c) puts together.
 */
#ifndef SCHEME_READER_TOKEN_H
#define SCHEME_READER_TOKEN_H

#include "machine.h"
#include "reader.h"

/* Stands for the end of the text. */
#define NO_CHARACTER UINT32_MAX

#define READER_ERROR(reader, line, ...)                             \
    do {                                                            \
        if ((reader)->is_program) {                                 \
            machine_error_at((reader)->machine, line, __VA_ARGS__); \
        }                                                           \
        machine_error((reader)->machine, "read: " __VA_ARGS__);     \
    } while (0)

static inline uint32_t reader_peek(const struct reader *reader) {
    return reader->position < reader->length ? reader->characters[reader->position] : NO_CHARACTER;
}

static inline uint32_t reader_peek_second(const struct reader *reader) {
    return reader->position + 1 < reader->length ? reader->characters[reader->position + 1] : NO_CHARACTER;
}

static inline uint32_t reader_take(struct reader *reader) {
    uint32_t character = reader_peek(reader);
    if (character != NO_CHARACTER) {
        reader->position++;
        reader->line += character == '\n';
    }
    return character;
}

static inline bool character_is_white(uint32_t character) {
    return character == ' ' || (character >= '\t' && character <= '\r') || character == 0xA0 || character == 0xFEFF;
}

static inline bool character_is_delimiter(uint32_t character) {
    return character == NO_CHARACTER || character_is_white(character) || character == '(' || character == ')' ||
           character == '"' || character == ';' || character == '\'' || character == '`' || character == ',';
}

static inline struct syntax *new_syntax(struct reader *reader, enum syntax_kind kind, uint32_t line) {
    struct syntax *syntax = ARENA_NEW(reader->arena, reader->machine, struct syntax);
    syntax->kind = kind;
    syntax->line = line;
    return syntax;
}

/* Each begins behind what tells it from the others: the opening quotation mark or bar, or #\; a token where it starts.
 */
struct syntax *read_string(struct reader *reader, uint32_t line);
struct syntax *read_bar_symbol(struct reader *reader, uint32_t line);
struct syntax *read_character(struct reader *reader, uint32_t line);
struct syntax *read_token(struct reader *reader, uint32_t line);

#endif
