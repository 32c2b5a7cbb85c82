/* SPDX-License-Identifier: MIT
 *
 * Threads of the operating system: starting and joining them, and what the calling one has in hand.
 */
#ifndef PINFOLD_PLATFORM_THREAD_H
#define PINFOLD_PLATFORM_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct pfi_thread_handle {
    pthread_t native;
    void (*run)(void *argument);
    void *argument;
};

/* Starts `run(argument)` on a thread of its own, with a stack of 1 MiB, and all signals blocked: they are the
 * program's. The handle stays where it is until the thread is joined. false: the system has none to give. */
bool pfi_thread_start(struct pfi_thread_handle *handle, void (*run)(void *argument), void *argument);
void pfi_thread_join(struct pfi_thread_handle *handle);

/* Something that belongs to the thread that added it. When the thread exits without having removed it, `at_exit` is
 * called on that thread, newest first, and has to remove it. */
struct pfi_thread_local {
    struct pfi_thread_local *next;
    const void *owner; /* what it is looked up by */
    void (*at_exit)(struct pfi_thread_local *local);
};

/* false: the system cannot watch for the thread's exit; nothing was added. */
bool pfi_thread_local_add(struct pfi_thread_local *local);
/* false: the calling thread has not got it. */
bool pfi_thread_local_remove(struct pfi_thread_local *local);
/* The calling thread's one with this owner; NULL when there is none. */
struct pfi_thread_local *pfi_thread_local_find(const void *owner);

/* An address that no other running thread has for its own. */
const void *pfi_thread_identity(void);

/* The calling thread's name, as the operating system knows it; cut to size. */
void pfi_thread_name(char *name, size_t size);

/* Lets the processor's other half go on, inside a loop that waits for another thread. */
void pfi_thread_relax(void);

#endif
