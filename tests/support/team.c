/* SPDX-License-Identifier: MIT
 *
 * A thread finds what it is to do in a copy of its own, since the team may be copied.
 */
#include "tests/support/team.h"

#include <check.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

struct order {
    team_member *member;
    void *data;
    size_t index;
};

static void *follow(void *argument) {
    struct order order = *(struct order *)argument;
    free(argument);
    order.member(order.data, order.index);
    return NULL;
}

struct team team_start(size_t count, team_member *member, void *data) {
    struct team team = {.count = count};
    ck_assert_uint_le(count, TEAM_MOST);
    for (size_t i = 0; i < count; i++) {
        struct order *order = malloc(sizeof(*order));
        ck_assert_ptr_nonnull(order);
        *order = (struct order){member, data, i};
        ck_assert_int_eq(pthread_create(&team.threads[i], NULL, follow, order), 0);
    }
    return team;
}

void team_join(struct team *team) {
    for (size_t i = 0; i < team->count; i++) {
        ck_assert_int_eq(pthread_join(team->threads[i], NULL), 0);
    }
    team->count = 0;
}

void team_run(struct pf_thread *thread, size_t count, team_member *member, void *data) {
    PINFOLD_NATIVE_SCOPE(thread);
    struct team team = team_start(count, member, data);
    team_join(&team);
}

void gate_open(struct gate *gate) {
    (void)pthread_mutex_lock(&gate->mutex);
    gate->is_open = 1;
    (void)pthread_cond_broadcast(&gate->opened);
    (void)pthread_mutex_unlock(&gate->mutex);
}

int gate_is_open(struct gate *gate) {
    (void)pthread_mutex_lock(&gate->mutex);
    int is_open = gate->is_open;
    (void)pthread_mutex_unlock(&gate->mutex);
    return is_open;
}

void gate_wait(struct gate *gate) {
    (void)pthread_mutex_lock(&gate->mutex);
    while (!gate->is_open) {
        (void)pthread_cond_wait(&gate->opened, &gate->mutex);
    }
    (void)pthread_mutex_unlock(&gate->mutex);
}

void gate_wait_native(struct gate *gate, struct pf_thread *thread) {
    PINFOLD_NATIVE_SCOPE(thread);
    gate_wait(gate);
}

struct pf_thread *team_attach(struct pf_heap *heap) {
    struct pf_thread *thread;
    enum pf_status status = pf_thread_attach(heap, &thread);
    if (status != PINFOLD_OK) {
        ck_abort_msg("no thread: %s", pf_status_text(status));
    }
    return thread;
}

void team_await_stop(const struct pf_thread *thread) {
    while ((__atomic_load_n(&thread->state, __ATOMIC_RELAXED) & PINFOLD_STOP) == 0) {
        (void)sched_yield();
    }
}

void team_sleep_ms(unsigned milliseconds) {
    struct timespec rest = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
    while (nanosleep(&rest, &rest) != 0) {
    }
}

uint64_t team_now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
