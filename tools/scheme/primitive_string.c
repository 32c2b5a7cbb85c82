/* SPDX-License-Identifier: MIT
 *
 * Strings and symbols.
 */
#include <string.h>

#include "primitive.h"

static value primitive_is_string(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)count;
    return value_from_boolean(value_has_type(arguments[0], &string_type));
}

static value primitive_make_string(struct machine *machine, value *arguments, size_t count) {
    size_t length = require_length(machine, "make-string", arguments[0], &string_type);
    uint32_t fill = count > 1 ? require_character(machine, "make-string", arguments[1]) : ' ';
    return string_create(machine, length, fill);
}

static value primitive_string(struct machine *machine, value *arguments, size_t count) {
    for (size_t i = 0; i < count; i++) {
        require_character(machine, "string", arguments[i]);
    }
    value string = string_create(machine, count, 0);
    for (size_t i = 0; i < count; i++) {
        string_of(string)->characters[i] = character_of(arguments[i]);
    }
    return string;
}

static value primitive_string_length(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    require_string(machine, "string-length", arguments[0]);
    return value_from_size(string_of(arguments[0])->length);
}

/* The place of the character that the first two arguments name. */
static uint32_t *string_place(struct machine *machine, const char *who, const value *arguments) {
    require_string(machine, who, arguments[0]);
    struct string *string = string_of(arguments[0]);
    return &string->characters[require_element(machine, who, arguments[1], string->length)];
}

static value primitive_string_ref(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    return value_from_character(*string_place(machine, "string-ref", arguments));
}

static value primitive_string_set(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    *string_place(machine, "string-set!", arguments) = require_character(machine, "string-set!", arguments[2]);
    return SCHEME_UNSPECIFIED;
}

/* --- comparisons --- */

static uint32_t folded(uint32_t character) {
    return character >= 'A' && character <= 'Z' ? character - 'A' + 'a' : character;
}

static int compare_strings(const struct string *a, const struct string *b, bool fold) {
    size_t shorter = a->length < b->length ? a->length : b->length;
    for (size_t i = 0; i < shorter; i++) {
        uint32_t x = fold ? folded(a->characters[i]) : a->characters[i];
        uint32_t y = fold ? folded(b->characters[i]) : b->characters[i];
        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return (a->length > b->length) - (a->length < b->length);
}

#define COMPARING_PRIMITIVE(name_, text_, fold_, accepted_)                                           \
    static value primitive_##name_(struct machine *machine, value *arguments, size_t count) {         \
        bool holds = true;                                                                            \
        for (size_t i = 0; i < count; i++) {                                                          \
            require_string(machine, text_, arguments[i]);                                             \
        }                                                                                             \
        for (size_t i = 0; holds && i + 1 < count; i++) {                                             \
            int order = compare_strings(string_of(arguments[i]), string_of(arguments[i + 1]), fold_); \
            holds = accepted_;                                                                        \
        }                                                                                             \
        return value_from_boolean(holds);                                                             \
    }
COMPARING_PRIMITIVE(equal, "string=?", false, order == 0)
COMPARING_PRIMITIVE(less, "string<?", false, order < 0)
COMPARING_PRIMITIVE(greater, "string>?", false, order > 0)
COMPARING_PRIMITIVE(less_equal, "string<=?", false, order <= 0)
COMPARING_PRIMITIVE(greater_equal, "string>=?", false, order >= 0)
COMPARING_PRIMITIVE(equal_folded, "string-ci=?", true, order == 0)
COMPARING_PRIMITIVE(less_folded, "string-ci<?", true, order < 0)

/* --- copying --- */

static value copy_range(struct machine *machine, const value *string, struct range range) {
    value copy = string_create(machine, range.end - range.start, 0);
    memcpy(string_of(copy)->characters, string_of(*string)->characters + range.start,
           (range.end - range.start) * sizeof(uint32_t));
    return copy;
}

static value primitive_string_copy(struct machine *machine, value *arguments, size_t count) {
    require_string(machine, "string-copy", arguments[0]);
    struct range range = require_range(machine, "string-copy", arguments, count, 1, string_of(arguments[0])->length);
    return copy_range(machine, &arguments[0], range);
}

static value primitive_substring(struct machine *machine, value *arguments, size_t count) {
    require_string(machine, "substring", arguments[0]);
    struct range range = require_range(machine, "substring", arguments, count, 1, string_of(arguments[0])->length);
    return copy_range(machine, &arguments[0], range);
}

static value primitive_string_append(struct machine *machine, value *arguments, size_t count) {
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        require_string(machine, "string-append", arguments[i]);
        length += string_of(arguments[i])->length;
    }
    value result = string_create(machine, length, 0);
    size_t position = 0;
    for (size_t i = 0; i < count; i++) {
        const struct string *part = string_of(arguments[i]);
        memcpy(string_of(result)->characters + position, part->characters, part->length * sizeof(uint32_t));
        position += part->length;
    }
    return result;
}

