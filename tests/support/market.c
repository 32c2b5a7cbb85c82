/* SPDX-License-Identifier: MIT
 *
 * Labels change together with what they describe: under the same mutex, or by the same thread.
 */
#include "tests/support/market.h"

#include <sched.h>

#include "tests/support/replay.h"

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
    if (posted->kind == PINFOLD_HANDLE_PINNED) {
        pf_unpin(market->heap, posted->handle);
    } else {
        pf_handle_destroy(market->heap, posted->handle);
    }
    pf_handle_destroy(market->heap, posted->anchor);
}

/* A weak handle may have lost its parcel, unless there is an anchor, and a dependent one its value with it. */
static void check_posted(const struct posted *posted) {
    static const struct label nothing = {0, 0};
    const struct node *parcel = pf_handle_get(posted->handle);
    int may_be_gone = posted->kind >= PINFOLD_HANDLE_WEAK && posted->anchor == NULL;
    int is_gone = parcel == NULL && may_be_gone;
    parcel_check(parcel, is_gone ? &nothing : &posted->label, "in the box");
    if (posted->anchor != NULL && pf_handle_get(posted->anchor) != parcel) {
        replay_fail("in the box: two handles on one parcel lead to different places");
    }
    if (posted->kind == PINFOLD_HANDLE_DEPENDENT) {
        parcel_check(pf_dependent_value(posted->handle), is_gone ? &nothing : &posted->value_label,
                     "value of a dependent handle");
    }
}

void market_close(struct market *market) {
    for (size_t i = 0; i < MARKET_TABLE; i++) {
        parcel_check(slots_of(market->table)[i], &market->table_labels[i], "on the table");
    }
    for (size_t i = 0; i < (size_t)MARKET_LANE * MARKET_LANES; i++) {
        parcel_check(slots_of(market->lanes)[i], &market->lane_labels[i], "in a lane");
    }
    for (size_t i = 0; i < market->box_count; i++) {
        check_posted(&market->box[i]);
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
    parcel_check(*slot, label, where);
    pf_store(thread, slot, parcel);
    *label = *new_label;
}

void market_exchange(struct market *market, struct pf_thread *thread, struct random *random) {
    PINFOLD_ROOTS(thread, root, 1);
    struct label label = parcel_draw_label(random, market->largest);
    root[0] = parcel_make(thread, &label);
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
    struct label label = parcel_draw_label(random, market->largest);
    struct node *parcel = parcel_make(thread, &label);
    if (parcel == NULL) {
        label.seed = 0;
    }
    size_t place = random_below(random, MARKET_LANE) * MARKET_LANES + lane;
    replace(thread, &slots_of(market->lanes)[place], &market->lane_labels[place], parcel, &label, "in a lane");
}

/* --- the box --- */

static enum pf_handle_kind draw_kind(struct random *random) {
    static const enum pf_handle_kind kinds[] = {PINFOLD_HANDLE_STRONG,    PINFOLD_HANDLE_STRONG,
                                                PINFOLD_HANDLE_PINNED,    PINFOLD_HANDLE_WEAK,
                                                PINFOLD_HANDLE_WEAK_LONG, PINFOLD_HANDLE_DEPENDENT};
    return kinds[random_below(random, sizeof(kinds) / sizeof(kinds[0]))];
}

static struct pf_handle *make_handle(struct pf_heap *heap, enum pf_handle_kind kind, void *object, void *value) {
    struct pf_handle *handle;
    enum pf_status status = kind == PINFOLD_HANDLE_DEPENDENT ? pf_dependent_create(heap, object, value, &handle)
                            : kind == PINFOLD_HANDLE_PINNED  ? pf_pin(heap, object, &handle)
                                                             : pf_handle_create(heap, kind, object, &handle);
    if (status != PINFOLD_OK) {
        replay_fail("no handle: %s", pf_status_text(status));
    }
    return handle;
}

static int keeps_alive(enum pf_handle_kind kind) {
    return kind == PINFOLD_HANDLE_STRONG || kind == PINFOLD_HANDLE_PINNED;
}

/* 0: the heap is full. The value of a dependent handle is made first, and has no other root than the parcel's. */
static int make_posted(struct market *market, struct pf_thread *thread, struct random *random, struct posted *posted) {
    PINFOLD_ROOTS(thread, root, 1);
    *posted = (struct posted){.kind = draw_kind(random), .label = parcel_draw_label(random, market->largest)};
    if (posted->kind == PINFOLD_HANDLE_DEPENDENT) {
        posted->value_label = parcel_draw_label(random, market->largest);
        root[0] = parcel_make(thread, &posted->value_label);
    }
    struct node *parcel = parcel_make(thread, &posted->label);
    if (parcel == NULL || (posted->kind == PINFOLD_HANDLE_DEPENDENT && root[0] == NULL)) {
        return 0;
    }
    posted->handle = make_handle(market->heap, posted->kind, parcel, root[0]);
    if (!keeps_alive(posted->kind) && random_chance(random, 60)) {
        posted->anchor = make_handle(market->heap, PINFOLD_HANDLE_STRONG, parcel, NULL);
    }
    return 1;
}

void market_post(struct market *market, struct pf_thread *thread, struct random *random) {
    struct posted posted;
    if (!make_posted(market, thread, random, &posted)) {
        return;
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
        check_posted(&posted);
        destroy(market, &posted);
    }
}

void market_discard(struct market *market, struct random *random) {
    struct posted posted;
    if (take(market, random, &posted)) {
        destroy(market, &posted);
    }
}
