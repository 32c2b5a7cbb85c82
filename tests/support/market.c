/* SPDX-License-Identifier: MIT
 *
 * A parcel is a node whose key is the seed, and whose left child is an array of bytes that the seed determines.
 */
#include "tests/support/market.h"

#include <sched.h>
#include <string.h>

#include "tests/support/fixture.h"
#include "tests/support/replay.h"

/* --- parcels --- */

static uint8_t byte_of(const struct label *label, size_t index) {
    return (uint8_t)(random_mix(label->seed + index / 8) >> index % 8 * 8);
}

static struct label draw_label(const struct market *market, struct random *random) {
    size_t most = random_chance(random, 5) ? market->largest : 200;
    return (struct label){random_next(random) | 1, random_below(random, most)};
}

/* NULL: the heap is full. The result is to be stored before the next safepoint. */
static struct node *make_parcel(struct pf_thread *thread, const struct label *label) {
    PINFOLD_ROOTS(thread, root, 1);
    root[0] = pf_try_alloc(thread, &node_type);
    char *bytes = root[0] == NULL ? NULL : pf_try_alloc_array(thread, &bytes_type, label->length);
    if (bytes == NULL) {
        return NULL;
    }
    uint8_t *elements = pf_elements(bytes);
    for (size_t i = 0; i < label->length; i++) {
        elements[i] = byte_of(label, i);
    }
    struct node *node = root[0];
    node->key = label->seed;
    pf_store(thread, &node->left, bytes);
    return node;
}

static void check_parcel(const struct node *node, const struct label *label, const char *where) {
    if ((node == NULL) != (label->seed == 0)) {
        replay_fail("%s: %s", where, node == NULL ? "a parcel is gone" : "a parcel has come from nowhere");
    }
    if (node == NULL) {
        return;
    }
    if (node->type != &node_type || node->key != label->seed || node->right != NULL) {
        replay_fail("%s: the parcel at %p is not what its label says", where, (const void *)node);
    }
    void *bytes = node->left;
    if (pf_type_of(bytes) != &bytes_type || pf_length(bytes) != label->length) {
        replay_fail("%s: the parcel at %p has other contents", where, (const void *)node);
    }
    const uint8_t *elements = pf_elements(bytes);
    for (size_t i = 0; i < label->length; i++) {
        if (elements[i] != byte_of(label, i)) {
            replay_fail("%s: byte %zu of the parcel at %p has changed", where, i, (const void *)node);
        }
    }
}

/* --- opening and closing --- */

static struct pf_handle *make_vector(struct pf_thread *thread, size_t length) {
    struct pf_handle *handle;
    void *vector = pf_alloc_array(thread, &vector_type, length);
    if (pf_handle_create(thread->heap, PINFOLD_HANDLE_STRONG, vector, &handle) != PINFOLD_OK) {
        replay_fail("no handle");
    }
    return handle;
}

void market_open(struct market *market, struct pf_thread *thread, size_t largest) {
    *market = (struct market){.heap = thread->heap, .largest = largest};
    (void)pthread_mutex_init(&market->mutex, NULL);
    market->table = make_vector(thread, MARKET_TABLE);
    market->lanes = make_vector(thread, (size_t)MARKET_LANE * MARKET_LANES);
    pf_collect(thread, 1, PINFOLD_COLLECT_COMPACT); /* twice, and both are old */
    pf_collect(thread, 1, PINFOLD_COLLECT_COMPACT);
}

static void **slots_of(const struct pf_handle *vector) {
    return pf_elements(pf_handle_get(vector));
}

static void destroy(struct market *market, const struct posted *posted) {
    if (posted->is_pin) {
        pf_unpin(market->heap, posted->handle);
    } else {
        pf_handle_destroy(market->heap, posted->handle);
    }
}

