/* SPDX-License-Identifier: MIT
 *
 * What several workers need to mark together: a stack each, and the queue between them. Worker 0's stack is there from
 * the beginning, any other is made by its worker when it helps for the first time.
 *
 * Invariant: outside the mark phase all stacks are empty and have no overflow. Owner: one heap; in a mark phase, each
 * worker uses its own stack alone.
 */
#ifndef PINFOLD_GC_MARK_TEAM_H
#define PINFOLD_GC_MARK_TEAM_H

#include "gc/state/mark_queue.h"

struct pfi_mark_team {
    struct pfi_account *account;
    size_t stack_size;
    bool begins_short; /* stacks reserve address space as they grow */
    struct pfi_mark_queue queue;
    struct pfi_mark_stack stacks[PINFOLD_MOST_WORKERS]; /* by worker; entries == NULL: not made yet */
};

/* For at most `workers` workers; worker 0's stack gets `stack_size` bytes, as far as they are to be had: at once, or,
 * if it begins short, when it needs them. false: no address space, or no memory for the smallest of stacks. */
bool pfi_mark_team_init(struct pfi_mark_team *team, struct pfi_account *account, size_t stack_size, bool begins_short,
                        size_t workers);
void pfi_mark_team_finish(struct pfi_mark_team *team);

/* A worker's own stack, on the thread of that worker; NULL when there is no room for it. */
struct pfi_mark_stack *pfi_mark_team_stack(struct pfi_mark_team *team, unsigned worker);

/* Makes what the stacks of the other workers had no room for an affair of worker 0. Nobody else marks. */
void pfi_mark_team_gather_overflow(struct pfi_mark_team *team);

/* Gives the memory of a deep mark back; all stacks must be empty. */
void pfi_mark_team_trim(struct pfi_mark_team *team);
/* Gives all of it back; the same. */
void pfi_mark_team_release(struct pfi_mark_team *team);

/* What is charged for all of it; nobody marks. */
size_t pfi_mark_team_bytes(const struct pfi_mark_team *team);

#endif
