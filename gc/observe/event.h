/* SPDX-License-Identifier: MIT
 *
 * Sending events to the one listener of a heap.
 */
#ifndef PINFOLD_GC_OBSERVE_EVENT_H
#define PINFOLD_GC_OBSERVE_EVENT_H

#include "pinfold/event.h"

struct pfi_events {
    const struct pf_listener *listener;
    void *data;
};

/* Calls a member when there is a listener that has it. */
#define PINFOLD_SEND(events, member, ...)                                       \
    do {                                                                        \
        if ((events)->listener != NULL && (events)->listener->member != NULL) { \
            (events)->listener->member((events)->data, __VA_ARGS__);            \
        }                                                                       \
    } while (0)

#endif
