/* SPDX-License-Identifier: MIT
 *
 * Parcels: small graphs that threads hand to each other. A label says what must be in one, so that whoever finds it can
 * check it, without a model of the rest of the heap.
 */
#ifndef TESTS_SUPPORT_PARCEL_H
#define TESTS_SUPPORT_PARCEL_H

#include "tests/support/fixture.h"
#include "tests/support/random.h"

struct label {
    uintptr_t seed; /* 0: no parcel */
    size_t length;
};

/* Most are small; now and then one is of any size below `largest`. */
struct label parcel_draw_label(struct random *random, size_t largest);

/* A safepoint. NULL: the heap is full. The result is to be stored before the next safepoint. */
struct node *parcel_make(struct pf_thread *thread, const struct label *label);

/* Fails the test unless the node is what the label says; NULL for no parcel. */
void parcel_check(const struct node *node, const struct label *label, const char *where);

#endif
