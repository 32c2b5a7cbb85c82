/* SPDX-License-Identifier: MIT
 *
 * Characters. Case and classes are known for ASCII; every other code point is its own upper and lower case.
 */
#include "primitive.h"

static bool is_upper(uint32_t character) {
    return character >= 'A' && character <= 'Z';
}

static bool is_lower(uint32_t character) {
    return character >= 'a' && character <= 'z';
}

static bool is_digit(uint32_t character) {
    return character >= '0' && character <= '9';
}

static bool is_white(uint32_t character) {
    return character == ' ' || (character >= '\t' && character <= '\r') || character == 0xA0;
}

static uint32_t upcase(uint32_t character) {
    return is_lower(character) ? character - 'a' + 'A' : character;
}

static uint32_t downcase(uint32_t character) {
    return is_upper(character) ? character - 'A' + 'a' : character;
}

static uint32_t same_case(uint32_t character) {
    return character;
}

#define COMPARING_PRIMITIVE(name_, text_, fold_, operator_)                                            \
    static value primitive_##name_(struct machine *machine, value *arguments, size_t count) {          \
        bool holds = true;                                                                             \
        for (size_t i = 0; i < count; i++) {                                                           \
            require_character(machine, text_, arguments[i]);                                           \
        }                                                                                              \
        for (size_t i = 0; holds && i + 1 < count; i++) {                                              \
            holds = fold_(character_of(arguments[i])) operator_ fold_(character_of(arguments[i + 1])); \
        }                                                                                              \
        return value_from_boolean(holds);                                                              \
    }
COMPARING_PRIMITIVE(equal, "char=?", same_case, ==)
COMPARING_PRIMITIVE(less, "char<?", same_case, <)
COMPARING_PRIMITIVE(greater, "char>?", same_case, >)
COMPARING_PRIMITIVE(less_equal, "char<=?", same_case, <=)
COMPARING_PRIMITIVE(greater_equal, "char>=?", same_case, >=)
COMPARING_PRIMITIVE(equal_folded, "char-ci=?", downcase, ==)
COMPARING_PRIMITIVE(less_folded, "char-ci<?", downcase, <)

#define ASKING_PRIMITIVE(name_, text_, answer_)                                               \
    static value primitive_##name_(struct machine *machine, value *arguments, size_t count) { \
        (void)count;                                                                          \
        uint32_t character = require_character(machine, text_, arguments[0]);                 \
        return value_from_boolean(answer_);                                                   \
    }
ASKING_PRIMITIVE(is_alphabetic, "char-alphabetic?", is_upper(character) || is_lower(character))
ASKING_PRIMITIVE(is_numeric, "char-numeric?", is_digit(character))
ASKING_PRIMITIVE(is_whitespace, "char-whitespace?", is_white(character))
ASKING_PRIMITIVE(is_upper_case, "char-upper-case?", is_upper(character))
ASKING_PRIMITIVE(is_lower_case, "char-lower-case?", is_lower(character))

static value primitive_is_character(struct machine *machine, value *arguments, size_t count) {
    (void)machine, (void)count;
    return value_from_boolean(value_is_character(arguments[0]));
}

static value primitive_upcase(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    return value_from_character(upcase(require_character(machine, "char-upcase", arguments[0])));
}

static value primitive_downcase(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    return value_from_character(downcase(require_character(machine, "char-downcase", arguments[0])));
}

static value primitive_to_integer(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    return value_from_fixnum((intptr_t)require_character(machine, "char->integer", arguments[0]));
}

static value primitive_from_integer(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    if (!value_is_fixnum(arguments[0]) || fixnum_of(arguments[0]) < 0 || fixnum_of(arguments[0]) > 0x10FFFF ||
        (fixnum_of(arguments[0]) >= 0xD800 && fixnum_of(arguments[0]) < 0xE000)) {
        machine_type_error(machine, "integer->char", "the number of a character", arguments[0]);
    }
    return value_from_character((uint32_t)fixnum_of(arguments[0]));
}

static value primitive_digit_value(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    uint32_t character = require_character(machine, "digit-value", arguments[0]);
    return is_digit(character) ? value_from_fixnum((intptr_t)(character - '0')) : SCHEME_FALSE;
}

const struct primitive_definition character_primitives[] = {
    {"char?", primitive_is_character, 1, 1, SPECIAL_NONE},
    {"char=?", primitive_equal, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"char<?", primitive_less, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"char>?", primitive_greater, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"char<=?", primitive_less_equal, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"char>=?", primitive_greater_equal, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"char-ci=?", primitive_equal_folded, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"char-ci<?", primitive_less_folded, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"char-alphabetic?", primitive_is_alphabetic, 1, 1, SPECIAL_NONE},
    {"char-numeric?", primitive_is_numeric, 1, 1, SPECIAL_NONE},
    {"char-whitespace?", primitive_is_whitespace, 1, 1, SPECIAL_NONE},
    {"char-upper-case?", primitive_is_upper_case, 1, 1, SPECIAL_NONE},
    {"char-lower-case?", primitive_is_lower_case, 1, 1, SPECIAL_NONE},
    {"char-upcase", primitive_upcase, 1, 1, SPECIAL_NONE},
    {"char-downcase", primitive_downcase, 1, 1, SPECIAL_NONE},
    {"char->integer", primitive_to_integer, 1, 1, SPECIAL_NONE},
    {"integer->char", primitive_from_integer, 1, 1, SPECIAL_NONE},
    {"digit-value", primitive_digit_value, 1, 1, SPECIAL_NONE},
    {NULL, NULL, 0, 0, SPECIAL_NONE},
};
