/* SPDX-License-Identifier: MIT
 *
 * Registrations for finalization, in lists by the generation of their objects, so that a young collection looks only at
 * those that can matter; and the objects that collections found dead, ready to be taken.
 *
 *     registered[0] -> o -> o          registered[1] -> o -> o          registered[2] -> o
 *          dead ones: finalize |            | live ones: age          (large and born pinned objects, too)
 *                              v            v
 *     ready -> o -> o -> o  --take-->     the list of their new generation
 *
 * A registration is a node that moves from list to list, so a collection needs no memory. New ones enter list 0
 * whatever their object is; the next collection puts them where they belong.
 * Invariant: an object of registered[age] is in generation `age` or an older one; `ready` is in the order in which
 * objects became ready, and those of one collection in the order of registration.
 * Changed under `lock`, by managed threads, or by a collection with the world stopped. Threads that wait are native:
 * all they look at without being managed is whether something is ready.
 */
#ifndef PINFOLD_GC_FINALIZER_QUEUE_H
#define PINFOLD_GC_FINALIZER_QUEUE_H

#include "alloc/platform/mutex.h"
#include "gc/state/finalizer_index.h"
#include "gc/state/finalizer_list.h"

enum { PINFOLD_FINALIZER_AGES = 3 };

struct pfi_finalizer_chunk;

struct pfi_finalizer_queue {
    struct pfi_mutex lock;
    struct pfi_condition wakes_waiters;
    struct pfi_finalizer_list registered[PINFOLD_FINALIZER_AGES];
    struct pfi_finalizer_index indexes[PINFOLD_FINALIZER_AGES]; /* of the lists, for suppression */
    struct pfi_finalizer_list ready;
    struct pfi_finalizer *unused;
    struct pfi_finalizer_chunk *chunks; /* what all nodes were cut from */
    uint64_t registrations;             /* so far */
    bool waits_no_more;
    struct pfi_account *account;
};

void pfi_finalizer_queue_init(struct pfi_finalizer_queue *queue, struct pfi_account *account);
void pfi_finalizer_queue_finish(struct pfi_finalizer_queue *queue);

/* What is charged for it. */
size_t pfi_finalizer_queue_bytes_locked(const struct pfi_finalizer_queue *queue) PINFOLD_NEEDS(queue->lock);

/* In the child of a fork: nobody has the lock, and nobody waits. */
void pfi_finalizer_queue_restart(struct pfi_finalizer_queue *queue);

/* A node for a registration to come; NULL: no memory. What is not added must be released. */
struct pfi_finalizer *pfi_finalizer_queue_reserve(struct pfi_finalizer_queue *queue);
void pfi_finalizer_queue_release(struct pfi_finalizer_queue *queue, struct pfi_finalizer *node);

/* Registers `value`, a reference as slots hold it. */
void pfi_finalizer_queue_add(struct pfi_finalizer_queue *queue, struct pfi_finalizer *node, uintptr_t value);

/* Takes all registrations of `value` away that are not ready yet; its object is in `generation` (0..2). Returns how
 * many there were. */
size_t pfi_finalizer_queue_suppress(struct pfi_finalizer_queue *queue, uintptr_t value, int generation);

/* The value that has been ready longest; false: none is. */
bool pfi_finalizer_queue_take(struct pfi_finalizer_queue *queue, uintptr_t *value);

/* Waits until something is ready; false: the deadline (UINT64_MAX: never) has passed, or nobody is to wait any more.
 * For native threads. */
bool pfi_finalizer_queue_wait(struct pfi_finalizer_queue *queue, uint64_t deadline_ns);
/* Ends all waits, for good. Any thread. */
void pfi_finalizer_queue_stop_waiting(struct pfi_finalizer_queue *queue);

/* Makes everything that is registered ready. */
void pfi_finalizer_queue_all_ready(struct pfi_finalizer_queue *queue);

/* For whoever holds the lock: makes the nodes of `found` ready, in the order of registration, and leaves it empty. */
void pfi_finalizer_queue_publish_locked(struct pfi_finalizer_queue *queue, struct pfi_finalizer_list *found)
    PINFOLD_NEEDS(queue->lock);
/* The nodes of one list, which is empty afterwards and has no index. */
struct pfi_finalizer_list pfi_finalizer_queue_detach_locked(struct pfi_finalizer_queue *queue, int age)
    PINFOLD_NEEDS(queue->lock);
/* The next node of a detached list whose object was not suppressed; those before it are free again. NULL: the end. */
struct pfi_finalizer *pfi_finalizer_queue_next_locked(struct pfi_finalizer_queue *queue,
                                                      struct pfi_finalizer_list *list) PINFOLD_NEEDS(queue->lock);

struct pfi_finalizer_counts {
    size_t registered;
    size_t ready;
};
struct pfi_finalizer_counts pfi_finalizer_queue_count(struct pfi_finalizer_queue *queue);

#endif
