/* SPDX-License-Identifier: MIT
 *
 * The load of pinned-echo. A client's stream is a pattern (pattern.h), so its whole state is two positions: how much
 * was sent, how much came back. Invariant: verified <= sent <= verified + WINDOW.
 */
#include "clients.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pattern.h"
#include "wheel.h"

enum {
    WINDOW = 32768, /* most bytes of a client that are on their way */
    CHUNK = 16384,  /* most bytes of one receive */
    DAWDLER_BUFFER = 4096,
    TALKER_BURST = 400,
    CHATTERER_BURST = 8000,
    CHATTERER_PAUSE = 100,
    DAWDLER_PAUSE = 800,
    MOST_EVENTS = 256
};

enum client_kind { TALKER, CHATTERER, DAWDLER };

struct client {
    struct wheel_entry entry; /* first, so that an entry is its client */
    int descriptor;           /* -1: over, well or badly */
    uint64_t sent;
    uint64_t verified;
    uint64_t random;
    bool output_ended;
};

struct load {
    struct client_plan plan;
    struct client_progress *progress;
    struct client *clients;
    struct wheel wheel;
    struct timespec begin;
    int epoll;
    unsigned open;
};

static unsigned number_of(const struct load *load, const struct client *client) {
    return (unsigned)(client - load->clients);
}

static enum client_kind kind_of(const struct load *load, const struct client *client) {
    unsigned number = number_of(load, client) % 16;
    return number == 1 ? CHATTERER : number == 9 ? DAWDLER : TALKER;
}

static uint64_t milliseconds_since_begin(const struct load *load) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)((now.tv_sec - load->begin.tv_sec) * 1000 + (now.tv_nsec - load->begin.tv_nsec) / 1000000);
}

static void close_client(struct load *load, struct client *client) {
    close(client->descriptor);
    client->descriptor = -1;
    load->open--;
}

__attribute__((format(printf, 3, 4))) static void fail_client(struct load *load, struct client *client,
                                                              const char *format, ...) {
    if (atomic_load(&load->progress->failures) == 0) {
        int length = snprintf(load->progress->failure, sizeof load->progress->failure,
                              "connection %u: ", number_of(load, client));
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(load->progress->failure + length, sizeof load->progress->failure - (size_t)length, format, arguments);
        va_end(arguments);
    }
    atomic_fetch_add(&load->progress->failures, 1);
    close_client(load, client);
}

/* Compares what came back with what was sent; false after the client has failed. */
static bool verify(struct load *load, struct client *client, const uint8_t *bytes, size_t count) {
    uint8_t expected[CHUNK];
    if (client->verified + count > client->sent) {
        fail_client(load, client, "%llu bytes came back of %llu that were sent",
                    (unsigned long long)(client->verified + count), (unsigned long long)client->sent);
        return false;
    }
    pattern_fill(expected, count, number_of(load, client), client->verified);
    if (memcmp(expected, bytes, count) != 0) {
        size_t i = 0;
        while (expected[i] == bytes[i]) {
            i++;
        }
        fail_client(load, client, "byte %llu came back as 0x%02X, but was 0x%02X",
                    (unsigned long long)(client->verified + i), bytes[i], expected[i]);
        return false;
    }
    client->verified += count;
    atomic_fetch_add_explicit(&load->progress->verified_bytes, count, memory_order_relaxed);
    return true;
}

/* The server has closed the connection: right only after everything came back. */
static void end_client(struct load *load, struct client *client) {
    if (!client->output_ended || client->verified != client->sent) {
        fail_client(load, client, "the server closed it when %llu of %llu bytes had come back",
                    (unsigned long long)client->verified, (unsigned long long)client->sent);
        return;
    }
    atomic_fetch_add(&load->progress->finished, 1);
    close_client(load, client);
}

static void read_client(struct load *load, struct client *client) {
    uint8_t bytes[CHUNK];
    for (;;) {
        ssize_t count = recv(client->descriptor, bytes, sizeof bytes, 0);
        if (count < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                fail_client(load, client, "receiving failed: %s", strerror(errno));
            }
            return;
        }
        if (count == 0) {
            end_client(load, client);
            return;
        }
        if (!verify(load, client, bytes, (size_t)count) || (size_t)count < sizeof bytes) {
            return;
        }
    }
}

/* Sends up to `count` bytes, fewer when the window or the socket is full. */
static void write_client(struct load *load, struct client *client, size_t count) {
    uint8_t bytes[CHATTERER_BURST];
    size_t room = WINDOW - (size_t)(client->sent - client->verified);
    count = count < room ? count : room;
    pattern_fill(bytes, count, number_of(load, client), client->sent);
    ssize_t result = count == 0 ? 0 : send(client->descriptor, bytes, count, MSG_NOSIGNAL);
    if (result < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            fail_client(load, client, "sending failed: %s", strerror(errno));
        }
        return;
    }
    client->sent += (uint64_t)result;
    atomic_fetch_add_explicit(&load->progress->sent_bytes, (uint64_t)result, memory_order_relaxed);
}

