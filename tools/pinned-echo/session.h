/* SPDX-License-Identifier: MIT
 *
 * What the server keeps of a connection in the heap: a session, which turns bytes that came in into lines, and lines
 * into what goes out. Nothing in here is pinned: sessions, lines and queues move as the collector likes, between the
 * buffers that may not.
 *
 *     input -> [rest of a line | line | line | rest] -> requests, one a line -> replies in a queue -> output, gathered
 *
 * Every step makes fresh objects, as a server written in a managed language does. All calls are safepoints unless they
 * say otherwise, and take the session by its handle, since it may move.
 */
#ifndef PINNED_ECHO_SESSION_H
#define PINNED_ECHO_SESSION_H

#include <pinfold/pinfold.h>
#include <stdint.h>

/* The type of buffers: arrays of bytes. */
extern const struct pf_type bytes_type;

/* A new session, empty. */
void *session_create(struct pf_thread *thread);

/* Takes `size` bytes from `input`, which must stay where it is although collections come: C memory, or pinned. Answers
 * each line that they complete. Returns the number of lines. */
unsigned session_take_input(struct pf_thread *thread, const struct pf_handle *session, const uint8_t *input,
                            size_t size);

/* The input is over: the line that was not ended is answered as it is. Returns the number of lines, 0 or 1. */
unsigned session_end_input(struct pf_thread *thread, const struct pf_handle *session);

/* Takes replies out of the queue, together at most `most` bytes but at least one reply: a fresh array of bytes. NULL
 * when there is none. */
void *session_take_output(struct pf_thread *thread, const struct pf_handle *session, size_t most);

/* Bytes in the queue. No safepoint. */
size_t session_queued_bytes(const struct pf_handle *session);

#endif
