/* SPDX-License-Identifier: MIT
 *
 * Numbers as procedures. The arithmetic itself is in number.c.
 */
#include <math.h>

#include "number.h"
#include "primitive.h"

static double require_number(struct machine *machine, const char *who, value v) {
    if (!value_is_number(v)) {
        machine_type_error(machine, who, "a number", v);
    }
    return number_to_double(v);
}

/* --- + - * / --- */

typedef value binary_operation(struct machine *machine, value a, value b);

/* Folds from the left; the result so far is a root only by lying in an argument's slot. */
static value fold(struct machine *machine, value *arguments, size_t count, value start, binary_operation *operation) {
    if (count == 0) {
        return start;
    }
    arguments[0] = operation(machine, start, arguments[0]);
    for (size_t i = 1; i < count; i++) {
        arguments[0] = operation(machine, arguments[0], arguments[i]);
    }
    return arguments[0];
}

static value primitive_add(struct machine *machine, value *arguments, size_t count) {
    return fold(machine, arguments, count, value_from_fixnum(0), number_add);
}

static value primitive_multiply(struct machine *machine, value *arguments, size_t count) {
    return fold(machine, arguments, count, value_from_fixnum(1), number_multiply);
}

static value primitive_subtract(struct machine *machine, value *arguments, size_t count) {
    return count == 1 ? number_subtract(machine, value_from_fixnum(0), arguments[0])
                      : fold(machine, arguments + 1, count - 1, arguments[0], number_subtract);
}

static value primitive_divide(struct machine *machine, value *arguments, size_t count) {
    return count == 1 ? number_divide(machine, value_from_fixnum(1), arguments[0])
                      : fold(machine, arguments + 1, count - 1, arguments[0], number_divide);
}

#define BINARY_PRIMITIVE(name_, operation_)                                                   \
    static value primitive_##name_(struct machine *machine, value *arguments, size_t count) { \
        (void)count;                                                                          \
        return operation_(machine, arguments[0], arguments[1]);                               \
    }
BINARY_PRIMITIVE(quotient, number_quotient)
BINARY_PRIMITIVE(remainder, number_remainder)
BINARY_PRIMITIVE(modulo, number_modulo)
BINARY_PRIMITIVE(expt, number_expt)

/* (floor-quotient a b) = (a - (modulo a b)) / b */
static value primitive_floor_quotient(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    value rest = number_modulo(machine, arguments[0], arguments[1]);
    arguments[0] = number_subtract(machine, arguments[0], rest);
    return number_quotient(machine, arguments[0], arguments[1]);
}

/* --- comparisons --- */

#define COMPARING_PRIMITIVE(name_, text_, accepted_)                                          \
    static value primitive_##name_(struct machine *machine, value *arguments, size_t count) { \
        bool holds = true;                                                                    \
        for (size_t i = 0; i < count; i++) {                                                  \
            require_number(machine, text_, arguments[i]);                                     \
        }                                                                                     \
        for (size_t i = 0; holds && i + 1 < count; i++) {                                     \
            int order = number_compare(machine, arguments[i], arguments[i + 1], text_);       \
            holds = order != NUMBER_UNORDERED && (accepted_);                                 \
        }                                                                                     \
        return value_from_boolean(holds);                                                     \
    }
COMPARING_PRIMITIVE(equal, "=", order == 0)
COMPARING_PRIMITIVE(less, "<", order < 0)
COMPARING_PRIMITIVE(greater, ">", order > 0)
COMPARING_PRIMITIVE(less_equal, "<=", order <= 0)
COMPARING_PRIMITIVE(greater_equal, ">=", order >= 0)

/* max and min: inexact as soon as one argument is. */
static value extreme(struct machine *machine, const char *who, const value *arguments, size_t count, int sign) {
    value best = arguments[0];
    bool inexact = value_is_flonum(best);
    require_number(machine, who, best);
    for (size_t i = 1; i < count; i++) {
        int order = number_compare(machine, arguments[i], best, who);
        inexact = inexact || value_is_flonum(arguments[i]);
        if (order == NUMBER_UNORDERED ? isnan(number_to_double(arguments[i])) : order == sign) {
            best = arguments[i];
        }
    }
    return inexact && value_is_fixnum(best) ? flonum_create(machine, number_to_double(best)) : best;
}

