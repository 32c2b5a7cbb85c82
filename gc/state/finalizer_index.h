/* SPDX-License-Identifier: MIT
 *
 * Where the registrations of an object are in a list: a hash table with linear probing, so that suppressing one of a
 * million registrations does not search them all. It is made when the first suppression asks for it, follows the list
 * as that grows, and is good until a collection looks at the list: then objects may have moved.
 *
 * Invariant: the table holds every node of the list up to `last`, suppressed ones included, and is at most half full.
 * Owner: the finalizer queue, under its lock.
 */
#ifndef PINFOLD_GC_FINALIZER_INDEX_H
#define PINFOLD_GC_FINALIZER_INDEX_H

#include "alloc/bookkeeping.h"
#include "gc/state/finalizer_list.h"

struct pfi_finalizer_index {
    struct pfi_finalizer **table; /* NULL: none yet */
    size_t capacity;              /* a power of two */
    size_t used;
    struct pfi_finalizer *last; /* the list's newest node in the table; NULL: the table says nothing */
    struct pfi_account *account;
};

/* A struct that is zeroed but for the account is an index that says nothing. */
void pfi_finalizer_index_finish(struct pfi_finalizer_index *index);

/* What is charged for it. */
static inline size_t pfi_finalizer_index_bytes(const struct pfi_finalizer_index *index) {
    return index->capacity * sizeof(*index->table);
}

/* The list has changed other than by growing: the table says nothing any more. */
static inline void pfi_finalizer_index_forget(struct pfi_finalizer_index *index) {
    index->last = NULL;
}

/* Suppresses all nodes of `list` that hold `value`; returns how many. Where no memory can be had for the table, it
 * searches the list. */
size_t pfi_finalizer_index_suppress(struct pfi_finalizer_index *index, struct pfi_finalizer_list *list,
                                    uintptr_t value);

#endif
