/* SPDX-License-Identifier: MIT
 *
 * Threads of a test, and gates by which they wait for each other. What runs on a thread of a team fails the test by
 * ck_abort_msg, which ends the process, and makes no assertions that hold: Check writes each of these down.
 */
#ifndef TESTS_SUPPORT_TEAM_H
#define TESTS_SUPPORT_TEAM_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "pinfold/pinfold.h"

enum { TEAM_MOST = 32 };

typedef void team_member(void *data, size_t index);

struct team {
    pthread_t threads[TEAM_MOST];
    size_t count;
};

/* Starts `count` threads, each of which runs member(data, 0..count - 1). Those who join must not be managed. */
struct team team_start(size_t count, team_member *member, void *data);
void team_join(struct team *team);

/* The same two in a row, by a thread that is managed and becomes native meanwhile. */
void team_run(struct pf_thread *thread, size_t count, team_member *member, void *data);

/* Open or not: once it is open it stays so. Waiting is for threads that are not managed; opening is for any. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t opened;
    int is_open;
};
#define GATE_CLOSED \
    { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 }

void gate_open(struct gate *gate);
int gate_is_open(struct gate *gate);
void gate_wait(struct gate *gate);
/* By a thread that is managed and becomes native meanwhile. */
void gate_wait_native(struct gate *gate, struct pf_thread *thread);

/* The calling thread's attachment, or the end of the test. */
struct pf_thread *team_attach(struct pf_heap *heap);

/* A managed thread stays where it is, without a safepoint, until somebody asks all threads to stop. */
void team_await_stop(const struct pf_thread *thread);

void team_sleep_ms(unsigned milliseconds);
uint64_t team_now_ms(void);

#endif
