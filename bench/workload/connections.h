/* SPDX-License-Identifier: MIT
 *
 * What the workloads of a server's requests have in common: a table with one small object a connection, and ten small
 * objects a request, of which one stays with the connection until its next request. The table grows old, so that every
 * request stores a young reference into an old object. Buffers are the workloads' own affair.
 *
 *     table   [ . | a | . | b | ... ]    one reference a connection: an array of 2..12 words, word 0 = the request
 *
 * Invariant: the reference of a connection is NULL until its first request. The workload owns it; one thread uses it.
 */
#ifndef BENCH_WORKLOAD_CONNECTIONS_H
#define BENCH_WORKLOAD_CONNECTIONS_H

#include "harness/random.h"
#include "system/adapter.h"

enum { REQUEST_OBJECTS = 10, REQUEST_WORDS_MIN = 2, REQUEST_WORDS_CHOICE = 11, CONNECTIONS_LARGEST_BUFFER = 8192 };

struct connections {
    struct bench_run *run;
    struct bench_mutator *mutator;
    struct bench_random random;
    bench_local table;
    size_t count;
    uint64_t objects; /* since the last count */
    uint64_t bytes;
};

static inline void connections_open(struct connections *connections, struct bench_run *run,
                                    struct bench_mutator *mutator, size_t count) {
    *connections = (struct connections){.run = run, .mutator = mutator, .random = {run->seed}, .count = count};
    connections->table = bench_keep(mutator, bench_new_references(mutator, count));
    bench_count(run, 1, count * sizeof(void *));
}

/* One in eight buffers is a large one. */
static inline size_t connections_buffer_size(struct connections *connections) {
    return bench_random_below(&connections->random, 8) == 0 ? CONNECTIONS_LARGEST_BUFFER : 1024;
}

static inline void *connections_new_words(struct connections *connections, uint64_t request) {
    size_t length = REQUEST_WORDS_MIN + (size_t)bench_random_below(&connections->random, REQUEST_WORDS_CHOICE);
    void *words = bench_new_words(connections->mutator, length);
    bench_words(words)[0] = request;
    connections->bytes += length * sizeof(uint64_t);
    return words;
}

/* At the end of a request, and of all: counts what requests have allocated, many at a time. A count in memory after
 * each object would make the next one wait until all earlier stores are through. */
static inline void connections_count(struct connections *connections, int is_last) {
    if (is_last || connections->objects >= 1 << 14) {
        bench_count(connections->run, connections->objects, connections->bytes);
        connections->objects = 0;
        connections->bytes = 0;
    }
}

/* The small objects of one request. Where the program ends lives itself, it does so at the end of the request. */
static inline void connections_serve(struct connections *connections, size_t slot, uint64_t request) {
    struct bench_mutator *mutator = connections->mutator;
    void *passing[REQUEST_OBJECTS - 1];
    void *kept = connections_new_words(connections, request);
    bench_release(mutator, bench_reference(bench_kept(connections->table), slot));
    bench_set_reference(mutator, bench_kept(connections->table), slot, kept);
    for (size_t i = 0; i < REQUEST_OBJECTS - 1; i++) {
        void *words = connections_new_words(connections, request);
        if (BENCH_RELEASES) { /* a collector must not find them on the stack */
            passing[i] = words;
        }
    }
    for (size_t i = 0; BENCH_RELEASES && i < REQUEST_OBJECTS - 1; i++) {
        bench_release(mutator, passing[i]);
    }
    connections->objects += REQUEST_OBJECTS;
    connections_count(connections, 0);
}

static inline void connections_close(struct connections *connections) {
    struct bench_mutator *mutator = connections->mutator;
    for (size_t slot = 0; BENCH_RELEASES && slot < connections->count; slot++) {
        bench_release(mutator, bench_reference(bench_kept(connections->table), slot));
    }
    bench_release(mutator, bench_kept(connections->table));
    bench_drop_from(mutator, connections->table);
}

#endif
