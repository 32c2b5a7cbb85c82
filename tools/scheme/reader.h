/* SPDX-License-Identifier: MIT
 *
 * The reader: text to syntax trees. It reads a program before it is compiled, and data for `read`. It never allocates
 * in Pinfold's heap, so the characters may lie there.
 */
#ifndef SCHEME_READER_H
#define SCHEME_READER_H

#include "syntax.h"

struct reader {
    struct machine *machine;
    struct arena *arena;
    struct name_table *names;
    const uint32_t *characters;
    size_t length;
    size_t position;
    uint32_t line;
    unsigned depth;
    bool is_program; /* errors are told with the line of the text, otherwise with the line of the call of `read` */
};

/* The next datum, or NULL at the end of the text. Malformed text leaves by machine_error. */
struct syntax *reader_read(struct reader *reader);

/* Names of characters that have one, such as #\space; NULL for others. */
const char *character_name(uint32_t character);

#endif
