/* SPDX-License-Identifier: MIT
 *
 * pinned-server: twenty thousand connections, each with a pinned buffer as a kernel would fill it. A request replaces
 * the buffer of one connection, taken at random, by a new pinned one of 1 or 8 KiB, and allocates ten small objects of
 * which one stays with the connection. A buffer is reachable through its pin alone. Pins of all ages lie between what
 * has died, so a heap that cannot use the space between them grows without end.
 *
 * heap_bytes against live_bytes tells what the pins cost in space; gen0_budget_bytes, on the same line, is what a
 * generational system allocates before it looks. Scale multiplies the number of requests; --connections sets the live
 * data. With --seconds the server runs for that time instead, so that resident memory can be watched from outside; how
 * many requests that is differs from run to run, and the checksum with it.
 */
#include <stdlib.h>

#include "harness/clock.h"
#include "workload/connections.h"

enum { OPTION_CONNECTIONS, OPTION_SECONDS, REQUESTS_BETWEEN_LOOKS = 4096, SECONDS_MAX = 31536000 };

static const struct bench_option options[] = {
    BENCH_NUMBER("connections", 20000, 1, 10000000, "connections, each with a pinned buffer"),
    BENCH_NUMBER("seconds", 0, 0, SECONDS_MAX, "serve for so long, whatever the scale; 0: a number of requests"),
};

struct server {
    struct connections connections;
    bench_pin *pins; /* by connection; empty until its first request */
    size_t *sizes;   /* of the buffers */
    size_t pinned;
};

static void open_server(struct server *server, struct bench_run *run, struct bench_mutator *mutator) {
    size_t count = (size_t)run->option[OPTION_CONNECTIONS];
    server->pins = bench_new_pins(mutator, count);
    server->sizes = calloc(count, sizeof *server->sizes);
    if (server->sizes == NULL) {
        bench_out_of_memory(count * sizeof *server->sizes);
    }
    connections_open(&server->connections, run, mutator, count);
}

/* Unpins the buffer of a connection that has one. Its last reference goes with the pin. */
static void drop_buffer(struct server *server, size_t slot) {
    if (server->sizes[slot] != 0) {
        struct bench_mutator *mutator = server->connections.mutator;
        void *buffer = BENCH_RELEASES ? bench_pinned(server->pins[slot]) : NULL;
        bench_unpin(mutator, server->pins[slot]);
        bench_release(mutator, buffer);
        server->pins[slot] = NULL;
        server->sizes[slot] = 0;
        server->pinned--;
    }
}

static void replace_buffer(struct server *server, size_t slot) {
    struct bench_mutator *mutator = server->connections.mutator;
    size_t size = connections_buffer_size(&server->connections);
    drop_buffer(server, slot);
    void *buffer = bench_new_bytes(mutator, size);
    server->pins[slot] = bench_pin_object(mutator, buffer);
    server->sizes[slot] = size;
    server->pinned++;
    bench_bytes(buffer)[0] = 1;
    server->connections.objects++;
    server->connections.bytes += size;
}

/* The sum of the live buffers' sizes, each multiplied by the 1 that it was given. */
static uint64_t sum_buffers(const struct server *server) {
    uint64_t sum = 0;
    for (size_t slot = 0; slot < server->connections.count; slot++) {
        if (server->sizes[slot] != 0) {
            sum += server->sizes[slot] * bench_bytes(bench_pinned(server->pins[slot]))[0];
        }
    }
    return sum;
}

static void close_server(struct server *server) {
    for (size_t slot = 0; slot < server->connections.count; slot++) {
        drop_buffer(server, slot);
    }
    struct bench_mutator *mutator = server->connections.mutator;
    connections_close(&server->connections);
    bench_free_pins(mutator, server->pins);
    free(server->sizes);
}

/* Requests `first` up to, not including, `end`. */
static void serve(struct server *server, uint64_t first, uint64_t end) {
    for (uint64_t request = first; request < end; request++) {
        size_t slot = (size_t)bench_random_below(&server->connections.random, server->connections.count);
        replace_buffer(server, slot);
        connections_serve(&server->connections, slot, request);
    }
}

/* Serves until the time is over; returns the number of requests. */
static uint64_t serve_for(struct server *server, double seconds) {
    uint64_t requests = 0;
    double end = bench_clock_wall() + seconds;
    while (bench_clock_wall() < end) {
        serve(server, requests, requests + REQUESTS_BETWEEN_LOOKS);
        requests += REQUESTS_BETWEEN_LOOKS;
    }
    return requests;
}

static uint64_t run_pinned_server(struct bench_run *run, struct bench_mutator *mutator) {
    struct server server = {.pinned = 0};
    uint64_t seconds = run->option[OPTION_SECONDS];
    open_server(&server, run, mutator);
    if (seconds != 0) {
        bench_extra(run, "seconds", (double)seconds);
        bench_extra(run, "requests", (double)serve_for(&server, (double)seconds));
        bench_extra_text(run, "comparable", "no");
    } else {
        serve(&server, 0, bench_scaled(run, 20000000));
    }
    uint64_t checksum = sum_buffers(&server);
    connections_count(&server.connections, 1);
    bench_extra(run, "pins", (double)server.pinned);
    bench_stop(run, mutator);
    close_server(&server);
    return checksum;
}

const struct bench_workload bench_workload_pinned_server = {
    .name = "pinned-server",
    .sentence = "pinned buffers of connections, replaced at random",
    .run = run_pinned_server,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .threads_max = 1,
};