static value primitive_max(struct machine *machine, value *arguments, size_t count) {
    return extreme(machine, "max", arguments, count, 1);
}

static value primitive_min(struct machine *machine, value *arguments, size_t count) {
    return extreme(machine, "min", arguments, count, -1);
}

/* --- questions --- */

#define ASKING_PRIMITIVE(name_, answer_)                                                      \
    static value primitive_##name_(struct machine *machine, value *arguments, size_t count) { \
        (void)machine, (void)count;                                                           \
        return value_from_boolean(answer_);                                                   \
    }
ASKING_PRIMITIVE(is_number, value_is_number(arguments[0]))
ASKING_PRIMITIVE(is_integer, number_is_integer(arguments[0]))
ASKING_PRIMITIVE(is_rational,
                 value_is_fixnum(arguments[0]) || (value_is_flonum(arguments[0]) && isfinite(flonum_of(arguments[0]))))
ASKING_PRIMITIVE(is_exact_integer, value_is_fixnum(arguments[0]))
ASKING_PRIMITIVE(is_exact, (require_number(machine, "exact?", arguments[0]), value_is_fixnum(arguments[0])))
ASKING_PRIMITIVE(is_inexact, (require_number(machine, "inexact?", arguments[0]), value_is_flonum(arguments[0])))
ASKING_PRIMITIVE(is_nan, isnan(require_number(machine, "nan?", arguments[0])))
ASKING_PRIMITIVE(is_finite, isfinite(require_number(machine, "finite?", arguments[0])))
ASKING_PRIMITIVE(is_infinite, isinf(require_number(machine, "infinite?", arguments[0])))
ASKING_PRIMITIVE(is_zero, require_number(machine, "zero?", arguments[0]) == 0)
ASKING_PRIMITIVE(is_positive, require_number(machine, "positive?", arguments[0]) > 0)
ASKING_PRIMITIVE(is_negative, require_number(machine, "negative?", arguments[0]) < 0)

static bool is_odd(struct machine *machine, const char *who, value v) {
    if (!number_is_integer(v)) {
        machine_type_error(machine, who, "an integer", v);
    }
    return value_is_fixnum(v) ? (fixnum_of(v) & 1) != 0 : fabs(fmod(flonum_of(v), 2)) == 1;
}
ASKING_PRIMITIVE(is_odd, is_odd(machine, "odd?", arguments[0]))
ASKING_PRIMITIVE(is_even, !is_odd(machine, "even?", arguments[0]))

/* --- functions of reals --- */

