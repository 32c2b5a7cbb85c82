/* SPDX-License-Identifier: MIT
 *
 * Objects in every place of a heap that treats them differently: the three generations, large ones, and those that were
 * born pinned. All are vectors, so any of them can refer to any other.
 */
#ifndef TESTS_SUPPORT_PLACE_H
#define TESTS_SUPPORT_PLACE_H

#include <check.h>

#include "tests/support/fixture.h"

enum place { PLACE_YOUNG, PLACE_MIDDLE, PLACE_OLD, PLACE_LARGE, PLACE_PINNED, PLACES };

/* The youngest collection that finds an object of this place dead. */
static inline int place_collection(enum place place) {
    return place > PLACE_OLD ? 2 : (int)place;
}

/* A vector; collections bring the small ones where they belong. With a threshold of 4096 bytes. */
static inline void *place_make(struct fixture *fixture, enum place place) {
    PINFOLD_ROOTS(fixture->thread, object, 1);
    if (place == PLACE_PINNED) {
        object[0] = pf_alloc_array_pinned(fixture->thread, &vector_type, 2, 8);
    } else {
        object[0] = pf_alloc_array(fixture->thread, &vector_type, place == PLACE_LARGE ? 8000 / sizeof(void *) : 2);
    }
    for (int generation = 0; generation < (int)place && place <= PLACE_OLD; generation++) {
        pf_collect(fixture->thread, generation, PINFOLD_COLLECT_COMPACT);
    }
    ck_assert_int_eq(pf_generation_of(fixture->heap, object[0]), (int)place);
    return object[0];
}

static inline void **place_slot(void *object, size_t index) {
    return (void **)pf_elements(object) + index;
}

#endif
