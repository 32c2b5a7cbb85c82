/* SPDX-License-Identifier: MIT
 *
 * The server's side of a connection. Invariant: a pin exists exactly while the engine has the address of its buffer,
 * and a connection is closed only when it has no pin.
 */
#include "server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session.h"

enum {
    BATCH = 256,         /* most completions of a turn */
    MOST_OUTPUT = 16384, /* bytes that one send takes from the queue, or one reply */
    MOST_QUEUED = 24576, /* a connection with more in its queue is not read from */
    SEND_BUFFER = 16384  /* of the kernel; small, so that sends to those who do not read have to wait */
};

__attribute__((format(printf, 2, 3))) static void report_fault(struct server *server, const char *format, ...) {
    if (server->faults++ == 0) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(server->fault, sizeof server->fault, format, arguments);
        va_end(arguments);
    }
}

static unsigned number_of(const struct server *server, const struct connection *connection) {
    return (unsigned)(connection - server->connections);
}

/* Pins a fresh array of bytes and returns where its elements are until the pin ends. NULL: no memory for the pin. */
static void *pin_bytes(struct server *server, void *bytes, struct pf_handle **pin) {
    enum pf_status status = pf_pin(server->thread->heap, bytes, pin);
    if (status != PINFOLD_OK) {
        report_fault(server, "a buffer cannot be pinned: %s", pf_status_text(status));
        return NULL;
    }
    return pf_elements(bytes);
}

static void unpin(struct server *server, struct pf_handle **pin) {
    pf_unpin(server->thread->heap, *pin);
    *pin = NULL;
}

static void start_receive(struct server *server, struct connection *connection) {
    void *buffer = pf_alloc_array(server->thread, &bytes_type, server->buffer_size);
    void *address = pin_bytes(server, buffer, &connection->receive_pin);
    if (address == NULL) {
        connection->input_ended = true;
        return;
    }
    connection->received_at = address;
    engine_receive(server->engine, &connection->channel, address, server->buffer_size);
}

static void start_send(struct server *server, struct connection *connection) {
    void *output = session_take_output(server->thread, connection->session, MOST_OUTPUT);
    void *address = pin_bytes(server, output, &connection->send_pin);
    if (address == NULL) {
        connection->output_failed = true;
        return;
    }
    connection->sent = 0;
    engine_send(server->engine, &connection->channel, address, pf_length(output));
}

static void close_connection(struct server *server, struct connection *connection) {
    close(connection->channel.descriptor);
    connection->channel.descriptor = -1;
    pf_handle_destroy(server->thread->heap, connection->session);
    connection->session = NULL;
    server->open--;
}

/* Starts whatever the connection is ready for; closes it when there is nothing left to do. */
static void advance(struct server *server, struct connection *connection) {
    size_t queued = connection->output_failed ? 0 : session_queued_bytes(connection->session);
    if (connection->send_pin == NULL && queued > 0) {
        start_send(server, connection);
    }
    bool may_receive = !connection->input_ended && !connection->output_failed;
    if (connection->receive_pin == NULL && may_receive && queued <= MOST_QUEUED) {
        start_receive(server, connection);
    }
    if (connection->receive_pin == NULL && connection->send_pin == NULL) {
        close_connection(server, connection);
    }
}

static void accept_connection(struct server *server, int descriptor) {
    if (descriptor < 0) {
        if (descriptor != -ECONNABORTED && descriptor != -EINTR) {
            report_fault(server, "a connection cannot be accepted: %s", strerror(-descriptor));
        }
        return;
    }
    if (server->accepted == server->capacity) {
        close(descriptor); /* a stranger: all clients are here */
        return;
    }
    int size = SEND_BUFFER;
    (void)setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    struct connection *connection = &server->connections[server->accepted++];
    connection->channel.descriptor = descriptor;
    server->open++;
    enum pf_status status = pf_handle_create(server->thread->heap, PINFOLD_HANDLE_STRONG,
                                             session_create(server->thread), &connection->session);
    if (status != PINFOLD_OK) {
        report_fault(server, "there is no handle for a session: %s", pf_status_text(status));
        close_connection(server, connection);
        return;
    }
    advance(server, connection);
}