#define REAL_PRIMITIVE(name_, function_)                                                         \
    static value primitive_##name_(struct machine *machine, value *arguments, size_t count) {    \
        (void)count;                                                                             \
        return flonum_create(machine, function_(require_number(machine, #name_, arguments[0]))); \
    }
REAL_PRIMITIVE(exp, exp)
REAL_PRIMITIVE(sin, sin)
REAL_PRIMITIVE(cos, cos)
REAL_PRIMITIVE(tan, tan)
REAL_PRIMITIVE(asin, asin)
REAL_PRIMITIVE(acos, acos)

/* An integer is its own floor, ceiling, ... and stays exact. */
#define ROUNDING_PRIMITIVE(name_, function_)                                                           \
    static value primitive_##name_(struct machine *machine, value *arguments, size_t count) {          \
        (void)count;                                                                                   \
        double real = require_number(machine, #name_, arguments[0]);                                   \
        return value_is_fixnum(arguments[0]) ? arguments[0] : flonum_create(machine, function_(real)); \
    }
ROUNDING_PRIMITIVE(floor, floor)
ROUNDING_PRIMITIVE(ceiling, ceil)
ROUNDING_PRIMITIVE(truncate, trunc)
ROUNDING_PRIMITIVE(round, nearbyint) /* to even, the rounding mode that C begins with */

static value primitive_log(struct machine *machine, value *arguments, size_t count) {
    double real = log(require_number(machine, "log", arguments[0]));
    return flonum_create(machine, count == 1 ? real : real / log(require_number(machine, "log", arguments[1])));
}

static value primitive_atan(struct machine *machine, value *arguments, size_t count) {
    double real = require_number(machine, "atan", arguments[0]);
    return flonum_create(machine, count == 1 ? atan(real) : atan2(real, require_number(machine, "atan", arguments[1])));
}

/* Largest integer whose square is at most `number`; the double is off by one at most. */
static intptr_t integer_root(intptr_t number) {
    intptr_t root = (intptr_t)sqrt((double)number);
    intptr_t square;
    while (__builtin_mul_overflow(root, root, &square) || square > number) {
        root--;
    }
    while (!__builtin_mul_overflow(root + 1, root + 1, &square) && square <= number) {
        root++;
    }
    return root;
}

static value primitive_sqrt(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    double real = require_number(machine, "sqrt", arguments[0]);
    if (real < 0) {
        machine_type_error(machine, "sqrt", "a number that is not negative", arguments[0]);
    }
    if (value_is_fixnum(arguments[0])) {
        intptr_t root = integer_root(fixnum_of(arguments[0]));
        if (root * root == fixnum_of(arguments[0])) {
            return value_from_fixnum(root);
        }
    }
    return flonum_create(machine, sqrt(real));
}

static value primitive_integer_root(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    if (!value_is_fixnum(arguments[0]) || fixnum_of(arguments[0]) < 0) {
        machine_type_error(machine, "exact-integer-sqrt", "an exact integer that is not negative", arguments[0]);
    }
    return value_from_fixnum(integer_root(fixnum_of(arguments[0])));
}

static value primitive_exact(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    require_number(machine, "exact", arguments[0]);
    return number_to_exact(machine, arguments[0], "exact");
}

static value primitive_inexact(struct machine *machine, value *arguments, size_t count) {
    (void)count;
    double real = require_number(machine, "inexact", arguments[0]);
    return value_is_flonum(arguments[0]) ? arguments[0] : flonum_create(machine, real);
}

/* --- text --- */

static unsigned require_radix(struct machine *machine, const char *who, const value *arguments, size_t count) {
    if (count < 2) {
        return 10;
    }
    if (!value_is_fixnum(arguments[1]) || fixnum_of(arguments[1]) < 2 || fixnum_of(arguments[1]) > 36) {
        machine_type_error(machine, who, "a radix from 2 to 36", arguments[1]);
    }
    return (unsigned)fixnum_of(arguments[1]);
}

static value primitive_number_to_string(struct machine *machine, value *arguments, size_t count) {
    unsigned radix = require_radix(machine, "number->string", arguments, count);
    require_number(machine, "number->string", arguments[0]);
    if (value_is_flonum(arguments[0]) && radix != 10) {
        machine_error(machine, "number->string: inexact numbers are written in radix 10 only");
    }
    text_buffer_clear(&machine->scratch);
    number_print(&machine->scratch, arguments[0], radix);
    text_buffer_add(&machine->scratch, "", 1);
    return string_from_ascii(machine, machine->scratch.bytes);
}

static value primitive_string_to_number(struct machine *machine, value *arguments, size_t count) {
    unsigned radix = require_radix(machine, "string->number", arguments, count);
    require_string(machine, "string->number", arguments[0]);
    const struct string *string = string_of(arguments[0]);
    struct parsed_number number = number_parse(string->characters, string->length, radix);
    switch (number.form) {
    case NUMBER_EXACT:
        return value_from_fixnum(number.exact);
    case NUMBER_INEXACT:
        return flonum_create(machine, number.inexact);
    case NUMBER_TOO_LARGE:
        number_overflow(machine, "string->number");
    case NUMBER_NONE:
        break;
    }
    return SCHEME_FALSE;
}

const struct primitive_definition number_primitives[] = {
    {"+", primitive_add, 0, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"*", primitive_multiply, 0, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"-", primitive_subtract, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"/", primitive_divide, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"=", primitive_equal, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"<", primitive_less, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {">", primitive_greater, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"<=", primitive_less_equal, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {">=", primitive_greater_equal, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"max", primitive_max, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"min", primitive_min, 1, ANY_NUMBER_OF_ARGUMENTS, SPECIAL_NONE},
    {"quotient", primitive_quotient, 2, 2, SPECIAL_NONE},
    {"remainder", primitive_remainder, 2, 2, SPECIAL_NONE},
    {"modulo", primitive_modulo, 2, 2, SPECIAL_NONE},
    {"truncate-quotient", primitive_quotient, 2, 2, SPECIAL_NONE},
    {"truncate-remainder", primitive_remainder, 2, 2, SPECIAL_NONE},
    {"floor-quotient", primitive_floor_quotient, 2, 2, SPECIAL_NONE},
    {"floor-remainder", primitive_modulo, 2, 2, SPECIAL_NONE},
    {"expt", primitive_expt, 2, 2, SPECIAL_NONE},
    {"exp", primitive_exp, 1, 1, SPECIAL_NONE},
    {"log", primitive_log, 1, 2, SPECIAL_NONE},
    {"sin", primitive_sin, 1, 1, SPECIAL_NONE},
    {"cos", primitive_cos, 1, 1, SPECIAL_NONE},
    {"tan", primitive_tan, 1, 1, SPECIAL_NONE},
    {"asin", primitive_asin, 1, 1, SPECIAL_NONE},
    {"acos", primitive_acos, 1, 1, SPECIAL_NONE},
    {"atan", primitive_atan, 1, 2, SPECIAL_NONE},
    {"sqrt", primitive_sqrt, 1, 1, SPECIAL_NONE},
    {"%integer-sqrt", primitive_integer_root, 1, 1, SPECIAL_NONE},
    {"floor", primitive_floor, 1, 1, SPECIAL_NONE},
    {"ceiling", primitive_ceiling, 1, 1, SPECIAL_NONE},
    {"truncate", primitive_truncate, 1, 1, SPECIAL_NONE},
    {"round", primitive_round, 1, 1, SPECIAL_NONE},
    {"exact", primitive_exact, 1, 1, SPECIAL_NONE},
    {"inexact->exact", primitive_exact, 1, 1, SPECIAL_NONE},
    {"inexact", primitive_inexact, 1, 1, SPECIAL_NONE},
    {"exact->inexact", primitive_inexact, 1, 1, SPECIAL_NONE},
    {"number?", primitive_is_number, 1, 1, SPECIAL_NONE},
    {"complex?", primitive_is_number, 1, 1, SPECIAL_NONE},
    {"real?", primitive_is_number, 1, 1, SPECIAL_NONE},
    {"rational?", primitive_is_rational, 1, 1, SPECIAL_NONE},
    {"integer?", primitive_is_integer, 1, 1, SPECIAL_NONE},
    {"exact-integer?", primitive_is_exact_integer, 1, 1, SPECIAL_NONE},
    {"exact?", primitive_is_exact, 1, 1, SPECIAL_NONE},
    {"inexact?", primitive_is_inexact, 1, 1, SPECIAL_NONE},
    {"nan?", primitive_is_nan, 1, 1, SPECIAL_NONE},
    {"finite?", primitive_is_finite, 1, 1, SPECIAL_NONE},
    {"infinite?", primitive_is_infinite, 1, 1, SPECIAL_NONE},
    {"zero?", primitive_is_zero, 1, 1, SPECIAL_NONE},
    {"positive?", primitive_is_positive, 1, 1, SPECIAL_NONE},
    {"negative?", primitive_is_negative, 1, 1, SPECIAL_NONE},
    {"odd?", primitive_is_odd, 1, 1, SPECIAL_NONE},
    {"even?", primitive_is_even, 1, 1, SPECIAL_NONE},
    {"number->string", primitive_number_to_string, 1, 2, SPECIAL_NONE},
    {"string->number", primitive_string_to_number, 1, 2, SPECIAL_NONE},
    {NULL, NULL, 0, 0, SPECIAL_NONE},
};
