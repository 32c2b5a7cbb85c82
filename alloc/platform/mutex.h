/* SPDX-License-Identifier: MIT
 *
 * Mutual exclusion and waiting. A wrong use (a second lock by its holder, say) ends in the fatal handler as far as the
 * system notices it. Deadlines are times of pfi_clock_now_ns.
 */
#ifndef PINFOLD_PLATFORM_MUTEX_H
#define PINFOLD_PLATFORM_MUTEX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "alloc/platform/capability.h"

struct PINFOLD_CAPABILITY("mutex") pfi_mutex {
    pthread_mutex_t native;
};

struct pfi_condition {
    pthread_cond_t native;
};

void pfi_mutex_init(struct pfi_mutex *mutex);
void pfi_mutex_finish(struct pfi_mutex *mutex);
void pfi_mutex_lock(struct pfi_mutex *mutex) PINFOLD_ACQUIRES(*mutex);
void pfi_mutex_unlock(struct pfi_mutex *mutex) PINFOLD_RELEASES(*mutex);

void pfi_condition_init(struct pfi_condition *condition);
void pfi_condition_finish(struct pfi_condition *condition);

/* Both may return though nothing was signalled. */
void pfi_condition_wait(struct pfi_condition *condition, struct pfi_mutex *mutex) PINFOLD_NEEDS(*mutex);
/* false: the deadline has passed. */
bool pfi_condition_wait_until(struct pfi_condition *condition, struct pfi_mutex *mutex, uint64_t deadline_ns)
    PINFOLD_NEEDS(*mutex);

void pfi_condition_signal(struct pfi_condition *condition);
void pfi_condition_broadcast(struct pfi_condition *condition);

#endif
