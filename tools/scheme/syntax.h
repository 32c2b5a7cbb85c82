/* SPDX-License-Identifier: MIT
 *
 * Syntax trees: what the reader makes of text, with a line on every node. They live in an arena, not in Pinfold's
 * heap, so the compiler can look at a program without anything moving; syntax_to_datum makes the Scheme value.
 */
#ifndef SCHEME_SYNTAX_H
#define SCHEME_SYNTAX_H

#include "arena.h"
#include "value.h"

enum syntax_kind {
    SYNTAX_NIL,
    SYNTAX_PAIR,
    SYNTAX_SYMBOL,
    SYNTAX_STRING,
    SYNTAX_VECTOR,
    SYNTAX_INTEGER,
    SYNTAX_REAL,
    SYNTAX_CONSTANT /* an immediate: boolean, character */
};

/* Deeper nesting than this is refused by the reader, because the compiler recurses as deep. */
enum { SYNTAX_DEPTH_LIMIT = 1000 };

/* One per different symbol of a reader's input; compared by address. `keyword` is an enum keyword (keyword.h). */
struct name {
    const uint32_t *characters;
    size_t length;
    struct name *next;
    unsigned keyword;
};

struct syntax {
    enum syntax_kind kind;
    uint32_t line;
    union {
        struct {
            struct syntax *car;
            struct syntax *cdr;
        } pair;
        struct name *symbol;
        struct {
            const uint32_t *characters;
            size_t length;
        } string;
        struct {
            struct syntax **items;
            size_t count;
        } vector;
        intptr_t integer;
        double real;
        value constant; /* never a reference */
    } as;
};

enum { NAME_BUCKETS = 256 };

struct name_table {
    struct name *buckets[NAME_BUCKETS];
};

struct name *name_intern(struct name_table *table, struct arena *arena, struct machine *machine,
                         const uint32_t *characters, size_t length);
struct name *name_intern_ascii(struct name_table *table, struct arena *arena, struct machine *machine,
                               const char *text);

static inline bool syntax_is_pair(const struct syntax *syntax) {
    return syntax->kind == SYNTAX_PAIR;
}
static inline bool syntax_is_symbol(const struct syntax *syntax) {
    return syntax->kind == SYNTAX_SYMBOL;
}
static inline bool syntax_is_nil(const struct syntax *syntax) {
    return syntax->kind == SYNTAX_NIL;
}

/* Number of elements of a list, -1 when it does not end in (). */
intptr_t syntax_list_length(const struct syntax *list);

/* Whether it is a list of at least `least` and, unless `most` is negative, at most `most` elements. */
bool list_has_length(const struct syntax *list, intptr_t least, intptr_t most);

/* The value; a safepoint. Needs at most 4 * SYNTAX_DEPTH_LIMIT stack slots. */
value syntax_to_datum(struct machine *machine, const struct syntax *syntax);

/* For messages: a copy as UTF-8 in the arena. */
const char *name_text(struct arena *arena, struct machine *machine, const struct name *name);

#endif
