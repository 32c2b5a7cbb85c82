/* SPDX-License-Identifier: MIT
 *
 * pinned-echo: an echo server on a Pinfold heap under thousands of slow connections, with its own clients. The clients
 * are a process of their own, forked before the heap exists; the two share a page of counters and nothing else.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"
#include "clients.h"
#include "engine.h"
#include "monitor.h"
#include "server.h"

enum { EXIT_FAILED = 1, EXIT_NOT_STARTED = 2 };

enum {
    OWN_DESCRIPTORS = 32, /* that a process has besides its connections */
    GRACE = 60,           /* seconds after the end of the talking in which everything has to come back */
    SECONDS_TO_BREAK = 10 /* for connections that are broken to complete what is under way */
};

struct run {
    struct arguments arguments;
    struct client_progress *progress;
    int listener;
    uint16_t port;
    pid_t clients; /* 0: have ended */
    int clients_result;
    struct pf_heap *heap;
    struct pf_thread *thread;
    struct engine *engine;
    struct engine_note note;
    struct server server;
    struct monitor monitor;
};

static int refuse(const char *what, const char *why) {
    fprintf(stderr, "pinned-echo: %s%s%s\n", what, why[0] == '\0' ? "" : ": ", why);
    return EXIT_NOT_STARTED;
}

/* Takes as many descriptors as the system allows. */
static bool raise_descriptor_limit(unsigned connections) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        refuse("the limit of open files cannot be read", strerror(errno));
        return false;
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < connections + OWN_DESCRIPTORS) {
        fprintf(stderr,
                "pinned-echo: %u connections need %u open files, but the hard limit (ulimit -Hn) is %" PRIu64
                "; raise it or take --connections %" PRIu64 "\n",
                connections, connections + OWN_DESCRIPTORS, (uint64_t)limit.rlim_cur,
                (uint64_t)(limit.rlim_cur > OWN_DESCRIPTORS ? limit.rlim_cur - OWN_DESCRIPTORS : 1));
        return false;
    }
    return true;
}

/* Loopback only, and a port that the system chooses. */
static bool open_listener(struct run *run) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    run->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (run->listener < 0 || bind(run->listener, (const struct sockaddr *)&address, size) != 0 ||
        listen(run->listener, SOMAXCONN) != 0 || getsockname(run->listener, (struct sockaddr *)&address, &size) != 0) {
        refuse("there is no port on 127.0.0.1", strerror(errno));
        return false;
    }
    run->port = ntohs(address.sin_port);
    return true;
}

static bool fork_clients(struct run *run) {
    void *shared = mmap(NULL, sizeof *run->progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        refuse("there is no memory for the counters", strerror(errno));
        return false;
    }
    run->progress = shared;
    pid_t parent = getpid();
    run->clients = fork();
    if (run->clients < 0) {
        run->clients = 0;
        refuse("the clients cannot be started", strerror(errno));
        return false;
    }
    if (run->clients == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(EXIT_FAILED);
        }
        close(run->listener);
        struct client_plan plan = {run->port, run->arguments.connections, run->arguments.seconds, run->arguments.pause};
        _exit(clients_run(&plan, run->progress));
    }
    return true;
}

/* A heap with small young budgets, so that there are several collections a second; the environment has the last word.
 */
static bool open_heap(struct run *run) {
    struct pf_options options;
    struct pf_message message;
    pf_options_init(&options);
    options.gen0_size = (size_t)4 << 20;
    options.gen0_max_size = (size_t)32 << 20;
    if (pf_options_from_environment(&options, &message) != PINFOLD_OK ||
        pf_heap_create(&options, &run->heap, &message) != PINFOLD_OK) {
        refuse(message.text, "");
        return false;
    }
    enum pf_status status = pf_thread_attach(run->heap, &run->thread);
    if (status != PINFOLD_OK) {
        refuse("the thread cannot be attached to the heap", pf_status_text(status));
        return false;
    }
    return true;
}

static bool open_server(struct run *run) {
    const struct arguments *arguments = &run->arguments;
    if (!open_heap(run)) {
        return false;
    }
    run->engine = engine_open(arguments->engine, run->listener, arguments->connections, &run->note);
    if (run->engine == NULL) {
        refuse(run->note.text, "");
        return false;
    }
    if (!server_init(&run->server, run->thread, run->engine, arguments->connections, arguments->buffer)) {
        refuse("there is no memory for the connections", strerror(errno));
        return false;
    }
    monitor_init(&run->monitor, run->thread, run->progress);
    return true;
}

/* Notices the end of the clients' process. */
static void look_after_clients(struct run *run, int options) {
    int status = 0;
    if (run->clients > 0 && waitpid(run->clients, &status, options) == run->clients) {
        run->clients = 0;
        run->clients_result = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
    }
}

static void end_clients(struct run *run) {
    if (run->clients > 0) {
        kill(run->clients, SIGKILL);
        look_after_clients(run, 0);
    }
}

