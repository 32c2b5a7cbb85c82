/* SPDX-License-Identifier: MIT
 *
 * Objects as addresses: sizes, free objects, and the enumeration of reference slots that marking, relocation, card
 * scanning and verification share. The slot function is always a constant at the place of use, so that it is inlined
 * into the loops below.
 *
 *     free object:  [ &pfi_free_type | size | link | planned end | ... ]   (the last two only when threaded)
 */
#ifndef PINFOLD_ALLOC_OBJECT_H
#define PINFOLD_ALLOC_OBJECT_H

#include <stdbool.h>
#include <string.h>

#include "alloc/layout.h"
#include "alloc/platform/bitmap.h"
#include "pinfold/type.h"

/* Base 0 and element size 1: the "length" of a free object is its size in bytes, so walkers need no special case. */
extern const struct pf_type pfi_free_type;

static inline uintptr_t *pfi_words(uintptr_t address) {
    return (uintptr_t *)address;
}
static inline const struct pf_type *pfi_object_type(uintptr_t object) {
    return pf_type_of((const void *)object);
}
static inline size_t pfi_object_size(uintptr_t object) {
    return pf_size_of((const void *)object);
}
static inline size_t pfi_object_length(uintptr_t object) {
    return pfi_words(object)[1];
}
static inline bool pfi_object_is_free(uintptr_t object) {
    return pfi_object_type(object) == &pfi_free_type;
}

static inline void pfi_free_object_format(uintptr_t address, size_t size) {
    pfi_words(address)[0] = (uintptr_t)&pfi_free_type;
    pfi_words(address)[1] = size;
}
static inline uintptr_t *pfi_free_object_link(uintptr_t item) {
    return &pfi_words(item)[2];
}
static inline uintptr_t *pfi_free_object_planned_end(uintptr_t item) {
    return &pfi_words(item)[3];
}

/* Gets `count` >= 1 neighbouring slots. */
typedef void pfi_slots_function(void *context, uintptr_t slots, size_t count);

/* Adapter for types with a visit callback: gc/root/sources.h makes one of a slots function. */
struct pf_visitor {
    pfi_slots_function *visit;
    void *context;
    uintptr_t low; /* only slots in [low, high) */
    uintptr_t high;
    pfi_slots_function *interior; /* what root sources may report besides; NULL: it is an object that is visited */
    pfi_slots_function *possible; /* words that may be references */
};

#define PINFOLD_INLINE static inline __attribute__((always_inline))

/* Visits the part of [slots, slots + count) that lies in [low, high). */
PINFOLD_INLINE void pfi_slots_clip(uintptr_t slots, size_t count, uintptr_t low, uintptr_t high,
                                   pfi_slots_function *visit, void *context) {
    uintptr_t from = pfi_max(slots, low);
    uintptr_t to = pfi_min(slots + count * sizeof(uintptr_t), high);
    if (from < to) {
        visit(context, from, (to - from) / sizeof(uintptr_t));
    }
}

PINFOLD_INLINE void pfi_runs_visit(const struct pf_run *runs, size_t run_count, uintptr_t part, uintptr_t low,
                                   uintptr_t high, pfi_slots_function *visit, void *context) {
    for (size_t index = 0; index < run_count; ++index) {
        pfi_slots_clip(part + runs[index].offset, runs[index].count, low, high, visit, context);
    }
}

/* Elements of an array that touch [low, high) only: a card scan must not walk a million elements for one card. */
PINFOLD_INLINE void pfi_elements_visit(uintptr_t object, const struct pf_type *type, uintptr_t low, uintptr_t high,
                                       pfi_slots_function *visit, void *context) {
    uintptr_t elements = object + type->base_size;
    size_t length = pfi_object_length(object);
    size_t from = low <= elements ? 0 : (low - elements) / type->element_size;
    size_t to = high <= elements ? 0 : (high - elements + type->element_size - 1) / type->element_size;
    if (to > length) {
        to = length;
    }
    for (size_t index = from; index < to; ++index) {
        pfi_runs_visit(type->element_runs, type->element_run_count, elements + index * type->element_size, low, high,
                       visit, context);
    }
}

PINFOLD_INLINE void pfi_object_visit_general(uintptr_t object, const struct pf_type *type, uintptr_t low,
                                             uintptr_t high, pfi_slots_function *visit, void *context) {
    if (type->scan == PINFOLD_SCAN_CALLBACK) {
        struct pf_visitor visitor = {.visit = visit, .context = context, .low = low, .high = high};
        type->visit((void *)object, &visitor);
        return;
    }
    pfi_runs_visit(type->runs, type->run_count, object, low, high, visit, context);
    if (type->element_run_count != 0) {
        pfi_elements_visit(object, type, low, high, visit, context);
    }
}

/* Every reference slot of `object` that lies in [low, high), each once. */
PINFOLD_INLINE void pfi_object_visit_range(uintptr_t object, uintptr_t low, uintptr_t high, pfi_slots_function *visit,
                                           void *context) {
    const struct pf_type *type = pfi_object_type(object);
    switch ((enum pf_scan)type->scan) {
    case PINFOLD_SCAN_NONE:
        break;
    case PINFOLD_SCAN_BITMAP:
        for (uint64_t bits = type->word_bitmap; bits != 0; bits &= bits - 1) {
            uintptr_t slot = object + pfi_bits_lowest(bits) * sizeof(uintptr_t);
            if (slot >= low && slot < high) {
                visit(context, slot, 1);
            }
        }
        break;
    case PINFOLD_SCAN_VECTOR:
        pfi_slots_clip(object + type->base_size, pfi_object_length(object), low, high, visit, context);
        break;
    case PINFOLD_SCAN_RUNS:
    case PINFOLD_SCAN_CALLBACK:
        pfi_object_visit_general(object, type, low, high, visit, context);
        break;
    }
}

/* Every reference slot of `object`, each once. */
PINFOLD_INLINE void pfi_object_visit(uintptr_t object, const struct pf_type *type, pfi_slots_function *visit,
                                     void *context) {
    switch ((enum pf_scan)type->scan) {
    case PINFOLD_SCAN_NONE:
        break;
    case PINFOLD_SCAN_BITMAP:
        for (uint64_t bits = type->word_bitmap; bits != 0; bits &= bits - 1) {
            visit(context, object + pfi_bits_lowest(bits) * sizeof(uintptr_t), 1);
        }
        break;
    case PINFOLD_SCAN_VECTOR:
        if (pfi_object_length(object) != 0) {
            visit(context, object + type->base_size, pfi_object_length(object));
        }
        break;
    case PINFOLD_SCAN_RUNS:
    case PINFOLD_SCAN_CALLBACK:
        pfi_object_visit_general(object, type, 0, UINTPTR_MAX, visit, context);
        break;
    }
}

/* Which words of a slot are references: the heap's tags. */
struct pfi_tags {
    uintptr_t mask;
    uintptr_t set;
};

static inline bool pfi_tags_is_reference(struct pfi_tags tags, uintptr_t value) {
    return (tags.set >> (value & tags.mask)) & 1;
}

/* A reference to `object` as slots hold it: with the lowest tag that makes it one. */
static inline uintptr_t pfi_tags_refer(struct pfi_tags tags, uintptr_t object) {
    return object + pfi_bits_lowest(tags.set);
}

#endif
