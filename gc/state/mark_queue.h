/* SPDX-License-Identifier: MIT
 *
 * Through which the workers of the mark phase share work, and by which they agree that none is left.
 *
 *     worker with a stack: ... scan, scan, somebody waits? -> give every second of its oldest entries ...
 *     worker without:      take: a part is there? it is mine : wait for one : all wait, so marking is over
 *
 * Work is given when somebody waits for it and at no other time, so a worker's own stack is as fast as if it were
 * alone: between two objects it reads two numbers that seldom change. All the rest happens under the mutex. A worker
 * that waits looks at the same numbers for a while, then sleeps.
 *
 * Invariant under the mutex: parts <= waiting <= members; asleep <= waiting; a member that is not waiting may hold
 * work, one that is does not; is_over only when all members wait and there are no parts, and for ever from then on. The
 * protocol is modelled in tests/model/termination.pml.
 *
 * Owner: one heap, from pfi_mark_queue_open until pfi_mark_queue_take has returned false to all members.
 */
#ifndef PINFOLD_GC_MARK_QUEUE_H
#define PINFOLD_GC_MARK_QUEUE_H

#include "alloc/platform/atomics.h"
#include "alloc/platform/mutex.h"
#include "gc/state/mark_stack.h"

enum {
    PINFOLD_MARK_PART = 1024 /* words of a part: half as many entries or more; copying them takes half a microsecond */
};

struct pfi_mark_part {
    size_t count;
    uintptr_t words[PINFOLD_MARK_PART];
};

enum {
    PINFOLD_APART = 128 /* bytes between what one thread writes and another reads: two cache lines, fetched in pairs */
};

struct pfi_mark_queue {
    struct pfi_mutex mutex;
    struct pfi_condition changed;
    unsigned members;
    unsigned asleep;
    size_t capacity; /* parts that there is room for */
    struct pfi_extent memory;
    struct pfi_mark_part *given; /* the first `parts` of them are full */
    char before[PINFOLD_APART];
    pfi_counter waiting; /* these three are changed under the mutex, and read without it as a hint: all the time */
    pfi_counter parts;
    pfi_counter is_over;
    char behind[PINFOLD_APART];
};

/* For at most `members` workers. false: no memory. */
bool pfi_mark_queue_init(struct pfi_mark_queue *queue, struct pfi_account *account, size_t members);
void pfi_mark_queue_finish(struct pfi_mark_queue *queue);

/* A new round, with the calling worker as its only member. */
void pfi_mark_queue_open(struct pfi_mark_queue *queue);

/* Becomes a member. false: the round is over. */
bool pfi_mark_queue_join(struct pfi_mark_queue *queue);

/* Pushes a part onto the caller's empty stack; waits while others work. false: nobody has work, and nobody ever will in
 * this round.
 */
bool pfi_mark_queue_take(struct pfi_mark_queue *queue, struct pfi_mark_stack *stack);

/* Gives a part of the caller's stack to one who waits, if it has two entries and somebody still waits. */
void pfi_mark_queue_give(struct pfi_mark_queue *queue, struct pfi_mark_stack *stack);

/* Whether somebody waits for whom there is no part yet. A hint. */
static inline bool pfi_mark_queue_is_wanting(const struct pfi_mark_queue *queue) {
    return pfi_counter_read(&queue->waiting) > pfi_counter_read(&queue->parts);
}

#endif
