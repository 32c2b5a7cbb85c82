/* SPDX-License-Identifier: MIT
 *
 * The engine on epoll, which behaves like the other one: an address is handed over first, and is filled or read when
 * the socket is ready, so buffers wait for slow clients here as well.
 *
 * Invariant: a socket is armed for exactly the directions in which a transfer is under way. EPOLLONESHOT disarms it at
 * each event, so nothing is reported for which no transfer waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine.h"

enum { MOST_EVENTS = 128 };

struct epoll_engine {
    struct engine engine;
    int epoll;
    int listener;
};

static struct epoll_engine *epoll_of(struct engine *engine) {
    return (struct epoll_engine *)engine;
}

static void arm(struct epoll_engine *engine, struct channel *channel) {
    struct epoll_event event = {.events = EPOLLONESHOT, .data.ptr = channel};
    event.events |= channel->receive.address != NULL ? (unsigned)EPOLLIN : 0;
    event.events |= channel->send.address != NULL ? (unsigned)EPOLLOUT : 0;
    int operation = channel->is_registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(engine->epoll, operation, channel->descriptor, &event) != 0) {
        /* A descriptor that is open can be refused for want of kernel memory only, and then nobody would ever hear of
         * the transfer again. */
        fprintf(stderr, "pinned-echo: epoll refuses a socket: %s\n", strerror(errno));
        abort();
    }
    channel->is_registered = true;
}

static void epoll_receive(struct engine *engine, struct channel *channel, void *address, size_t size) {
    channel->receive = (struct transfer){address, size};
    arm(epoll_of(engine), channel);
}

static void epoll_send(struct engine *engine, struct channel *channel, void *address, size_t size) {
    channel->send = (struct transfer){address, size};
    arm(epoll_of(engine), channel);
}

/* Carries out one transfer of a ready socket. False: it has to wait on. */
static bool try_transfer(struct channel *channel, enum completion_kind kind, struct completion *completion) {
    struct transfer *transfer = kind == COMPLETION_RECEIVE ? &channel->receive : &channel->send;
    ssize_t result = kind == COMPLETION_RECEIVE
                         ? recv(channel->descriptor, transfer->address, transfer->size, 0)
                         : send(channel->descriptor, transfer->address, transfer->size, MSG_NOSIGNAL);
    if (result < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    *transfer = (struct transfer){NULL, 0};
    *completion = (struct completion){kind, channel, result < 0 ? -errno : (int)result};
    return true;
}

/* Errors and hang-ups are reported in both directions, to whichever waits; the call tells what it is. */
static int serve_channel(struct epoll_engine *engine, struct channel *channel, unsigned events,
                         struct completion *completions) {
    int count = 0;
    bool is_broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (channel->receive.address != NULL && (is_broken || (events & EPOLLIN) != 0)) {
        count += try_transfer(channel, COMPLETION_RECEIVE, &completions[count]);
    }
    if (channel->send.address != NULL && (is_broken || (events & EPOLLOUT) != 0)) {
        count += try_transfer(channel, COMPLETION_SEND, &completions[count]);
    }
    if (channel->receive.address != NULL || channel->send.address != NULL) {
        arm(engine, channel);
    }
    return count;
}

static int serve_listener(struct epoll_engine *engine, struct completion *completion) {
    int descriptor = accept4(engine->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0 && errno == EAGAIN) {
        return 0;
    }
    *completion = (struct completion){COMPLETION_ACCEPT, NULL, descriptor < 0 ? -errno : descriptor};
    return 1;
}

static int epoll_wait_for_completions(struct engine *base, int milliseconds, struct completion *completions,
                                      int capacity) {
    struct epoll_engine *engine = epoll_of(base);
    struct epoll_event events[MOST_EVENTS];
    int most = capacity / 2 < MOST_EVENTS ? capacity / 2 : MOST_EVENTS; /* one event may complete two transfers */
    int ready = epoll_wait(engine->epoll, events, most, milliseconds);
    if (ready < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    int count = 0;
    for (int i = 0; i < ready; i++) {
        struct channel *channel = events[i].data.ptr;
        count += channel == NULL ? serve_listener(engine, &completions[count])
                                 : serve_channel(engine, channel, events[i].events, &completions[count]);
    }
    return count;
}

static void epoll_close(struct engine *engine) {
    close(epoll_of(engine)->epoll);
    free(engine);
}

static const struct engine_operations epoll_operations = {.name = "epoll",
                                                          .close = epoll_close,
                                                          .receive = epoll_receive,
                                                          .send = epoll_send,
                                                          .wait = epoll_wait_for_completions};

struct engine *engine_open_epoll(int listener, struct engine_note *note) {
    struct epoll_engine *engine = calloc(1, sizeof *engine);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (engine == NULL || epoll < 0 || fcntl(listener, F_SETFL, O_NONBLOCK) != 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0) {
        snprintf(note->text, sizeof note->text, "epoll cannot be used here: %s", strerror(errno));
        if (epoll >= 0) {
            close(epoll);
        }
        free(engine);
        return NULL;
    }
    *engine = (struct epoll_engine){{&epoll_operations}, epoll, listener};
    return &engine->engine;
}
