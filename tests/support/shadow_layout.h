/* SPDX-License-Identifier: MIT
 *
 * The object layouts of the random tests: one of every way in which references can lie in an object. Positions of slots
 * and payload are worked out here from the same runs that the types are made of, but by code of the tests' own, so that
 * a mistake in the collector's scanning is not repeated by the check.
 */
#ifndef TESTS_SUPPORT_SHADOW_LAYOUT_H
#define TESTS_SUPPORT_SHADOW_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "pinfold/type.h"

enum shadow_kind {
    SHADOW_CELL,    /* the smallest object: 16 bytes, one reference */
    SHADOW_LEAF,    /* fixed size, no reference */
    SHADOW_PAIR,    /* fixed size, two references apart (bitmap) */
    SHADOW_WIDE,    /* fixed size, references beyond the 64th word (runs) */
    SHADOW_VECTOR,  /* array of references and nothing else */
    SHADOW_LABELED, /* array of references behind a fixed part with payload */
    SHADOW_TABLE,   /* array of structs with references in the fixed part and in every element */
    SHADOW_BYTES,   /* array of bytes: sizes that are no multiple of a granule */
    SHADOW_DIARY,   /* array of which only the first `used` elements are references (callback) */
    SHADOW_KINDS
};

/* Everything that fixes an object's size and the places of its slots. `used` counts only for SHADOW_DIARY. */
struct shadow_shape {
    enum shadow_kind kind;
    size_t length;
    size_t used;
};

const char *shadow_kind_name(enum shadow_kind kind);
int shadow_kind_is_array(enum shadow_kind kind);

/* The offset of an array's first element; 0 for other kinds. */
size_t shadow_elements_begin(enum shadow_kind kind);

/* The type, made and checked at the first call for any kind. */
const struct pf_type *shadow_type(enum shadow_kind kind);

/* Size that the heap must count for an object of this shape. */
size_t shadow_size(const struct shadow_shape *shape);

/* Length at which an array of this kind comes to about `size` bytes. */
size_t shadow_length_for(enum shadow_kind kind, size_t size);

size_t shadow_slot_count(const struct shadow_shape *shape);
void **shadow_slot_at(const struct shadow_shape *shape, void *object, size_t index);

/* Fills everything behind the header that is no slot with a pattern that `seed` determines. */
void shadow_payload_write(const struct shadow_shape *shape, void *object, uint64_t seed);

/* Offset of the first byte that differs from what shadow_payload_write wrote, or SIZE_MAX. */
size_t shadow_payload_mismatch(const struct shadow_shape *shape, const void *object, uint64_t seed);

#endif