void market_close(struct market *market, struct pf_thread *thread) {
    (void)thread;
    for (size_t i = 0; i < MARKET_TABLE; i++) {
        check_parcel(slots_of(market->table)[i], &market->table_labels[i], "on the table");
    }
    for (size_t i = 0; i < (size_t)MARKET_LANE * MARKET_LANES; i++) {
        check_parcel(slots_of(market->lanes)[i], &market->lane_labels[i], "in a lane");
    }
    for (size_t i = 0; i < market->box_count; i++) {
        check_parcel(pf_handle_get(market->box[i].handle), &market->box[i].label, "in the box");
        destroy(market, &market->box[i]);
    }
    pf_handle_destroy(market->heap, market->table);
    pf_handle_destroy(market->heap, market->lanes);
    (void)pthread_mutex_destroy(&market->mutex);
}

/* --- table and lanes --- */

/* A managed thread must not block: the one that has the mutex may wait for a collection that waits for this one. It has
 * no safepoint under the mutex, but may be asked to stop right after. */
static void lock_managed(struct market *market, struct pf_thread *thread) {
    while (pthread_mutex_trylock(&market->mutex) != 0) {
        pf_safepoint(thread);
        (void)sched_yield();
    }
}

static void replace(struct pf_thread *thread, void **slot, struct label *label, struct node *parcel,
                    const struct label *new_label, const char *where) {
    check_parcel(*slot, label, where);
    pf_store(thread, slot, parcel);
    *label = *new_label;
}

void market_exchange(struct market *market, struct pf_thread *thread, struct random *random) {
    PINFOLD_ROOTS(thread, root, 1);
    struct label label = draw_label(market, random);
    root[0] = make_parcel(thread, &label);
    if (root[0] == NULL || random_chance(random, 20)) {
        label = (struct label){0, 0};
        root[0] = NULL;
    }
    size_t place = random_below(random, MARKET_TABLE);
    lock_managed(market, thread);
    replace(thread, &slots_of(market->table)[place], &market->table_labels[place], root[0], &label, "on the table");
    (void)pthread_mutex_unlock(&market->mutex);
}

void market_use_lane(struct market *market, struct pf_thread *thread, struct random *random, size_t lane) {
    struct label label = draw_label(market, random);
    struct node *parcel = make_parcel(thread, &label);
    if (parcel == NULL) {
        label.seed = 0;
    }
    size_t place = random_below(random, MARKET_LANE) * MARKET_LANES + lane;
    replace(thread, &slots_of(market->lanes)[place], &market->lane_labels[place], parcel, &label, "in a lane");
}

/* --- the box --- */

void market_post(struct market *market, struct pf_thread *thread, struct random *random) {
    struct posted posted = {.is_pin = random_chance(random, 30), .label = draw_label(market, random)};
    struct node *parcel = make_parcel(thread, &posted.label);
    if (parcel == NULL) {
        return;
    }
    enum pf_status status = posted.is_pin
                                ? pf_pin(market->heap, parcel, &posted.handle)
                                : pf_handle_create(market->heap, PINFOLD_HANDLE_STRONG, parcel, &posted.handle);
    if (status != PINFOLD_OK) {
        replay_fail("no handle: %s", pf_status_text(status));
    }
    (void)pthread_mutex_lock(&market->mutex);
    int has_room = market->box_count < MARKET_BOX;
    if (has_room) {
        market->box[market->box_count++] = posted;
    }
    (void)pthread_mutex_unlock(&market->mutex);
    if (!has_room) {
        destroy(market, &posted);
    }
}

/* 0: the box is empty. */
static int take(struct market *market, struct random *random, struct posted *posted) {
    (void)pthread_mutex_lock(&market->mutex);
    int has_any = market->box_count > 0;
    if (has_any) {
        size_t place = random_below(random, market->box_count);
        *posted = market->box[place];
        market->box[place] = market->box[--market->box_count];
    }
    (void)pthread_mutex_unlock(&market->mutex);
    return has_any;
}

void market_fetch(struct market *market, struct random *random) {
    struct posted posted;
    if (take(market, random, &posted)) {
        check_parcel(pf_handle_get(posted.handle), &posted.label, "in the box");
        destroy(market, &posted);
    }
}

void market_discard(struct market *market, struct random *random) {
    struct posted posted;
    if (take(market, random, &posted)) {
        destroy(market, &posted);
    }
}