/* (string-copy! to at from [start [end]]) */
static value primitive_string_copy_to(struct machine *machine, value *arguments, size_t count) {
    require_string(machine, "string-copy!", arguments[0]);
    require_string(machine, "string-copy!", arguments[2]);
    struct string *to = string_of(arguments[0]);
    const struct string *from = string_of(arguments[2]);
    size_t at = require_index(machine, "string-copy!", arguments[1], to->length);
    struct range range = require_range(machine, "string-copy!", arguments, count, 3, from->length);
    if (range.end - range.start > to->length - at) {
        machine_error(machine, "string-copy!: %zu characters do not fit behind index %zu", range.end - range.start, at);
    }
    memmove(to->characters + at, from->characters + range.start, (range.end - range.start) * sizeof(uint32_t));
    return SCHEME_UNSPECIFIED;
}

static value primitive_string_fill(struct machine *machine, value *arguments, size_t count) {
    require_string(machine, "string-fill!", arguments[0]);
    uint32_t character = require_character(machine, "string-fill!", arguments[1]);
    struct string *string = string_of(arguments[0]);
    struct range range = require_range(machine, "string-fill!", arguments, count, 2, string->length);
    for (size_t i = range.start; i < range.end; i++) {
        string->characters[i] = character;
    }
    return SCHEME_UNSPECIFIED;
}

static value primitive_string_downcase(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    require_string(machine, "string-downcase", arguments[0]);
    value copy = copy_range(machine, &arguments[0], (struct range){0, string_of(arguments[0])->length});
    for (size_t i = 0; i < string_of(copy)->length; i++) {
        string_of(copy)->characters[i] = folded(string_of(copy)->characters[i]);
    }
    return copy;
}

static value primitive_string_upcase(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    require_string(machine, "string-upcase", arguments[0]);
    value copy = copy_range(machine, &arguments[0], (struct range){0, string_of(arguments[0])->length});
    for (size_t i = 0; i < string_of(copy)->length; i++) {
        uint32_t *character = &string_of(copy)->characters[i];
        *character = *character >= 'a' && *character <= 'z' ? *character - 'a' + 'A' : *character;
    }
    return copy;
}

/* --- to and from other types --- */

static value primitive_string_to_list(struct machine *machine, value *arguments, size_t count) {
    require_string(machine, "string->list", arguments[0]);
    struct range range = require_range(machine, "string->list", arguments, count, 1, string_of(arguments[0])->length);
    PINFOLD_ROOTS(machine->thread, root, 1);
    root[0] = SCHEME_NIL;
    for (size_t i = range.end; i > range.start; i--) {
        value character = value_from_character(string_of(arguments[0])->characters[i - 1]);
        root[0] = pair_create(machine, &character, &root[0]);
    }
    return root[0];
}

static value primitive_list_to_string(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    size_t length = require_list(machine, "list->string", arguments[0]);
    for (value rest = arguments[0]; rest != SCHEME_NIL; rest = pair_of(rest)->cdr) {
        require_character(machine, "list->string", pair_of(rest)->car);
    }
    value string = string_create(machine, length, 0);
    size_t i = 0;
    for (value rest = arguments[0]; rest != SCHEME_NIL; rest = pair_of(rest)->cdr) {
        string_of(string)->characters[i++] = character_of(pair_of(rest)->car);
    }
    return string;
}

static value primitive_is_symbol(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)count;
    return value_from_boolean(value_has_type(arguments[0], &symbol_type));
}

static value primitive_string_to_symbol(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    require_string(machine, "string->symbol", arguments[0]);
    return symbol_intern_string(machine, &arguments[0]);
}

static value primitive_symbol_to_string(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    require_type(machine, "symbol->string", arguments[0], &symbol_type, "a symbol");
    arguments[0] = symbol_of(arguments[0])->name;
    return copy_range(machine, &arguments[0], (struct range){0, string_of(arguments[0])->length});
}

const struct primitive_definition string_primitives[] = {
    {"string?", primitive_is_string, 1, 1, SPECIAL_NONE},
    {"make-string", primitive_make_string, 1, 2, SPECIAL_NONE},
    {"string", primitive_string, 0, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"string-length", primitive_string_length, 1, 1, SPECIAL_NONE},
    {"string-ref", primitive_string_ref, 2, 2, SPECIAL_NONE},
    {"string-set!", primitive_string_set, 3, 3, SPECIAL_NONE},
    {"string=?", primitive_equal, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"string<?", primitive_less, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"string>?", primitive_greater, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"string<=?", primitive_less_equal, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"string>=?", primitive_greater_equal, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"string-ci=?", primitive_equal_folded, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"string-ci<?", primitive_less_folded, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"string-copy", primitive_string_copy, 1, 3, SPECIAL_NONE},
    {"substring", primitive_substring, 2, 3, SPECIAL_NONE},
    {"string-append", primitive_string_append, 0, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"string-copy!", primitive_string_copy_to, 3, 5, SPECIAL_NONE},
    {"string-fill!", primitive_string_fill, 2, 4, SPECIAL_NONE},
    {"string-upcase", primitive_string_upcase, 1, 1, SPECIAL_NONE},
    {"string-downcase", primitive_string_downcase, 1, 1, SPECIAL_NONE},
    {"string->list", primitive_string_to_list, 1, 3, SPECIAL_NONE},
    {"list->string", primitive_list_to_string, 1, 1, SPECIAL_NONE},
    {"symbol?", primitive_is_symbol, 1, 1, SPECIAL_NONE},
    {"string->symbol", primitive_string_to_symbol, 1, 1, SPECIAL_NONE},
    {"symbol->string", primitive_symbol_to_string, 1, 1, SPECIAL_NONE},
    {NULL, NULL, 0, 0, SPECIAL_NONE},
};
