/* SPDX-License-Identifier: MIT
 *
 * Several threads of one heap, each with a model of the part that it makes itself. The crowd's listener tells all of
 * them of every collection; a model that belongs to a thread which is not attached at the time learns of it like the
 * others, since its table, handles and pins stay roots.
 */
#ifndef TESTS_SUPPORT_SHADOW_CROWD_H
#define TESTS_SUPPORT_SHADOW_CROWD_H

#include <pthread.h>

#include "tests/support/shadow.h"

struct shadow_crowd {
    struct pf_heap *heap;
    struct pf_listener listener;
    pthread_mutex_t mutex; /* of the list; no thread comes to a safepoint with it */
    struct shadow *members;
};

/* Creates the heap, or fails the test. */
void shadow_crowd_open(struct shadow_crowd *crowd, const struct pf_options *options);
/* Nobody must be in it any more. */
void shadow_crowd_close(struct shadow_crowd *crowd);

/* Attaches the calling thread with an empty model. */
void shadow_join(struct shadow_crowd *crowd, struct shadow *shadow);
/* Ends the model's roots, detaches, and frees the model. */
void shadow_part(struct shadow_crowd *crowd, struct shadow *shadow);

/* Detaches without giving up more than frames; and attaches again. In between the model is of no use. */
void shadow_pause(struct shadow *shadow);
void shadow_go_on(struct shadow *shadow);

#endif
