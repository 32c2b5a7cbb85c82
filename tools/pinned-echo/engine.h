/* SPDX-License-Identifier: MIT
 *
 * How bytes get between sockets and memory. An engine is handed an address and tells when it is done with it; in
 * between, the memory is the engine's: with io_uring the kernel may write to it at any moment, with epoll the engine
 * does, when the socket becomes readable. So a buffer in a moving heap stays pinned from the call of receive or send
 * until the completion. One thread uses an engine; it knows nothing of heaps.
 */
#ifndef PINNED_ECHO_ENGINE_H
#define PINNED_ECHO_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include "arguments.h"

enum completion_kind { COMPLETION_ACCEPT, COMPLETION_RECEIVE, COMPLETION_SEND };

struct transfer {
    void *address; /* NULL: none under way */
    size_t size;
};

/* One socket, in a structure of the server's. At most one receive and one send are under way at a time. The transfers
 * are the engine's, and only the one for epoll needs them. */
struct channel {
    int descriptor;
    bool is_registered;
    struct transfer receive;
    struct transfer send;
};

struct completion {
    enum completion_kind kind;
    struct channel *channel; /* NULL for an accepted connection */
    int result;              /* the bytes transferred or the new descriptor; negative: an errno */
};

struct engine;

struct engine_operations {
    const char *name;
    void (*close)(struct engine *engine);
    void (*receive)(struct engine *engine, struct channel *channel, void *address, size_t size);
    void (*send)(struct engine *engine, struct channel *channel, void *address, size_t size);
    int (*wait)(struct engine *engine, int milliseconds, struct completion *completions, int capacity);
};

struct engine {
    const struct engine_operations *operations;
};

/* Why an engine is not there, or not the one that was wished for; empty when there is nothing to say. */
struct engine_note {
    char text[200];
};

/* Both begin to accept connections at once, and go on until closed. NULL: the note says why. */
struct engine *engine_open_uring(int listener, unsigned connections, struct engine_note *note);
struct engine *engine_open_epoll(int listener, struct engine_note *note);

/* By choice; ENGINE_AUTO takes io_uring, and where that is not to be had, epoll, and notes the reason. */
struct engine *engine_open(enum engine_choice choice, int listener, unsigned connections, struct engine_note *note);

/* No transfer may be under way. */
static inline void engine_close(struct engine *engine) {
    engine->operations->close(engine);
}

static inline void engine_receive(struct engine *engine, struct channel *channel, void *address, size_t size) {
    engine->operations->receive(engine, channel, address, size);
}

static inline void engine_send(struct engine *engine, struct channel *channel, void *address, size_t size) {
    engine->operations->send(engine, channel, address, size);
}

/* Waits for completions, at most so long; returns how many there are, 0 when time is up, or a negative errno. */
static inline int engine_wait(struct engine *engine, int milliseconds, struct completion *completions, int capacity) {
    return engine->operations->wait(engine, milliseconds, completions, capacity);
}

#endif
