/* SPDX-License-Identifier: MIT
 *
 * The account of memory that a heap has asked of the system, and the hard limits on it. Every byte passes here before
 * it is committed, by what it is for: the three kinds of segments and bookkeeping (tables, stacks, queues, handles).
 *
 *     total = small + large + pinned + bookkeeping <= limit;  each kind of segment <= its own limit
 *
 * Owner: the heap, in its arena. Any thread charges at any time, so each change is one atomic step: what is refused was
 * never counted, and nobody else is refused because of it.
 */
#ifndef PINFOLD_ALLOC_ACCOUNT_H
#define PINFOLD_ALLOC_ACCOUNT_H

#include <stdbool.h>

#include "alloc/platform/atomics.h"
#include "pinfold/event.h"

enum pfi_space {
    PINFOLD_SPACE_SMALL = PINFOLD_SEGMENT_SMALL,
    PINFOLD_SPACE_LARGE = PINFOLD_SEGMENT_LARGE,
    PINFOLD_SPACE_PINNED = PINFOLD_SEGMENT_PINNED,
    PINFOLD_SPACE_BOOKKEEPING = PINFOLD_SEGMENT_KINDS,
    PINFOLD_SPACES
};

/* What became of the last charge, for whoever asks why there is no memory: exact as long as nobody else charges. */
enum pfi_refusal { PINFOLD_REFUSED_NOT, PINFOLD_REFUSED_BY_LIMIT, PINFOLD_REFUSED_BY_SPACE_LIMIT };

/* Words that several threads change; read them through the functions below. */
struct pfi_account {
    uintptr_t total;
    uintptr_t spaces[PINFOLD_SPACES];
    uintptr_t limit;                        /* of total; UINTPTR_MAX: none */
    uintptr_t space_limits[PINFOLD_SPACES]; /* UINTPTR_MAX: none, as always for bookkeeping */
    uintptr_t refusal;                      /* enum pfi_refusal */
};

/* Nothing is committed and nothing is limited. */
void pfi_account_init(struct pfi_account *account);

/* Counts `size` bytes that are about to be committed. false: a limit forbids it, and nothing was counted. */
bool pfi_account_charge(struct pfi_account *account, enum pfi_space space, size_t size);

/* The same for memory that cannot be refused any more: a limit may be exceeded by it. */
void pfi_account_add(struct pfi_account *account, enum pfi_space space, size_t size);

/* `size` bytes were given back. */
void pfi_account_subtract(struct pfi_account *account, enum pfi_space space, size_t size);

/* Bytes that may still be charged to this space now. */
size_t pfi_account_room(const struct pfi_account *account, enum pfi_space space);

/* Changes a limit, UINTPTR_MAX: none; what is above it already stays. */
void pfi_account_set_limit(struct pfi_account *account, size_t limit);
void pfi_account_set_space_limit(struct pfi_account *account, enum pfi_space space, size_t limit);

/* The most that a space can ever have; UINTPTR_MAX: no limit. */
size_t pfi_account_limit(const struct pfi_account *account, enum pfi_space space);

/* Whether more is committed than a limit allows. */
bool pfi_account_is_above_limit(const struct pfi_account *account);

static inline size_t pfi_account_total(const struct pfi_account *account) {
    return pfi_word_load(&account->total);
}
static inline size_t pfi_account_space(const struct pfi_account *account, enum pfi_space space) {
    return pfi_word_load(&account->spaces[space]);
}
/* In segments: all but bookkeeping. */
static inline size_t pfi_account_segments(const struct pfi_account *account) {
    return pfi_account_space(account, PINFOLD_SPACE_SMALL) + pfi_account_space(account, PINFOLD_SPACE_LARGE) +
           pfi_account_space(account, PINFOLD_SPACE_PINNED);
}

#endif
