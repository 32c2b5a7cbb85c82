/* SPDX-License-Identifier: MIT
 *
 * Where the threads of a stress test hand parcels to each other:
 *
 *     on the table   an old vector whose slots any thread may take and fill, under a lock
 *     in lanes       an old vector in which neighbouring slots belong to different threads: no lock, shared cards
 *     in the box     handles of all kinds, which any thread may destroy, attached or not
 */
#ifndef TESTS_SUPPORT_MARKET_H
#define TESTS_SUPPORT_MARKET_H

#include <pthread.h>

#include "tests/support/parcel.h"

enum { MARKET_TABLE = 200, MARKET_LANE = 20, MARKET_LANES = 16, MARKET_BOX = 64 };

struct posted {
    struct pf_handle *handle;
    enum pf_handle_kind kind;
    struct label label;
    struct label value_label; /* of a dependent handle */
    struct pf_handle *anchor; /* a strong handle on the same parcel; NULL: none */
};

struct market {
    struct pf_heap *heap;
    size_t largest;        /* length of a parcel */
    pthread_mutex_t mutex; /* of the table, its labels and the box; no thread comes to a safepoint with it */
    struct pf_handle *table;
    struct pf_handle *lanes;
    struct label table_labels[MARKET_TABLE];
    struct label lane_labels[MARKET_LANE * MARKET_LANES];
    struct posted box[MARKET_BOX];
    size_t box_count;
};

/* By an attached thread. */
void market_open(struct market *market, struct pf_thread *thread, size_t largest);
/* Checks everything, then empties it. By an attached thread. */
void market_close(struct market *market);

/* Each is a safepoint, and does nothing when the heap is full. */
void market_exchange(struct market *market, struct pf_thread *thread, struct random *random);
void market_use_lane(struct market *market, struct pf_thread *thread, struct random *random, size_t lane);
void market_post(struct market *market, struct pf_thread *thread, struct random *random);

/* Takes something out of the box, checks it, and destroys the handle. By an attached thread; not a safepoint. */
void market_fetch(struct market *market, struct random *random);
/* The same without looking: by any thread. */
void market_discard(struct market *market, struct random *random);

#endif
