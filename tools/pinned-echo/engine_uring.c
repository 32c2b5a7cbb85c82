/* SPDX-License-Identifier: MIT
 *
 * The engine on io_uring. A receive is submitted with the address of its buffer and stays with the kernel until bytes
 * arrive, which a slow client makes seconds. The kernel may refuse io_uring as a whole (seccomp, a sysctl), or be too
 * old for what is used here; that is found out before anything is submitted.
 *
 * Invariant: the completion queue has room for every transfer that can be under way, so it never overflows.
 */
#include <errno.h>
#include <liburing.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "engine.h"

enum { SUBMISSIONS = 1024, MOST_COMPLETIONS = 65536 };

/* The low bits of what identifies a submission are the kind, the rest is the channel. */
enum { KIND_MASK = 3 };

struct uring_engine {
    struct engine engine;
    struct io_uring ring;
    int listener;
};

static struct uring_engine *uring_of(struct engine *engine) {
    return (struct uring_engine *)engine;
}

/* A place in the submission queue; a full queue is handed to the kernel first. */
static struct io_uring_sqe *next_submission(struct uring_engine *engine) {
    struct io_uring_sqe *submission = io_uring_get_sqe(&engine->ring);
    while (submission == NULL) {
        int result = io_uring_submit(&engine->ring);
        if (result < 0 && result != -EINTR && result != -EAGAIN) {
            fprintf(stderr, "pinned-echo: io_uring takes no more submissions: %s\n", strerror(-result));
            abort();
        }
        submission = io_uring_get_sqe(&engine->ring);
    }
    return submission;
}

static void identify(struct io_uring_sqe *submission, struct channel *channel, enum completion_kind kind) {
    io_uring_sqe_set_data64(submission, (uint64_t)(uintptr_t)channel | (uint64_t)kind);
}

static void uring_accept(struct uring_engine *engine) {
    struct io_uring_sqe *submission = next_submission(engine);
    io_uring_prep_accept(submission, engine->listener, NULL, NULL, SOCK_CLOEXEC);
    identify(submission, NULL, COMPLETION_ACCEPT);
}

static void uring_receive(struct engine *engine, struct channel *channel, void *address, size_t size) {
    struct io_uring_sqe *submission = next_submission(uring_of(engine));
    io_uring_prep_recv(submission, channel->descriptor, address, size, 0);
    identify(submission, channel, COMPLETION_RECEIVE);
}

static void uring_send(struct engine *engine, struct channel *channel, void *address, size_t size) {
    struct io_uring_sqe *submission = next_submission(uring_of(engine));
    io_uring_prep_send(submission, channel->descriptor, address, size, MSG_NOSIGNAL);
    identify(submission, channel, COMPLETION_SEND);
}

static struct completion completion_of(const struct io_uring_cqe *entry) {
    return (struct completion){.kind = (enum completion_kind)(entry->user_data & KIND_MASK),
                               .channel = (struct channel *)(uintptr_t)(entry->user_data & ~(uint64_t)KIND_MASK),
                               .result = entry->res};
}

static int uring_wait(struct engine *base, int milliseconds, struct completion *completions, int capacity) {
    struct uring_engine *engine = uring_of(base);
    struct __kernel_timespec limit = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000LL};
    struct io_uring_cqe *entry = NULL;
    int result = io_uring_submit_and_wait_timeout(&engine->ring, &entry, 1, &limit, NULL);
    if (result < 0 && result != -ETIME && result != -EINTR && result != -EAGAIN && result != -EBUSY) {
        return result;
    }
    int count = 0;
    while (count < capacity && io_uring_peek_cqe(&engine->ring, &entry) == 0) {
        completions[count] = completion_of(entry);
        io_uring_cqe_seen(&engine->ring, entry);
        if (completions[count].kind == COMPLETION_ACCEPT) {
            uring_accept(engine);
        }
        count++;
    }
    return count;
}

static void uring_close(struct engine *engine) {
    io_uring_queue_exit(&uring_of(engine)->ring);
    free(engine);
}

/* Says in one sentence what the kernel lacks; NULL when it has everything. */
static const char *missing_feature(struct io_uring *ring) {
    if ((ring->features & IORING_FEAT_FAST_POLL) == 0 || (ring->features & IORING_FEAT_EXT_ARG) == 0) {
        return "the kernel is older than 5.11";
    }
    struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
    bool has_all = probe != NULL && io_uring_opcode_supported(probe, IORING_OP_ACCEPT) &&
                   io_uring_opcode_supported(probe, IORING_OP_RECV) && io_uring_opcode_supported(probe, IORING_OP_SEND);
    io_uring_free_probe(probe);
    return has_all ? NULL : "the kernel does not offer it for sockets";
}

static const struct engine_operations uring_operations = {
    .name = "io_uring", .close = uring_close, .receive = uring_receive, .send = uring_send, .wait = uring_wait};

struct engine *engine_open_uring(int listener, unsigned connections, struct engine_note *note) {
    struct uring_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) {
        snprintf(note->text, sizeof note->text, "io_uring cannot be used here: out of memory");
        return NULL;
    }
    struct io_uring_params parameters = {.flags = IORING_SETUP_CQSIZE};
    parameters.cq_entries = 2 * SUBMISSIONS;
    while (parameters.cq_entries < 2 * connections + 1 && parameters.cq_entries < MOST_COMPLETIONS) {
        parameters.cq_entries *= 2;
    }
    int result = io_uring_queue_init_params(SUBMISSIONS, &engine->ring, &parameters);
    const char *missing = result < 0 ? strerror(-result) : missing_feature(&engine->ring);
    if (missing != NULL) {
        snprintf(note->text, sizeof note->text, "io_uring cannot be used here: %s", missing);
        if (result >= 0) {
            io_uring_queue_exit(&engine->ring);
        }
        free(engine);
        return NULL;
    }
    engine->engine.operations = &uring_operations;
    engine->listener = listener;
    uring_accept(engine);
    return &engine->engine;
}
