/* SPDX-License-Identifier: MIT
 *
 * A growing run of bytes in C memory: what the printer writes into, and what files are read into. Text is UTF-8.
 */
#ifndef SCHEME_TEXT_BUFFER_H
#define SCHEME_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* length <= capacity; `failed` is set, and stays set until cleared, when memory ran out: what is there is incomplete.
 */
struct text_buffer {
    char *bytes;
    size_t length;
    size_t capacity;
    bool failed;
};

void text_buffer_finish(struct text_buffer *buffer);
void text_buffer_clear(struct text_buffer *buffer);
void text_buffer_add(struct text_buffer *buffer, const char *bytes, size_t length);
void text_buffer_add_text(struct text_buffer *buffer, const char *text);
void text_buffer_add_character(struct text_buffer *buffer, uint32_t character);

/* Appends all that can still be read from `stream`; false when reading failed. */
bool text_buffer_add_stream(struct text_buffer *buffer, FILE *stream);

/* Reads one code point of UTF-8 at *position and moves *position behind it. Bytes that are no UTF-8 read as U+FFFD. */
uint32_t text_decode(const char *bytes, size_t length, size_t *position);

/* All code points of UTF-8 text, in memory that the caller frees; NULL when there is none left. */
uint32_t *text_decode_all(const char *bytes, size_t length, size_t *count);

#endif
