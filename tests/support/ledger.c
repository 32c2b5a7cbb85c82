/* SPDX-License-Identifier: MIT
 *
 * An entry is taken before its parcel is made, because the parcel's contents follow from the key.
 */
#include "tests/support/ledger.h"

#include "tests/support/replay.h"

void ledger_open(struct ledger *ledger) {
    *ledger = (struct ledger){.labels = {{0, 0}}};
    (void)pthread_mutex_init(&ledger->mutex, NULL);
}

/* Completes the label by the number of a free entry; 0: there is none. */
static int enter(struct ledger *ledger, struct label *label) {
    int is_entered = 0;
    (void)pthread_mutex_lock(&ledger->mutex);
    size_t first = label->seed % LEDGER_ENTRIES;
    for (size_t i = 0; i < LEDGER_ENTRIES && !is_entered; i++) {
        size_t entry = (first + i) % LEDGER_ENTRIES;
        if (ledger->labels[entry].seed == 0) {
            label->seed = (label->seed | LEDGER_ENTRIES) / LEDGER_ENTRIES * LEDGER_ENTRIES + entry;
            ledger->labels[entry] = *label;
            is_entered = 1;
        }
    }
    (void)pthread_mutex_unlock(&ledger->mutex);
    return is_entered;
}

/* Takes the entry of the parcel with this key out. */
static struct label strike(struct ledger *ledger, uint64_t seed) {
    (void)pthread_mutex_lock(&ledger->mutex);
    struct label *entry = &ledger->labels[seed % LEDGER_ENTRIES];
    struct label label = *entry;
    *entry = (struct label){0, 0};
    (void)pthread_mutex_unlock(&ledger->mutex);
    if (label.seed != seed) {
        replay_fail("the parcel with key %llx came out of the finalizers, but is not in the ledger",
                    (unsigned long long)seed);
    }
    return label;
}

static void register_parcel(struct pf_thread *thread, struct node *parcel) {
    enum pf_status status = pf_finalizer_register(thread, parcel);
    if (status != PINFOLD_OK) {
        replay_fail("no registration: %s", pf_status_text(status));
    }
}

void ledger_leave(struct ledger *ledger, struct pf_thread *thread, struct random *random, size_t largest) {
    struct label label = parcel_draw_label(random, largest);
    if (!enter(ledger, &label)) {
        return;
    }
    struct node *parcel = parcel_make(thread, &label);
    if (parcel == NULL) {
        (void)strike(ledger, label.seed);
        return;
    }
    register_parcel(thread, parcel);
    if (random_chance(random, 10)) {
        if (pf_finalizer_suppress(thread, parcel) != 1) {
            replay_fail("the registration of a parcel at %p is not to be found", (void *)parcel);
        }
        (void)strike(ledger, label.seed);
    }
}

void ledger_receive(struct ledger *ledger, struct pf_thread *thread, struct random *random, void *object) {
    struct node *parcel = object;
    struct label label = strike(ledger, parcel->key);
    parcel_check(parcel, &label, "out of the finalizers");
    if (random_chance(random, 20)) {
        (void)pthread_mutex_lock(&ledger->mutex);
        struct label *entry = &ledger->labels[label.seed % LEDGER_ENTRIES];
        int is_free = entry->seed == 0; /* or another thread was quick */
        if (is_free) {
            *entry = label;
        }
        (void)pthread_mutex_unlock(&ledger->mutex);
        if (is_free) {
            register_parcel(thread, parcel);
        }
    }
}

size_t ledger_take(struct ledger *ledger, struct pf_thread *thread, struct random *random, size_t most) {
    size_t count = 0;
    void *object;
    while (count < most && pf_finalizer_next(thread, &object)) {
        ledger_receive(ledger, thread, random, object);
        count++;
    }
    return count;
}

void ledger_close(struct ledger *ledger, struct pf_thread *thread) {
    struct random random = {1};
    do { /* those registered again are ready the next time */
        pf_finalizer_all_ready(thread);
    } while (ledger_take(ledger, thread, &random, SIZE_MAX) != 0);
    for (size_t i = 0; i < LEDGER_ENTRIES; i++) {
        if (ledger->labels[i].seed != 0) {
            replay_fail("the parcel with key %llx was registered, and never came out of the finalizers",
                        (unsigned long long)ledger->labels[i].seed);
        }
    }
    (void)pthread_mutex_destroy(&ledger->mutex);
}
