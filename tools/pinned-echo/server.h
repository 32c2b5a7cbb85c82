/* SPDX-License-Identifier: MIT
 *
 * The echo server: one thread, attached to a heap, and an engine. A connection is a native structure with a handle on
 * its session in the heap. Each receive gets a fresh buffer of the heap, pinned from the moment that the engine has its
 * address until the completion, for slow clients seconds; so does each send.
 */
#ifndef PINNED_ECHO_SERVER_H
#define PINNED_ECHO_SERVER_H

#include <pinfold/pinfold.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

struct connection {
    struct channel channel; /* first, so that a channel is its connection */
    struct pf_handle *session;
    struct pf_handle *receive_pin; /* NULL: no receive is under way */
    struct pf_handle *send_pin;    /* NULL: no send is under way */
    const uint8_t *received_at;    /* the address that the engine has */
    size_t sent;                   /* of the pinned output */
    bool input_ended;
    bool output_failed;
};

struct server {
    struct pf_thread *thread;
    struct engine *engine;
    unsigned buffer_size;
    unsigned capacity;
    struct connection *connections; /* in the order of their arrival; a place is used once */
    unsigned accepted;
    unsigned open;
    uint64_t lines;
    uint64_t received_bytes;
    uint64_t sent_bytes;
    unsigned faults;
    char fault[200]; /* the first one, a sentence */
};

/* Memory for `capacity` connections; false when there is none. The thread and the engine stay the caller's. */
bool server_init(struct server *server, struct pf_thread *thread, struct engine *engine, unsigned capacity,
                 unsigned buffer_size);

/* Serves what completes within so many milliseconds. False: the server cannot go on. A safepoint. */
bool server_turn(struct server *server, int milliseconds);

/* Breaks all connections, so that what is under way completes; for server_turn to see. */
void server_break_connections(struct server *server);

/* Every connection must be closed, since an open one may have a buffer in the hands of the kernel. */
void server_finish(struct server *server);

#endif
