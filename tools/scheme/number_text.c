/* SPDX-License-Identifier: MIT
 *
 * Numbers as text: the reader's and string->number's way in, the printer's and number->string's way out.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

enum { LONGEST_NUMBER = 400 };

static int digit_value(uint32_t character) {
    if (character >= '0' && character <= '9') {
        return (int)(character - '0');
    }
    if (character >= 'a' && character <= 'z') {
        return (int)(character - 'a') + 10;
    }
    if (character >= 'A' && character <= 'Z') {
        return (int)(character - 'A') + 10;
    }
    return 99;
}

static struct parsed_number inexact_number(double number) {
    return (struct parsed_number){.form = NUMBER_INEXACT, .inexact = number};
}

/* Digits of an exact integer, sign already taken off. */
static struct parsed_number parse_digits(const char *text, unsigned radix, bool negative) {
    struct parsed_number number = {.form = NUMBER_NONE};
    intptr_t result = 0;
    bool overflowed = false;
    if (*text == '\0') {
        return number;
    }
    for (; *text != '\0'; text++) {
        int digit = digit_value((unsigned char)*text);
        if (digit >= (int)radix) {
            return number;
        }
        overflowed = overflowed || __builtin_mul_overflow(result, (intptr_t)radix, &result) ||
                     __builtin_sub_overflow(result, (intptr_t)digit, &result);
    }
    overflowed = overflowed || (!negative && result == INTPTR_MIN);
    number.exact = negative || overflowed ? result : -result;
    number.form = overflowed || !fixnum_fits(number.exact) ? NUMBER_TOO_LARGE : NUMBER_EXACT;
    return number;
}

/* digits [. digits] [e [sign] digits], at least one digit before the exponent; strtod alone would take more. */
static bool is_decimal(const char *text) {
    size_t digits = strspn(text, "0123456789");
    text += digits;
    if (*text == '.') {
        size_t fraction = strspn(text + 1, "0123456789");
        digits += fraction;
        text += 1 + fraction;
    }
    if (digits == 0) {
        return false;
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '+' || *text == '-';
        size_t exponent = strspn(text, "0123456789");
        text += exponent;
        return exponent > 0 && *text == '\0';
    }
    return *text == '\0';
}

/* Prefixes #x #b #o #d #e #i. */
static const char *take_prefixes(const char *text, unsigned *radix, char *exactness) {
    while (text[0] == '#' && text[1] != '\0') {
        switch (tolower((unsigned char)text[1])) {
        case 'x':
            *radix = 16;
            break;
        case 'b':
            *radix = 2;
            break;
        case 'o':
            *radix = 8;
            break;
        case 'd':
            *radix = 10;
            break;
        case 'e':
        case 'i':
            *exactness = (char)tolower((unsigned char)text[1]);
            break;
        default:
            return text;
        }
        text += 2;
    }
    return text;
}

static struct parsed_number apply_exactness(struct parsed_number number, char exactness) {
    if (exactness == 'i' && number.form == NUMBER_EXACT) {
        return inexact_number((double)number.exact);
    }
    if (exactness == 'e' && number.form == NUMBER_INEXACT) {
        double real = number.inexact;
        if (!isfinite(real) || floor(real) != real) {
            number.form = NUMBER_NONE;
        } else if (real >= -(double)FIXNUM_MIN || real < (double)FIXNUM_MIN) {
            number.form = NUMBER_TOO_LARGE;
        } else {
            number = (struct parsed_number){.form = NUMBER_EXACT, .exact = (intptr_t)real};
        }
    }
    return number;
}

static struct parsed_number parse_unprefixed(const char *text, unsigned radix) {
    bool has_sign = *text == '+' || *text == '-';
    bool negative = *text == '-';
    const char *magnitude = text + has_sign;
    if (has_sign && strcmp(magnitude, "inf.0") == 0) {
        return inexact_number(negative ? -(double)INFINITY : (double)INFINITY);
    }
    if (has_sign && strcmp(magnitude, "nan.0") == 0) {
        return inexact_number((double)NAN);
    }
    struct parsed_number number = parse_digits(magnitude, radix, negative);
    if (number.form == NUMBER_NONE && radix == 10 && is_decimal(magnitude)) {
        double real = strtod(magnitude, NULL);
        return inexact_number(negative ? -real : real);
    }
    return number;
}

struct parsed_number number_parse(const uint32_t *characters, size_t length, unsigned radix) {
    char text[LONGEST_NUMBER + 1];
    if (length == 0 || length > LONGEST_NUMBER) {
        return (struct parsed_number){.form = NUMBER_NONE};
    }
    for (size_t i = 0; i < length; i++) {
        if (characters[i] <= ' ' || characters[i] > '~') {
            return (struct parsed_number){.form = NUMBER_NONE};
        }
        text[i] = (char)characters[i];
    }
    text[length] = '\0';
    char exactness = 0;
    const char *rest = take_prefixes(text, &radix, &exactness);
    return apply_exactness(parse_unprefixed(rest, radix), exactness);
}

static void print_integer(struct text_buffer *buffer, intptr_t number, unsigned radix) {
    char digits[sizeof(intptr_t) * 8 + 1];
    size_t position = sizeof digits;
    uintptr_t magnitude = number < 0 ? 0 - (uintptr_t)number : (uintptr_t)number;
    do {
        digits[--position] = "0123456789abcdefghijklmnopqrstuvwxyz"[magnitude % radix];
        magnitude /= radix;
    } while (magnitude != 0);
    if (number < 0) {
        digits[--position] = '-';
    }
    text_buffer_add(buffer, digits + position, sizeof digits - position);
}

static void print_real(struct text_buffer *buffer, double real) {
    if (isnan(real)) {
        text_buffer_add_text(buffer, "+nan.0");
        return;
    }
    if (isinf(real)) {
        text_buffer_add_text(buffer, real > 0 ? "+inf.0" : "-inf.0");
        return;
    }
    char text[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, real);
        if (strtod(text, NULL) == real) {
            break;
        }
    }
    text_buffer_add_text(buffer, text);
    if (strpbrk(text, ".e") == NULL) {
        text_buffer_add_text(buffer, ".0");
    }
}

void number_print(struct text_buffer *buffer, value number, unsigned radix) {
    if (value_is_fixnum(number)) {
        print_integer(buffer, fixnum_of(number), radix);
    } else {
        print_real(buffer, flonum_of(number));
    }
}
