/* SPDX-License-Identifier: MIT
 *
 * Handles among threads: managed ones make, read, set and destroy them and collect; a thread that was never attached,
 * and one that is attached and mostly native, destroy what they are given, at any time, collections included. Made for
 * the thread sanitizer; without it the counts at the end tell.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "gc/heap.h"
#include "tests/support/fixture.h"
#include "tests/support/random.h"
#include "tests/support/settings.h"
#include "tests/support/suite.h"

enum { WORKERS = 3, OWN = 300, MAILBOX = 256, OPERATIONS = 40000 };

/* Handles on their way to whoever destroys them. */
struct mailbox {
    pthread_mutex_t mutex;
    struct pf_handle *handles[MAILBOX];
    size_t count;
    bool is_closed;
};

static struct pf_heap *heap;
static struct mailbox mailbox = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool send_handle(struct pf_handle *handle) {
    pthread_mutex_lock(&mailbox.mutex);
    bool has_room = mailbox.count < MAILBOX;
    if (has_room) {
        mailbox.handles[mailbox.count++] = handle;
    }
    pthread_mutex_unlock(&mailbox.mutex);
    return has_room;
}

/* false: there will be no more. NULL: none now. */
static bool receive_handle(struct pf_handle **handle) {
    pthread_mutex_lock(&mailbox.mutex);
    bool goes_on = mailbox.count > 0 || !mailbox.is_closed;
    *handle = mailbox.count == 0 ? NULL : mailbox.handles[--mailbox.count];
    pthread_mutex_unlock(&mailbox.mutex);
    return goes_on;
}

struct owned {
    struct pf_handle *handle; /* NULL: none */
    enum pf_handle_kind kind;
    uintptr_t key;
};

static void make(struct owned *owned, struct pf_thread *thread, struct random *random) {
    owned->key = (uintptr_t)(random_next(random) >> 8);
    owned->kind = (enum pf_handle_kind)random_below(random, PINFOLD_HANDLE_KINDS);
    struct node *node = fixture_node(thread, owned->key);
    enum pf_status status = owned->kind == PINFOLD_HANDLE_DEPENDENT
                                ? pf_dependent_create(heap, node, node, &owned->handle)
                                : pf_handle_create(heap, owned->kind, node, &owned->handle);
    if (status != PINFOLD_OK) {
        ck_abort_msg("no handle: %s", pf_status_text(status));
    }
}

static void check(const struct owned *owned) {
    const struct node *node = pf_handle_get(owned->handle);
    bool keeps = owned->kind == PINFOLD_HANDLE_STRONG || owned->kind == PINFOLD_HANDLE_PINNED;
    if (node == NULL ? keeps : node->type != &node_type || node->key != owned->key) {
        ck_abort_msg("a handle of kind %d should lead to key %zu", (int)owned->kind, (size_t)owned->key);
    }
    if (owned->kind == PINFOLD_HANDLE_DEPENDENT && pf_dependent_value(owned->handle) != node) {
        ck_abort_msg("the value of a dependent handle is not its key any more");
    }
}

static void change(struct owned *owned, struct pf_thread *thread, struct random *random) {
    if (owned->handle == NULL) {
        make(owned, thread, random);
        return;
    }
    check(owned);
    if (random_chance(random, 30)) {
        owned->key = (uintptr_t)(random_next(random) >> 8);
        pf_handle_set(heap, owned->handle, fixture_node(thread, owned->key));
        if (owned->kind == PINFOLD_HANDLE_DEPENDENT) {
            pf_dependent_set_value(heap, owned->handle, pf_handle_get(owned->handle));
        }
    } else if (!random_chance(random, 50) || !send_handle(owned->handle)) {
        pf_handle_destroy(heap, owned->handle);
        owned->handle = NULL;
    } else {
        owned->handle = NULL;
    }
}