/* Serves until the clients have gone and all connections are closed. False: it was too late, or there was a fault. */
static bool serve_clients(struct run *run) {
    double deadline = run->arguments.seconds + GRACE;
    while (run->clients > 0 || run->server.open > 0) {
        if (monitor_seconds(&run->monitor) >= deadline ||
            !server_turn(&run->server, monitor_milliseconds_to_row(&run->monitor)) || run->server.faults > 0) {
            return false;
        }
        if (monitor_milliseconds_to_row(&run->monitor) == 0) {
            monitor_print_row(&run->monitor, run->server.open);
        }
        look_after_clients(run, WNOHANG);
    }
    return true;
}

/* Pins end only when the engine is done with their buffers, and so breaking off takes some turns. */
static void break_off(struct run *run) {
    double deadline = monitor_seconds(&run->monitor) + SECONDS_TO_BREAK;
    end_clients(run);
    server_break_connections(&run->server);
    while (run->server.open > 0 && monitor_seconds(&run->monitor) < deadline && server_turn(&run->server, 100)) {
    }
}

static void serve(struct run *run) {
    if (serve_clients(run)) {
        return;
    }
    if (run->server.faults++ == 0) {
        snprintf(run->server.fault, sizeof run->server.fault,
                 "%u connections were still open %d seconds after the last burst", run->server.open, GRACE);
    }
    break_off(run);
}

static void print_collections(const struct run *run) {
    struct pf_statistics statistics;
    pf_heap_statistics(run->heap, &statistics);
    printf("pinned-echo: %" PRIu64 " collections (%" PRIu64 " of generation 0, %" PRIu64 " of 1, %" PRIu64
           " of 2), longest pause %.1f ms; at most %zu pins at once, the oldest of %" PRIu64
           " collections, holding %.1f MiB; fragmentation at most %.1f %%\n",
           statistics.collections[0] + statistics.collections[1] + statistics.collections[2], statistics.collections[0],
           statistics.collections[1], statistics.collections[2], (double)statistics.pause_max_ns / 1e6,
           run->monitor.most.count, run->monitor.most.oldest, (double)run->monitor.most.held_bytes / (1024 * 1024),
           run->monitor.worst_fragmentation);
}

/* The last line; 0 only when every client got back all it sent and the server met no fault. */
static int judge(const struct run *run) {
    const struct client_progress *progress = run->progress;
    uint64_t sent = atomic_load(&progress->sent_bytes), verified = atomic_load(&progress->verified_bytes);
    unsigned finished = atomic_load(&progress->finished), wanted = run->arguments.connections;
    if (atomic_load(&progress->failures) > 0) {
        printf("pinned-echo: failed: %s (%u such failures)\n", progress->failure, atomic_load(&progress->failures));
    } else if (run->server.faults > 0) {
        printf("pinned-echo: failed: %s\n", run->server.fault);
    } else if (run->clients_result != 0 || finished != wanted || sent != verified ||
               run->server.sent_bytes != verified) {
        printf("pinned-echo: failed: %u of %u connections were served, %" PRIu64 " of %" PRIu64 " bytes verified\n",
               finished, wanted, verified, sent);
    } else {
        printf("pinned-echo: passed: %u connections served, %" PRIu64 " bytes in %" PRIu64
               " lines echoed and verified\n",
               finished, verified, run->server.lines);
        return 0;
    }
    return EXIT_FAILED;
}

/* Connections that are open even now may have their buffers in the kernel's hands: the heap then stays where it is
 * until the process ends. */
static void close_run(struct run *run) {
    end_clients(run);
    if (run->server.open > 0) {
        return;
    }
    if (run->engine != NULL) {
        engine_close(run->engine);
    }
    server_finish(&run->server);
    if (run->thread != NULL) {
        pf_thread_detach(run->thread);
    }
    if (run->heap != NULL) {
        pf_heap_destroy(run->heap);
    }
    if (run->progress != NULL) {
        munmap(run->progress, sizeof *run->progress);
    }
    close(run->listener);
}

static int serve_and_judge(struct run *run) {
    printf("pinned-echo: %u connections for %u s on 127.0.0.1:%u, buffers of %u bytes, engine %s%s%s\n",
           run->arguments.connections, run->arguments.seconds, (unsigned)run->port, run->arguments.buffer,
           run->engine->operations->name, run->note.text[0] == '\0' ? "" : "; ", run->note.text);
    serve(run);
    print_collections(run);
    return judge(run);
}

int main(int count, char **words) {
    struct run run = {.listener = -1};
    char message[200];
    if (!arguments_parse(&run.arguments, count, words, message, sizeof message)) {
        return refuse(message, "");
    }
    if (run.arguments.help) {
        arguments_print_help();
        return 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    int result = EXIT_NOT_STARTED;
    if (raise_descriptor_limit(run.arguments.connections) && open_listener(&run) && fork_clients(&run) &&
        open_server(&run)) {
        result = serve_and_judge(&run);
    }
    close_run(&run);
    return result;
}
