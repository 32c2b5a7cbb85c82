/* SPDX-License-Identifier: MIT
 *
 * Numbers: exact integers that fit a fixnum, and flonums. An exact result that does not fit is an error that
 * number_overflow alone reports, the one place that integers of any size will take over. No operation turns an exact
 * argument into an inexact result for want of room.
 */
#ifndef SCHEME_NUMBER_H
#define SCHEME_NUMBER_H

#include "text_buffer.h"
#include "value.h"

static inline bool value_is_flonum(value v) {
    return value_has_type(v, &flonum_type);
}
static inline bool value_is_number(value v) {
    return value_is_fixnum(v) || value_is_flonum(v);
}
static inline double flonum_of(value v) {
    return ((struct flonum *)v)->number;
}
/* Of any number. */
static inline double number_to_double(value v) {
    return value_is_fixnum(v) ? (double)fixnum_of(v) : flonum_of(v);
}

PINFOLD_NORETURN void number_overflow(struct machine *machine, const char *who);

/* Safepoints. The arguments may be anything; what is no number is refused in the name of the operation. */
value number_add(struct machine *machine, value a, value b);
value number_subtract(struct machine *machine, value a, value b);
value number_multiply(struct machine *machine, value a, value b);
value number_divide(struct machine *machine, value a, value b);
value number_quotient(struct machine *machine, value a, value b);
value number_remainder(struct machine *machine, value a, value b);
value number_modulo(struct machine *machine, value a, value b);
value number_expt(struct machine *machine, value base, value exponent);
value number_to_exact(struct machine *machine, value number, const char *who);

/* < 0, 0, > 0; 2 when one is not a number (unordered), which no comparison but "not equal" accepts. */
enum { NUMBER_UNORDERED = 2 };
int number_compare(struct machine *machine, value a, value b, const char *who);

/* Whether a flonum or fixnum has no fraction. */
bool number_is_integer(value v);

/* A number as text holds it. */
enum number_form { NUMBER_NONE, NUMBER_EXACT, NUMBER_INEXACT, NUMBER_TOO_LARGE };
struct parsed_number {
    enum number_form form;
    intptr_t exact;
    double inexact;
};
struct parsed_number number_parse(const uint32_t *characters, size_t length, unsigned radix);

/* The shortest text that reads as the same number. Flonums are written in radix 10 only. */
void number_print(struct text_buffer *buffer, value number, unsigned radix);

#endif
