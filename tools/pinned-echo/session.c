/* SPDX-License-Identifier: MIT
 *
 * Sessions. The rule that makes moving harmless: a pointer to an object is read from a root or a handle anew behind
 * every allocation; what is fresh needs no barrier until the next one.
 */
#include "session.h"

#include <string.h>

/* A line without end is answered in pieces of this size, so that no client can fill the heap. */
enum { LONGEST_LINE = 65536 };

struct bytes {
    const struct pf_type *type;
    size_t length;
    uint8_t elements[];
};

struct request {
    const struct pf_type *type;
    struct request *next;
    struct bytes *line;
};

struct reply {
    const struct pf_type *type;
    struct reply *next;
    struct bytes *text;
};

struct session {
    const struct pf_type *type;
    struct reply *first; /* NULL: the queue is empty, and `last` means nothing */
    struct reply *last;
    struct bytes *rest; /* of a line whose end has not come yet; NULL: none */
    size_t queued_bytes;
};

const struct pf_type bytes_type = PINFOLD_BYTES_TYPE("bytes", 1);
static const struct pf_type request_type = PINFOLD_FIXED_TYPE(
    "request", struct request, PINFOLD_REF(struct request, next) | PINFOLD_REF(struct request, line));
static const struct pf_type reply_type =
    PINFOLD_FIXED_TYPE("reply", struct reply, PINFOLD_REF(struct reply, next) | PINFOLD_REF(struct reply, text));
static const struct pf_type session_type = PINFOLD_FIXED_TYPE(
    "session", struct session,
    PINFOLD_REF(struct session, first) | PINFOLD_REF(struct session, last) | PINFOLD_REF(struct session, rest));

static struct session *session_of(const struct pf_handle *handle) {
    return pf_handle_get(handle);
}

void *session_create(struct pf_thread *thread) {
    return pf_alloc(thread, &session_type);
}

size_t session_queued_bytes(const struct pf_handle *session) {
    return session_of(session)->queued_bytes;
}

/* The rest of the session's line and `size` bytes more, as one array. The session has no rest afterwards. */
static struct bytes *join_rest(struct pf_thread *thread, const struct pf_handle *session, const uint8_t *more,
                               size_t size) {
    size_t rest_length = session_of(session)->rest == NULL ? 0 : session_of(session)->rest->length;
    struct bytes *line = pf_alloc_array(thread, &bytes_type, rest_length + size);
    if (rest_length > 0) {
        memcpy(line->elements, session_of(session)->rest->elements, rest_length);
    }
    memcpy(line->elements + rest_length, more, size);
    session_of(session)->rest = NULL;
    return line;
}

/* A request for a line that ends with `size` bytes at `end`. */
static struct request *create_request(struct pf_thread *thread, const struct pf_handle *session, const uint8_t *end,
                                      size_t size) {
    PINFOLD_ROOTS(thread, line, 1);
    line[0] = join_rest(thread, session, end, size);
    struct request *request = pf_alloc(thread, &request_type);
    request->line = line[0];
    return request;
}

/* Appends to the list whose ends are two roots. No safepoint. */
static void append_request(struct pf_thread *thread, void **first, void **last, struct request *request) {
    if (*first == NULL) {
        *first = request;
    } else {
        pf_store(thread, &((struct request *)*last)->next, request);
    }
    *last = request;
}

static void append_reply(struct pf_thread *thread, struct session *session, struct reply *reply) {
    if (session->first == NULL) {
        pf_store(thread, &session->first, reply);
    } else {
        pf_store(thread, &session->last->next, reply);
    }
    pf_store(thread, &session->last, reply);
    session->queued_bytes += reply->text->length;
}

/* The reply of an echo server: a copy. */
static void answer(struct pf_thread *thread, const struct pf_handle *session, const struct request *request) {
    PINFOLD_ROOTS(thread, root, 2);
    root[0] = request->line;
    root[1] = pf_alloc_array(thread, &bytes_type, request->line->length);
    const struct bytes *line = root[0];
    struct bytes *text = root[1];
    memcpy(text->elements, line->elements, line->length);
    struct reply *reply = pf_alloc(thread, &reply_type);
    reply->text = root[1];
    append_reply(thread, session_of(session), reply);
}

static unsigned answer_all(struct pf_thread *thread, const struct pf_handle *session, struct request *first) {
    PINFOLD_ROOTS(thread, next, 1);
    unsigned count = 0;
    for (next[0] = first; next[0] != NULL; count++) {
        struct request *request = next[0];
        next[0] = request->next;
        answer(thread, session, request);
    }
    return count;
}

unsigned session_take_input(struct pf_thread *thread, const struct pf_handle *session, const uint8_t *input,
                            size_t size) {
    PINFOLD_ROOTS(thread, list, 2);
    const uint8_t *end;
    while ((end = memchr(input, '\n', size)) != NULL) {
        size_t length = (size_t)(end + 1 - input);
        append_request(thread, &list[0], &list[1], create_request(thread, session, input, length));
        input += length;
        size -= length;
    }
    const struct bytes *rest = session_of(session)->rest;
    if (size + (rest == NULL ? 0 : rest->length) >= LONGEST_LINE) {
        append_request(thread, &list[0], &list[1], create_request(thread, session, input, size));
    } else if (size > 0) {
        struct bytes *longer_rest = join_rest(thread, session, input, size);
        pf_store(thread, &session_of(session)->rest, longer_rest);
    }
    return answer_all(thread, session, list[0]);
}

unsigned session_end_input(struct pf_thread *thread, const struct pf_handle *session) {
    if (session_of(session)->rest == NULL) {
        return 0;
    }
    return answer_all(thread, session, create_request(thread, session, (const uint8_t *)"", 0));
}

/* How much of the queue goes out together. */
static size_t output_size(const struct session *session, size_t most) {
    size_t size = session->first->text->length;
    for (const struct reply *reply = session->first->next; reply != NULL; reply = reply->next) {
        if (size + reply->text->length > most) {
            break;
        }
        size += reply->text->length;
    }
    return size;
}

void *session_take_output(struct pf_thread *thread, const struct pf_handle *handle, size_t most) {
    if (session_of(handle)->first == NULL) {
        return NULL;
    }
    size_t size = output_size(session_of(handle), most);
    struct bytes *output = pf_alloc_array(thread, &bytes_type, size);
    struct session *session = session_of(handle); /* from here on nothing allocates */
    for (size_t filled = 0; filled < size;) {
        const struct bytes *text = session->first->text;
        memcpy(output->elements + filled, text->elements, text->length);
        filled += text->length;
        pf_store(thread, &session->first, session->first->next);
    }
    session->last = session->first == NULL ? NULL : session->last; /* keeps nothing alive that went out */
    session->queued_bytes -= size;
    return output;
}
