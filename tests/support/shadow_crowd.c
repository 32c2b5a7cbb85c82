/* SPDX-License-Identifier: MIT
 *
 * A model is in the list before its thread is attached, and until after it is detached, so that no collection which
 * could move its objects goes unnoticed.
 */
#include "tests/support/shadow_crowd.h"

#include "tests/support/replay.h"

static void tell_members(void *data, const struct pf_collection *record) {
    struct shadow_crowd *crowd = data;
    (void)record;
    (void)pthread_mutex_lock(&crowd->mutex);
    for (struct shadow *shadow = crowd->members; shadow != NULL; shadow = shadow->next) {
        shadow_note_collection(shadow);
    }
    (void)pthread_mutex_unlock(&crowd->mutex);
}

void shadow_crowd_open(struct shadow_crowd *crowd, const struct pf_options *options) {
    struct pf_message message = {""};
    *crowd = (struct shadow_crowd){.listener = {.collection_end = tell_members}};
    (void)pthread_mutex_init(&crowd->mutex, NULL);
    if (pf_heap_create(options, &crowd->heap, &message) != PINFOLD_OK) {
        replay_fail("no heap: %s", message.text);
    }
    pf_heap_set_listener(crowd->heap, &crowd->listener, crowd);
}

void shadow_crowd_close(struct shadow_crowd *crowd) {
    pf_heap_destroy(crowd->heap);
    (void)pthread_mutex_destroy(&crowd->mutex);
}

void shadow_join(struct shadow_crowd *crowd, struct shadow *shadow) {
    shadow_init(shadow, crowd->heap);
    shadow->is_in_crowd = 1;
    (void)pthread_mutex_lock(&crowd->mutex);
    shadow->next = crowd->members;
    crowd->members = shadow;
    (void)pthread_mutex_unlock(&crowd->mutex);
    shadow_enter(shadow);
}

void shadow_part(struct shadow_crowd *crowd, struct shadow *shadow) {
    shadow_leave(shadow);
    (void)pthread_mutex_lock(&crowd->mutex);
    struct shadow **link = &crowd->members;
    while (*link != shadow) {
        link = &(*link)->next;
    }
    *link = shadow->next;
    (void)pthread_mutex_unlock(&crowd->mutex);
    shadow_finish(shadow);
}

void shadow_pause(struct shadow *shadow) {
    shadow_reset_frames(shadow, 0);
    pf_thread_detach(shadow->thread);
    shadow->thread = NULL;
}

void shadow_go_on(struct shadow *shadow) {
    enum pf_status status = pf_thread_attach(shadow->heap, &shadow->thread);
    if (status != PINFOLD_OK) {
        replay_fail("no thread: %s", pf_status_text(status));
    }
}
