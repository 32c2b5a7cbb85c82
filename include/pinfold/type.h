/* SPDX-License-Identifier: MIT
 *
 * How an object looks. The first word of every object points to its type; arrays keep their length (size_t, in
 * elements) in the second word. Types belong to the embedder, may be static const, and must outlive every heap that
 * holds an object of theirs.
 *
 *     object:  [ type | fields ........ ]            size = base_size
 *     array:   [ type | length | fixed | e0 e1 ... ] size = base_size + length * element_size, rounded up to 8
 *
 * No object is smaller than 16 bytes. With words of 32 bits an array's elements may begin between two multiples of 8:
 * at sizeof of the structure before them, as C lays it out.
 */
#ifndef PINFOLD_TYPE_H
#define PINFOLD_TYPE_H

#include <stddef.h>
#include <stdint.h>

#include "pinfold/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pf_visitor;

/* `count` neighbouring reference slots (each one word), the first `offset` bytes from the start of the object, or of
 * the element for element runs. */
struct pf_run {
    uint32_t offset;
    uint32_t count;
};

/* How references are found in an object; derived by pf_type_init and by the initializer macros. */
enum pf_scan {
    PINFOLD_SCAN_NONE,    /* no references at all: marked, never scanned */
    PINFOLD_SCAN_BITMAP,  /* word_bitmap says which of the first 64 words are references; no element has any */
    PINFOLD_SCAN_VECTOR,  /* every word from base_size on is a reference; the fixed part has none */
    PINFOLD_SCAN_RUNS,    /* runs and element_runs */
    PINFOLD_SCAN_CALLBACK /* visit */
};

enum pf_type_flags {
    PINFOLD_TYPE_PLAIN = 0,
    PINFOLD_TYPE_PINNED = 1,      /* born pinned: every object of the type stays where it is until it dies (alloc.h) */
    PINFOLD_TYPE_FINALIZABLE = 2, /* every object of the type is registered for finalization by birth (finalizer.h) */
    PINFOLD_TYPE_SLOW = 3         /* the flags that inline allocation leaves to the library */
};

/* Visits every reference slot of an object, each once, through pf_visit_slot or pf_visit_slots; must not allocate,
 * store or call anything else of the library. Threads of the collector's own may call it, several at once, for the same
 * object even, on stacks of 1 MiB; with the option mark_workers=1 only the thread that collects does. */
typedef void pf_visit_object(void *object, struct pf_visitor *visitor);

struct pf_type {
    const char *name;      /* for tools and messages */
    uint32_t base_size;    /* bytes, header included: multiple of 8, at least 16; of an array: multiple of a word */
    uint32_t element_size; /* bytes; 0 = not an array */
    uint8_t scan;          /* enum pf_scan */
    uint8_t flags;         /* enum pf_type_flags */
    uint16_t run_count;
    uint16_t element_run_count;
    uint16_t reserved;
    uint64_t word_bitmap; /* bit i: word i of the fixed part is a reference (PINFOLD_SCAN_BITMAP) */
    const struct pf_run *runs;
    const struct pf_run *element_runs;
    pf_visit_object *visit;
};

/* Static initializers. `Bits` is an or of PINFOLD_REF(struct_tag, field) and may be 0. The forms that end in _WITH take
 * an or of enum pf_type_flags as well; a type made by pf_type_init gets its flags by assignment afterwards:
 * `type.flags = PINFOLD_TYPE_PINNED`, before its first object.
 *
 *     struct node { const struct pf_type *type; struct node *left, *right; int64_t key; };
 *     static const struct pf_type node_type =
 *         PINFOLD_FIXED_TYPE("node", struct node, PINFOLD_REF(struct node, left) | PINFOLD_REF(struct node, right));
 */
#define PINFOLD_REF(aggregate, field) ((uint64_t)1 << (offsetof(aggregate, field) / sizeof(void *)))
#define PINFOLD_ROUND_SIZE(size) ((uint32_t)((((size) < 16 ? 16 : (size)) + 7) & ~(size_t)7))
#define PINFOLD_FIXED_TYPE(type_name, aggregate, bits) \
    PINFOLD_FIXED_TYPE_WITH(type_name, aggregate, bits, PINFOLD_TYPE_PLAIN)
