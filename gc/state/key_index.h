/* SPDX-License-Identifier: MIT
 *
 * Which dependent handles wait for an object: from keys to slots, for marking that has to know it of every object.
 *
 *     buckets[hash of key] -> slot -> slot        `links` of the slots' blocks; a slot is in one chain, or in found
 *     found -> slot -> slot                       their keys were marked
 *
 * Room for all dependent handles is reserved when their slots are made, so a collection needs no memory. Owner: the
 * handle table; used by marking, one thread at a time, between open and the last take.
 */
#ifndef PINFOLD_GC_KEY_INDEX_H
#define PINFOLD_GC_KEY_INDEX_H

#include "alloc/bookkeeping.h"

struct pf_handle;

struct pfi_key_index {
    struct pf_handle **buckets;
    size_t capacity; /* 0, or a power of two */
    struct pf_handle *found;
    uintptr_t tag_mask;
    struct pfi_account *account;
};

void pfi_key_index_init(struct pfi_key_index *index, struct pfi_account *account);
void pfi_key_index_finish(struct pfi_key_index *index);

/* Room for so many slots. false: no memory, nothing has changed. */
bool pfi_key_index_reserve(struct pfi_key_index *index, size_t slots);

/* What is charged for it. */
static inline size_t pfi_key_index_bytes(const struct pfi_key_index *index) {
    return index->capacity * sizeof *index->buckets;
}

/* Empties it. */
void pfi_key_index_open(struct pfi_key_index *index, uintptr_t tag_mask);

/* The slot's key is an object that was not marked. */
void pfi_key_index_add(struct pfi_key_index *index, struct pf_handle *slot);

/* The object was marked: the slots with this key are found. */
void pfi_key_index_find(struct pfi_key_index *index, uintptr_t object);

/* Takes one of those that were found; NULL when there is none. */
struct pf_handle *pfi_key_index_take(struct pfi_key_index *index);

#endif
