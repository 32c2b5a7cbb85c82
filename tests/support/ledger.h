/* SPDX-License-Identifier: MIT
 *
 * Parcels that were left to the finalizers: the ledger has the label of each one that was registered and has not been
 * taken, and a parcel's key says where. So a parcel that comes twice, or never, or with other contents, is noticed. The
 * ledger belongs to all threads of a heap; each function is for managed ones.
 */
#ifndef TESTS_SUPPORT_LEDGER_H
#define TESTS_SUPPORT_LEDGER_H

#include <pthread.h>

#include "tests/support/parcel.h"

enum { LEDGER_ENTRIES = 1024 };

struct ledger {
    pthread_mutex_t mutex; /* no thread comes to a safepoint with it */
    struct label labels[LEDGER_ENTRIES];
};

void ledger_open(struct ledger *ledger);
/* Takes all that is left, of which nothing may be missing then. */
void ledger_close(struct ledger *ledger, struct pf_thread *thread);

/* Makes a parcel, registers it and lets it go; now and then takes the registration away instead. A safepoint. Does
 * nothing when the heap or the ledger is full. */
void ledger_leave(struct ledger *ledger, struct pf_thread *thread, struct random *random, size_t largest);

/* What came out of a finalizer: checks it, and now and then registers it again. */
void ledger_receive(struct ledger *ledger, struct pf_thread *thread, struct random *random, void *object);

/* Takes what is ready, up to `most`. Returns how many were. */
size_t ledger_take(struct ledger *ledger, struct pf_thread *thread, struct random *random, size_t most);

#endif
