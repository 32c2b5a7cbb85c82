/* SPDX-License-Identifier: MIT */
#include "alloc/platform/mutex.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "alloc/platform/check.h"

enum { SECOND_NS = 1000000000 };

static void require_done(int error, const char *call) {
    PINFOLD_REQUIRE(error == 0, "%s failed: %s", call, strerror(error));
}

void pfi_mutex_init(struct pfi_mutex *mutex) {
    require_done(pthread_mutex_init(&mutex->native, NULL), "pthread_mutex_init");
}

void pfi_mutex_finish(struct pfi_mutex *mutex) {
    require_done(pthread_mutex_destroy(&mutex->native), "pthread_mutex_destroy");
}

PINFOLD_NOT_ANALYSED void pfi_mutex_lock(struct pfi_mutex *mutex) {
    require_done(pthread_mutex_lock(&mutex->native), "pthread_mutex_lock");
}

PINFOLD_NOT_ANALYSED void pfi_mutex_unlock(struct pfi_mutex *mutex) {
    require_done(pthread_mutex_unlock(&mutex->native), "pthread_mutex_unlock");
}

void pfi_condition_init(struct pfi_condition *condition) {
    pthread_condattr_t attributes;
    require_done(pthread_condattr_init(&attributes), "pthread_condattr_init");
    require_done(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC), "pthread_condattr_setclock");
    require_done(pthread_cond_init(&condition->native, &attributes), "pthread_cond_init");
    pthread_condattr_destroy(&attributes);
}

void pfi_condition_finish(struct pfi_condition *condition) {
    require_done(pthread_cond_destroy(&condition->native), "pthread_cond_destroy");
}

void pfi_condition_wait(struct pfi_condition *condition, struct pfi_mutex *mutex) {
    require_done(pthread_cond_wait(&condition->native, &mutex->native), "pthread_cond_wait");
}

bool pfi_condition_wait_until(struct pfi_condition *condition, struct pfi_mutex *mutex, uint64_t deadline_ns) {
    struct timespec deadline = {.tv_sec = (time_t)(deadline_ns / SECOND_NS),
                                .tv_nsec = (long)(deadline_ns % SECOND_NS)};
    int error = pthread_cond_timedwait(&condition->native, &mutex->native, &deadline);
    if (error == ETIMEDOUT) {
        return false;
    }
    require_done(error, "pthread_cond_timedwait");
    return true;
}

void pfi_condition_signal(struct pfi_condition *condition) {
    require_done(pthread_cond_signal(&condition->native), "pthread_cond_signal");
}

void pfi_condition_broadcast(struct pfi_condition *condition) {
    require_done(pthread_cond_broadcast(&condition->native), "pthread_cond_broadcast");
}