/* What pins promise: the buffer is where it was, and nobody but the engine wrote to it, that is, behind what came in it
 * is as zero as it was born. */
static void check_buffer(struct server *server, const struct connection *connection, size_t received) {
    void *buffer = pf_handle_get(connection->receive_pin);
    const uint8_t *bytes = pf_elements(buffer);
    if (bytes != connection->received_at) {
        report_fault(server, "the pinned buffer of connection %u moved", number_of(server, connection));
        return;
    }
    for (size_t i = received; i < server->buffer_size; i++) {
        if (bytes[i] != 0) {
            report_fault(server, "byte %zu of a pinned buffer of connection %u was overwritten with 0x%02X", i,
                         number_of(server, connection), bytes[i]);
            return;
        }
    }
}

/* The buffer stays pinned until its bytes have been copied: that allocates, and so would move it. */
static void finish_receive(struct server *server, struct connection *connection, int result) {
    check_buffer(server, connection, result > 0 ? (size_t)result : 0);
    if (result > 0) {
        server->received_bytes += (unsigned)result;
        server->lines +=
            session_take_input(server->thread, connection->session, connection->received_at, (size_t)result);
    } else {
        connection->input_ended = true;
        server->lines += session_end_input(server->thread, connection->session);
    }
    unpin(server, &connection->receive_pin);
    if (result < 0) {
        report_fault(server, "receiving from connection %u failed: %s", number_of(server, connection),
                     strerror(-result));
    }
    advance(server, connection);
}

static void finish_send(struct server *server, struct connection *connection, int result) {
    void *output = pf_handle_get(connection->send_pin);
    if (result > 0) {
        connection->sent += (unsigned)result;
        server->sent_bytes += (unsigned)result;
        if (connection->sent < pf_length(output)) {
            engine_send(server->engine, &connection->channel, (char *)pf_elements(output) + connection->sent,
                        pf_length(output) - connection->sent);
            return;
        }
    } else {
        report_fault(server, "sending to connection %u failed: %s", number_of(server, connection), strerror(-result));
        connection->output_failed = true;
        shutdown(connection->channel.descriptor, SHUT_RDWR); /* a receive under way completes by this */
    }
    unpin(server, &connection->send_pin);
    advance(server, connection);
}

bool server_init(struct server *server, struct pf_thread *thread, struct engine *engine, unsigned capacity,
                 unsigned buffer_size) {
    *server = (struct server){.thread = thread, .engine = engine, .capacity = capacity, .buffer_size = buffer_size};
    server->connections = calloc(capacity, sizeof *server->connections);
    return server->connections != NULL;
}

bool server_turn(struct server *server, int milliseconds) {
    struct completion completions[BATCH];
    int count = engine_wait(server->engine, milliseconds, completions, BATCH);
    if (count < 0) {
        report_fault(server, "waiting for the clients failed: %s", strerror(-count));
        return false;
    }
    for (int i = 0; i < count; i++) {
        struct connection *connection = (struct connection *)completions[i].channel;
        switch (completions[i].kind) {
        case COMPLETION_ACCEPT:
            accept_connection(server, completions[i].result);
            break;
        case COMPLETION_RECEIVE:
            finish_receive(server, connection, completions[i].result);
            break;
        case COMPLETION_SEND:
            finish_send(server, connection, completions[i].result);
            break;
        }
    }
    return true;
}

void server_break_connections(struct server *server) {
    for (unsigned i = 0; i < server->accepted; i++) {
        if (server->connections[i].channel.descriptor >= 0) {
            shutdown(server->connections[i].channel.descriptor, SHUT_RDWR);
        }
    }
}

void server_finish(struct server *server) {
    free(server->connections);
    server->connections = NULL;
}