#define PINFOLD_FIXED_TYPE_WITH(type_name, aggregate, bits, flag_set)                                          \
    {                                                                                                          \
        type_name, PINFOLD_ROUND_SIZE(sizeof(aggregate)), 0, (bits) ? PINFOLD_SCAN_BITMAP : PINFOLD_SCAN_NONE, \
            (flag_set), 0, 0, 0, (bits), NULL, NULL, NULL                                                      \
    }
/* An array of references right behind the length. */
#define PINFOLD_VECTOR_TYPE(type_name) PINFOLD_VECTOR_TYPE_WITH(type_name, PINFOLD_TYPE_PLAIN)
#define PINFOLD_VECTOR_TYPE_WITH(type_name, flag_set)                                                               \
    {                                                                                                               \
        type_name, 2 * sizeof(void *), (uint32_t)sizeof(void *), PINFOLD_SCAN_VECTOR, (flag_set), 0, 0, 0, 0, NULL, \
            NULL, NULL                                                                                              \
    }
/* An array of `size`-byte elements without references, right behind the length. */
#define PINFOLD_BYTES_TYPE(type_name, size) PINFOLD_BYTES_TYPE_WITH(type_name, size, PINFOLD_TYPE_PLAIN)
#define PINFOLD_BYTES_TYPE_WITH(type_name, size, flag_set) \
    { type_name, 2 * sizeof(void *), (uint32_t)(size), PINFOLD_SCAN_NONE, (flag_set), 0, 0, 0, 0, NULL, NULL, NULL }

/* Fills in a type of any layout and checks it. base_size holds the header (one word, two for arrays) and is rounded up
 * to a multiple of 8, at least 16; of an array to a multiple of a word. Runs are kept by reference. BAD_TYPE (message
 * names run and sizes) when a run lies outside its part, is not word aligned, covers the header, or overlaps another.
 */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_type_init(struct pf_type *type, const char *name, size_t base_size,
                                                           size_t element_size, const struct pf_run *runs,
                                                           size_t run_count, const struct pf_run *element_runs,
                                                           size_t element_run_count, char *message,
                                                           size_t message_size);

/* The same for a layout that no table can describe. `visit` must not be NULL. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_type_init_callback(struct pf_type *type, const char *name,
                                                                    size_t base_size, size_t element_size,
                                                                    pf_visit_object *visit, char *message,
                                                                    size_t message_size);

/* Checks a type however it was made (static ones too); same failures as pf_type_init. */
PINFOLD_MUST_CHECK PINFOLD_API enum pf_status pf_type_check(const struct pf_type *type, char *message,
                                                            size_t message_size);

static inline const struct pf_type *pf_type_of(const void *object) {
    return *(const struct pf_type *const *)object;
}

/* Length of an array object, in elements. */
static inline size_t pf_length(const void *array) {
    return ((const size_t *)array)[1];
}

/* Address of the first byte behind the fixed part: where an array's elements begin. */
static inline void *pf_elements(void *array) {
    return (char *)array + pf_type_of(array)->base_size;
}

/* Bytes of an array of `length` <= pf_max_length elements. Two words are the smallest object, or half of one. */
static inline size_t pf_array_size(const struct pf_type *type, size_t length) {
    size_t size = (type->base_size + length * type->element_size + 7) & ~(size_t)7;
    return sizeof(void *) < 8 && size < 16 ? 16 : size;
}

/* Size in bytes, header included, as the heap counts it (a multiple of 8). */
static inline size_t pf_size_of(const void *object) {
    const struct pf_type *type = pf_type_of(object);
    if (type->element_size == 0) {
        return type->base_size;
    }
    return pf_array_size(type, pf_length(object));
}

#ifdef __cplusplus
}
#endif
#endif
