/* SPDX-License-Identifier: MIT
 *
 * buffer-pool: the requests of pinned-server with buffers from a pool that was allocated and pinned early, in one go
 * (--mode pool), against a new pinned buffer for each request (--mode fresh). It weighs the advice "pin early, pin in
 * batches": a pool's pins grow old together and lie side by side, fresh ones lie wherever allocation stood.
 *
 *     connection   0 1 2 ... 511 | 512 513 ...        20,000 of them
 *     place        0 1 2 ... 511 |   0   1 ...        connection % 512: one request in flight each
 *
 * 20,000 connections share 512 buffers because a connection needs one only while a request of its is in flight, and at
 * most 512 are: a new request ends the one in flight at its place and takes a buffer. From a pool that hands out what
 * came back last, this is the buffer of the request that ended, so a place and its pooled buffer stay together. Pooled
 * buffers have the largest size, and are not cleared again, which is part of what a pool saves; all other work is the
 * same in both modes, and so is the checksum.
 *
 * Scale multiplies the number of requests; --connections and --buffers set the live data.
 */
#include <stdlib.h>

#include "workload/connections.h"

enum { OPTION_MODE, OPTION_CONNECTIONS, OPTION_BUFFERS };
enum { MODE_POOL, MODE_FRESH };

static const char *const modes[] = {"pool", "fresh"};

static const struct bench_option options[] = {
    BENCH_WORD("mode", modes, "where buffers come from"),
    BENCH_NUMBER("connections", 20000, 1, 10000000, "connections, each with a small object"),
    BENCH_NUMBER("buffers", 512, 1, 1000000, "requests in flight at a time, each with a pinned buffer"),
};

struct traffic {
    struct connections connections;
    bench_pin *pins; /* by place; a pool's from the start, otherwise NULL until the place's first request */
    size_t *sizes;   /* bytes in use; 0: no request was ever in flight here */
    size_t places;
    int pooled;
};

static void pin_new_buffer(struct traffic *traffic, size_t place, size_t size) {
    struct bench_mutator *mutator = traffic->connections.mutator;
    void *buffer = bench_new_bytes(mutator, size);
    traffic->pins[place] = bench_pin_object(mutator, buffer);
    traffic->connections.objects++;
    traffic->connections.bytes += size;
}

static void drop_buffer(struct traffic *traffic, size_t place) {
    struct bench_mutator *mutator = traffic->connections.mutator;
    if (traffic->pins[place] != NULL) {
        void *buffer = BENCH_RELEASES ? bench_pinned(traffic->pins[place]) : NULL;
        bench_unpin(mutator, traffic->pins[place]);
        bench_release(mutator, buffer);
        traffic->pins[place] = NULL;
    }
}

static void open_traffic(struct traffic *traffic, struct bench_run *run, struct bench_mutator *mutator) {
    traffic->places = (size_t)run->option[OPTION_BUFFERS];
    traffic->pooled = run->option[OPTION_MODE] == MODE_POOL;
    traffic->pins = bench_new_pins(mutator, traffic->places);
    traffic->sizes = calloc(traffic->places, sizeof *traffic->sizes);
    if (traffic->sizes == NULL) {
        bench_out_of_memory(traffic->places * sizeof *traffic->sizes);
    }
    connections_open(&traffic->connections, run, mutator, (size_t)run->option[OPTION_CONNECTIONS]);
    for (size_t place = 0; traffic->pooled && place < traffic->places; place++) {
        pin_new_buffer(traffic, place, CONNECTIONS_LARGEST_BUFFER);
    }
}

static void begin_request(struct traffic *traffic, size_t place) {
    size_t size = connections_buffer_size(&traffic->connections);
    if (!traffic->pooled) {
        drop_buffer(traffic, place);
        pin_new_buffer(traffic, place, size);
    }
    bench_bytes(bench_pinned(traffic->pins[place]))[0] = 1;
    traffic->sizes[place] = size;
}

/* The sum of the sizes in flight, each multiplied by the 1 that its buffer was given. */
static uint64_t sum_buffers(const struct traffic *traffic) {
    uint64_t sum = 0;
    for (size_t place = 0; place < traffic->places; place++) {
        if (traffic->sizes[place] != 0) {
            sum += traffic->sizes[place] * bench_bytes(bench_pinned(traffic->pins[place]))[0];
        }
    }
    return sum;
}

static void close_traffic(struct traffic *traffic) {
    for (size_t place = 0; place < traffic->places; place++) {
        drop_buffer(traffic, place);
    }
    struct bench_mutator *mutator = traffic->connections.mutator;
    connections_close(&traffic->connections);
    bench_free_pins(mutator, traffic->pins);
    free(traffic->sizes);
}

static uint64_t run_buffer_pool(struct bench_run *run, struct bench_mutator *mutator) {
    struct traffic traffic = {.pooled = 0};
    uint64_t requests = bench_scaled(run, 20000000);
    open_traffic(&traffic, run, mutator);
    for (uint64_t request = 0; request < requests; request++) {
        struct connections *connections = &traffic.connections;
        size_t connection = (size_t)bench_random_below(&connections->random, connections->count);
        begin_request(&traffic, connection % traffic.places);
        connections_serve(connections, connection, request);
    }
    uint64_t checksum = sum_buffers(&traffic);
    connections_count(&traffic.connections, 1);
    bench_extra_text(run, "mode", modes[run->option[OPTION_MODE]]);
    bench_stop(run, mutator);
    close_traffic(&traffic);
    return checksum;
}

const struct bench_workload bench_workload_buffer_pool = {
    .name = "buffer-pool",
    .sentence = "buffers from a pool that was pinned early, or fresh ones",
    .run = run_buffer_pool,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = 1,
};
