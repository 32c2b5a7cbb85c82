/* SPDX-License-Identifier: MIT */
#include "alloc/platform/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "alloc/platform/atomics.h"
#include "alloc/platform/check.h"
#include "alloc/platform/fault.h"

/* The newest of the calling thread's locals. The key's only purpose is its destructor. */
static _Thread_local struct pfi_thread_local *locals;
static uintptr_t exit_key_plus_1; /* 0: it could not be made yet */

enum { STACK_SIZE = 1 << 20 /* the usual 8 MiB count as writable memory, where that is limited */ };

static void *run_thread(void *data) {
    const struct pfi_thread_handle *handle = data;
    handle->run(handle->argument);
    return NULL;
}

static int create(struct pfi_thread_handle *handle) {
    pthread_attr_t attributes;
    int error = pfi_fault(PINFOLD_FAULT_THREAD_ATTRIBUTES, 0) ? errno : pthread_attr_init(&attributes);
    if (error != 0) {
        return error;
    }
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    error = pfi_fault(PINFOLD_FAULT_THREAD, STACK_SIZE)
                ? errno
                : pthread_create(&handle->native, &attributes, run_thread, handle);
    pthread_attr_destroy(&attributes);
    return error;
}

bool pfi_thread_start(struct pfi_thread_handle *handle, void (*run)(void *argument), void *argument) {
    sigset_t all;
    sigset_t before;
    handle->run = run;
    handle->argument = argument;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* a new thread inherits the mask */
    int saved_errno = errno;
    int error = create(handle);
    errno = saved_errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

void pfi_thread_join(struct pfi_thread_handle *handle) {
    int error = pthread_join(handle->native, NULL);
    PINFOLD_REQUIRE(error == 0, "pthread_join failed with error %d", error);
}

static void call_at_exit(void *value) {
    (void)value;
    while (locals != NULL) {
        struct pfi_thread_local *newest = locals;
        newest->at_exit(newest);
        PINFOLD_REQUIRE(locals != newest, "what a thread had at its exit was not removed");
    }
}

/* A process that has no key to give now may have one later. Of several threads that make one, the first one's counts.
 */
static bool make_exit_key(void) {
    pthread_key_t key;
    int error = pfi_fault(PINFOLD_FAULT_THREAD_KEY, 0) ? errno : pthread_key_create(&key, call_at_exit);
    if (error != 0) {
        return false;
    }
    if (!pfi_word_claim(&exit_key_plus_1, 0, (uintptr_t)key + 1)) {
        pthread_key_delete(key);
    }
    return true;
}

static bool watch_exit(void) {
    if (pfi_word_load_acquire(&exit_key_plus_1) == 0 && !make_exit_key()) {
        return false;
    }
    pthread_key_t key = (pthread_key_t)(pfi_word_load_acquire(&exit_key_plus_1) - 1);
    int error = pfi_fault(PINFOLD_FAULT_THREAD_VALUE, 0) ? errno : pthread_setspecific(key, &locals);
    return error == 0;
}

bool pfi_thread_local_add(struct pfi_thread_local *local) {
    int saved_errno = errno;
    bool is_watched = watch_exit();
    errno = saved_errno;
    if (!is_watched) {
        return false;
    }
    local->next = locals;
    locals = local;
    return true;
}

bool pfi_thread_local_remove(struct pfi_thread_local *local) {
    struct pfi_thread_local **link = &locals;
    while (*link != NULL && *link != local) {
        link = &(*link)->next;
    }
    if (*link == NULL) {
        return false;
    }
    *link = local->next;
    return true;
}

struct pfi_thread_local *pfi_thread_local_find(const void *owner) {
    struct pfi_thread_local *local = locals;
    while (local != NULL && local->owner != owner) {
        local = local->next;
    }
    return local;
}

const void *pfi_thread_identity(void) {
    return &locals;
}

void pfi_thread_name(char *name, size_t size) {
    int saved_errno = errno;
    int error = pfi_fault(PINFOLD_FAULT_THREAD_NAME, size) ? errno : pthread_getname_np(pthread_self(), name, size);
    if (error != 0) {
        snprintf(name, size, "unnamed");
    }
    errno = saved_errno;
}

void pfi_thread_relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}