static unsigned random_up_to(struct client *client, unsigned most) {
    return 1 + (unsigned)(pattern_random(&client->random) % most);
}

/* A client's time has come: it speaks, and decides when to speak again. */
static void wake_client(struct load *load, struct client *client) {
    enum client_kind kind = kind_of(load, client);
    if (kind == DAWDLER) {
        read_client(load, client);
    }
    if (client->descriptor >= 0) {
        write_client(load, client, random_up_to(client, kind == TALKER ? TALKER_BURST : CHATTERER_BURST));
    }
    unsigned pause = kind == TALKER ? load->plan.pause : kind == DAWDLER ? DAWDLER_PAUSE : CHATTERER_PAUSE;
    if (client->descriptor >= 0) {
        wheel_add(&load->wheel, &client->entry, milliseconds_since_begin(load) + random_up_to(client, pause));
    }
}

/* Has the loop read what comes back; dawdlers get there only when their output has ended. */
static void watch_client(struct load *load, struct client *client) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->descriptor, &event) != 0) {
        fail_client(load, client, "epoll refuses it: %s", strerror(errno));
    }
}

/* Time is up: the client has said what it had to say, at least something, and now only listens. */
static void finish_output(struct load *load, struct client *client) {
    if (client->sent == 0) {
        write_client(load, client, random_up_to(client, TALKER_BURST));
    }
    client->output_ended = true;
    if (client->descriptor >= 0 && shutdown(client->descriptor, SHUT_WR) != 0) {
        fail_client(load, client, "ending the output failed: %s", strerror(errno));
    }
    if (client->descriptor >= 0 && kind_of(load, client) == DAWDLER) {
        watch_client(load, client);
    }
}

/* Blocking: when the server is slow to accept, the load waits for it here. */
static void connect_client(struct load *load, struct client *client) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(load->plan.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    load->open++;
    client->random = number_of(load, client);
    client->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->descriptor < 0) {
        fail_client(load, client, "there is no socket for it: %s", strerror(errno));
        return;
    }
    int size = DAWDLER_BUFFER;
    if (kind_of(load, client) == DAWDLER) {
        (void)setsockopt(client->descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    if (connect(client->descriptor, (const struct sockaddr *)&address, sizeof address) != 0 ||
        fcntl(client->descriptor, F_SETFL, O_NONBLOCK) != 0) {
        fail_client(load, client, "connecting failed: %s", strerror(errno));
        return;
    }
    if (kind_of(load, client) != DAWDLER) {
        watch_client(load, client);
    }
}

static void connect_all(struct load *load) {
    unsigned spread = load->plan.pause < load->plan.seconds * 500 ? load->plan.pause : load->plan.seconds * 500;
    for (unsigned i = 0; i < load->plan.connections; i++) {
        connect_client(load, &load->clients[i]);
    }
    clock_gettime(CLOCK_MONOTONIC, &load->begin);
    for (unsigned i = 0; i < load->plan.connections; i++) {
        if (load->clients[i].descriptor >= 0) {
            wheel_add(&load->wheel, &load->clients[i].entry, random_up_to(&load->clients[i], spread));
        }
    }
}

static void read_ready_clients(struct load *load, int milliseconds) {
    struct epoll_event events[MOST_EVENTS];
    int ready = epoll_wait(load->epoll, events, MOST_EVENTS, milliseconds);
    for (int i = 0; i < ready; i++) {
        read_client(load, events[i].data.ptr);
    }
}

static void talk(struct load *load) {
    uint64_t now = 0;
    while (load->open > 0 && now < load->plan.seconds * 1000ULL) {
        struct wheel_entry *entry;
        while ((entry = wheel_take(&load->wheel, now)) != NULL) {
            struct client *client = (struct client *)entry;
            if (client->descriptor >= 0) {
                wake_client(load, client);
            }
        }
        read_ready_clients(load, WHEEL_TICK);
        now = milliseconds_since_begin(load);
    }
}

int clients_run(const struct client_plan *plan, struct client_progress *progress) {
    struct load load = {.plan = *plan, .progress = progress};
    load.clients = calloc(plan->connections, sizeof *load.clients);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load.clients == NULL || load.epoll < 0) {
        snprintf(progress->failure, sizeof progress->failure, "the clients cannot start: %s", strerror(errno));
        atomic_fetch_add(&progress->failures, 1);
        free(load.clients);
        return 1;
    }
    connect_all(&load);
    talk(&load);
    for (unsigned i = 0; i < plan->connections; i++) {
        if (load.clients[i].descriptor >= 0) {
            finish_output(&load, &load.clients[i]);
        }
    }
    while (load.open > 0) {
        read_ready_clients(&load, -1); /* the server's process bounds how long this may take */
    }
    close(load.epoll);
    free(load.clients);
    return atomic_load(&progress->failures) == 0 ? 0 : 1;
}