static void *work(void *data) {
    struct random random = {(uintptr_t)data};
    struct owned *own = calloc(OWN, sizeof *own);
    struct pf_thread *thread = NULL;
    if (own == NULL || pf_thread_attach(heap, &thread) != PINFOLD_OK) {
        ck_abort_msg("no thread");
    }
    uint64_t operations = settings_operations(OPERATIONS);
    for (uint64_t operation = 0; operation < operations; operation++) {
        change(&own[random_below(&random, OWN)], thread, &random);
        if (random_below(&random, 500) == 0) {
            pf_collect(thread, (int)random_below(&random, 3), (enum pf_collect_mode)random_below(&random, 3));
        }
    }
    for (size_t i = 0; i < OWN; i++) {
        if (own[i].handle != NULL) {
            check(&own[i]);
            pf_handle_destroy(heap, own[i].handle);
        }
    }
    pf_thread_detach(thread);
    free(own);
    return NULL;
}

/* Never attached. Makes handles, too, on nothing. */
static void *destroy_unattached(void *data) {
    struct pf_handle *handle;
    (void)data;
    while (receive_handle(&handle)) {
        pf_handle_destroy(heap, handle);
        if (pf_handle_create(heap, PINFOLD_HANDLE_WEAK, NULL, &handle) != PINFOLD_OK) {
            ck_abort_msg("no handle");
        }
        pf_handle_destroy(heap, handle);
    }
    return NULL;
}

static void *destroy_native(void *data) {
    struct random random = {(uintptr_t)data};
    struct pf_thread *thread = NULL;
    struct pf_handle *handle;
    if (pf_thread_attach(heap, &thread) != PINFOLD_OK) {
        ck_abort_msg("no thread");
    }
    pf_native_enter(thread);
    while (receive_handle(&handle)) {
        pf_handle_destroy(heap, handle);
        if (random_chance(&random, 20)) {
            struct owned owned = {NULL, PINFOLD_HANDLE_STRONG, 0};
            pf_native_leave(thread);
            make(&owned, thread, &random);
            pf_native_enter(thread);
            pf_handle_destroy(heap, owned.handle); /* what was made from the cache goes to the table */
        }
    }
    pf_native_leave(thread);
    pf_thread_detach(thread);
    return NULL;
}

static void start(pthread_t *thread, void *(*run)(void *), uintptr_t seed) {
    ck_assert_int_eq(pthread_create(thread, NULL, run, (void *)seed), 0);
}

static void close_mailbox(void) {
    pthread_mutex_lock(&mailbox.mutex);
    mailbox.is_closed = true;
    pthread_mutex_unlock(&mailbox.mutex);
}

START_TEST(threads_of_all_states_share_the_handles_of_a_heap) {
    struct pf_options options = fixture_tiny_options();
    fixture_set(&options, "stress", "verify");
    struct fixture fixture = fixture_open(&options);
    pthread_t workers[WORKERS];
    pthread_t destroyers[2];
    heap = fixture.heap;
    pf_native_enter(fixture.thread);
    start(&destroyers[0], destroy_unattached, 0);
    start(&destroyers[1], destroy_native, 99);
    for (uintptr_t i = 0; i < WORKERS; i++) {
        start(&workers[i], work, i + 1);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i], NULL);
    }
    close_mailbox();
    pthread_join(destroyers[0], NULL);
    pthread_join(destroyers[1], NULL);
    pf_native_leave(fixture.thread);
    struct pf_statistics statistics;
    pf_collect(fixture.thread, 2, PINFOLD_COLLECT_COMPACT);
    pf_heap_statistics(fixture.heap, &statistics);
    ck_assert_uint_eq(statistics.live_bytes, 0);
    for (int kind = 0; kind < PINFOLD_HANDLE_KINDS; kind++) {
        ck_assert_uint_eq(heap->roots.handles.count[kind], 0); /* the threads that left have kept no slot */
    }
    fixture_close(&fixture);
}
END_TEST

SUITE("stress/handle_threads", threads_of_all_states_share_the_handles_of_a_heap)
