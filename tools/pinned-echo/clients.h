/* SPDX-License-Identifier: MIT
 *
 * The load: thousands of clients in one process that has nothing of the heap. Each holds one connection from the
 * beginning to the end, speaks in bursts with silences between them, and compares every byte that comes back with what
 * it must be. There are three kinds, so that pins of all ages lie side by side:
 *
 *     talkers (14 of 16)   a few bytes, often the middle of a line, then silence for up to --pause milliseconds
 *     chatterers (1 of 16) some kilobytes every few dozen milliseconds
 *     dawdlers (1 of 16)   the same, but they leave what comes back lying: the server's sends wait, too
 */
#ifndef PINNED_ECHO_CLIENTS_H
#define PINNED_ECHO_CLIENTS_H

#include <stdatomic.h>
#include <stdint.h>

/* Shared by both processes; the clients write, the server reads. `failure` is whole once `failures` is not 0. */
struct client_progress {
    _Atomic uint64_t sent_bytes;
    _Atomic uint64_t verified_bytes;
    _Atomic unsigned finished; /* clients that got back all they sent, and then the end of the stream */
    _Atomic unsigned failures;
    char failure[200]; /* the first one, a sentence */
};

struct client_plan {
    uint16_t port; /* of 127.0.0.1 */
    unsigned connections;
    unsigned seconds;
    unsigned pause;
};

/* Runs all clients to their end. Returns 0 when every one of them finished. */
int clients_run(const struct client_plan *plan, struct client_progress *progress);

#endif
