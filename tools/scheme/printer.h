/* SPDX-License-Identifier: MIT
 *
 * The printer: values to text in C memory. It never allocates in Pinfold's heap.
 */
#ifndef SCHEME_PRINTER_H
#define SCHEME_PRINTER_H

#include "text_buffer.h"
#include "value.h"

enum print_style { PRINT_DISPLAY, PRINT_WRITE };

/* Appends the external representation. Values of any depth; one that takes more text than a machine-readable value
 * reasonably has (a circular one, say) leaves by machine_error. */
void print_value(struct machine *machine, struct text_buffer *buffer, value v, enum print_style style);

/* As written, but cut off after a line's worth, and never an error: for messages. */
void print_excerpt(struct text_buffer *buffer, value v);

#endif
