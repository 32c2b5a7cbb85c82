/* SPDX-License-Identifier: MIT
 *
 * Text in C memory, and UTF-8.
 */
#include "text_buffer.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256, REPLACEMENT_CHARACTER = 0xFFFD, STREAM_STEP = 1 << 16 };

void text_buffer_finish(struct text_buffer *buffer) {
    free(buffer->bytes);
    *buffer = (struct text_buffer){0};
}

void text_buffer_clear(struct text_buffer *buffer) {
    buffer->length = 0;
    buffer->failed = false;
}

static bool text_buffer_reserve(struct text_buffer *buffer, size_t more) {
    if (buffer->capacity - buffer->length >= more) {
        return true;
    }
    size_t capacity = buffer->capacity == 0 ? FIRST_CAPACITY : buffer->capacity;
    while (capacity - buffer->length < more) {
        capacity *= 2;
    }
    char *bytes = realloc(buffer->bytes, capacity);
    if (bytes == NULL) {
        buffer->failed = true;
        return false;
    }
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

void text_buffer_add(struct text_buffer *buffer, const char *bytes, size_t length) {
    if (length > 0 && text_buffer_reserve(buffer, length)) {
        memcpy(buffer->bytes + buffer->length, bytes, length);
        buffer->length += length;
    }
}

void text_buffer_add_text(struct text_buffer *buffer, const char *text) {
    text_buffer_add(buffer, text, strlen(text));
}

void text_buffer_add_character(struct text_buffer *buffer, uint32_t character) {
    char bytes[4];
    size_t length = 0;
    if (character < 0x80) {
        bytes[length++] = (char)character;
    } else if (character < 0x800) {
        bytes[length++] = (char)(0xC0 | (character >> 6));
    } else if (character < 0x10000) {
        bytes[length++] = (char)(0xE0 | (character >> 12));
        bytes[length++] = (char)(0x80 | ((character >> 6) & 0x3F));
    } else {
        bytes[length++] = (char)(0xF0 | (character >> 18));
        bytes[length++] = (char)(0x80 | ((character >> 12) & 0x3F));
        bytes[length++] = (char)(0x80 | ((character >> 6) & 0x3F));
    }
    if (character >= 0x80) {
        bytes[length++] = (char)(0x80 | (character & 0x3F));
    }
    text_buffer_add(buffer, bytes, length);
}

bool text_buffer_add_stream(struct text_buffer *buffer, FILE *stream) {
    while (!feof(stream)) {
        if (!text_buffer_reserve(buffer, STREAM_STEP)) {
            return false;
        }
        buffer->length += fread(buffer->bytes + buffer->length, 1, STREAM_STEP, stream);
        if (ferror(stream)) {
            return false;
        }
    }
    return true;
}

/* Number of bytes that a sequence beginning with `lead` has, and the bits of the code point that `lead` carries. */
static size_t sequence_length(unsigned char lead, uint32_t *bits) {
    if (lead < 0x80) {
        *bits = lead;
        return 1;
    }
    if (lead >= 0xC2 && lead < 0xE0) {
        *bits = lead & 0x1F;
        return 2;
    }
    if (lead >= 0xE0 && lead < 0xF0) {
        *bits = lead & 0x0F;
        return 3;
    }
    *bits = lead & 0x07;
    return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

uint32_t text_decode(const char *bytes, size_t length, size_t *position) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t character;
    size_t start = *position;
    size_t count = sequence_length((unsigned char)bytes[start], &character);
    *position = start + 1;
    if (count == 0 || count > length - start) {
        return REPLACEMENT_CHARACTER;
    }
    for (size_t i = 1; i < count; i++) {
        unsigned char byte = (unsigned char)bytes[start + i];
        if ((byte & 0xC0) != 0x80) {
            return REPLACEMENT_CHARACTER;
        }
        character = (character << 6) | (byte & 0x3F);
    }
    if (character < least[count] || character > 0x10FFFF || (character >= 0xD800 && character < 0xE000)) {
        return REPLACEMENT_CHARACTER;
    }
    *position = start + count;
    return character;
}

uint32_t *text_decode_all(const char *bytes, size_t length, size_t *count) {
    uint32_t *characters = malloc((length + 1) * sizeof *characters);
    if (characters == NULL) {
        return NULL;
    }
    size_t position = 0;
    *count = 0;
    while (position < length) {
        characters[(*count)++] = text_decode(bytes, length, &position);
    }
    return characters;
}
