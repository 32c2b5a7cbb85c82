/* SPDX-License-Identifier: MIT
 *
 * Arithmetic on fixnums and flonums.
 */
#include "number.h"

#include <math.h>

#include "machine.h"

void number_overflow(struct machine *machine, const char *who) {
    machine_error(machine, "%s: the exact result does not fit an integer of %d bits", who,
                  (int)(sizeof(value) * 8 - 1));
}

static void require_numbers(struct machine *machine, const char *who, value a, value b) {
    if (!value_is_number(a)) {
        machine_type_error(machine, who, "a number", a);
    }
    if (!value_is_number(b)) {
        machine_type_error(machine, who, "a number", b);
    }
}

static value fixnum_or_overflow(struct machine *machine, const char *who, intptr_t result, bool overflowed) {
    if (overflowed || !fixnum_fits(result)) {
        number_overflow(machine, who);
    }
    return value_from_fixnum(result);
}

value number_add(struct machine *machine, value a, value b) {
    if (value_is_fixnum(a) && value_is_fixnum(b)) {
        return fixnum_or_overflow(machine, "+", fixnum_of(a) + fixnum_of(b), false);
    }
    require_numbers(machine, "+", a, b);
    return flonum_create(machine, number_to_double(a) + number_to_double(b));
}

value number_subtract(struct machine *machine, value a, value b) {
    if (value_is_fixnum(a) && value_is_fixnum(b)) {
        return fixnum_or_overflow(machine, "-", fixnum_of(a) - fixnum_of(b), false);
    }
    require_numbers(machine, "-", a, b);
    return flonum_create(machine, number_to_double(a) - number_to_double(b));
}

value number_multiply(struct machine *machine, value a, value b) {
    if (value_is_fixnum(a) && value_is_fixnum(b)) {
        intptr_t product;
        bool overflowed = __builtin_mul_overflow(fixnum_of(a), fixnum_of(b), &product);
        return fixnum_or_overflow(machine, "*", product, overflowed);
    }
    require_numbers(machine, "*", a, b);
    return flonum_create(machine, number_to_double(a) * number_to_double(b));
}

/* There are no exact fractions: a quotient of integers that is none is inexact. */
value number_divide(struct machine *machine, value a, value b) {
    require_numbers(machine, "/", a, b);
    if (b == value_from_fixnum(0)) {
        machine_error(machine, "/: division by exact zero");
    }
    if (value_is_fixnum(a) && value_is_fixnum(b) && fixnum_of(a) % fixnum_of(b) == 0) {
        return fixnum_or_overflow(machine, "/", fixnum_of(a) / fixnum_of(b), false);
    }
    return flonum_create(machine, number_to_double(a) / number_to_double(b));
}

bool number_is_integer(value v) {
    return value_is_fixnum(v) || (value_is_flonum(v) && isfinite(flonum_of(v)) && floor(flonum_of(v)) == flonum_of(v));
}

static void require_integers(struct machine *machine, const char *who, value a, value b) {
    if (!number_is_integer(a)) {
        machine_type_error(machine, who, "an integer", a);
    }
    if (!number_is_integer(b)) {
        machine_type_error(machine, who, "an integer", b);
    }
    if (number_to_double(b) == 0) {
        machine_error(machine, "%s: division by zero", who);
    }
}

value number_quotient(struct machine *machine, value a, value b) {
    require_integers(machine, "quotient", a, b);
    if (value_is_fixnum(a) && value_is_fixnum(b)) {
        return fixnum_or_overflow(machine, "quotient", fixnum_of(a) / fixnum_of(b), false);
    }
    return flonum_create(machine, trunc(number_to_double(a) / number_to_double(b)));
}

value number_remainder(struct machine *machine, value a, value b) {
    require_integers(machine, "remainder", a, b);
    if (value_is_fixnum(a) && value_is_fixnum(b)) {
        return value_from_fixnum(fixnum_of(a) % fixnum_of(b));
    }
    return flonum_create(machine, fmod(number_to_double(a), number_to_double(b)));
}

value number_modulo(struct machine *machine, value a, value b) {
    require_integers(machine, "modulo", a, b);
    if (value_is_fixnum(a) && value_is_fixnum(b)) {
        intptr_t divisor = fixnum_of(b);
        intptr_t rest = fixnum_of(a) % divisor;
        return value_from_fixnum(rest != 0 && (rest < 0) != (divisor < 0) ? rest + divisor : rest);
    }
    double divisor = number_to_double(b);
    double rest = fmod(number_to_double(a), divisor);
    return flonum_create(machine, rest != 0 && (rest < 0) != (divisor < 0) ? rest + divisor : rest);
}

/* By squaring. */
static value fixnum_power(struct machine *machine, intptr_t base, intptr_t exponent) {
    intptr_t result = 1;
    bool overflowed = false;
    bool square_overflowed = false;
    for (; exponent > 0; exponent >>= 1) {
        if ((exponent & 1) != 0) {
            overflowed = overflowed || square_overflowed || __builtin_mul_overflow(result, base, &result);
        }
        square_overflowed = square_overflowed || __builtin_mul_overflow(base, base, &base);
    }
    return fixnum_or_overflow(machine, "expt", result, overflowed);
}

value number_expt(struct machine *machine, value base, value exponent) {
    require_numbers(machine, "expt", base, exponent);
    if (value_is_fixnum(base) && value_is_fixnum(exponent)) {
        intptr_t power = fixnum_of(exponent);
        if (power >= 0) {
            return fixnum_power(machine, fixnum_of(base), power);
        }
        if (base == value_from_fixnum(0)) {
            machine_error(machine, "expt: zero has no negative power");
        }
        if (base == value_from_fixnum(1) || base == value_from_fixnum(-1)) {
            return (power & 1) != 0 ? base : value_from_fixnum(1);
        }
    }
    return flonum_create(machine, pow(number_to_double(base), number_to_double(exponent)));
}

value number_to_exact(struct machine *machine, value number, const char *who) {
    if (value_is_fixnum(number)) {
        return number;
    }
    if (!number_is_integer(number)) {
        machine_type_error(machine, who, "a number that is an integer", number);
    }
    double real = flonum_of(number);
    /* FIXNUM_MAX + 1 is a power of two and so exact as a double. */
    if (real >= -(double)FIXNUM_MIN || real < (double)FIXNUM_MIN) {
        number_overflow(machine, who);
    }
    return value_from_fixnum((intptr_t)real);
}

int number_compare(struct machine *machine, value a, value b, const char *who) {
    if (value_is_fixnum(a) && value_is_fixnum(b)) {
        return (fixnum_of(a) > fixnum_of(b)) - (fixnum_of(a) < fixnum_of(b));
    }
    require_numbers(machine, who, a, b);
    double x = number_to_double(a);
    double y = number_to_double(b);
    if (isnan(x) || isnan(y)) {
        return NUMBER_UNORDERED;
    }
    return (x > y) - (x < y);
}
